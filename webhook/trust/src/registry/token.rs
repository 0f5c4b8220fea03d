//! What a registry is shown: a password, or a token from its token service.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hyper::{HeaderMap, Method, Uri, header, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    challenge::{Challenge, challenges},
    error::{ErrorKind, Fault},
    grant::Grant,
    host::Host,
    http::{Call, Http},
    keychain::Credentials,
    link, realm,
    settings::Limits,
};

/// How long a token holds that says nothing of it, and the least that one holds: by the specification of
/// token authentication.
const TOKEN_LIFE_MIN: Duration = Duration::from_secs(60);
/// How long a token is used at most.
const TOKEN_LIFE_MAX: Duration = Duration::from_secs(3600);
/// How long before its end a token is no longer used.
const TOKEN_MARGIN: Duration = Duration::from_secs(10);
/// How long it is remembered that a registry wants a password with every request.
const PASSWORD_LIFE: Duration = Duration::from_secs(3600);

/// Who fetches a grant, and for what.
pub(super) struct Applicant<'a> {
    pub(super) http: &'a Http,
    pub(super) limits: &'a Limits,
    pub(super) host: &'a Host,
    pub(super) repository: &'a str,
    pub(super) token_realms: &'a [String],
    pub(super) credentials: Option<&'a Credentials>,
}

/// Where tokens are given out, and what for.
struct Service<'a> {
    realm: Uri,
    host: Host,
    service: Option<&'a str>,
    scope: String,
}

#[derive(Deserialize)]
struct RawToken {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
    expires_in: Option<u64>,
}

impl Applicant<'_> {
    /// Meets what the registry answered a 401 with. `None` when it cannot be met with these credentials.
    pub(super) async fn grant(&self, headers: &HeaderMap) -> Result<Option<Grant>, Fault> {
        let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
        let values = values.filter_map(|value| value.to_str().ok());
        let mut found: Vec<_> = values.flat_map(challenges).collect();
        // a token in place of the password, where there is a choice
        found.sort_by_key(|challenge| *challenge == Challenge::Basic);
        match (found.first(), self.credentials) {
            (Some(Challenge::Bearer { .. }), Some(Credentials::Token(token))) => {
                self.bearer(token, PASSWORD_LIFE).map(Some)
            }
            (
                Some(Challenge::Bearer {
                    realm,
                    service,
                    scope,
                }),
                _,
            ) => {
                let service = self.service(realm, service.as_deref(), scope.as_deref())?;
                self.fetch(&service).await.map(Some)
            }
            (Some(Challenge::Basic), Some(Credentials::Password { user, password })) => {
                Ok(Some(Grant {
                    authorization: basic(user, password)?,
                    until: Instant::now() + PASSWORD_LIFE,
                }))
            }
            _ => Ok(None),
        }
    }

    /// Refuses a token service that the credentials are not for.
    fn service<'a>(
        &self,
        realm: &str,
        service: Option<&'a str>,
        scope: Option<&str>,
    ) -> Result<Service<'a>, Fault> {
        let registry = format!("https://{}/", self.host).parse().ok();
        let uri = registry.and_then(|registry: Uri| link::resolve(&registry, realm));
        let host = uri.as_ref().and_then(Host::of);
        let (Some(uri), Some(host)) = (uri, host) else {
            let kind = ErrorKind::Malformed("a realm that is no address");
            return Err(Fault::new(kind, realm));
        };
        let own = format!("repository:{}:pull", self.repository);
        if self.credentials.is_some() && !realm::may_receive(&host, self.host, self.token_realms) {
            return Err(Fault::new(ErrorKind::Realm(host.to_string()), realm));
        }
        Ok(Service {
            realm: uri,
            host,
            service,
            scope: scope.map_or(own, pull_only),
        })
    }

    /// A token service is taken at its word: where it redirects to is not where the credentials may go.
    async fn fetch(&self, service: &Service<'_>) -> Result<Grant, Fault> {
        let answer = self.http.once(self.call(service)?).await?;
        if answer.status != 200 {
            let fault = answer.refusal();
            return Err(match fault.kind {
                // a 404 of the token service says nothing of the repository
                ErrorKind::Status(status) => Fault {
                    kind: ErrorKind::TokenService(status),
                    ..fault
                },
                _ => fault,
            });
        }
        let (token, life) = parse(&answer.body).ok_or_else(|| {
            let kind = ErrorKind::Malformed("no token from its token service");
            Fault::new(kind, service.host.as_str())
        })?;
        self.bearer(&token, life)
    }

    fn call(&self, service: &Service<'_>) -> Result<Call, Fault> {
        let mut call = Call {
            method: Method::GET,
            uri: service.realm.clone(),
            accept: "application/json",
            authorization: None,
            form: None,
            max_bytes: self.limits.token_bytes,
        };
        match self.credentials {
            Some(Credentials::Refresh(token)) => {
                call.method = Method::POST;
                call.form = Some(refresh_form(service, token));
            }
            Some(Credentials::Password { user, password }) => {
                call.authorization = Some(basic(user, password)?);
                call.uri = service.with_query()?;
            }
            Some(Credentials::Token(_)) | None => call.uri = service.with_query()?,
        }
        Ok(call)
    }

    fn bearer(&self, token: &SecretString, life: Duration) -> Result<Grant, Fault> {
        let authorization = secret_value(&format!("Bearer {}", token.expose_secret()))?;
        Ok(Grant {
            authorization,
            until: Instant::now() + life,
        })
    }
}

impl Service<'_> {
    fn with_query(&self) -> Result<Uri, Fault> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(service) = self.service {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &self.scope);
        let sign = if self.realm.query().is_some() {
            '&'
        } else {
            '?'
        };
        let uri = format!("{}{sign}{}", self.realm, query.finish());
        uri.parse().map_err(|_| {
            let kind = ErrorKind::Malformed("a realm that is no address");
            Fault::new(kind, self.host.as_str())
        })
    }
}

/// The scope that a registry asks for, with no more than leave to pull: some ask for all that they know.
fn pull_only(scope: &str) -> String {
    let narrowed = |part: &str| match part.rsplit_once(':') {
        Some((resource, _)) if resource.starts_with("repository:") => format!("{resource}:pull"),
        _ => part.to_owned(),
    };
    let parts: Vec<_> = scope.split_whitespace().map(narrowed).collect();
    parts.join(" ")
}

/// The form of the [OAuth 2 flow] of distribution.
///
/// [OAuth 2 flow]: https://distribution.github.io/distribution/spec/auth/oauth/
fn refresh_form(service: &Service<'_>, token: &SecretString) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token");
    form.append_pair("client_id", "gatehouse");
    form.append_pair("service", service.service.unwrap_or_default());
    form.append_pair("scope", &service.scope);
    form.append_pair("refresh_token", token.expose_secret());
    form.finish().into()
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderValue, Fault> {
    let pair = format!("{user}:{}", password.expose_secret());
    secret_value(&format!("Basic {}", STANDARD.encode(pair)))
}

/// A value that is not shown in logs.
fn secret_value(text: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        let kind = ErrorKind::Malformed("a token that cannot stand in a header");
        Fault::new(kind, "it is not shown")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// A token, and how long it is to be used.
fn parse(bytes: &[u8]) -> Option<(SecretString, Duration)> {
    let raw: RawToken = serde_json::from_slice(bytes).ok()?;
    let token = raw.token.or(raw.access_token)?;
    let life = raw.expires_in.map_or(TOKEN_LIFE_MIN, Duration::from_secs);
    let life = life.clamp(TOKEN_LIFE_MIN, TOKEN_LIFE_MAX);
    (!token.expose_secret().is_empty()).then_some((token, life - TOKEN_MARGIN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_are_used_within_their_life() {
        let life = |json: &str| parse(json.as_bytes()).map(|(_, life)| life.as_secs());
        assert_eq!(life(r#"{"token":"t"}"#), Some(50));
        assert_eq!(life(r#"{"access_token":"t","expires_in":300}"#), Some(290));
        assert_eq!(life(r#"{"token":"t","expires_in":1}"#), Some(50));
        assert_eq!(
            life(r#"{"token":"t","expires_in":18446744073709551615}"#),
            Some(3590)
        );
        for wrong in [
            "",
            "{}",
            r#"{"token":""}"#,
            r#"{"token":7}"#,
            r#"{"token":"t","expires_in":-1}"#,
        ] {
            assert_eq!(life(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_more_than_pulling_is_asked_for() {
        let cases = [
            ("repository:a/b:pull,push", "repository:a/b:pull"),
            (
                "repository:a/b:* registry:catalog:*",
                "repository:a/b:pull registry:catalog:*",
            ),
            ("aws", "aws"),
            ("", ""),
        ];
        for (scope, expected) in cases {
            assert_eq!(pull_only(scope), expected);
        }
    }

    #[test]
    fn the_query_of_a_realm_is_kept() {
        let service = |realm: &str| Service {
            realm: realm.parse().unwrap(),
            host: Host::parse("a.io").unwrap(),
            service: Some("s&t"),
            scope: "repository:a/b:pull".to_owned(),
        };
        let uri = |realm| service(realm).with_query().unwrap().to_string();
        let expected = "https://a.io/t?service=s%26t&scope=repository%3Aa%2Fb%3Apull";
        assert_eq!(uri("https://a.io/t"), expected);
        assert_eq!(uri("https://a.io/t?x=y"), expected.replace("t?", "t?x=y&"));
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            parse(&bytes);
        }
    }
}
