use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{
    breaker::Breakers,
    digest::OwnedDigest,
    endpoint::Endpoint,
    error::RegistryError,
    grant::{Access, Grants},
    host::Host,
    http::Http,
    index::{Descriptor, Index},
    repository::{Repository, Tag, Version},
    settings::{ClientSettings, HostRules, Limits, Mirror, SetupError},
};
use crate::text::excerpt;

/// A client for all registries. Cheap to clone.
///
/// A registry's mirrors are asked before it, in order, each with its own credentials. One that does not have
/// what was asked for, or cannot be asked, leaves the question to the next, and the registry itself has the
/// last word.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Shared>);

/// A manifest, with the digest that its bytes have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its digest.
    pub digest: OwnedDigest,
    /// The type that the registry gives it, which is not a part of what the digest covers; empty where it
    /// gives none.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What refers to a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referrers {
    /// What refers to it, as far as it was read.
    pub descriptors: Vec<Descriptor>,
    /// Whether there is more than the limits let be read.
    pub truncated: bool,
}

/// What all requests share.
pub(super) struct Shared {
    pub(super) http: Http,
    pub(super) grants: Grants,
    pub(super) breakers: Breakers,
    pub(super) limits: Limits,
    hosts: BTreeMap<String, HostRules>,
}

/// What `docker.io` is called as a registry, and where it is asked.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

impl Client {
    /// A client with these settings. Reads the certificate authorities of the system.
    ///
    /// # Errors
    /// When the settings name a host that is none, or authorities that cannot be read.
    pub fn new(mut settings: ClientSettings) -> Result<Self, SetupError> {
        let (name, host) = DOCKER_HUB;
        if let Some(rules) = settings.hosts.get(name).cloned() {
            settings.hosts.entry(host.to_owned()).or_insert(rules);
        }
        check_hosts(&settings.hosts)?;
        Ok(Self(Arc::new(Shared {
            http: Http::new(&settings)?,
            grants: Grants::new(),
            breakers: Breakers::new(),
            limits: settings.limits,
            hosts: settings.hosts,
        })))
    }

    /// The digest that a tag names now; `None` when the registry says that there is no such tag. The registry
    /// is taken at its word: only a manifest fetched by the digest has it.
    ///
    /// # Errors
    /// When the registry cannot be asked, or does not answer the question.
    pub async fn resolve(
        &self,
        repository: &Repository,
        tag: &Tag,
        access: &Access,
    ) -> Result<Option<OwnedDigest>, RegistryError> {
        let mut last = Ok(None);
        for endpoint in self.0.endpoints(repository, access) {
            last = endpoint.attempt(endpoint.resolve(tag)).await;
            if matches!(last, Ok(Some(_))) {
                break;
            }
            note(&last);
        }
        last
    }

    /// A manifest; `None` when the registry says that there is none. Fetched by digest it has that digest.
    ///
    /// # Errors
    /// When the registry cannot be asked, or does not answer the question.
    pub async fn manifest(
        &self,
        repository: &Repository,
        version: &Version,
        access: &Access,
    ) -> Result<Option<Manifest>, RegistryError> {
        let mut last = Ok(None);
        for endpoint in self.0.endpoints(repository, access) {
            last = endpoint.attempt(endpoint.manifest(version)).await;
            if matches!(last, Ok(Some(_))) {
                break;
            }
            note(&last);
        }
        last
    }

    /// A blob of at most `max_bytes`, which has this digest.
    ///
    /// # Errors
    /// When the registry cannot be asked, or does not give the blob: a manifest names it, so it should be
    /// there.
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: &OwnedDigest,
        max_bytes: usize,
        access: &Access,
    ) -> Result<Bytes, RegistryError> {
        let endpoints = self.0.endpoints(repository, access);
        let mut last = Ok(Bytes::new());
        for endpoint in endpoints {
            last = endpoint.attempt(endpoint.blob(digest, max_bytes)).await;
            if last.is_ok() {
                break;
            }
            note(&last);
        }
        last
    }

    /// What refers to a digest: by the referrers API, or where there is none by the tag `sha256-HEX`. A mirror
    /// that knows of nothing leaves the question to the next.
    ///
    /// # Errors
    /// When the registry cannot be asked, or does not answer the question.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &OwnedDigest,
        access: &Access,
    ) -> Result<Referrers, RegistryError> {
        let mut last = Ok(Referrers::default());
        for endpoint in self.0.endpoints(repository, access) {
            last = endpoint.attempt(endpoint.referrers(digest)).await;
            if last
                .as_ref()
                .is_ok_and(|found| !found.descriptors.is_empty())
            {
                break;
            }
            note(&last);
        }
        last
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Referrers {
    /// Adds a page, up to a number of entries in all.
    pub(super) fn add(&mut self, page: Index, max: usize) {
        let room = max.saturating_sub(self.descriptors.len());
        self.truncated |= page.truncated || page.entries.len() > room;
        self.descriptors.extend(page.entries.into_iter().take(room));
    }
}

impl Shared {
    /// Who is asked for a repository, in order; the registry itself is the last.
    fn endpoints<'a>(
        &'a self,
        repository: &'a Repository,
        access: &'a Access,
    ) -> Vec<Endpoint<'a>> {
        let rules = self.hosts.get(repository.registry());
        let mirrors = rules.map_or(&[][..], |rules| &rules.mirrors);
        let mirrors = mirrors
            .iter()
            .map(|mirror| self.mirror(mirror, repository, access));
        let registry = self.registry(repository, access);
        mirrors.chain([registry]).collect()
    }

    fn mirror<'a>(
        &'a self,
        mirror: &'a Mirror,
        repository: &'a Repository,
        access: &'a Access,
    ) -> Endpoint<'a> {
        let path = format!("{}{}", mirror.prefix, repository.path());
        let mirrored = Some(repository.registry());
        self.endpoint(&mirror.host, path, mirrored, access)
    }

    fn registry<'a>(&'a self, repository: &'a Repository, access: &'a Access) -> Endpoint<'a> {
        let path = repository.path().to_owned();
        self.endpoint(repository.host(), path, None, access)
    }

    fn endpoint<'a>(
        &'a self,
        name: &'a Host,
        path: String,
        mirrored: Option<&'a str>,
        access: &'a Access,
    ) -> Endpoint<'a> {
        let rules = self.hosts.get(name.as_str());
        let hub = Host::parse(DOCKER_HUB.1).filter(|_| name.as_str() == DOCKER_HUB.0);
        Endpoint {
            shared: self,
            name: name.as_str(),
            host: hub.unwrap_or_else(|| name.clone()),
            plain_http: rules.is_some_and(|rules| rules.plain_http),
            token_realms: rules.map_or(&[], |rules| &rules.token_realms),
            path,
            mirrored,
            access,
        }
    }
}

fn check_hosts(hosts: &BTreeMap<String, HostRules>) -> Result<(), SetupError> {
    let realms = hosts.values().flat_map(|rules| &rules.token_realms);
    match hosts
        .keys()
        .chain(realms)
        .find(|host| Host::parse(host).is_none())
    {
        None => Ok(()),
        Some(wrong) => Err(SetupError::Host(excerpt(wrong))),
    }
}

/// Says in the log why the next host is asked, or what the last one said.
fn note<T>(outcome: &Result<T, RegistryError>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, detail = error.detail(), "a registry gave no answer");
    }
}
