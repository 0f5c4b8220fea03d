//! Whether the signatures and attestations of an image are those that its rule demands.

use std::{borrow::Cow, collections::BTreeSet, slice};

use gatehouse_reference::Reference;
use gatehouse_sdk::{Facts, Findings, Needs};

use crate::{
    Form, Settings, Unmatched,
    fact::{ImageFact, KnownImage},
    image::Image,
    threshold::distinct,
    verdict::{Rejection, Verdict},
    words,
};

/// What the settings demand of one image's signatures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Demand<'s> {
    /// Nothing.
    Nothing,
    /// Signatures; the form is not [`Form::Unsigned`].
    Signatures(&'s Form),
    /// No rule says whose, and images that none matches are refused.
    Unmatched,
}

/// The facts about images, and those that are still to be asked for.
#[derive(Debug)]
pub(crate) struct ImageFacts<'a> {
    facts: Facts<'a>,
    asked: BTreeSet<String>,
    needs: Needs,
}

/// One image that needs signatures, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'c, 'a> {
    pub(crate) image: &'c Image<'a>,
    pub(crate) reference: &'c Reference<'a>,
    pub(crate) settings: &'c Settings,
    /// A tag decides what is pulled, and may come to mean another image before a pod starts.
    pub(crate) is_provisional: bool,
}

/// Who has to sign or to attest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'c> {
    pub(crate) count: usize,
    pub(crate) of: &'c [String],
}

/// What the signatures and attestations of an image lack.
#[derive(Debug)]
pub(crate) struct Shortfall<'c> {
    pub(crate) known: &'c KnownImage<'c>,
    pub(crate) wanted: Wanted<'c>,
    /// The most telling rejection, with the authority it is for.
    pub(crate) rejection: Option<(&'c str, Rejection<'c>)>,
    /// How many of those that did what they have to have a key of their own.
    pub(crate) distinct: usize,
}

impl<'s> Demand<'s> {
    /// What the first rule that matches the image demands of it.
    pub(crate) fn on(image: &Reference<'_>, settings: &'s Settings) -> Self {
        let Some(rules) = &settings.signatures else {
            return Demand::Nothing;
        };
        match rules.iter().find(|rule| rule.matches(image)) {
            Some(rule) => match &rule.form {
                Ok(Form::Unsigned) => Demand::Nothing,
                Ok(form) => Demand::Signatures(form),
                Err(_) => Demand::Unmatched,
            },
            None if settings.unmatched == Some(Unmatched::Allow) => Demand::Nothing,
            None => Demand::Unmatched,
        }
    }

    /// The form of the signatures that it demands.
    pub(crate) fn form(self) -> Option<&'s Form> {
        match self {
            Demand::Signatures(form) => Some(form),
            Demand::Nothing | Demand::Unmatched => None,
        }
    }
}

impl<'a> ImageFacts<'a> {
    pub(crate) fn new(facts: Facts<'a>) -> Self {
        Self {
            facts,
            asked: BTreeSet::new(),
            needs: Needs::default(),
        }
    }

    /// What is known of an image; `None` where the host has to be asked first.
    pub(crate) fn get<'f>(
        &mut self,
        image: &Reference<'_>,
        form: &'f Form,
        settings: &'f Settings,
    ) -> Option<ImageFact<'f>>
    where
        'a: 'f,
    {
        let key = image.to_string();
        let names: Vec<_> = form.names().iter().map(String::as_str).collect();
        match self.facts.image(&key, &names) {
            Ok(fact) => Some(ImageFact::read(fact, image, form, settings)),
            Err(needs) => {
                if self.asked.insert(key) {
                    self.needs = std::mem::take(&mut self.needs).and(needs);
                }
                None
            }
        }
    }

    /// Whether all that was asked for is known.
    ///
    /// # Errors
    /// What is not, of all images at once.
    pub(crate) fn all_known(self) -> Result<(), Needs> {
        if self.asked.is_empty() {
            Ok(())
        } else {
            Err(self.needs)
        }
    }
}

impl<'c> Wanted<'c> {
    pub(crate) fn each(name: &'c String) -> Self {
        Self {
            count: 1,
            of: slice::from_ref(name),
        }
    }

    pub(crate) fn some(count: usize, of: &'c [String]) -> Self {
        Self { count, of }
    }
}

impl<'c, 'a> Subject<'c, 'a> {
    /// Adds what is wrong with the image's signatures, or that it could not be learnt.
    pub(crate) fn judge(&self, form: &Form, fact: &ImageFact<'_>, findings: &mut Findings) {
        let known = match fact {
            ImageFact::Missing => return findings.add(words::not_found(self, form)),
            ImageFact::Unavailable(why) => return self.leave_open(slice::from_ref(why), findings),
            ImageFact::Known(known) => known,
        };
        match form {
            Form::Unsigned => {}
            Form::AnyOf(names) if names.iter().any(|n| known.verdict(n).is_verified()) => {}
            Form::AnyOf(names) => self.judge_some(Wanted::some(1, names), known, findings),
            Form::AllOf(names) => self.judge_each(names, known, findings),
            Form::AtLeast { count, of } => {
                self.judge_some(Wanted::some(count.get(), of), known, findings);
            }
        }
    }

    /// Each name is a demand of its own: what one lacks hides nothing of another, so that an exemption of
    /// the first does not let the second pass unseen.
    fn judge_each(&self, names: &[String], known: &KnownImage<'_>, findings: &mut Findings) {
        let mut open = Vec::new();
        for name in names {
            match known.verdict(name) {
                Verdict::Verified(_) => {}
                Verdict::Unavailable(why) => open.push(why.clone()),
                Verdict::Failed(rejection) => findings.add(words::shortfall(
                    self,
                    &Shortfall {
                        known,
                        wanted: Wanted::each(name),
                        rejection: Some((name, *rejection)),
                        distinct: 0,
                    },
                )),
            }
        }
        self.leave_open(&open, findings);
    }

    fn judge_some(&self, wanted: Wanted<'_>, known: &KnownImage<'_>, findings: &mut Findings) {
        let (mut signers, mut open) = (Vec::new(), Vec::new());
        let mut rejection: Option<(&str, Rejection<'_>)> = None;
        for name in wanted.of {
            match known.verdict(name) {
                Verdict::Verified(of_name) => signers.push(of_name),
                Verdict::Unavailable(why) => open.push(why.clone()),
                Verdict::Failed(new) => {
                    if rejection.is_none_or(|(_, old)| new.truth() > old.truth()) {
                        rejection = Some((name, *new));
                    }
                }
            }
        }
        let distinct = distinct(&signers);
        if distinct >= wanted.count {
            return;
        }
        // each that is not known might bring a signer of its own
        if distinct + open.len() >= wanted.count {
            return self.leave_open(&open, findings);
        }
        let shortfall = Shortfall {
            known,
            wanted,
            rejection,
            distinct,
        };
        findings.add(words::shortfall(self, &shortfall));
    }

    fn leave_open(&self, reasons: &[Cow<'_, str>], findings: &mut Findings) {
        if !reasons.is_empty() {
            findings.unchecked(words::unverified(self.image, reasons));
        }
    }
}
