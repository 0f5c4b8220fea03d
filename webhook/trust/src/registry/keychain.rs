use std::{cmp::Reverse, fmt};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::docker_config::{DockerConfig, KeychainError};

/// Credentials for registries, from docker configurations and pull secrets.
///
/// They are matched as the kubelet's keyring does it: keys are `HOST[:PORT][/PATH]`, perhaps with a scheme
/// and `/v1/` or `/v2/`; labels of the host may be globs with `*` and `?`; a key with a longer path comes
/// first. Unlike there, a path ends between slashes: `ghcr.io/acme` is not for `ghcr.io/acme-other`.
///
/// `credsStore` and `credHelpers` are not run: they are programs. [`Keychain::names_helpers`] says whether
/// a configuration had them.
#[derive(Clone, Debug, Default)]
pub struct Keychain {
    entries: Vec<Entry>,
    names_helpers: bool,
}

/// What a registry or its token service is shown.
#[derive(Clone)]
pub(super) enum Credentials {
    /// A user name and a password.
    Password {
        user: String,
        password: SecretString,
    },
    /// A refresh token of OAuth 2, for the token service.
    Refresh(SecretString),
    /// A token for the registry itself.
    Token(SecretString),
}

#[derive(Clone, Debug)]
struct Entry {
    host: String,
    /// Without slashes at its ends.
    path: String,
    credentials: Credentials,
}

/// Names of Docker Hub, which are one registry.
const DOCKER_HUB: [&str; 4] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.docker.io",
];

impl Keychain {
    /// Largest configuration, in bytes: no Secret is larger.
    pub const MAX_BYTES: usize = 1024 * 1024;
    /// How many credentials one configuration may have.
    pub const MAX_ENTRIES: usize = 1000;
    /// How many credentials that fit are tried, one after the other, as long as the registry refuses.
    pub(super) const MAX_TRIED: usize = 4;

    /// Reads `config.json` of docker, or what is in a Secret of type `kubernetes.io/dockerconfigjson`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_docker_config(bytes: &[u8]) -> Result<Self, KeychainError> {
        DockerConfig::read(bytes).map(Self::of)
    }

    /// Reads `.dockercfg`, or what is in a Secret of type `kubernetes.io/dockercfg`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_legacy_dockercfg(bytes: &[u8]) -> Result<Self, KeychainError> {
        DockerConfig::read_legacy(bytes).map(Self::of)
    }

    /// Both: where the same key stands in both, the credentials of `self` are tried first.
    #[must_use]
    pub fn joined_with(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self.names_helpers |= other.names_helpers;
        self.sort();
        self
    }

    /// Whether there are no credentials at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether a configuration named credential helpers, which are not run.
    pub fn names_helpers(&self) -> bool {
        self.names_helpers
    }

    /// The credentials for a repository, in the order in which they are to be tried.
    pub(super) fn find<'a>(&'a self, host: &str, path: &str) -> Vec<&'a Credentials> {
        let host = canonical(host);
        let fits = |entry: &&Entry| is_host(&entry.host, host) && is_under(&entry.path, path);
        let found = self.entries.iter().filter(fits).take(Self::MAX_TRIED);
        found.map(|entry| &entry.credentials).collect()
    }

    fn of(config: DockerConfig) -> Self {
        let mut keychain = Self {
            entries: config.entries.into_iter().map(Entry::from).collect(),
            names_helpers: config.names_helpers,
        };
        keychain.sort();
        keychain
    }

    fn sort(&mut self) {
        let is_glob = |host: &str| host.contains(['*', '?']);
        let rank = |entry: &Entry| (Reverse(entry.path.len()), is_glob(&entry.host));
        self.entries.sort_by_key(rank);
    }
}

impl From<(String, Credentials)> for Entry {
    fn from((key, credentials): (String, Credentials)) -> Self {
        let (host, path) = split_key(&key);
        Self {
            host: canonical(host).to_owned(),
            path: path.to_owned(),
            credentials,
        }
    }
}

impl Credentials {
    /// What tells these credentials from others in a cache, without being them.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let (kind, user, secret) = match self {
            Credentials::Password { user, password } => ("password", user.as_str(), password),
            Credentials::Refresh(token) => ("refresh", "", token),
            Credentials::Token(token) => ("token", "", token),
        };
        let mut hash = Sha256::new();
        for part in [kind, user, secret.expose_secret()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(hidden)")
    }
}

/// Host and path of a key, as `BasicDockerKeyring.Add` of the kubelet reads them.
fn split_key(key: &str) -> (&str, &str) {
    let key = key.strip_prefix("https://").unwrap_or(key);
    let key = key.strip_prefix("http://").unwrap_or(key);
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
    let path = match path.split_once('/').unwrap_or((path, "")) {
        ("v1" | "v2", rest) => rest,
        _ => path,
    };
    (host, path.trim_matches('/'))
}

fn canonical(host: &str) -> &str {
    match DOCKER_HUB.contains(&host) {
        true => DOCKER_HUB[0],
        false => host,
    }
}

/// As `URLsMatch` of the kubelet: label by label, and the port as text.
fn is_host(pattern: &str, host: &str) -> bool {
    let split = |text| -> (&str, Option<&str>) {
        match str::rsplit_once(text, ':') {
            Some((name, port)) if !port.contains(']') => (name, Some(port)),
            _ => (text, None),
        }
    };
    let ((pattern, pattern_port), (name, port)) = (split(pattern), split(host));
    let labels = |text: &str| text.split('.').count();
    let mut pairs = pattern.split('.').zip(name.split('.'));
    pattern_port == port
        && labels(pattern) == labels(name)
        && pairs.all(|(pattern, label)| is_label(pattern.as_bytes(), label.as_bytes()))
}

/// A label has few stars, so trying every end is cheap; their number is bounded all the same.
fn is_label(pattern: &[u8], label: &[u8]) -> bool {
    const STARS_MAX: usize = 3;
    if pattern.iter().filter(|b| **b == b'*').count() > STARS_MAX {
        return false;
    }
    match (pattern, label) {
        ([], _) => label.is_empty(),
        ([b'*', rest @ ..], _) => (0..=label.len()).any(|at| is_label(rest, &label[at..])),
        ([b'?', rest @ ..], [_, label @ ..]) => is_label(rest, label),
        ([a, rest @ ..], [b, label @ ..]) if a == b => is_label(rest, label),
        _ => false,
    }
}

fn is_under(folder: &str, path: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn keychain(auths: &[(&str, &str)]) -> Keychain {
        let entry = |(key, user): &(&str, &str)| {
            (
                (*key).to_owned(),
                json!({"auth": STANDARD.encode(format!("{user}:secret"))}),
            )
        };
        let auths: serde_json::Map<_, _> = auths.iter().map(entry).collect();
        Keychain::from_docker_config(json!({"auths": auths}).to_string().as_bytes()).unwrap()
    }

    fn users(keychain: &Keychain, host: &str, path: &str) -> Vec<String> {
        let user = |credentials: &Credentials| match credentials {
            Credentials::Password { user, .. } => user.clone(),
            Credentials::Refresh(_) => "a refresh token".to_owned(),
            Credentials::Token(_) => "a token".to_owned(),
        };
        keychain.find(host, path).into_iter().map(user).collect()
    }

    #[test]
    fn keys_fit_as_the_kubelet_lets_them() {
        let cases = [
            ("ghcr.io", "ghcr.io", "a/b", true),
            ("ghcr.io", "GHCR.io", "a/b", false),
            ("https://ghcr.io", "ghcr.io", "a/b", true),
            ("https://ghcr.io/v2/", "ghcr.io", "a/b", true),
            ("ghcr.io/v1", "ghcr.io", "a/b", true),
            ("ghcr.io/v1x", "ghcr.io", "a/b", false),
            ("http://ghcr.io/v1/acme", "ghcr.io", "acme/b", true),
            ("ghcr.io/acme", "ghcr.io", "acme/b", true),
            ("ghcr.io/acme", "ghcr.io", "acme", true),
            ("ghcr.io/acme", "ghcr.io", "acme-other/b", false),
            ("ghcr.io/acme/", "ghcr.io", "other", false),
            (
                "https://index.docker.io/v1/",
                "docker.io",
                "library/nginx",
                true,
            ),
            ("docker.io", "registry-1.docker.io", "library/nginx", true),
            ("*.azurecr.io", "acme.azurecr.io", "x", true),
            ("*.azurecr.io", "a.b.azurecr.io", "x", false),
            ("*.azurecr.io", "azurecr.io", "x", false),
            ("prefix-*-?.io", "prefix-a-b.io", "x", true),
            ("prefix-*-?.io", "prefix-a-bb.io", "x", false),
            ("*", "ghcr.io", "x", false),
            ("*.io", "ghcr.io", "x", true),
            ("r.example:5000", "r.example:5000", "x", true),
            ("r.example:5000", "r.example", "x", false),
            ("r.example", "r.example:5000", "x", false),
            ("[::1]:5000", "[::1]:5000", "x", true),
            ("[::1]", "[::1]:5000", "x", false),
            ("****.io", "ghcr.io", "x", false),
        ];
        for (key, host, path, expected) in cases {
            let found = !users(&keychain(&[(key, "u")]), host, path).is_empty();
            assert_eq!(found, expected, "{key} for {host}/{path}");
        }
    }

    #[test]
    fn the_longest_path_comes_first_and_globs_last() {
        let keychain = keychain(&[
            ("*.io", "glob"),
            ("ghcr.io", "host"),
            ("ghcr.io/acme", "path"),
            ("ghcr.io/acme/deep", "deep"),
        ]);
        assert_eq!(
            users(&keychain, "ghcr.io", "acme/deep"),
            ["deep", "path", "host", "glob"]
        );
        assert_eq!(users(&keychain, "ghcr.io", "other"), ["host", "glob"]);
        let joined = super::tests::keychain(&[("ghcr.io", "first")]).joined_with(keychain);
        assert_eq!(
            users(&joined, "ghcr.io", "other"),
            ["first", "host", "glob"]
        );
    }

    #[test]
    fn nothing_secret_is_ever_shown() {
        let keychain = keychain(&[("ghcr.io", "hidden-user")]);
        let shown = format!("{keychain:?}");
        assert!(
            !shown.contains("hidden-user") && !shown.contains("secret"),
            "{shown}"
        );
        for wrong in [
            r#"{"auths": {"ghcr.io": {"auth": "hunter2!"}}}"#,
            r#"{"auths": "hunter2"}"#,
        ] {
            let error = Keychain::from_docker_config(wrong.as_bytes()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn no_more_than_a_few_are_tried() {
        let keys: Vec<_> = (1..=Keychain::MAX_TRIED + 1)
            .map(|n| "a/".repeat(n))
            .collect();
        let keys: Vec<_> = keys.iter().map(|path| format!("ghcr.io/{path}")).collect();
        let auths: Vec<_> = keys.iter().map(|key| (key.as_str(), "u")).collect();
        let found = users(&keychain(&auths), "ghcr.io", &"a/".repeat(9));
        assert_eq!(found.len(), Keychain::MAX_TRIED);
    }

    proptest! {
        #[test]
        fn no_key_is_too_odd(key in "\\PC{0,40}", host in "\\PC{0,20}", path in "\\PC{0,20}") {
            keychain(&[(&key, "u")]).find(&host, &path);
        }
    }
}
