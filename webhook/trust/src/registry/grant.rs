use std::sync::{Arc, Mutex};

use hyper::header::HeaderValue;
use tokio::time::Instant;

use super::{
    bounded::{Bounded, lock},
    keychain::{Credentials, Keychain},
};

/// In whose name a registry is asked.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The credentials.
    pub keychain: Arc<Keychain>,
    /// Whose they are.
    pub scope: Scope,
}

/// Whose credentials they are. What one scope is granted is never used for another, though their credentials
/// be the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Gatehouse's own.
    #[default]
    Own,
    /// Those of a namespace, from its pull secrets.
    Namespace(String),
}

/// What registries have granted: tokens until they expire, and that a password was asked for.
pub(super) struct Grants(Mutex<Bounded<GrantKey, Slot>>);

/// For whom and what a grant is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct GrantKey {
    pub(super) host: String,
    pub(super) repository: String,
    pub(super) credentials: Option<[u8; 32]>,
    pub(super) scope: Scope,
}

/// A place for a grant. Whoever fetches one holds it, so that all others wait for that one.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Grant>>>;

/// The value of `Authorization` for one repository.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) authorization: HeaderValue,
    pub(super) until: Instant,
}

/// How many grants are kept.
const GRANTS_MAX: usize = 4096;

impl Access {
    /// In nobody's name.
    pub fn anonymous() -> Self {
        Self::default()
    }
}

impl Grants {
    pub(super) fn new() -> Self {
        Self(Bounded::new(GRANTS_MAX))
    }

    pub(super) fn slot(&self, key: GrantKey) -> Slot {
        let now = Instant::now();
        Arc::clone(lock(&self.0).get_or_insert(key, now, Slot::default))
    }
}

impl GrantKey {
    pub(super) fn new(
        host: &str,
        repository: &str,
        credentials: Option<&Credentials>,
        scope: &Scope,
    ) -> Self {
        Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            credentials: credentials.map(Credentials::fingerprint),
            scope: scope.clone(),
        }
    }
}

/// The header of the grant in a slot, if it still holds.
pub(super) fn fresh(grant: Option<&Grant>, now: Instant) -> Option<HeaderValue> {
    let grant = grant.filter(|grant| now < grant.until)?;
    Some(grant.authorization.clone())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::SecretString;

    use super::*;

    #[test]
    fn no_two_scopes_share_a_slot() {
        let grants = Grants::new();
        let credentials = Credentials::Token(SecretString::from("t"));
        let slot = |repository, credentials, scope: Scope| {
            grants.slot(GrantKey::new("ghcr.io", repository, credentials, &scope))
        };
        let team = |name: &str| Scope::Namespace(name.to_owned());
        let first = slot("a", Some(&credentials), team("a"));
        assert!(Arc::ptr_eq(
            &first,
            &slot("a", Some(&credentials), team("a"))
        ));
        for other in [
            slot("a", Some(&credentials), team("b")),
            slot("a", Some(&credentials), Scope::Own),
            slot("b", Some(&credentials), team("a")),
            slot("a", None, team("a")),
        ] {
            assert!(!Arc::ptr_eq(&first, &other));
        }
    }

    #[test]
    fn a_grant_holds_until_it_expires() {
        let now = Instant::now();
        let grant = Grant {
            authorization: HeaderValue::from_static("Bearer x"),
            until: now + Duration::from_secs(60),
        };
        assert!(fresh(Some(&grant), now + Duration::from_secs(59)).is_some());
        assert!(fresh(Some(&grant), now + Duration::from_secs(60)).is_none());
        assert!(fresh(None, now).is_none());
    }
}
