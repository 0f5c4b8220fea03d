//! A trust root by its parts, as `cosign trusted-root create` takes them.

use gatehouse_abi::Path;
use serde_json::{Map, Value};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{AuthorityError, Files, content, pem, quoted, unknown_fields};
use crate::{
    sigstore::{ChainPart, LogPart, RootParts, TrustRoot, Window},
    text::excerpt,
    trust_root::TrustRootSource,
};

/// How many certificate authorities, logs or timestamp authorities a trust root by parts may have of each.
pub const TRUST_ROOT_PARTS: usize = 32;

const FIELDS: [&str; 4] = ["ctLogs", "fulcio", "rekor", "timestampAuthorities"];
const CHAIN_FIELDS: [&str; 3] = ["certificateChain", "endTime", "startTime"];
const CT_LOG_FIELDS: [&str; 3] = ["endTime", "publicKey", "startTime"];
const REKOR_FIELDS: [&str; 4] = ["endTime", "origin", "publicKey", "startTime"];

/// Reads the parts that stand at `at`.
pub(super) fn read(
    members: &Map<String, Value>,
    at: &Path,
    files: &Files<'_>,
) -> Result<TrustRootSource, Vec<AuthorityError>> {
    let mut reader = Reader {
        members,
        at,
        files,
        mistakes: unknown_fields(members, &FIELDS, at),
        unreadable: None,
    };
    let parts = RootParts {
        fulcio: reader.list("fulcio", |item| item.chain(check_fulcio)),
        ct_logs: reader.list("ctLogs", |item| item.log(&CT_LOG_FIELDS)),
        rekor: reader.list("rekor", |item| item.log(&REKOR_FIELDS)),
        timestamp_authorities: reader
            .list("timestampAuthorities", |item| item.chain(check_timestamps)),
    };
    if members.is_empty() {
        let message = format!("expected some of {}, or `tuf`", quoted(&FIELDS));
        reader
            .mistakes
            .push(AuthorityError::new(at.clone(), message));
    }
    if !reader.mistakes.is_empty() {
        return Err(reader.mistakes);
    }
    match reader.unreadable {
        Some(why) => Ok(TrustRootSource::from_file(Err(why))),
        None => TrustRoot::of_parts(&parts)
            .map(TrustRootSource::written)
            .map_err(|mistake| vec![AuthorityError::new(at.clone(), mistake)]),
    }
}

/// Reads lists and gathers what is wrong: mistakes in the document, and what is wrong with files.
struct Reader<'a> {
    members: &'a Map<String, Value>,
    at: &'a Path,
    files: &'a Files<'a>,
    mistakes: Vec<AuthorityError>,
    unreadable: Option<String>,
}

/// One item of a list.
struct Item<'a> {
    document: &'a Value,
    at: Path,
    files: &'a Files<'a>,
}

/// Why an item gives nothing.
enum Fault {
    Mistakes(Vec<AuthorityError>),
    File(String),
}

impl Reader<'_> {
    fn list<T>(&mut self, field: &str, read: impl Fn(Item<'_>) -> Result<T, Fault>) -> Vec<T> {
        let at = self.at.clone().key(field);
        let items = match self.members.get(field) {
            None => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= TRUST_ROOT_PARTS => items,
            Some(Value::Array(_)) => {
                let message = format!("has more than {TRUST_ROOT_PARTS} items");
                self.mistakes.push(AuthorityError::new(at, message));
                return Vec::new();
            }
            Some(_) => {
                let message = "expected a list of PEM texts or `file:` and a path";
                self.mistakes.push(AuthorityError::new(at, message));
                return Vec::new();
            }
        };
        let mut parts = Vec::new();
        for (i, document) in items.iter().enumerate() {
            let (at, files) = (at.clone().index(i), self.files);
            match read(Item {
                document,
                at,
                files,
            }) {
                Ok(part) => parts.push(part),
                Err(Fault::Mistakes(found)) => self.mistakes.extend(found),
                Err(Fault::File(why)) => drop(self.unreadable.get_or_insert(why)),
            }
        }
        parts
    }
}

impl Item<'_> {
    fn chain(&self, check: fn(&[Vec<u8>]) -> Result<(), String>) -> Result<ChainPart, Fault> {
        let certificates = self.content("certificateChain", &CHAIN_FIELDS, |text| {
            let certificates = pem::chain(text)?;
            check(&certificates).map(|()| certificates)
        })?;
        Ok(ChainPart {
            certificates,
            window: self.window()?,
        })
    }

    fn log(&self, fields: &[&str]) -> Result<LogPart, Fault> {
        Ok(LogPart {
            key: self.content("publicKey", fields, pem::log_key)?,
            origin: self.origin()?,
            window: self.window()?,
        })
    }

    /// What `read` makes of the text of a short item, or of the member `name` of a long one.
    fn content<T>(
        &self,
        name: &str,
        fields: &[&str],
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Fault> {
        let (text, at) = match self.document {
            Value::String(text) => (text, self.at.clone()),
            Value::Object(members) => {
                let unknown = unknown_fields(members, fields, &self.at);
                if !unknown.is_empty() {
                    return Err(Fault::Mistakes(unknown));
                }
                match members.get(name) {
                    Some(Value::String(text)) => (text, self.at.clone().key(name)),
                    _ => {
                        return self
                            .wrong(format!("expected `{name}`: PEM, or `file:` and a path"));
                    }
                }
            }
            _ => {
                return self.wrong(format!(
                    "expected PEM, `file:` and a path, or an object with `{name}`"
                ));
            }
        };
        let content = content::read(text, self.files, |text| read(&text));
        content.map_err(|mistake| match content::names_file(text) {
            true => Fault::File(mistake),
            false => Fault::Mistakes(vec![AuthorityError::new(at, mistake)]),
        })
    }

    fn origin(&self) -> Result<Option<String>, Fault> {
        match self.member("origin")? {
            Some(origin) if origin.is_empty() || origin.contains([' ', '+', '\n']) => {
                self.wrong("`origin` is the name in the log's checkpoints: `log2026.example`")
            }
            origin => Ok(origin.map(str::to_owned)),
        }
    }

    fn window(&self) -> Result<Window, Fault> {
        let window = Window::read(self.member("startTime")?, self.member("endTime")?);
        window.or_else(|mistake| self.wrong(mistake))
    }

    fn member(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.document.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.wrong(format!("expected text in `{name}`")),
        }
    }

    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        let mistake = AuthorityError::new(self.at.clone(), message);
        Err(Fault::Mistakes(vec![mistake]))
    }
}

fn check_fulcio(chain: &[Vec<u8>]) -> Result<(), String> {
    let chain = parsed(chain)?;
    check_authorities(&chain, 0)?;
    check_order(&chain)
}

fn check_timestamps(chain: &[Vec<u8>]) -> Result<(), String> {
    let chain = parsed(chain)?;
    let stamps = |certificate: &X509Certificate<'_>| {
        let usage = certificate.extended_key_usage();
        matches!(usage, Ok(Some(usage)) if usage.value.time_stamping)
    };
    if !chain.first().is_some_and(stamps) {
        return Err(
            "begins with a certificate that is not a timestamp authority's (extended key usage `timeStamping`)"
                .to_owned(),
        );
    }
    check_authorities(&chain, 1)?;
    check_order(&chain)
}

fn parsed(chain: &[Vec<u8>]) -> Result<Vec<X509Certificate<'_>>, String> {
    let parse = |der| match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err("has a certificate that is damaged".to_owned()),
    };
    chain.iter().map(|der| parse(der)).collect()
}

/// Checks that from this place on they are those of authorities.
fn check_authorities(chain: &[X509Certificate<'_>], from: usize) -> Result<(), String> {
    let is_authority = |certificate: &X509Certificate<'_>| matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca);
    match chain.iter().skip(from).position(|c| !is_authority(c)) {
        None => Ok(()),
        Some(i) => Err(format!(
            "has a certificate, number {} (`{}`), that is not a certificate authority's (`CA:TRUE`)",
            from + i + 1,
            excerpt(&chain[from + i].subject().to_string())
        )),
    }
}

fn check_order(chain: &[X509Certificate<'_>]) -> Result<(), String> {
    let pairs = chain.windows(2);
    match pairs
        .into_iter()
        .position(|pair| pair[0].issuer() != pair[1].subject())
    {
        None => Ok(()),
        Some(i) => Err(format!(
            "is no chain: number {} is not issued by number {}; the issuing certificate comes first, the root last",
            i + 1,
            i + 2
        )),
    }
}
