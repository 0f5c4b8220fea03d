use std::fmt;

use k8s_openapi::{ByteString, api::core::v1::Secret};

/// What a pull secret holds; never logged.
#[derive(Clone, PartialEq, Eq)]
pub enum PullSecret {
    /// A docker `config.json` (`kubernetes.io/dockerconfigjson`).
    DockerConfigJson(Vec<u8>),
    /// The older form (`kubernetes.io/dockercfg`).
    DockerCfg(Vec<u8>),
}

impl PullSecret {
    /// Only secrets of the two types that are for pulling count, whatever others hold.
    pub(crate) fn of(secret: Secret) -> Option<Self> {
        let mut data = secret.data?;
        let mut take = |key: &str| data.remove(key).map(|ByteString(bytes)| bytes);
        match secret.type_.as_deref()? {
            "kubernetes.io/dockerconfigjson" => {
                take(".dockerconfigjson").map(Self::DockerConfigJson)
            }
            "kubernetes.io/dockercfg" => take(".dockercfg").map(Self::DockerCfg),
            _ => None,
        }
    }
}

impl fmt::Debug for PullSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PullSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(kind: &str, key: &str) -> Secret {
        Secret {
            type_: Some(kind.to_owned()),
            data: Some([(key.to_owned(), ByteString(b"secret".to_vec()))].into()),
            ..Secret::default()
        }
    }

    #[test]
    fn only_secrets_for_pulling_are_read() {
        let json = PullSecret::of(secret(
            "kubernetes.io/dockerconfigjson",
            ".dockerconfigjson",
        ));
        assert_eq!(json, Some(PullSecret::DockerConfigJson(b"secret".to_vec())));
        let old = PullSecret::of(secret("kubernetes.io/dockercfg", ".dockercfg"));
        assert_eq!(old, Some(PullSecret::DockerCfg(b"secret".to_vec())));
        for (kind, key) in [
            ("Opaque", ".dockerconfigjson"),
            ("kubernetes.io/service-account-token", "token"),
            ("kubernetes.io/dockerconfigjson", "token"),
        ] {
            assert_eq!(PullSecret::of(secret(kind, key)), None, "{kind} {key}");
        }
        assert_eq!(PullSecret::of(Secret::default()), None);
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let shown = format!("{:?}", PullSecret::DockerCfg(b"secret".to_vec()));
        assert_eq!(shown, "PullSecret");
    }
}
