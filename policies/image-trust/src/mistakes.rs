//! What is wrong with settings: all of it at once, each mistake at its place.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_sdk::{Path, SettingsError};

use crate::{
    Attestation, Authority, Condition, Form, ImagePattern, Number, Operator, Settings,
    SignatureRule, TagPattern, predicate_type,
};

/// Longest name of an authority, in bytes.
const NAME_MAX: usize = 63;

/// Most letters by which a name may differ from the one that was meant.
const TYPO_MAX: usize = 2;

/// The settings' mistakes: what nothing could ever match or satisfy, and what would not do what it says.
pub fn configure(settings: &Settings) -> Vec<SettingsError> {
    let mut mistakes = Mistakes::default();
    if let Some(allowed) = &settings.allowed_images {
        mistakes.of_allowed_images(allowed);
    }
    mistakes.of_list(
        Path::from("forbiddenTags"),
        &settings.forbidden_tags,
        TagPattern::problem,
    );
    mistakes.of_authorities(settings);
    match &settings.signatures {
        Some(rules) => mistakes.of_signatures(rules, &settings.authorities),
        None if settings.unmatched.is_some() => mistakes.add(
            Path::from("unmatched"),
            "there are no rules that an image could match: write `signatures`, or leave `unmatched` out",
        ),
        None => {}
    }
    mistakes.0
}

#[derive(Default)]
struct Mistakes(Vec<SettingsError>);

impl Mistakes {
    fn add(&mut self, path: Path, message: impl Into<String>) {
        let message = message.into();
        self.0.push(SettingsError { path, message });
    }

    fn of_list<P>(&mut self, list: Path, patterns: &[P], problem: fn(&P) -> Option<String>) {
        for (index, pattern) in patterns.iter().enumerate() {
            if let Some(problem) = problem(pattern) {
                self.add(list.clone().index(index), problem);
            }
        }
    }

    fn of_allowed_images(&mut self, allowed: &[ImagePattern]) {
        let list = Path::from("allowedImages");
        if allowed.is_empty() {
            self.add(
                list.clone(),
                "no image could pass an empty list: name repositories, as in `ghcr.io/acme/**`, or leave \
                 `allowedImages` out to allow all",
            );
        }
        self.of_list(list, allowed, |pattern| {
            let problem = pattern.problem()?;
            Some(match pattern.names_no_registry() {
                true => format!("{problem}, or leave `allowedImages` out to allow all images"),
                false => problem,
            })
        });
    }

    fn of_authorities(&mut self, settings: &Settings) {
        let rules = settings.signatures.as_deref().unwrap_or_default();
        let named: BTreeSet<_> = rules.iter().flat_map(names).collect();
        // a rule that is not clear might name any
        let all_clear = rules.iter().all(|rule| rule.form.is_ok());
        for (name, authority) in &settings.authorities {
            let path = Path::from("authorities").key(name);
            if let Some(attestation) = &authority.attestation {
                self.of_attestation(&path.clone().key("attestation"), attestation);
            }
            if !is_name(name) {
                self.add(path, format!(
                    "an authority cannot have this name: write at most {NAME_MAX} letters, digits, `-`, `_` \
                     and `.`, a letter or digit first"
                ));
            } else if all_clear && !named.contains(name) {
                self.add(path, format!(
                    "no rule of `signatures` names `{name}`, so it decides nothing: name it in one, or remove it"
                ));
            }
        }
    }

    fn of_attestation(&mut self, place: &Path, attestation: &Attestation) {
        if let Some(problem) = predicate_type::problem(&attestation.predicate_type) {
            self.add(place.clone().key("predicateType"), problem);
        }
        let list = place.clone().key("conditions");
        for (index, condition) in attestation.conditions.iter().enumerate() {
            let place = list.clone().index(index);
            if let Err(problem) = &condition.path {
                self.add(place.clone().key("path"), problem.to_string());
            }
            match &condition.operator {
                Ok(_) => self.of_pairs(&place, condition, &attestation.conditions[..index]),
                Err(problem) => self.add(problem.path(place), problem.message()),
            }
        }
    }

    /// What a condition says of values that an earlier one is about, too.
    fn of_pairs(&mut self, place: &Path, condition: &Condition, earlier: &[Condition]) {
        if let Some(twin) = earlier.iter().position(|earlier| earlier == condition) {
            self.add(
                place.clone(),
                format!("this condition stands at conditions[{twin}] already: remove one"),
            );
        }
        let mut about_the_same = earlier
            .iter()
            .filter(|earlier| earlier.path == condition.path);
        let excluding = about_the_same.find_map(|earlier| excluding(earlier, condition));
        if let Some((bound, least, most)) = excluding {
            self.add(
                place.clone().key(bound),
                format!(
                    "no number is at least {least} and at most {most}: correct one of the bounds"
                ),
            );
        }
    }

    fn of_signatures(
        &mut self,
        rules: &[SignatureRule],
        authorities: &BTreeMap<String, Authority>,
    ) {
        let list = Path::from("signatures");
        if rules.is_empty() {
            self.add(
                list.clone(),
                "the list has no rule, so no image could match one: write one, or leave `signatures` out if \
                 nobody has to sign",
            );
        }
        for (index, rule) in rules.iter().enumerate() {
            let path = list.clone().index(index);
            self.of_images(&path, rule, &rules[..index]);
            match &rule.form {
                Ok(form) => self.of_form(&path, form, authorities),
                Err(problem) => self.add(problem.path(path), problem.message()),
            }
        }
    }

    fn of_images(&mut self, rule: &Path, of: &SignatureRule, earlier: &[SignatureRule]) {
        let list = rule.clone().key("images");
        if of.images.is_empty() {
            self.add(
                list.clone(),
                "no image can match an empty list: name repositories, as in `ghcr.io/acme/**`",
            );
        }
        for (index, pattern) in of.images.iter().enumerate() {
            let path = list.clone().index(index);
            if let Some(problem) = pattern.problem() {
                self.add(
                    path,
                    match pattern.names_no_registry() {
                        true => format!("{problem}; `unmatched` says what becomes of all others"),
                        false => problem,
                    },
                );
            } else if let Some((decides, wider)) = covering(pattern, earlier) {
                self.add(path, format!(
                    "no image gets here, for `{wider}` of signatures[{decides}] matches first: write this \
                     rule before that one, or remove `{pattern}`"
                ));
            }
        }
    }

    fn of_form(&mut self, rule: &Path, form: &Form, authorities: &BTreeMap<String, Authority>) {
        let list = rule.clone().key(form.names_setting());
        let names = form.names();
        for (index, name) in names.iter().enumerate() {
            let path = list.clone().index(index);
            if !authorities.contains_key(name) {
                self.add(path, unknown(name, authorities));
            } else if names[..index].contains(name) {
                self.add(path, format!("`{name}` stands here twice: remove one"));
            }
        }
        let distinct = names.iter().collect::<BTreeSet<_>>().len();
        let Form::AtLeast { count, .. } = form else {
            return;
        };
        let keys = distinct_keys(names, authorities);
        if count.get() > distinct {
            self.add(rule.clone().key("atLeast"), format!(
                "{count} cannot sign where `of` names {distinct}: name more, or write {distinct} at most"
            ));
        } else if count.get() > keys {
            self.add(rule.clone().key("atLeast"), format!(
                "{count} cannot sign, for some of those that `of` names have one key, which counts once: \
                 name others, or write {keys} at most"
            ));
        }
    }
}

/// The bounds of two conditions that no number meets, and which of them is the second's.
fn excluding<'c>(
    first: &'c Condition,
    second: &'c Condition,
) -> Option<(&'static str, &'c Number, &'c Number)> {
    let (bound, least, most) = match (
        first.operator.as_ref().ok()?,
        second.operator.as_ref().ok()?,
    ) {
        (Operator::AtLeast(least), Operator::AtMost(most)) => ("atMost", least, most),
        (Operator::AtMost(most), Operator::AtLeast(least)) => ("atLeast", least, most),
        _ => return None,
    };
    (most < least).then_some((bound, least, most))
}

/// How many keys the authorities have, as far as their texts tell; what has no key counts by its name.
fn distinct_keys(names: &[String], authorities: &BTreeMap<String, Authority>) -> usize {
    let key = |name: &String| authorities.get(name)?.key.as_deref().map(str::trim);
    let keys = names.iter().map(|name| key(name).ok_or(name));
    keys.collect::<BTreeSet<_>>().len()
}

fn names(rule: &SignatureRule) -> &[String] {
    rule.form.as_ref().map(Form::names).unwrap_or_default()
}

/// Whether a name can stand in messages, and be the name of a file in a shell's line.
fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.len() <= NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(fits)
}

/// The pattern of an earlier rule that takes every image, and that rule's index.
fn covering<'a>(
    pattern: &ImagePattern,
    earlier: &'a [SignatureRule],
) -> Option<(usize, &'a ImagePattern)> {
    earlier.iter().enumerate().find_map(|(index, rule)| {
        let wider = rule.images.iter().find(|wider| wider.covers(pattern))?;
        Some((index, wider))
    })
}

fn unknown(name: &str, authorities: &BTreeMap<String, Authority>) -> String {
    let near = authorities
        .keys()
        .map(|known| (strsim::osa_distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= TYPO_MAX);
    match near {
        Some((_, known)) => format!("there is no authority `{name}`: is `{known}` meant?"),
        None => format!("there is no authority `{name}`: describe it in `authorities`"),
    }
}
