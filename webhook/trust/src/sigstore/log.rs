use sigstore_verify::{
    VerificationResult,
    trust_root::{TimeRange, TransparencyLog},
    types::TransparencyLogEntry,
};

use super::{Bundle, LogFault, TrustRoot};

impl TrustRoot {
    /// Checks that the logs which show the bundle's entries were trusted at all times that it proves; where it
    /// proves none, as with a key it need not, that no end of their trust is known.
    ///
    /// Sigstore's verifier asks that of a promise. Of a proof of inclusion it does not: there a log would be
    /// trusted for ever, although its key may be anyone's by now.
    pub(super) fn check_logs(
        &self,
        bundle: &Bundle,
        verified: &VerificationResult,
    ) -> Result<(), LogFault> {
        let entries = &bundle.0.verification_material.tlog_entries;
        let logs = entries.iter().flat_map(|entry| self.logs_of(entry));
        let mut windows = logs.filter_map(|log| log.public_key.valid_for);
        let times = verified.verified_timestamps();
        let was_trusted = |window: TimeRange| match times.is_empty() {
            true => window.end.is_none(),
            false => times.iter().all(|at| window.contains(*at)),
        };
        match windows.all(was_trusted) {
            true => Ok(()),
            false => Err(LogFault::UnknownLog),
        }
    }

    /// All logs that may have signed the entry's checkpoint, which names their keys by four bytes only.
    /// Which of its signatures is the one that counts, nobody tells: so all of them have to be trusted, and
    /// a name that is added to a checkpoint excuses nothing.
    fn logs_of<'a>(
        &'a self,
        entry: &'a TransparencyLogEntry,
    ) -> impl Iterator<Item = &'a TransparencyLog> {
        let proof = entry.inclusion_proof.as_ref();
        let checkpoint = proof.and_then(|proof| proof.checkpoint.checkpoint());
        let signatures = checkpoint.map_or(&[][..], |checkpoint| checkpoint.signatures());
        let signed = |log: &&TransparencyLog| {
            let id = log.log_id.key_id.as_bytes();
            signatures
                .iter()
                .any(|s| id.starts_with(s.key_id.as_bytes()))
        };
        self.trusted_root().tlogs.iter().filter(signed)
    }
}
