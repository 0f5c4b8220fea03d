use std::time::SystemTime;

use gatehouse_reference::{Digest, Reference};

use crate::{
    Authorities, Authority,
    evidence::{Collected, collect},
    format::Form,
    image_trust::Question,
    registry::{OwnedDigest, Repository, Tag},
    signature::{Rejection, SignedImage, Signer},
};

/// Everything that was seen on the way to a verdict on one image, for people who want to know why.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The registry.
    pub registry: String,
    /// The repository there.
    pub repository: String,
    /// The tag that was resolved; `None` where the reference has a digest.
    pub tag: Option<String>,
    /// The digest that counts; `None` where the registry has no such image.
    pub digest: Option<OwnedDigest>,
    /// What may be a signature or an attestation.
    pub signatures: Vec<SeenSignature>,
    /// Why there may be more.
    pub unavailable: Option<String>,
    /// The authorities by which nothing can be verified, and why.
    pub cannot_verify: Vec<(String, String)>,
}

/// Something that may be a signature or an attestation.
#[derive(Clone, Debug)]
pub struct SeenSignature {
    /// Its form, in words.
    pub form: &'static str,
    /// The digest of the manifest that holds it.
    pub manifest: String,
    /// The type of the attestation that it says it is, fit to be shown; true if an authority verified it.
    pub predicate_type: Option<String>,
    /// What each authority makes of it, by name.
    pub verdicts: Vec<(String, Result<Signer, Rejection>)>,
}

impl Explanation {
    /// Looks at an image once more, whatever is remembered of it.
    ///
    /// # Errors
    /// Why it could not be looked at.
    pub async fn of(question: Question<'_>) -> Result<Self, String> {
        let reference = Reference::parse(question.reference).map_err(|error| error.to_string())?;
        let repository = Repository::of(&reference).map_err(|error| error.to_string())?;
        let mut explanation = Self {
            registry: repository.registry().to_owned(),
            repository: repository.path().to_owned(),
            tag: reference.tag().map(str::to_owned),
            digest: digest(&reference, &repository, question).await?,
            signatures: Vec::new(),
            unavailable: None,
            cannot_verify: Vec::new(),
        };
        if let Some(digest) = explanation.digest.clone() {
            let (client, access) = (question.client, question.access);
            let wanted = question.authorities.wanted();
            let collected = collect(client, &repository, &digest, access, wanted).await;
            explanation.add(&collected, &digest, question.authorities);
        }
        Ok(explanation)
    }

    fn add(&mut self, collected: &Collected, digest: &OwnedDigest, authorities: &Authorities) {
        let digest = digest.to_string();
        let Ok(digest) = Digest::parse(&digest) else {
            return;
        };
        let image = SignedImage {
            digest,
            registry: &self.registry,
            repository: &self.repository,
        };
        let now = SystemTime::now();
        let fault = |authority: &Authority| {
            let why = authority.trust_root_fault(now)?;
            Some((authority.name().to_owned(), why))
        };
        self.cannot_verify = authorities.iter().filter_map(fault).collect();
        let usable = |authority: &&Authority| authority.trust_root_fault(now).is_none();
        let seen = collected.found.iter().map(|found| {
            let evidence = found.read();
            let verdict = |authority: &Authority| {
                let verified = evidence.verify(authority, &image, now);
                let signer = verified.map(|verified| verified.signer);
                (authority.name().to_owned(), signer)
            };
            SeenSignature {
                form: in_words(&found.candidate.form),
                manifest: found.manifest.to_string(),
                predicate_type: evidence.predicate_type(),
                verdicts: authorities.iter().filter(usable).map(verdict).collect(),
            }
        });
        self.signatures = seen.collect();
        self.unavailable.clone_from(&collected.unavailable);
    }
}

async fn digest(
    reference: &Reference<'_>,
    repository: &Repository,
    question: Question<'_>,
) -> Result<Option<OwnedDigest>, String> {
    match (reference.digest(), reference.tag().and_then(Tag::parse)) {
        (Some(digest), _) => Ok(Some(digest.into())),
        (None, Some(tag)) => {
            let digest = question.client.resolve(repository, &tag, question.access);
            digest.await.map_err(|error| error.to_string())
        }
        (None, None) => Ok(None),
    }
}

fn in_words(form: &Form) -> &'static str {
    match form {
        Form::SimpleSigning { .. } => "signature of cosign 2",
        Form::Envelope { .. } => "attestation of cosign 2",
        Form::Bundle => "Sigstore bundle of cosign 3",
    }
}
