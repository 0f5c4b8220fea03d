use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::{HeaderMap, header};
use serde_json::json;

use crate::answer::{self, Answer};

/// The only token that there is.
const TOKEN: &str = "the-token";
/// The path of the token endpoint.
pub(crate) const TOKEN_PATH: &str = "/token";

/// Who may push and pull.
#[derive(Clone, Debug)]
pub enum Access {
    /// Anyone.
    Anyone,
    /// Who sends this user name and password with every request.
    Basic(String, String),
    /// Who fetches a token. With a user name and password only they get one; they may send the password
    /// as a refresh token, too.
    Bearer(Option<(String, String)>),
}

impl Access {
    /// A refusal, unless the request may be answered.
    pub(crate) fn refuses(
        &self,
        headers: &HeaderMap,
        realm: &str,
        repository: &str,
    ) -> Option<Answer> {
        let given = authorization(headers);
        let (right, challenge) = match self {
            Access::Anyone => return None,
            Access::Basic(user, password) => (
                given == Some(basic(user, password)),
                r#"Basic realm="test""#.to_owned(),
            ),
            Access::Bearer(_) => (
                given.as_deref() == Some(&format!("Bearer {TOKEN}")),
                format!(
                    r#"Bearer realm="{realm}",service="test",scope="repository:{repository}:pull,push""#
                ),
            ),
        };
        if right {
            return None;
        }
        let mut refusal = answer::refusal(401, "UNAUTHORIZED");
        answer::header(&mut refusal, "www-authenticate", &challenge);
        Some(refusal)
    }

    /// The token endpoint, asked by GET or, with a refresh token, by POST.
    pub(crate) fn token(&self, headers: &HeaderMap, form: &[u8]) -> Answer {
        let Access::Bearer(known) = self else {
            return answer::empty(404);
        };
        let refreshed = form_urlencoded::parse(form).find(|(name, _)| name == "refresh_token");
        let right = match known {
            None => true,
            Some((user, password)) => match refreshed {
                Some((_, refresh)) => refresh == *password,
                None => authorization(headers) == Some(basic(user, password)),
            },
        };
        if !right {
            return answer::refusal(401, "UNAUTHORIZED");
        }
        let body = json!({"token": TOKEN, "access_token": TOKEN, "expires_in": 300});
        answer::with_body(200, "application/json", body.to_string())
    }
}

fn authorization(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(value.to_str().ok()?.to_owned())
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
