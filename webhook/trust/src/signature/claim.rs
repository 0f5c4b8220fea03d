use std::{borrow::Cow, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use gatehouse_abi::tree::{Node, TreeBuf};
use gatehouse_reference::{Digest, Reference};
use rustls_pki_types::CertificateDer;

use super::{NamedSigner, Rejection, SignedImage, Signer, Verified, certificate::Certificate};
use crate::{
    authority::{AttestationRule, Authority, CertificateAuthority, Signers},
    projection::{PROJECTION_BYTES, Predicate, TooLong},
    sigstore::{Artifact, Bundle, LogFault, PublicKey, Signing},
    text::excerpt,
};

/// What a signature or an attestation of any format says, before anything of it is verified.
pub(super) struct Claim<'a> {
    pub(super) content: Content,
    /// The bytes that the signature is over.
    pub(super) signed: Cow<'a, [u8]>,
    pub(super) signature: Vec<u8>,
    /// Which key made it, as a bundle says.
    pub(super) hint: Option<String>,
    pub(super) certificate: Option<Certificates>,
    /// The images it is for.
    pub(super) images: Vec<ClaimedImage>,
    /// Log entries and timestamps.
    pub(super) log: Result<Bundle, LogFault>,
    /// Whether a log entry is over the signed bytes themselves, not over the image that they name.
    pub(super) logs_payload: bool,
}

/// What is said of the images.
pub(super) enum Content {
    /// That they are signed.
    Signature,
    /// What the statement's predicate says.
    Attestation {
        predicate_type: String,
        statement: TreeBuf,
    },
}

/// The certificate that a signature comes with and the chain beside it, in DER.
pub(super) struct Certificates {
    pub(super) leaf: Vec<u8>,
    pub(super) chain: Vec<Vec<u8>>,
}

/// An image that a signature is for.
pub(super) struct ClaimedImage {
    /// `sha256:…`
    pub(super) digest: String,
    /// A reference; a tag or digest in it means nothing.
    pub(super) reference: Option<Arc<str>>,
}

impl Claim<'_> {
    pub(super) fn verify(
        &self,
        authority: &Authority,
        image: &SignedImage<'_>,
        now: i64,
    ) -> Result<Verified, Rejection> {
        let attestation = authority.attestation.as_ref();
        self.content.check_kind(attestation)?;
        let signer = match &authority.signers {
            Signers::Key(key) => self.verify_key(authority, key, image, now),
            Signers::Certificate(ca) => self.verify_certificate(authority, ca, image, now),
            Signers::Keyless(keyless) => self.verify_keyless(authority, keyless, image, now),
        }?;
        let predicate = attestation.map(|rule| self.content.project(rule));
        Ok(Verified {
            signer,
            predicate: predicate.transpose()?,
        })
    }

    /// The type of an attestation; `None` for a signature.
    pub(super) fn predicate_type(&self) -> Option<&str> {
        match &self.content {
            Content::Signature => None,
            Content::Attestation { predicate_type, .. } => Some(predicate_type),
        }
    }

    fn verify_key(
        &self,
        authority: &Authority,
        key: &PublicKey,
        image: &SignedImage<'_>,
        now: i64,
    ) -> Result<Signer, Rejection> {
        if !key.verifies(&self.signed, &self.signature) {
            return Err(self.other_key(key));
        }
        self.check_image(image, authority.bind_reference)?;
        if authority.require_tlog {
            let proof = self.prove(authority, image, Signing::Key(key), now);
            self.check_logged(proof)?;
        }
        Ok(Signer {
            id: key.fingerprint(),
            identity: None,
            issuer: None,
        })
    }

    fn verify_certificate(
        &self,
        authority: &Authority,
        ca: &CertificateAuthority,
        image: &SignedImage<'_>,
        now: i64,
    ) -> Result<Signer, Rejection> {
        let certificate = self.certificate_that_signed()?;
        let proof = self.prove(authority, image, Signing::Certificate, now);
        match &proof {
            Ok(times) if !times.is_empty() => times
                .iter()
                .try_for_each(|at| check_certificate(&certificate, ca, *at, true))?,
            // evidence that proves nothing is worth as much as none: whoever pushes could leave it out
            _ => check_certificate(&certificate, ca, now, false)?,
        }
        let identity = certificate.identity(ca)?;
        self.check_image(image, authority.bind_reference)?;
        if authority.require_tlog {
            self.check_logged(proof)?;
        }
        Ok(Signer {
            id: certificate.key().fingerprint(),
            identity,
            issuer: None,
        })
    }

    /// The certificate, whose key made the signature.
    pub(super) fn certificate_that_signed(&self) -> Result<Certificate<'_>, Rejection> {
        let certificate = self.certificate()?.ok_or(Rejection::NoCertificate)?;
        let key = certificate.key();
        if !key.verifies(&self.signed, &self.signature) {
            return Err(Rejection::BadSignature {
                ed25519: key.is_ed25519(),
            });
        }
        Ok(certificate)
    }

    pub(super) fn certificate(&self) -> Result<Option<Certificate<'_>>, Rejection> {
        let Some(Certificates { leaf, chain }) = &self.certificate else {
            return Ok(None);
        };
        let chain = chain.iter().map(|der| CertificateDer::from(der.as_slice()));
        Certificate::parse(leaf, chain.collect()).map(Some)
    }

    /// Who signed instead, as far as the evidence says so.
    fn other_key(&self, key: &PublicKey) -> Rejection {
        if self.hint.as_ref() == Some(&key.hint()) {
            return Rejection::BadSignature {
                ed25519: key.is_ed25519(),
            };
        }
        Rejection::OtherSigner(match (self.certificate(), &self.hint) {
            (Ok(Some(certificate)), _) => NamedSigner::Certificate(certificate.shown_name()),
            (_, Some(hint)) if !hint.is_empty() => NamedSigner::Key(shown_hint(hint)),
            _ => NamedSigner::Unnamed,
        })
    }

    pub(super) fn check_image(&self, image: &SignedImage<'_>, bind: bool) -> Result<(), Rejection> {
        let wanted = image.digest.to_string();
        let mut ours = self.images.iter().filter(|i| i.digest == wanted).peekable();
        if ours.peek().is_none() {
            let other = self.images.first().map(|i| excerpt(&i.digest));
            return Err(Rejection::OtherDigest(other.unwrap_or_default()));
        }
        if !bind {
            return Ok(());
        }
        let verdicts = ours.map(|claimed| claimed.check_repository(image));
        // any subject that names the repository will do; of the others the last is as good as the first
        verdicts
            .reduce(Result::or)
            .unwrap_or(Err(Rejection::NoRepository))
    }

    /// The times that logs and timestamps prove, in seconds since 1970: none after `now`, of which whoever
    /// tells them cannot know.
    pub(super) fn prove(
        &self,
        authority: &Authority,
        image: &SignedImage<'_>,
        signing: Signing<'_>,
        now: i64,
    ) -> Result<Vec<i64>, LogFault> {
        let bundle = self.log.as_ref().map_err(|fault| *fault)?;
        if !bundle.has_log_entry() && !bundle.has_timestamp() {
            return Err(LogFault::Absent);
        }
        let artifact = self.artifact(image)?;
        let times = authority.trust_root.prove(bundle, artifact, signing)?;
        match times.iter().any(|at| *at > now) {
            true => Err(LogFault::Time),
            false => Ok(times),
        }
    }

    /// What log entries are over.
    pub(super) fn artifact<'i>(
        &'i self,
        image: &SignedImage<'i>,
    ) -> Result<Artifact<'i>, LogFault> {
        match (self.logs_payload, self.digest_for_log(image)) {
            (true, _) => Ok(Artifact::Payload(&self.signed)),
            (false, Some(digest)) => Ok(Artifact::Image(digest)),
            (false, None) => Err(LogFault::Unsupported),
        }
    }

    /// The image's digest, or that of another image that this is for: what the log proves must not depend
    /// on whether it is the right one, which is judged on its own.
    fn digest_for_log<'i>(&'i self, image: &SignedImage<'i>) -> Option<Digest<'i>> {
        let wanted = image.digest.to_string();
        if self.images.iter().any(|claimed| claimed.digest == wanted) {
            return Some(image.digest);
        }
        let mut digests = self.images.iter().map(|i| Digest::parse(&i.digest));
        digests.find_map(Result::ok)
    }

    pub(super) fn check_logged(&self, proof: Result<Vec<i64>, LogFault>) -> Result<(), Rejection> {
        let has_entry = self.log.as_ref().map(Bundle::has_log_entry);
        match (has_entry, proof) {
            (Ok(false), _) => Err(Rejection::NotLogged(LogFault::Absent)),
            (_, Err(fault)) => Err(Rejection::NotLogged(fault)),
            (_, Ok(_)) => Ok(()),
        }
    }
}

impl Content {
    /// Checks that it is what the authority wants, before anybody asks who made it: what is none of its
    /// attestations is not somebody else's, either.
    fn check_kind(&self, wanted: Option<&AttestationRule>) -> Result<(), Rejection> {
        match (self, wanted.map(AttestationRule::predicate_type)) {
            (Content::Signature, None) => Ok(()),
            (Content::Signature, Some(_)) => Err(Rejection::NotAnAttestation),
            (Content::Attestation { predicate_type, .. }, wanted) => match wanted {
                Some(wanted) if wanted == predicate_type => Ok(()),
                _ => Err(Rejection::OtherPredicate(excerpt(predicate_type))),
            },
        }
    }

    fn project(&self, rule: &AttestationRule) -> Result<Predicate, Rejection> {
        let predicate = match self {
            Content::Signature => None,
            Content::Attestation { statement, .. } => statement.root().get("predicate"),
        };
        rule.project(predicate.unwrap_or(Node::NULL))
            .map_err(|TooLong| Rejection::TooLarge {
                what: "part of the predicate that conditions are about",
                limit: PROJECTION_BYTES,
            })
    }
}

impl ClaimedImage {
    fn check_repository(&self, image: &SignedImage<'_>) -> Result<(), Rejection> {
        let text = self.reference.as_deref().filter(|text| !text.is_empty());
        let text = text.ok_or(Rejection::NoRepository)?;
        match Reference::parse(text) {
            Ok(claimed)
                if claimed.registry() == image.registry
                    && claimed.repository() == image.repository =>
            {
                Ok(())
            }
            _ => Err(Rejection::OtherRepository(excerpt(text))),
        }
    }
}

fn check_certificate(
    certificate: &Certificate<'_>,
    authority: &CertificateAuthority,
    at: i64,
    proven: bool,
) -> Result<(), Rejection> {
    match certificate.check_time(at, proven) {
        Ok(()) => certificate.check_chain(authority, at),
        // a certificate of someone else is that first, however old it is
        Err(time) => match certificate.check_chain(authority, certificate.moment_within(at)) {
            Err(other @ Rejection::OtherAuthority(_)) => Err(other),
            _ => Err(time),
        },
    }
}

/// The fingerprint that a hint is, where it is one.
fn shown_hint(hint: &str) -> String {
    match STANDARD.decode(hint) {
        Ok(digest) if digest.len() == 32 => {
            let hex = digest.iter().map(|byte| format!("{byte:02x}"));
            format!("sha256:{}", hex.collect::<String>())
        }
        _ => excerpt(hint),
    }
}
