use std::collections::BTreeMap;

use gatehouse_abi::Path;
use serde_json::{Map, Value};

use super::{
    AuthorityError, CertificateAuthority,
    pattern::{Pattern, check_length},
    quoted, unknown_fields,
};
use crate::sigstore::{CiClaim, TrustRoot};

const FIELDS: [&str; 3] = ["claims", "issuer", "subject"];

/// Whoever an OIDC issuer vouched for, before the Fulcio of a trust root.
#[derive(Clone, Debug)]
pub(crate) struct Keyless {
    identity: KeylessIdentity,
    authorities: Vec<FulcioAuthority>,
}

/// Who signs: what the document says.
#[derive(Clone, Debug)]
pub(super) struct KeylessIdentity {
    issuer: Pattern,
    subject: Pattern,
    claims: BTreeMap<CiClaim, String>,
}

/// A certificate authority of the trust root, and when it was one.
#[derive(Clone, Debug)]
struct FulcioAuthority {
    certificates: CertificateAuthority,
    valid_for: (i64, i64),
}

impl Keyless {
    /// Before it is known whom the trust root trusts: nobody.
    pub(super) fn new(identity: KeylessIdentity) -> Self {
        let authorities = Vec::new();
        Self {
            identity,
            authorities,
        }
    }

    /// Trusts the certificate authorities of this root, and no others.
    ///
    /// # Errors
    /// Why one of them cannot be used; nobody is trusted then.
    pub(super) fn trust(&mut self, root: &TrustRoot) -> Result<(), String> {
        self.authorities = Vec::new();
        let authorities = root.fulcio_chains().map(|chain| {
            let certificates = CertificateAuthority::new(chain.certificates, None)?;
            let valid_for = chain.valid_for;
            Ok::<_, String>(FulcioAuthority {
                certificates,
                valid_for,
            })
        });
        self.authorities = authorities.collect::<Result<_, _>>()?;
        Ok(())
    }

    pub(crate) fn issuer(&self) -> &Pattern {
        &self.identity.issuer
    }

    pub(crate) fn subject(&self) -> &Pattern {
        &self.identity.subject
    }

    /// What the certificate has to say of the CI's build.
    pub(crate) fn claims(&self) -> impl Iterator<Item = (CiClaim, &str)> {
        let claims = self.identity.claims.iter();
        claims.map(|(claim, wanted)| (*claim, wanted.as_str()))
    }

    /// The certificate authorities that were trusted at this second since 1970.
    pub(crate) fn authorities_at(&self, at: i64) -> impl Iterator<Item = &CertificateAuthority> {
        self.authorities
            .iter()
            .filter(move |authority| {
                let (from, until) = authority.valid_for;
                (from..=until).contains(&at)
            })
            .map(|authority| &authority.certificates)
    }

    pub(super) fn anchor_fingerprints(&self) -> Vec<String> {
        let authorities = self.authorities.iter();
        authorities
            .flat_map(|authority| authority.certificates.anchor_fingerprints())
            .collect()
    }
}

impl KeylessIdentity {
    /// Reads the document that stands at `at`.
    pub(super) fn read(document: &Value, at: &Path) -> Result<Self, Vec<AuthorityError>> {
        let Value::Object(members) = document else {
            let message = "expected an object with `issuer` and `subject`";
            return Err(vec![AuthorityError::new(at.clone(), message)]);
        };
        let mut mistakes = unknown_fields(members, &FIELDS, at);
        let issuer = pattern(members, "issuer", at).map_err(|mistake| mistakes.push(mistake));
        let subject = pattern(members, "subject", at).map_err(|mistake| mistakes.push(mistake));
        let claims = claims(members.get("claims"), &at.clone().key("claims"))
            .map_err(|found| mistakes.extend(found));
        match (issuer, subject, claims) {
            (Ok(issuer), Ok(subject), Ok(claims)) if mistakes.is_empty() => Ok(Self {
                issuer,
                subject,
                claims,
            }),
            _ => Err(mistakes),
        }
    }
}

fn pattern(
    members: &Map<String, Value>,
    field: &str,
    at: &Path,
) -> Result<Pattern, AuthorityError> {
    let Some(document) = members.get(field) else {
        let message = format!(
            "`{field}` is missing: an issuer vouches for whatever subjects it has, and another issuer for the same"
        );
        return Err(AuthorityError::new(at.clone(), message));
    };
    Pattern::read(document).map_err(|mistake| AuthorityError::new(at.clone().key(field), mistake))
}

fn claims(
    document: Option<&Value>,
    at: &Path,
) -> Result<BTreeMap<CiClaim, String>, Vec<AuthorityError>> {
    let members = match document {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(members)) => members,
        Some(_) => {
            let message = format!("expected an object with some of {}", quoted(&CLAIMS));
            return Err(vec![AuthorityError::new(at.clone(), message)]);
        }
    };
    let mut mistakes = unknown_fields(members, &CLAIMS, at);
    let mut claims = BTreeMap::new();
    for claim in CiClaim::ALL {
        let name = claim.as_str();
        match members.get(name).map(claim_text) {
            None => {}
            Some(Ok(text)) => drop(claims.insert(claim, text)),
            Some(Err(mistake)) => {
                mistakes.push(AuthorityError::new(at.clone().key(name), mistake));
            }
        }
    }
    if mistakes.is_empty() {
        Ok(claims)
    } else {
        Err(mistakes)
    }
}

const CLAIMS: [&str; 3] = [
    CiClaim::ALL[0].as_str(),
    CiClaim::ALL[1].as_str(),
    CiClaim::ALL[2].as_str(),
];

fn claim_text(document: &Value) -> Result<String, String> {
    let Value::String(text) = document else {
        return Err("expected text, exactly as the certificate has it".to_owned());
    };
    check_length(text).map(|()| text.clone())
}
