use sha2::{Digest, Sha256};

use super::{Rejection, SignedImage, Signer, certificate::Certificate, claim::Claim};
use crate::{
    authority::{Authority, Keyless},
    sigstore::{Bundle, FulcioCertificate, FulcioFault, LogFault, Signing},
    text::excerpt,
};

impl Claim<'_> {
    /// Verifies a signature whose key lived for minutes: what counts is whom Fulcio certified, and that a
    /// log or timestamp proves that it signed in those minutes. The clock of this machine never does: it
    /// only tells what cannot have happened yet.
    pub(super) fn verify_keyless(
        &self,
        authority: &Authority,
        keyless: &Keyless,
        image: &SignedImage<'_>,
        now: i64,
    ) -> Result<Signer, Rejection> {
        let certificate = self.certificate_that_signed()?;
        // a certificate of another instance is that first, whatever its logs
        check_issued(&certificate, keyless, certificate.moment_within(i64::MIN))?;
        let times = self
            .prove(authority, image, Signing::Certificate, now)
            .map_err(Rejection::NotLogged)?;
        check_times(&certificate, keyless, &times)?;
        let proven = self.certified(authority, image, &certificate)?;
        let signer = signer(keyless, &proven)?;
        self.check_image(image, authority.bind_reference)?;
        if authority.require_tlog {
            self.check_logged(Ok(times))?;
        }
        Ok(signer)
    }

    /// The certificate once more with all that Sigstore's verifier checks, such as the certificate's own
    /// transparency. It has one error for all that can be wrong with a chain: so that is checked before.
    fn certified(
        &self,
        authority: &Authority,
        image: &SignedImage<'_>,
        certificate: &Certificate<'_>,
    ) -> Result<FulcioCertificate, Rejection> {
        let log: Result<&Bundle, _> = self.log.as_ref().map_err(|fault| *fault);
        let proven = log
            .and_then(|bundle| Ok((bundle, self.artifact(image)?)))
            .map_err(FulcioFault::Log)
            .and_then(|(bundle, artifact)| authority.trust_root.certified(bundle, artifact));
        proven.map_err(|fault| match fault {
            FulcioFault::Chain => Rejection::OtherAuthority(certificate.shown_name()),
            FulcioFault::Sct => Rejection::UnusableCertificate(
                "is in no log of certificates (certificate transparency) that is trusted",
            ),
            FulcioFault::Log(fault) => Rejection::NotLogged(fault),
        })
    }
}

/// Checks every proven time: one that is right must not hide another that is not.
fn check_times(
    certificate: &Certificate<'_>,
    keyless: &Keyless,
    times: &[i64],
) -> Result<(), Rejection> {
    if times.is_empty() {
        return Err(Rejection::NotLogged(LogFault::NoTime));
    }
    times.iter().try_for_each(|at| {
        certificate.check_time(*at, true)?;
        check_issued(certificate, keyless, *at)
    })
}

/// Checks that a chain leads to one of the certificate authorities that were trusted then. Sigstore's
/// verifier takes all of a trust root's certificates as anchors, which may have expired.
fn check_issued(
    certificate: &Certificate<'_>,
    keyless: &Keyless,
    at: i64,
) -> Result<(), Rejection> {
    certificate.check_any_chain(keyless.authorities_at(at), at)
}

/// Who signed, if that is whom the authority wants.
fn signer(keyless: &Keyless, certificate: &FulcioCertificate) -> Result<Signer, Rejection> {
    let subject = certificate
        .subject()
        .filter(|subject| keyless.subject().matches(subject))
        .ok_or_else(|| Rejection::OtherIdentity(certificate.subject().map(excerpt)))?;
    let issuer = certificate
        .issuer()
        .filter(|issuer| keyless.issuer().matches(issuer))
        .ok_or_else(|| Rejection::OtherIssuer(certificate.issuer().map(excerpt)))?;
    for (claim, wanted) in keyless.claims() {
        if !certificate.claim(claim).any(|value| value == wanted) {
            return Err(Rejection::OtherClaim {
                claim: claim.as_str(),
                found: certificate.claim(claim).next().map(excerpt),
            });
        }
    }
    Ok(Signer {
        id: id(issuer, subject),
        identity: Some(excerpt(subject)),
        issuer: Some(excerpt(issuer)),
    })
}

/// The same for every signature of one identity, whose keys all differ.
fn id(issuer: &str, subject: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["keyless", issuer, subject] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("sha256:{:x}", hash.finalize())
}
