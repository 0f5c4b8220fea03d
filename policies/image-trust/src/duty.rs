//! What an authority has to do for an image, and the words for it.

use crate::{Authority, Settings, predicate_type};

/// What one authority has to do, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty<'s> {
    /// Sign the image.
    Sign,
    /// Attest something of it: a predicate of this type.
    Attest(&'s str),
    /// One signs, another attests; or they attest different things.
    Either,
}

impl<'s> Duty<'s> {
    /// The duty of an authority.
    pub(crate) fn of(authority: Option<&'s Authority>) -> Self {
        match authority.and_then(|authority| authority.attestation.as_ref()) {
            Some(attestation) => Duty::Attest(&attestation.predicate_type),
            None => Duty::Sign,
        }
    }

    /// The duty that these have in common.
    pub(crate) fn of_all(names: &[String], settings: &'s Settings) -> Self {
        let duties = names
            .iter()
            .map(|name| Duty::of(settings.authorities.get(name)));
        let common = |a, b| if a == b { a } else { Duty::Either };
        duties.reduce(common).unwrap_or(Duty::Sign)
    }

    /// Whether who did `other` did this.
    pub(crate) fn covers(self, other: Duty<'_>) -> bool {
        self == Duty::Either || self == other
    }

    /// What was done: `signed the image`.
    pub(crate) fn done(self) -> String {
        match self {
            Duty::Sign => "signed the image".to_owned(),
            Duty::Attest(what) => format!(
                "attested `{}` for the image",
                predicate_type::in_words(what)
            ),
            Duty::Either => "signed or attested the image".to_owned(),
        }
    }

    /// What was done to the image: `signed`.
    pub(crate) fn is_done(self) -> &'static str {
        match self {
            Duty::Sign => "signed",
            Duty::Attest(_) => "attested",
            Duty::Either => "signed or attested",
        }
    }

    /// What shows that it was done: `signature`. An `a` can stand before it.
    pub(crate) fn proof(self) -> String {
        match self {
            Duty::Sign => "signature".to_owned(),
            Duty::Attest(what) => format!("`{}` attestation", predicate_type::in_words(what)),
            Duty::Either => "signature or attestation".to_owned(),
        }
    }

    /// More than one of that.
    pub(crate) fn proofs(self) -> String {
        match self {
            Duty::Either => "signatures or attestations".to_owned(),
            one => format!("{}s", one.proof()),
        }
    }

    /// The line for cosign 2 and 3 alike. Keys are not known here, so their files are called after the
    /// authority.
    pub(crate) fn command(name: &str, authority: Option<&Authority>, image: &str) -> String {
        let with = match authority {
            Some(authority) if authority.keyless => String::new(),
            Some(authority) if authority.certificate => {
                format!(" --key {name}.key --cert {name}.crt --cert-chain {name}-chain.crt")
            }
            _ => format!(" --key {name}.key"),
        };
        match Duty::of(authority) {
            Duty::Attest(what) => {
                let what = predicate_type::in_shell(what);
                format!("cosign attest --type {what} --predicate predicate.json{with} {image}")
            }
            Duty::Sign | Duty::Either => format!("cosign sign{with} {image}"),
        }
    }
}
