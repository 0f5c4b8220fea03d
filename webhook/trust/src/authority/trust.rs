//! What an authority needs its trust root for, and whether it does.

use std::{sync::Arc, time::SystemTime};

use super::{Authority, Signers, id};
use crate::{
    sigstore::{Need, TrustRoot},
    text::moment,
    time::{seconds, system_time},
    trust_root::{MirrorAddress, Trust},
};

impl Authority {
    /// Why nothing can be verified with its trust root at this time, fit to be shown; `None` where that can
    /// be, or the authority needs no trust root.
    pub fn trust_root_fault(&self, now: SystemTime) -> Option<String> {
        let now = seconds(now);
        if !self.uses_trust_root() {
            return None;
        }
        if let Some(why) = &self.root_fault {
            return Some(format!("the trust root {why}"));
        }
        let over = |need: &&Need| self.trust_root.end(**need).is_some_and(|end| now > end);
        let needs = self.needs();
        let expired = needs.iter().find(over).map(|need| {
            let end = self.trust_root.end(*need).map(moment).unwrap_or_default();
            format!(
                "the trust root has expired: the last {} in it ended on {end}",
                need.noun()
            )
        });
        expired.or_else(|| {
            self.trust
                .fault(now)
                .map(|why| format!("the trust root {why}"))
        })
    }

    /// Why its trust root cannot be used until somebody mends its file; `None` where it can be, comes from a mirror, or
    /// is not needed. That a trust root is over is no damage.
    pub fn trust_root_damage(&self) -> Option<String> {
        let is_needed = self.uses_trust_root() && self.mirror().is_none();
        let why = self.root_fault.as_ref().filter(|_| is_needed)?;
        Some(format!("the trust root {why}"))
    }

    /// Until when signatures can be verified with its trust root; `None` where no end is known, or the
    /// authority needs no trust root.
    pub fn trust_root_end(&self) -> Option<SystemTime> {
        if !self.uses_trust_root() || self.root_fault.is_some() {
            return None;
        }
        let needs = self.needs().into_iter();
        let end = needs.filter_map(|need| self.trust_root.end(need)).min()?;
        // no calendar goes that far
        system_time(end).filter(|_| end < i64::MAX)
    }

    /// Until when its trust root is used if the mirror gives no other; `None` where it is not from a mirror, or
    /// the authority needs no trust root. These metadata are renewed every few days.
    pub fn trust_root_metadata_end(&self) -> Option<SystemTime> {
        let until = self.trust.until.filter(|_| self.uses_trust_root())?;
        system_time(until)
    }

    /// Whether anything is judged by its trust root: a key alone needs none.
    pub fn uses_trust_root(&self) -> bool {
        self.require_tlog || !matches!(self.signers, Signers::Key(_))
    }

    /// What nothing can be verified without.
    fn needs(&self) -> Vec<Need> {
        match (&self.signers, self.require_tlog) {
            (Signers::Keyless(_), false) => vec![Need::Fulcio, Need::CtLog, Need::Time],
            (Signers::Keyless(_), true) => vec![Need::Fulcio, Need::CtLog, Need::Log],
            (_, true) => vec![Need::Log],
            // a certificate that is valid now needs no proof of when it signed
            (_, false) => Vec::new(),
        }
    }

    fn lack(&self, root: &TrustRoot) -> Option<String> {
        let needs = self.needs();
        let lack = needs.iter().find(|need| root.end(**need).is_none())?;
        let by = match self.signers {
            Signers::Keyless(_) => "keyless",
            _ => "requireTlog",
        };
        Some(format!("lacks a {}, which `{by}` needs", lack.noun()))
    }

    /// The mirror that its trust root is fetched from.
    pub(crate) fn mirror(&self) -> Option<&MirrorAddress> {
        self.source.mirror()
    }

    /// What its trust root is, as of when it was last asked for.
    pub(crate) fn trust(&self) -> &Arc<Trust> {
        &self.trust
    }

    /// The same with what its mirror gave since.
    pub(crate) fn with_trust(&self, trust: Arc<Trust>) -> Self {
        let authority = Self {
            trust,
            ..self.clone()
        };
        authority.trusting()
    }

    /// Takes the trust root into use.
    pub(super) fn trusting(mut self) -> Self {
        self.root_fault = match &self.trust.root {
            Ok(root) => {
                self.trust_root = Arc::clone(root);
                self.lack(root).map_or(Ok(()), Err)
            }
            Err(why) => Err(why.clone()),
        }
        .and_then(|()| match &mut self.signers {
            Signers::Keyless(keyless) => keyless.trust(&self.trust_root),
            _ => Ok(()),
        })
        .err();
        self.id = id::with_root(&self.meaning, &self.trust_root);
        self
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_abi::Path;
    use gatehouse_test_sigstore::{Key, Log};
    use serde_json::{Value, json};

    use crate::{
        Authorities, Verdict,
        time::system_time,
        verdict::{Verdicts, withdraw},
    };

    /// 2026-11-22T00:00:00Z
    const END: i64 = 1_795_305_600;

    #[test]
    fn what_was_verified_is_withdrawn_a_second_after_the_end() {
        let mut root: Value = serde_json::from_str(&Log::new().trust_root()).unwrap();
        root["tlogs"][0]["publicKey"]["validFor"]["end"] = json!("2026-11-22T00:00:00Z");
        let (key, root) = (Key::p256().pem(), root.to_string());
        let documents = json!({
            "logged": {"key": key, "requireTlog": true, "trustRoot": root},
            "plain": {"key": key, "trustRoot": root},
        });
        let files = |_: &str| Err(String::new());
        let authorities = Authorities::parse(&documents, &Path::root(), &files).unwrap();
        let verified = |name: &str| (name.to_owned(), Verdict::Verified(Vec::new()));
        for (now, withdrawn) in [(END, false), (END + 1, true)] {
            let mut verdicts: Verdicts = ["logged", "plain"].map(verified).into();
            withdraw(&mut verdicts, &authorities, system_time(now).unwrap());
            let is_verified = |name: &str| matches!(verdicts[name], Verdict::Verified(_));
            assert_eq!(is_verified("logged"), !withdrawn);
            assert!(is_verified("plain"));
        }
    }
}
