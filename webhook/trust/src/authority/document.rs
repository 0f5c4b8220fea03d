use std::collections::BTreeSet;

use gatehouse_abi::Path;
use serde_json::{Map, Value};

use super::{
    AuthorityError, Files, Signers,
    attestation::AttestationRule,
    certificate::CertificateAuthority,
    content,
    keyless::{Keyless, KeylessIdentity},
    pem, trust_root,
};
use crate::{text::excerpt, trust_root::TrustRootSource};

/// How many identities an authority may name.
pub const IDENTITIES: usize = 256;

const KINDS: [&str; 3] = ["key", "certificate", "keyless"];
const FIELDS: [&str; 8] = [
    "attestation",
    "bindReference",
    "certificate",
    "identities",
    "key",
    "keyless",
    "requireTlog",
    "trustRoot",
];

/// What an authority is made of.
pub(super) struct Parts {
    pub(super) signers: Signers,
    pub(super) attestation: Option<AttestationRule>,
    pub(super) require_tlog: bool,
    pub(super) bind_reference: bool,
    pub(super) trust_root: TrustRootSource,
}

/// Reads the document of one authority.
pub(super) fn read(
    document: &Value,
    at: &Path,
    files: &Files<'_>,
) -> Result<Parts, Vec<AuthorityError>> {
    let Value::Object(members) = document else {
        let message = "expected an object with `key`, `certificate` or `keyless`";
        return Err(vec![AuthorityError::new(at.clone(), message)]);
    };
    let mut reader = Reader {
        members,
        at,
        files,
        mistakes: Vec::new(),
    };
    reader.refuse_unknown_fields();
    let trust_root = reader.trust_root();
    let signers = reader.signers();
    let attestation = reader.attestation();
    let require_tlog = reader.flag("requireTlog");
    let bind_reference = reader.flag("bindReference");
    match (signers, trust_root) {
        (Some(signers), Some(trust_root)) if reader.mistakes.is_empty() => Ok(Parts {
            signers,
            attestation,
            require_tlog,
            bind_reference,
            trust_root,
        }),
        _ => Err(reader.mistakes),
    }
}

/// Reads fields and gathers what is wrong with them; a field with a mistake is `None`.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    at: &'a Path,
    files: &'a Files<'a>,
    mistakes: Vec<AuthorityError>,
}

impl Reader<'_> {
    fn refuse_unknown_fields(&mut self) {
        let known = |field: &str| FIELDS.contains(&field);
        for field in self.members.keys().filter(|field| !known(field)) {
            let message = format!(
                "unknown field `{}`: {} are known",
                excerpt(field),
                FIELDS.map(|f| format!("`{f}`")).join(", ")
            );
            let path = self.at.clone().key(field);
            self.mistakes.push(AuthorityError::new(path, message));
        }
    }

    fn signers(&mut self) -> Option<Signers> {
        let given = KINDS.into_iter().filter(|kind| self.has(kind));
        match given.collect::<Vec<_>>().as_slice() {
            ["key"] => self.key(),
            ["certificate"] => self.certificate(),
            ["keyless"] => self.keyless(),
            [one, other, ..] => self.wrong(&format!(
                "both `{one}` and `{other}`: an authority is one of them"
            )),
            _ => self.wrong("none of `key`, `certificate` and `keyless`: one of them is needed"),
        }
    }

    fn key(&mut self) -> Option<Signers> {
        self.refuse_identities("a key names nobody");
        let text = self.content("key")?;
        match pem::public_key(&text) {
            Ok(key) => Some(Signers::Key(key)),
            Err(mistake) => self.wrong_at("key", mistake),
        }
    }

    fn keyless(&mut self) -> Option<Signers> {
        self.refuse_identities("`keyless` has a `subject`");
        let document = self.members.get("keyless").unwrap_or(&Value::Null);
        let at = self.at.clone().key("keyless");
        let identity = KeylessIdentity::read(document, &at)
            .map_err(|found| self.mistakes.extend(found))
            .ok()?;
        Some(Signers::Keyless(Keyless::new(identity)))
    }

    fn certificate(&mut self) -> Option<Signers> {
        let identities = self.identities();
        let text = self.content("certificate")?;
        let authority = pem::certificates(&text)
            .and_then(|der| CertificateAuthority::new(der, identities.flatten()));
        match authority {
            Ok(authority) => Some(Signers::Certificate(authority)),
            Err(mistake) => self.wrong_at("certificate", mistake),
        }
    }

    /// `None` after a mistake, too.
    fn attestation(&mut self) -> Option<AttestationRule> {
        let document = self.members.get("attestation")?;
        AttestationRule::read(document, &self.at.clone().key("attestation"))
            .map_err(|found| self.mistakes.extend(found))
            .ok()
    }

    fn refuse_identities(&mut self, why: &str) {
        if self.has("identities") {
            let message = format!("goes with `certificate`: {why}");
            self.wrong_at::<()>("identities", message);
        }
    }

    /// `None` after a mistake, `Some(None)` where any identity will do.
    fn identities(&mut self) -> Option<Option<BTreeSet<String>>> {
        let Some(value) = self.members.get("identities") else {
            return Some(None);
        };
        let texts = match value {
            Value::Array(items) if items.is_empty() => return self.wrong_at(
                "identities",
                "an empty list accepts nobody; without the field every certificate of the authority is accepted",
            ),
            Value::Array(items) if items.len() > IDENTITIES => {
                return self.wrong_at("identities", format!("more than {IDENTITIES} identities"));
            }
            Value::Array(items) => items.iter().map(|item| item.as_str().filter(|i| !i.is_empty())),
            _ => return self.wrong_at("identities", "expected a list of identities"),
        };
        match texts.map(|text| text.map(str::to_owned)).collect() {
            Some(identities) => Some(Some(identities)),
            None => self.wrong_at(
                "identities",
                "expected email addresses, URIs or host names, exactly as certificates have them",
            ),
        }
    }

    fn trust_root(&mut self) -> Option<TrustRootSource> {
        let at = self.at.clone().key("trustRoot");
        let source = match self.members.get("trustRoot") {
            None => Ok(TrustRootSource::public()),
            Some(document) => trust_root::read(document, &at, self.files),
        };
        source.map_err(|found| self.mistakes.extend(found)).ok()
    }

    fn flag(&mut self, field: &str) -> bool {
        match self.members.get(field) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => self
                .wrong_at(field, "expected true or false")
                .unwrap_or_default(),
        }
    }

    /// A text, or that of the file it names.
    fn content(&mut self, field: &str) -> Option<String> {
        let Some(Value::String(text)) = self.members.get(field) else {
            return self.wrong_at(field, "expected text, or `file:` and a path");
        };
        let content = content::read(text, self.files, Ok);
        content
            .map_err(|mistake| self.wrong_at::<()>(field, mistake))
            .ok()
    }

    fn has(&self, field: &str) -> bool {
        self.members.contains_key(field)
    }

    fn wrong<T>(&mut self, message: &str) -> Option<T> {
        self.mistakes
            .push(AuthorityError::new(self.at.clone(), message));
        None
    }

    fn wrong_at<T>(&mut self, field: &str, message: impl Into<String>) -> Option<T> {
        let path = self.at.clone().key(field);
        self.mistakes.push(AuthorityError::new(path, message));
        None
    }
}
