//! One host that is asked for one repository: the registry itself, or a mirror.

use bytes::Bytes;
use hyper::{Method, Uri, header::HeaderValue};
use tokio::time::{Instant, timeout};

use super::{
    absence,
    client::{Manifest, Referrers, Shared},
    digest::OwnedDigest,
    error::{ErrorKind, Fault, RegistryError},
    grant::{Access, GrantKey, Slot, fresh},
    host::Host,
    http::{Answer, Call},
    index::{INDEX, Index, index},
    keychain::Credentials,
    link,
    repository::{Tag, Version},
    token::Applicant,
};

/// The manifests that can be signed or hold signatures.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";
const ANY: &str = "*/*";

/// How registries without a referrers API answer; by the specification it is 404.
const NO_REFERRERS_API: [u16; 4] = [400, 404, 405, 406];
/// How registries answer that know no HEAD of a manifest.
const NO_HEAD: [u16; 3] = [400, 405, 501];

/// A host, and how a repository is asked for there.
pub(super) struct Endpoint<'a> {
    pub(super) shared: &'a Shared,
    /// As people know it: `docker.io`.
    pub(super) name: &'a str,
    /// As it is connected to: `registry-1.docker.io`.
    pub(super) host: Host,
    pub(super) plain_http: bool,
    pub(super) token_realms: &'a [String],
    pub(super) path: String,
    /// For a mirror, the registry that it stands for.
    pub(super) mirrored: Option<&'a str>,
    pub(super) access: &'a Access,
}

impl Endpoint<'_> {
    /// Does something here, if the host is not spared, within the time for it.
    pub(super) async fn attempt<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, RegistryError> {
        let pass = self
            .shared
            .breakers
            .enter(self.host.as_str(), Instant::now());
        let pass = pass.map_err(|fault| fault.of(self.name))?;
        let time = self.shared.limits.exchange_time;
        let outcome = timeout(time, work).await.unwrap_or_else(|_| {
            let detail = format!("not done within {time:?}");
            Err(Fault::new(ErrorKind::TimedOut, &detail))
        });
        pass.settle(&outcome, Instant::now());
        outcome.map_err(|fault| fault.of(self.name))
    }

    pub(super) async fn resolve(&self, tag: &Tag) -> Result<Option<OwnedDigest>, Fault> {
        let mut call = self.call("manifests", tag.as_str(), MANIFESTS, 0)?;
        call.method = Method::HEAD;
        let answer = self.ask(call).await?;
        match (answer.status, digest_header(&answer)) {
            (200, Some(digest)) => Ok(Some(digest)),
            (404, _) if absence::is_likely(&answer) => Ok(None),
            (status, _) if matches!(status, 200 | 404) || NO_HEAD.contains(&status) => {
                let manifest = self.manifest(&Version::Tag(tag.clone())).await?;
                Ok(manifest.map(|manifest| manifest.digest))
            }
            _ => Err(answer.refusal()),
        }
    }

    pub(super) async fn manifest(&self, version: &Version) -> Result<Option<Manifest>, Fault> {
        let max = self.shared.limits.manifest_bytes;
        let call = self.call("manifests", &version.to_string(), MANIFESTS, max)?;
        let answer = self.ask(call).await?;
        match answer.status {
            200 => manifest(answer, version).map(Some),
            404 if absence::is_said(&answer) => Ok(None),
            _ => Err(answer.refusal()),
        }
    }

    pub(super) async fn blob(&self, digest: &OwnedDigest, max: usize) -> Result<Bytes, Fault> {
        let answer = self
            .ask(self.call("blobs", &digest.to_string(), ANY, max)?)
            .await?;
        match answer.status {
            200 if digest.matches(&answer.body) => Ok(answer.body),
            200 => Err(Fault::new(ErrorKind::Digest, &digest.to_string())),
            404 => Err(Fault::new(ErrorKind::NoSuchBlob, &digest.to_string())),
            _ => Err(answer.refusal()),
        }
    }

    pub(super) async fn referrers(&self, digest: &OwnedDigest) -> Result<Referrers, Fault> {
        let limits = &self.shared.limits;
        let first = self.call(
            "referrers",
            &digest.to_string(),
            INDEX,
            limits.referrers_page_bytes,
        )?;
        let answer = self.ask(first.clone()).await?;
        let Some(mut page) = first_page(&answer)? else {
            return self.tagged_referrers(digest).await;
        };
        let mut found = Referrers::default();
        let (mut answer, mut pages, mut bytes) = (answer, 1, 0);
        loop {
            found.add(page, limits.referrers_entries);
            let Some(next) = self.next_page(&answer)? else {
                return Ok(found);
            };
            bytes += answer.body.len();
            let is_enough = pages >= limits.referrers_pages || bytes > limits.referrers_bytes;
            if found.truncated || is_enough {
                found.truncated = true;
                return Ok(found);
            }
            let call = Call {
                uri: next,
                ..first.clone()
            };
            answer = self.ask(call).await?;
            page = later_page(&answer)?;
            pages += 1;
        }
    }

    /// What clients keep themselves where there is no referrers API.
    async fn tagged_referrers(&self, digest: &OwnedDigest) -> Result<Referrers, Fault> {
        let tag = Tag::of_referrers(digest);
        let mut found = Referrers::default();
        if let Some(manifest) = self.manifest(&Version::Tag(tag.clone())).await? {
            let page = index(&manifest.bytes).ok_or_else(|| {
                let kind = ErrorKind::Malformed("something else than a list of referrers");
                Fault::new(kind, tag.as_str())
            })?;
            found.add(page, self.shared.limits.referrers_entries);
        }
        Ok(found)
    }

    /// The next page, which must be of the same host: credentials are sent for it.
    fn next_page(&self, answer: &Answer) -> Result<Option<Uri>, Fault> {
        let links = answer.headers.get_all("link").iter();
        let mut links = links.filter_map(|value| value.to_str().ok());
        let Some(link) = links.find_map(link::next_page) else {
            return Ok(None);
        };
        let next = link::resolve(&answer.uri, link);
        match next.filter(|next| Host::of(next) == Host::of(&answer.uri)) {
            Some(next) => Ok(Some(next)),
            None => {
                let kind = ErrorKind::Malformed("a next page that is somewhere else");
                Err(Fault::new(kind, link))
            }
        }
    }

    /// Asks with each of the credentials that fit, as long as the host refuses.
    async fn ask(&self, call: Call) -> Result<Answer, Fault> {
        let found = self.access.keychain.find(self.name, &self.path);
        let Some((last, others)) = found.split_last() else {
            return self.ask_as(call, None).await;
        };
        for credentials in others {
            match self.ask_as(call.clone(), Some(credentials)).await {
                Ok(answer) if !matches!(answer.status, 401 | 403) => return Ok(answer),
                Err(fault) if !is_refusal(&fault) => return Err(fault),
                _ => (),
            }
        }
        self.ask_as(call, Some(last)).await
    }

    async fn ask_as(
        &self,
        mut call: Call,
        credentials: Option<&Credentials>,
    ) -> Result<Answer, Fault> {
        let scope = &self.access.scope;
        let key = GrantKey::new(self.host.as_str(), &self.path, credentials, scope);
        let slot = self.shared.grants.slot(key);
        call.authorization = fresh(slot.lock().await.as_ref(), Instant::now());
        let answer = self.shared.http.follow(call.clone()).await?;
        // another host's 401 is not about these credentials
        if answer.status != 401 || Host::of(&answer.uri) != Host::of(&call.uri) {
            return Ok(answer);
        }
        match self
            .authorise(&slot, &answer, call.authorization.as_ref(), credentials)
            .await?
        {
            None => Ok(answer),
            authorization => {
                call.authorization = authorization;
                self.shared.http.follow(call).await
            }
        }
    }

    /// A grant in place of `refused`, which another request may have fetched meanwhile.
    async fn authorise(
        &self,
        slot: &Slot,
        answer: &Answer,
        refused: Option<&HeaderValue>,
        credentials: Option<&Credentials>,
    ) -> Result<Option<HeaderValue>, Fault> {
        let mut place = slot.lock().await;
        let other = fresh(place.as_ref(), Instant::now());
        if let Some(other) = other.filter(|other| Some(other) != refused) {
            return Ok(Some(other));
        }
        let applicant = Applicant {
            http: &self.shared.http,
            limits: &self.shared.limits,
            host: &self.host,
            repository: &self.path,
            token_realms: self.token_realms,
            credentials,
        };
        *place = None;
        *place = applicant.grant(&answer.headers).await?;
        Ok(fresh(place.as_ref(), Instant::now()))
    }

    fn call(
        &self,
        what: &str,
        which: &str,
        accept: &'static str,
        max: usize,
    ) -> Result<Call, Fault> {
        let scheme = if self.plain_http { "http" } else { "https" };
        let mut uri = format!("{scheme}://{}/v2/{}/{what}/{which}", self.host, self.path);
        if let Some(registry) = self.mirrored {
            // as containerd tells a mirror whose repository it is
            uri.push_str("?ns=");
            uri.push_str(registry);
        }
        let uri = uri
            .parse()
            .map_err(|_| Fault::new(ErrorKind::NotAHost, &uri))?;
        Ok(Call {
            method: Method::GET,
            uri,
            accept,
            authorization: None,
            form: None,
            max_bytes: max,
        })
    }
}

fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.kind, ErrorKind::Unauthorised | ErrorKind::Forbidden)
}

fn digest_header(answer: &Answer) -> Option<OwnedDigest> {
    OwnedDigest::parse(answer.header("docker-content-digest")?).ok()
}

/// A manifest whose bytes have the digest that they were asked for by, or are said to have.
fn manifest(answer: Answer, version: &Version) -> Result<Manifest, Fault> {
    let digest = match version {
        Version::Digest(digest) => Some(digest.clone()),
        Version::Tag(_) => digest_header(&answer),
    };
    let digest = digest.unwrap_or_else(|| OwnedDigest::of(&answer.body));
    if !digest.matches(&answer.body) {
        return Err(Fault::new(ErrorKind::Digest, &digest.to_string()));
    }
    Ok(Manifest {
        digest,
        media_type: answer.media_type().unwrap_or_default().to_owned(),
        bytes: answer.body,
    })
}

/// `None` when the registry has no referrers API: it says so, or answers with something else. A list that
/// cannot be read is no such answer.
fn first_page(answer: &Answer) -> Result<Option<Index>, Fault> {
    match answer.status {
        200 if answer.media_type() == Some(INDEX) => later_page(answer).map(Some),
        200 => Ok(page(answer)),
        status if NO_REFERRERS_API.contains(&status) => Ok(None),
        _ => Err(answer.refusal()),
    }
}

fn later_page(answer: &Answer) -> Result<Index, Fault> {
    let page = page(answer).filter(|_| answer.status == 200);
    page.ok_or_else(|| match answer.status {
        200 => Fault::new(ErrorKind::Malformed("a page of referrers that is none"), ""),
        _ => answer.refusal(),
    })
}

fn page(answer: &Answer) -> Option<Index> {
    let is_index = matches!(answer.media_type(), Some(INDEX | "application/json"));
    index(&answer.body).filter(|_| is_index)
}
