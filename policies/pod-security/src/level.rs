use std::{fmt, str::FromStr};

use gatehouse_sdk::Node;
use serde::{Deserialize, Deserializer, de};

/// How much is demanded; each level demands what the one before it does, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    #[default]
    Privileged,
    /// Nothing that is a known way out of the container.
    Baseline,
    /// What is known today about hardening a pod.
    Restricted,
    /// `Restricted`, and a root filesystem that cannot be written.
    Hardened,
}

/// A version of the Pod Security Standards, which is one of Kubernetes: v1.0 to v1.37.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u8);

/// A level as one version defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The level.
    pub level: Level,
    /// The version.
    pub version: Version,
}

/// Text that is not a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownVersion(String);

impl Version {
    /// The newest version that this policy knows. A newer one is treated like it, as Kubernetes does.
    pub const LATEST: Version = Version(37);

    /// Version 1.`minor`.
    pub fn minor(minor: u8) -> Self {
        Self(minor).min(Self::LATEST)
    }

    /// Whether this is version 1.`minor` or a newer one.
    pub fn is_since(self, minor: u8) -> bool {
        self.0 >= minor
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::LATEST
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    /// `latest` or `v1.N`, as the namespace label has it.
    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        if text == "latest" {
            return Ok(Self::LATEST);
        }
        let digits = text.strip_prefix("v1.").filter(|digits| is_number(digits));
        let digits = digits.ok_or_else(|| UnknownVersion(text.to_owned()))?;
        // what does not fit is newer than anything known
        Ok(Self::minor(digits.parse().unwrap_or(u8::MAX)))
    }
}

impl fmt::Display for UnknownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(f, "`{text}` is not a version: write `latest` or `v1.N`")?;
        let with_v = format!("v{text}");
        match with_v.parse::<Version>() {
            Ok(_) => write!(f, ", here `{with_v}`"),
            Err(_) => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`latest` or a version such as `v1.25`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Version, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl Standard {
    /// What a namespace asks for by its `pod-security.kubernetes.io/enforce` labels, read as Kubernetes
    /// reads them: an absent label means the default, one that makes no sense the strictest that the
    /// label can say.
    pub fn of_labels(labels: Node<'_>, default: Standard) -> Self {
        let label = |name: &str| Some(labels.get(name)?.as_str().unwrap_or_default());
        let level = label("pod-security.kubernetes.io/enforce").map(level_of_label);
        let version = label("pod-security.kubernetes.io/enforce-version");
        Self {
            level: level.unwrap_or(default.level),
            version: version.map_or(default.version, |text| text.parse().unwrap_or_default()),
        }
    }
}

/// `hardened` is this policy's own level: for Kubernetes it is a label that makes no sense.
fn level_of_label(label: &str) -> Level {
    match label {
        "privileged" => Level::Privileged,
        "baseline" => Level::Baseline,
        _ => Level::Restricted,
    }
}

fn is_number(digits: &str) -> bool {
    let no_leading_zero = digits == "0" || !digits.starts_with('0');
    !digits.is_empty() && no_leading_zero && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use gatehouse_sdk::tree::TreeBuf;

    use super::*;

    #[test]
    fn versions_read_as_kubernetes_reads_them() {
        for (text, minor) in [("latest", 37), ("v1.0", 0), ("v1.25", 25), ("v1.37", 37)] {
            assert_eq!(text.parse(), Ok(Version(minor)), "{text}");
        }
        for newer in ["v1.38", "v1.255", "v1.256", "v1.99999999999999999999"] {
            assert_eq!(newer.parse(), Ok(Version::LATEST), "{newer}");
        }
        for text in [
            "", "1.25", "v2.0", "v1", "v1.", "v1.01", "v1.-1", "v1.+1", "Latest", " v1.1",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_version_without_its_v_is_helped() {
        let error = "1.25".parse::<Version>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`1.25` is not a version: write `latest` or `v1.N`, here `v1.25`"
        );
        let error = "v2.0".parse::<Version>().unwrap_err().to_string();
        assert_eq!(error, "`v2.0` is not a version: write `latest` or `v1.N`");
    }

    #[test]
    fn labels_read_as_kubernetes_reads_them() {
        let default = Standard {
            level: Level::Privileged,
            version: Version(20),
        };
        let read = |enforce: &str, version: &str| {
            let labels = format!(
                r#"{{"pod-security.kubernetes.io/enforce{enforce},
                     "pod-security.kubernetes.io/enforce-version{version}}}"#
            );
            let standard =
                Standard::of_labels(TreeBuf::from_json(&labels).unwrap().root(), default);
            (standard.level, standard.version.0)
        };
        let absent = r#"x": """#;
        assert_eq!(read(absent, absent), (Level::Privileged, 20));
        assert_eq!(
            read(r#"": "baseline""#, r#"": "v1.5""#),
            (Level::Baseline, 5)
        );
        assert_eq!(
            read(r#"": "privileged""#, r#"": "latest""#),
            (Level::Privileged, 37)
        );
        assert_eq!(read(r#"": "restricted""#, absent), (Level::Restricted, 20));
        for nonsense in [
            r#"": "hardened""#,
            r#"": "Baseline""#,
            r#"": """#,
            r#"": null"#,
            r#"": 1"#,
        ] {
            assert_eq!(
                read(nonsense, nonsense),
                (Level::Restricted, 37),
                "{nonsense}"
            );
        }
    }
}
