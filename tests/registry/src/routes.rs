use std::collections::HashMap;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{HeaderMap, Method, body::Incoming, header};
use serde_json::{Value, json};

use crate::{
    INDEX, Shared,
    access::TOKEN_PATH,
    answer::{self, Answer},
    content::{self, Manifest},
    lock,
    log::Request,
};

/// A request whose body has arrived.
struct Ask {
    method: Method,
    path: String,
    query: HashMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

/// What a path is about.
enum Route<'a> {
    Base,
    Token,
    Upload {
        repository: &'a str,
        upload: &'a str,
    },
    Blob {
        repository: &'a str,
        digest: &'a str,
    },
    Manifest {
        repository: &'a str,
        version: &'a str,
    },
    Tags {
        repository: &'a str,
    },
    Referrers {
        repository: &'a str,
        digest: &'a str,
    },
    Unknown,
}

/// Answers one request, and writes it down.
pub(crate) async fn answer(shared: &Shared, request: hyper::Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    lock(&shared.requests).push(Request::new(&head.method, &head.uri, &head.headers));
    let body = body.collect().await.map(|body| body.to_bytes());
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let ask = Ask {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: form_urlencoded::parse(query).into_owned().collect(),
        headers: head.headers,
        body: body.unwrap_or_default(),
    };
    let mut proper = shared.answer(&ask);
    answer::header(
        &mut proper,
        "docker-distribution-api-version",
        "registry/2.0",
    );
    let fault = lock(&shared.faults).take(&ask.path);
    match fault {
        Some(fault) => fault.answer(&ask.path, proper).await,
        None => proper,
    }
}

impl Shared {
    fn answer(&self, ask: &Ask) -> Answer {
        let route = Route::of(&ask.path);
        if !matches!(route, Route::Token)
            && let Some(refusal) = self.refuses(ask, route.repository())
        {
            return refusal;
        }
        match (&ask.method, route) {
            (_, Route::Base) => answer::with_body(200, "application/json", "{}"),
            (_, Route::Token) => self.options.access.token(&ask.headers, &ask.body),
            (_, Route::Upload { repository, upload }) => self.upload(ask, repository, upload),
            (_, Route::Blob { repository, digest }) => self.blob(repository, digest),
            (
                &Method::PUT,
                Route::Manifest {
                    repository,
                    version,
                },
            ) => self.put_manifest(ask, repository, version),
            (
                _,
                Route::Manifest {
                    repository,
                    version,
                },
            ) => self.manifest(repository, version),
            (_, Route::Tags { repository }) => self.tags(repository),
            (_, Route::Referrers { repository, digest }) => self.referrers(ask, repository, digest),
            (_, Route::Unknown) => answer::refusal(404, "UNSUPPORTED"),
        }
    }

    fn refuses(&self, ask: &Ask, repository: &str) -> Option<Answer> {
        let scheme = if self.https { "https" } else { "http" };
        let host = ask
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let realm = format!("{scheme}://{}{TOKEN_PATH}", host.unwrap_or_default());
        self.options
            .access
            .refuses(&ask.headers, &realm, repository)
    }

    /// POST begins, PATCH goes on, PUT ends; POST with a digest does all in one.
    fn upload(&self, ask: &Ask, repository: &str, upload: &str) -> Answer {
        let mut content = lock(&self.content);
        let upload = match ask.method {
            Method::POST => content.begin_upload(),
            _ => upload.to_owned(),
        };
        let Some(length) = content.append(&upload, &ask.body) else {
            return answer::refusal(404, "BLOB_UPLOAD_UNKNOWN");
        };
        let Some(expected) = ask.query.get("digest") else {
            let mut answer = answer::empty(202);
            let location = format!("/v2/{repository}/blobs/uploads/{upload}");
            answer::header(&mut answer, "location", &location);
            answer::header(&mut answer, "docker-upload-uuid", &upload);
            answer::header(
                &mut answer,
                "range",
                &format!("0-{}", length.saturating_sub(1)),
            );
            return answer;
        };
        let bytes = content.end_upload(&upload).unwrap_or_default();
        if content::digest(&bytes) != *expected {
            return answer::refusal(400, "DIGEST_INVALID");
        }
        content.put_blob(repository, bytes);
        created(&format!("/v2/{repository}/blobs/{expected}"), expected)
    }

    fn blob(&self, repository: &str, digest: &str) -> Answer {
        match lock(&self.content).blob(repository, digest) {
            Some(bytes) => answer::with_body(200, "application/octet-stream", bytes),
            None => answer::refusal(404, "BLOB_UNKNOWN"),
        }
    }

    fn put_manifest(&self, ask: &Ask, repository: &str, version: &str) -> Answer {
        let digest = content::digest(&ask.body);
        if version.contains(':') && version != digest {
            return answer::refusal(400, "DIGEST_INVALID");
        }
        let media_type = ask.headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        let media_type = media_type.unwrap_or_default();
        lock(&self.content).put_manifest(repository, version, media_type, ask.body.clone());
        let mut answer = created(&format!("/v2/{repository}/manifests/{digest}"), &digest);
        if self.options.referrers_api
            && let Some(subject) = content::subject(&ask.body)
        {
            answer::header(&mut answer, "oci-subject", &subject);
        }
        answer
    }

    fn manifest(&self, repository: &str, version: &str) -> Answer {
        let found = lock(&self.content).manifest(repository, version);
        let Some(Manifest {
            digest,
            media_type,
            bytes,
        }) = found
        else {
            return answer::refusal(404, "MANIFEST_UNKNOWN");
        };
        let mut answer = answer::with_body(200, &media_type, bytes);
        if self.options.digest_header {
            answer::header(&mut answer, "docker-content-digest", &digest);
        }
        answer
    }

    fn tags(&self, repository: &str) -> Answer {
        let Some(tags) = lock(&self.content).tags(repository) else {
            return answer::refusal(404, "NAME_UNKNOWN");
        };
        let body = json!({"name": repository, "tags": tags});
        answer::with_body(200, "application/json", body.to_string())
    }

    /// A page begins behind the digest that `last` names.
    fn referrers(&self, ask: &Ask, repository: &str, digest: &str) -> Answer {
        if !self.options.referrers_api {
            // as docker's registry has it, which knows no such path
            return answer::with_body(404, "text/plain; charset=utf-8", "404 page not found\n");
        }
        let mut entries = lock(&self.content).referrers(repository, digest);
        if let Some(last) = ask.query.get("last") {
            entries.retain(|entry| entry["digest"].as_str() > Some(last));
        }
        let more = entries.len() > self.options.page;
        entries.truncate(self.options.page);
        let last = entries
            .last()
            .map_or(Value::Null, |entry| entry["digest"].clone());
        let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        let mut answer = answer::with_body(200, INDEX, body.to_string());
        if more {
            let last = last.as_str().unwrap_or_default();
            let next = format!(r#"</v2/{repository}/referrers/{digest}?last={last}>; rel="next""#);
            answer::header(&mut answer, "link", &next);
        }
        answer
    }
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Self {
        if path == TOKEN_PATH {
            return Route::Token;
        }
        let Some(rest) = path.strip_prefix("/v2/") else {
            return Route::Unknown;
        };
        let between = |middle: &str| rest.rsplit_once(middle);
        if rest.is_empty() {
            Route::Base
        } else if let Some((repository, upload)) = between("/blobs/uploads/") {
            Route::Upload { repository, upload }
        } else if let Some((repository, digest)) = between("/blobs/") {
            Route::Blob { repository, digest }
        } else if let Some((repository, version)) = between("/manifests/") {
            Route::Manifest {
                repository,
                version,
            }
        } else if let Some((repository, digest)) = between("/referrers/") {
            Route::Referrers { repository, digest }
        } else if let Some(repository) = rest.strip_suffix("/tags/list") {
            Route::Tags { repository }
        } else {
            Route::Unknown
        }
    }

    fn repository(&self) -> &'a str {
        match self {
            Route::Upload { repository, .. }
            | Route::Blob { repository, .. }
            | Route::Manifest { repository, .. }
            | Route::Tags { repository }
            | Route::Referrers { repository, .. } => repository,
            Route::Base | Route::Token | Route::Unknown => "",
        }
    }
}

fn created(location: &str, digest: &str) -> Answer {
    let mut answer = answer::empty(201);
    answer::header(&mut answer, "location", location);
    answer::header(&mut answer, "docker-content-digest", digest);
    answer
}
