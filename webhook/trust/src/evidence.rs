use std::{fmt, future::Future};

use bytes::Bytes;
use futures_util::{
    future::join3,
    stream::{self, StreamExt},
};

use crate::{
    format::{CANDIDATES, Candidate, Candidates, ManifestError, Wanted},
    registry::{
        Access, Client, Descriptor, Manifest, OwnedDigest, Referrers, RegistryError, Repository,
        Tag, Version,
    },
    signature::{ReadEvidence, Rejection},
};

/// All that a registry has that may be a signature or an attestation of one image.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) found: Vec<Found>,
    /// Why there may be more.
    pub(crate) unavailable: Option<String>,
}

/// What may be a signature or an attestation.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) candidate: Candidate,
    /// The manifest that names it.
    pub(crate) manifest: OwnedDigest,
    /// Its content, or why that was not worth fetching.
    bytes: Result<Bytes, Rejection>,
}

/// Requests for one image at the same time.
const AT_ONCE: usize = 8;

/// Manifests of referrers that are looked into.
pub(crate) const REFERRERS: usize = 64;

/// What is collected for one image, in bytes, by the sizes that manifests declare.
const COLLECTED_BYTES: u64 = 32 * 1024 * 1024;

impl Collected {
    fn fails(&mut self, error: &RegistryError) {
        tracing::info!(%error, detail = error.detail(), "signatures could not be looked at");
        self.lacks(error.to_string());
    }

    /// The first reason is kept: it is what an operator mends first.
    fn lacks(&mut self, why: String) {
        self.unavailable.get_or_insert(why);
    }
}

impl Found {
    pub(crate) fn read(&self) -> ReadEvidence<'_> {
        match &self.bytes {
            Ok(bytes) => ReadEvidence::of(&self.candidate.evidence(bytes)),
            Err(rejection) => ReadEvidence::rejected(rejection.clone()),
        }
    }
}

/// Asks a registry for what is wanted of an image: `.sig` tag, `.att` tag and referrers at once, so that three
/// requests follow each other at the most (four where referrers are in a fallback tag), those for tokens aside.
pub(crate) async fn collect(
    client: &Client,
    repository: &Repository,
    digest: &OwnedDigest,
    access: &Access,
    wanted: Wanted,
) -> Collected {
    let place = Place {
        client,
        repository,
        access,
        wanted,
    };
    let (signatures, attestations, referring) = join3(
        place.attached(digest, "sig", wanted.signatures),
        place.attached(digest, "att", wanted.attestations),
        place.referring(digest),
    )
    .await;
    let attached = signatures.into_iter().chain(attestations);
    let mut collected = Collected::default();
    let mut candidates = Vec::new();
    for found in attached.chain(referring) {
        match found {
            Ok(found) => candidates.push(found),
            Err(lack) => lack.tell(&mut collected),
        }
    }
    place.fetch(candidates, &mut collected).await;
    collected
}

/// Where signatures and attestations are looked for.
struct Place<'a> {
    client: &'a Client,
    repository: &'a Repository,
    access: &'a Access,
    wanted: Wanted,
}

/// A candidate, and the manifest that names it.
type Named = (Candidate, OwnedDigest);

/// Why some may have been missed.
enum Lack {
    Registry(RegistryError),
    Limit(String),
}

impl Place<'_> {
    /// The manifest of cosign 1 and 2, at the tag `sha256-HEX.SUFFIX`.
    async fn attached(
        &self,
        digest: &OwnedDigest,
        suffix: &str,
        is_wanted: bool,
    ) -> Option<Result<Manifest, Lack>> {
        let tag = Tag::of_attachment(digest, suffix).filter(|_| is_wanted)?;
        self.manifest(Version::Tag(tag)).await
    }

    /// The manifests that refer to the image and may hold signatures or attestations.
    async fn referring(&self, digest: &OwnedDigest) -> Vec<Result<Manifest, Lack>> {
        let referrers = self
            .client
            .referrers(self.repository, digest, self.access)
            .await;
        let Referrers {
            mut descriptors,
            truncated,
        } = match referrers {
            Ok(referrers) => referrers,
            Err(error) => return vec![Err(Lack::Registry(error))],
        };
        descriptors.retain(may_hold_signatures);
        let too_many = truncated || descriptors.len() > REFERRERS;
        descriptors.truncate(REFERRERS);
        let fetches = descriptors
            .into_iter()
            .map(|descriptor| self.manifest(Version::Digest(descriptor.digest)));
        let mut manifests: Vec<_> = all(fetches).await.into_iter().flatten().collect();
        if too_many {
            manifests.push(Err(self.too_many("manifests refer to the image")));
        }
        manifests
    }

    async fn manifest(&self, version: Version) -> Option<Result<Manifest, Lack>> {
        let manifest = self
            .client
            .manifest(self.repository, &version, self.access)
            .await;
        manifest.map_err(Lack::Registry).transpose()
    }

    async fn fetch(&self, manifests: Vec<Manifest>, collected: &mut Collected) {
        let candidates = self.candidates(manifests, collected);
        let blobs = candidates
            .into_iter()
            .map(|(candidate, manifest)| self.blob(candidate, manifest));
        for blob in all(blobs).await {
            match blob {
                Ok(found) => collected.found.push(found),
                Err(lack) => lack.tell(collected),
            }
        }
    }

    /// Those that are looked at, each with the manifest that names it.
    fn candidates(&self, manifests: Vec<Manifest>, collected: &mut Collected) -> Vec<Named> {
        let mut candidates = Vec::new();
        for manifest in manifests {
            match Candidates::of(&manifest.bytes, self.wanted) {
                Ok(found) => {
                    if found.left_out > 0 {
                        self.too_many("signatures are in one manifest")
                            .tell(collected);
                    }
                    let named = found.listed.into_iter();
                    let named = named.map(|found| (found, manifest.digest.clone()));
                    candidates.extend(named);
                }
                Err(error @ ManifestError::TooLarge) => self.limit(error).tell(collected),
                Err(error) => tracing::info!(%error, "a manifest of a signature was passed over"),
            }
        }
        if candidates.len() > CANDIDATES {
            self.too_many("signatures are offered").tell(collected);
            candidates.truncate(CANDIDATES);
        }
        self.within_bytes(candidates, collected)
    }

    fn within_bytes(&self, mut candidates: Vec<Named>, collected: &mut Collected) -> Vec<Named> {
        let (offered, mut room) = (candidates.len(), COLLECTED_BYTES);
        candidates.retain(|(candidate, _)| {
            // what is too large by itself is not fetched
            let size = match candidate.too_large(self.wanted) {
                None => candidate.size,
                Some(_) => 0,
            };
            let left = room.checked_sub(size);
            room = left.unwrap_or(room);
            left.is_some()
        });
        if candidates.len() < offered {
            self.too_many("bytes of signatures are offered")
                .tell(collected);
        }
        candidates
    }

    async fn blob(&self, candidate: Candidate, manifest: OwnedDigest) -> Result<Found, Lack> {
        let Ok(digest) = OwnedDigest::parse(&candidate.digest) else {
            return Err(self.limit("names a signature by a wrong digest"));
        };
        let bytes = match candidate.too_large(self.wanted) {
            Some(rejection) => Err(rejection),
            None => {
                let size = usize::try_from(candidate.size).unwrap_or(usize::MAX);
                let blob = self
                    .client
                    .blob(self.repository, &digest, size, self.access);
                Ok(blob.await.map_err(Lack::Registry)?)
            }
        };
        Ok(Found {
            candidate,
            manifest,
            bytes,
        })
    }

    fn too_many(&self, what: &str) -> Lack {
        self.limit(format_args!("more {what} than are looked at"))
    }

    fn limit(&self, what: impl fmt::Display) -> Lack {
        let registry = self.repository.registry();
        Lack::Limit(format!("registry {registry}: {what}"))
    }
}

impl Lack {
    fn tell(&self, collected: &mut Collected) {
        match self {
            Lack::Registry(error) => collected.fails(error),
            Lack::Limit(why) => collected.lacks(why.clone()),
        }
    }
}

/// Whether it is worth looking: what says of itself that it is neither cosign's nor Sigstore's is not, but
/// the descriptors of fallback tags say little, and some of it misleads.
fn may_hold_signatures(descriptor: &Descriptor) -> bool {
    descriptor.artifact_type.as_deref().is_none_or(|kind| {
        kind.is_empty()
            || ["sigstore", "cosign", "application/vnd.oci."]
                .iter()
                .any(|part| kind.contains(part))
    })
}

/// The outcomes in their order.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    stream::iter(futures).buffered(AT_ONCE).collect().await
}
