use std::{collections::BTreeMap, fmt, marker::PhantomData};

use gatehouse_sdk::{Facts, Kind, Needs, Node, Path, SettingsError};
use serde::{
    Deserialize, Deserializer,
    de::{self, value::MapAccessDeserializer},
};

use crate::{
    codes,
    controls::{CONTROLS, Control, host_port},
    level::{Level, Standard, Version},
};

/// What an operator may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How much is demanded.
    pub level: LevelSetting,
    /// As which version of Kubernetes defines it. With `level: namespace`, of a namespace that names none.
    pub version: Version,
    /// With `level: namespace`, the level of a namespace without a label.
    pub namespace_default: Level,
    /// Controls that deviate from the level, by code.
    pub controls: BTreeMap<String, Tuning>,
}

/// A level, or where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LevelSetting {
    /// [`Level::Privileged`]
    Privileged,
    /// [`Level::Baseline`]
    Baseline,
    /// [`Level::Restricted`]
    Restricted,
    /// [`Level::Hardened`]
    #[default]
    Hardened,
    /// Level and version stand in the labels of the pod's namespace.
    Namespace,
}

/// How one control deviates. In short form `on` or `off`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning {
    /// In force in its strictest form, or not at all, whatever level and version say.
    pub enabled: Option<bool>,
    /// Allowed beside what the standard allows; a trailing `*` stands for any end.
    pub allow: Vec<String>,
    /// The only localhost profiles that are allowed, where not all are; a trailing `*` as above.
    pub localhost_profiles: Option<Vec<String>>,
    /// Whether ephemeral containers are judged, too.
    pub ephemeral: bool,
}

static UNTUNED: Tuning = Tuning {
    enabled: None,
    allow: Vec::new(),
    localhost_profiles: None,
    ephemeral: false,
};

impl Settings {
    pub(crate) fn tuning(&self, code: &str) -> &Tuning {
        self.controls.get(code).unwrap_or(&UNTUNED)
    }

    pub(crate) fn standard(&self, namespace: &str, facts: &Facts<'_>) -> Result<Standard, Needs> {
        let level = match self.level {
            LevelSetting::Privileged => Level::Privileged,
            LevelSetting::Baseline => Level::Baseline,
            LevelSetting::Restricted => Level::Restricted,
            LevelSetting::Hardened => Level::Hardened,
            LevelSetting::Namespace => return self.standard_of(namespace, facts),
        };
        Ok(Standard {
            level,
            version: self.version,
        })
    }

    fn standard_of(&self, namespace: &str, facts: &Facts<'_>) -> Result<Standard, Needs> {
        let known = facts.namespace(namespace)?;
        let labels = known.get("labels").unwrap_or(Node::NULL);
        if known.kind() != Kind::Object || !matches!(labels.kind(), Kind::Null | Kind::Object) {
            // this is no knowledge: to go on would take it for a namespace without labels
            Facts::none().namespace(namespace)?;
        }
        let default = Standard {
            level: self.namespace_default,
            version: self.version,
        };
        Ok(Standard::of_labels(labels, default))
    }
}

impl Tuning {
    pub(crate) fn allows(&self, value: &str) -> bool {
        matches_any(&self.allow, value)
    }

    pub(crate) fn allows_localhost_profile(&self, profile: &str) -> bool {
        let only = self.localhost_profiles.as_ref();
        only.is_none_or(|profiles| matches_any(profiles, profile))
    }

    /// The names of what is tuned, beside `enabled`.
    fn uses(&self) -> impl Iterator<Item = &'static str> {
        let uses = [
            (!self.allow.is_empty(), "allow"),
            (self.localhost_profiles.is_some(), "localhostProfiles"),
            (self.ephemeral, "ephemeral"),
        ];
        uses.into_iter()
            .filter_map(|(used, name)| used.then_some(name))
    }
}

impl<'de> Deserialize<'de> for Tuning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase", deny_unknown_fields)]
        struct Long {
            enabled: Option<Short>,
            allow: Vec<Text>,
            localhost_profiles: Option<Vec<String>>,
            ephemeral: bool,
        }
        let long = deserializer.deserialize_any(ShortOr::<Long>(PhantomData))?;
        Ok(match long {
            Either::Short(Short(on)) => Self {
                enabled: Some(on),
                ..Self::default()
            },
            Either::Long(long) => Self {
                enabled: long.enabled.map(|Short(on)| on),
                allow: long.allow.into_iter().map(|Text(text)| text).collect(),
                localhost_profiles: long.localhost_profiles,
                ephemeral: long.ephemeral,
            },
        })
    }
}

/// Judges what the settings mean; their shape was judged when they were read.
pub fn configure(settings: &Settings) -> Vec<SettingsError> {
    let errors_of = |(code, tuning): (&String, &Tuning)| {
        let at = Path::root().key("controls").key(code.as_str());
        match CONTROLS.iter().find(|control| control.code == code) {
            Some(control) => misfits(control, tuning, at),
            None => vec![SettingsError {
                path: at,
                message: no_such_control(code),
            }],
        }
    };
    settings.controls.iter().flat_map(errors_of).collect()
}

/// What is tuned that this control does not have.
fn misfits(control: &Control, tuning: &Tuning, at: Path) -> Vec<SettingsError> {
    let unknown = tuning
        .uses()
        .filter(|name| !control.tuned_by.contains(name));
    let mut errors: Vec<_> = unknown
        .map(|name| SettingsError {
            path: at.clone().key(name),
            message: no_such_tuning(control, name),
        })
        .collect();
    if control.code == host_port::CODE {
        let bad = tuning
            .allow
            .iter()
            .enumerate()
            .filter(|(_, text)| host_port::range(text).is_none());
        errors.extend(bad.map(|(index, text)| SettingsError {
            path: at.clone().key("allow").index(index),
            message: format!("`{text}` is neither a port nor a range of ports such as `7000-8000`"),
        }));
    }
    errors
}

fn no_such_control(code: &str) -> String {
    let codes: Vec<_> = codes().collect();
    format!(
        "there is no control `{code}`; the controls are `{}`",
        codes.join("`, `")
    )
}

fn no_such_tuning(control: &Control, name: &str) -> String {
    let code = control.code;
    match control.tuned_by {
        [] => format!("`{code}` has no `{name}`: it can only be `on` or `off`"),
        names => format!(
            "`{code}` has no `{name}`; it has `enabled`, `{}`",
            names.join("`, `")
        ),
    }
}

/// Whether one of `patterns` is `value`, or its beginning where the pattern ends in `*`.
fn matches_any(patterns: &[String], value: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => value.starts_with(start),
            None => pattern == value,
        })
}

/// `on` or `off`; both are booleans in YAML 1.1, which is what kubectl reads.
struct Short(bool);

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(ShortOr::<de::IgnoredAny>(PhantomData))? {
            Either::Short(short) => Ok(short),
            Either::Long(_) => Err(de::Error::custom(ON_OR_OFF)),
        }
    }
}

const ON_OR_OFF: &str = "expected `on` or `off`";

/// A list's item: text, or a number such as a port.
#[derive(Clone, Debug)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a whole number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

enum Either<L> {
    Short(Short),
    Long(L),
}

struct ShortOr<L>(PhantomData<L>);

impl<'de, L: Deserialize<'de>> de::Visitor<'de> for ShortOr<L> {
    type Value = Either<L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`on`, `off` or an object")
    }

    fn visit_bool<E: de::Error>(self, on: bool) -> Result<Either<L>, E> {
        Ok(Either::Short(Short(on)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Either<L>, E> {
        match text {
            "on" => Ok(Either::Short(Short(true))),
            "off" => Ok(Either::Short(Short(false))),
            _ => Err(E::custom(format_args!("`{text}`: {ON_OR_OFF}"))),
        }
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Either<L>, A::Error> {
        L::deserialize(MapAccessDeserializer::new(map)).map(Either::Long)
    }
}
