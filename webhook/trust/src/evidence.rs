use std::{fmt, future::Future};

use bytes::Bytes;
use futures_util::{
    future::join,
    stream::{self, StreamExt},
};

use crate::{
    format::{CANDIDATES, Candidate, Candidates, ManifestError},
    registry::{
        Access, Client, Descriptor, Manifest, OwnedDigest, Referrers, RegistryError, Repository,
        Tag, Version,
    },
    signature::Evidence,
};

/// All that a registry has that may be a signature of one image.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) found: Vec<Found>,
    /// Why there may be more.
    pub(crate) unavailable: Option<String>,
}

/// What may be a signature.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) candidate: Candidate,
    /// The manifest that names it.
    pub(crate) manifest: OwnedDigest,
    bytes: Bytes,
}

/// Requests for one image at the same time.
const AT_ONCE: usize = 8;

/// Manifests of referrers that are looked into.
pub(crate) const REFERRERS: usize = 64;

impl Collected {
    pub(crate) fn evidence(&self) -> impl Iterator<Item = Evidence<'_>> {
        self.found.iter().map(Found::evidence)
    }

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
    pub(crate) fn evidence(&self) -> Evidence<'_> {
        self.candidate.evidence(&self.bytes)
    }
}

/// Asks a registry for the signatures of an image: `.sig` tag and referrers at once, so that three requests
/// follow each other at the most (four where referrers are in a fallback tag), those for tokens aside.
pub(crate) async fn collect(
    client: &Client,
    repository: &Repository,
    digest: &OwnedDigest,
    access: &Access,
) -> Collected {
    let place = Place {
        client,
        repository,
        access,
    };
    let (attached, referring) = join(place.attached(digest), place.referring(digest)).await;
    let mut collected = Collected::default();
    let mut candidates = Vec::new();
    for found in attached.into_iter().chain(referring) {
        match found {
            Ok(found) => candidates.push(found),
            Err(lack) => lack.tell(&mut collected),
        }
    }
    place.fetch(candidates, &mut collected).await;
    collected
}

/// Where signatures are looked for.
struct Place<'a> {
    client: &'a Client,
    repository: &'a Repository,
    access: &'a Access,
}

/// Why signatures may have been missed.
enum Lack {
    Registry(RegistryError),
    Limit(String),
}

impl Place<'_> {
    /// The manifest of cosign 1 and 2, at the tag `sha256-HEX.sig`.
    async fn attached(&self, digest: &OwnedDigest) -> Vec<Result<Manifest, Lack>> {
        let Some(tag) = Tag::of_attachment(digest, "sig") else {
            return Vec::new();
        };
        self.manifest(Version::Tag(tag)).await.into_iter().collect()
    }

    /// The manifests that refer to the image and may hold signatures.
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
        let mut candidates = Vec::new();
        for manifest in manifests {
            match Candidates::of(&manifest.bytes) {
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
        let blobs = candidates.into_iter();
        let blobs = blobs.map(|(candidate, manifest)| self.blob(candidate, manifest));
        for blob in all(blobs).await {
            match blob {
                Ok(found) => collected.found.push(found),
                Err(lack) => lack.tell(collected),
            }
        }
    }

    async fn blob(&self, candidate: Candidate, manifest: OwnedDigest) -> Result<Found, Lack> {
        let Ok(digest) = OwnedDigest::parse(&candidate.digest) else {
            return Err(self.limit("names a signature by a wrong digest"));
        };
        let (repository, max) = (self.repository, candidate.max_bytes());
        let blob = self.client.blob(repository, &digest, max, self.access);
        let bytes = blob.await.map_err(Lack::Registry)?;
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
