//! The files that `docker login` writes.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::IgnoredAny};

use super::{
    few::FewPairs,
    keychain::{Credentials, Keychain},
};
use crate::text::excerpt;

/// What stands in one, by key.
#[derive(Debug, Default)]
pub(super) struct DockerConfig {
    pub(super) entries: Vec<(String, Credentials)>,
    pub(super) names_helpers: bool,
}

/// Why a docker configuration cannot be read. Says nothing of what stands in it but keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It is larger than a Secret can be.
    #[error("the docker configuration has {0} bytes: {max} is the limit", max = Keychain::MAX_BYTES)]
    TooLarge(usize),
    /// It is not JSON, or has something else where there should be credentials.
    #[error(
        "line {line}, column {column} of the docker configuration: this is not JSON of the form `{{\"auths\": {{\"ghcr.io\": {{\"auth\": \"…\"}}}}}}`"
    )]
    Form {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// `auth` is not what it should be.
    #[error("`auth` of `{0}` is not the base64 form of `user:password`: run `docker login` again")]
    Auth(String),
    /// There are too many entries.
    #[error("there are credentials for {0} registries: {max} is the limit", max = Keychain::MAX_ENTRIES)]
    TooMany(usize),
}

type RawEntries = FewPairs<RawEntry, { Keychain::MAX_ENTRIES }>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConfig {
    auths: Option<RawEntries>,
    creds_store: Option<IgnoredAny>,
    cred_helpers: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEntry {
    auth: SecretString,
    username: String,
    password: SecretString,
    identitytoken: SecretString,
    registrytoken: SecretString,
}

/// Some programs leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl DockerConfig {
    /// Reads `config.json`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, KeychainError> {
        let raw: RawConfig = parse(bytes)?;
        Ok(Self {
            names_helpers: raw.creds_store.is_some() || raw.cred_helpers.is_some(),
            ..Self::of(raw.auths.unwrap_or_default())?
        })
    }

    /// Reads `.dockercfg`.
    pub(super) fn read_legacy(bytes: &[u8]) -> Result<Self, KeychainError> {
        Self::of(parse(bytes)?)
    }

    fn of(raw: RawEntries) -> Result<Self, KeychainError> {
        if raw.left_out > 0 {
            return Err(KeychainError::TooMany(Keychain::MAX_ENTRIES + raw.left_out));
        }
        let mut config = Self::default();
        for (key, entry) in raw.pairs {
            if let Some(credentials) = entry.credentials(&key)? {
                config.entries.push((key, credentials));
            }
        }
        Ok(config)
    }
}

impl RawEntry {
    /// `None` where nothing stands in it, as credential helpers leave it behind.
    fn credentials(self, key: &str) -> Result<Option<Credentials>, KeychainError> {
        let is_given = |secret: &SecretString| !secret.expose_secret().is_empty();
        if is_given(&self.registrytoken) {
            return Ok(Some(Credentials::Token(self.registrytoken)));
        }
        if is_given(&self.identitytoken) {
            return Ok(Some(Credentials::Refresh(self.identitytoken)));
        }
        if is_given(&self.auth) {
            let decoded = decode(self.auth.expose_secret());
            return match decoded {
                Some(credentials) => Ok(Some(credentials)),
                None => Err(KeychainError::Auth(excerpt(key))),
            };
        }
        let given = !self.username.is_empty() || is_given(&self.password);
        Ok(given.then_some(Credentials::Password {
            user: self.username,
            password: self.password,
        }))
    }
}

/// The parser's own message is left out, as it quotes what it stumbled over.
fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, KeychainError> {
    if bytes.len() > Keychain::MAX_BYTES {
        return Err(KeychainError::TooLarge(bytes.len()));
    }
    serde_json::from_slice(bytes).map_err(|error| KeychainError::Form {
        line: error.line(),
        column: error.column(),
    })
}

/// docker has written zero bytes at the end, once.
fn decode(auth: &str) -> Option<Credentials> {
    let text = String::from_utf8(BASE64.decode(auth.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some(Credentials::Password {
        user: user.to_owned(),
        password: SecretString::from(password.trim_end_matches('\0')),
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_entry_is_read() {
        let config = json!({"auths": {
            "a.io": {"username": "u", "password": "p"},
            "b.io": {"auth": STANDARD.encode("x:y"), "identitytoken": "r"},
            "c.io": {"registrytoken": "t"},
            "d.io": {},
            "e.io": {"auth": "dTpwAA"},
        }, "credsStore": "desktop", "HttpHeaders": {"x": "y"}});
        let config = DockerConfig::read(config.to_string().as_bytes()).unwrap();
        let shown = |credentials: &Credentials| match credentials {
            Credentials::Password { user, password } => {
                format!("{user}:{}", password.expose_secret())
            }
            Credentials::Refresh(token) => format!("refresh {}", token.expose_secret()),
            Credentials::Token(token) => format!("token {}", token.expose_secret()),
        };
        let entry =
            |(key, credentials): &(String, Credentials)| format!("{key} {}", shown(credentials));
        let entries: Vec<_> = config.entries.iter().map(entry).collect();
        let expected = ["a.io u:p", "b.io refresh r", "c.io token t", "e.io u:p"];
        assert_eq!(entries, expected);
        assert!(config.names_helpers);
        let legacy = br#"{"https://index.docker.io/v1/": {"auth": "dTpw", "email": "x"}}"#;
        let legacy = DockerConfig::read_legacy(legacy).unwrap();
        assert_eq!(entry(&legacy.entries[0]), "https://index.docker.io/v1/ u:p");
        assert!(!legacy.names_helpers);
    }

    #[test]
    fn sizes_have_limits() {
        let padded = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert!(DockerConfig::read(padded(Keychain::MAX_BYTES).as_bytes()).is_ok());
        let refused = DockerConfig::read(padded(Keychain::MAX_BYTES + 1).as_bytes());
        assert_eq!(
            refused.unwrap_err(),
            KeychainError::TooLarge(Keychain::MAX_BYTES + 1)
        );
        let many = |n: usize| {
            let entries: Vec<_> = (0..n).map(|n| format!(r#""r{n}.io":{{}}"#)).collect();
            DockerConfig::read_legacy(format!("{{{}}}", entries.join(",")).as_bytes())
        };
        assert!(many(Keychain::MAX_ENTRIES).is_ok());
        assert!(matches!(
            many(Keychain::MAX_ENTRIES + 1),
            Err(KeychainError::TooMany(_))
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = DockerConfig::read(&bytes);
            let _ = DockerConfig::read_legacy(&bytes);
        }
    }
}
