//! `POST /validate` and `POST /mutate`: from an HTTP request to an AdmissionReview.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Request, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use gatehouse_abi::Operation;
use gatehouse_core::{
    Decision, FailedPolicy, Failure, Limits, MalformedRequest, Purpose, Review, ReviewError,
    Subject, config::OnError, response,
};
use tracing::Instrument;

use super::{
    ServeLimits,
    body::{BodyError, Held, Room, discard},
    caught::caught,
    decision_log::{DecisionLog, Outcome},
    duration,
    metrics::{Asked, SharedMetrics},
    pulse::Pulse,
    seldom::Seldom,
};
use crate::{config::Snapshot, facts::FactSource, judge::judge};

/// Everything that deciding a request needs.
pub(crate) struct Gate {
    /// What requests are judged by; each takes one and keeps it to its end.
    pub(crate) snapshot: Arc<ArcSwap<Snapshot>>,
    /// Where facts come from.
    pub(crate) facts: FactSource,
    /// What is counted.
    pub(crate) metrics: SharedMetrics,
    /// Where decisions are written.
    pub(crate) decisions: DecisionLog,
    /// Room for bodies.
    pub(crate) room: Room,
    /// Told when a request is being judged.
    pub(crate) pulse: Arc<Pulse>,
    /// Bounds of the server.
    pub(crate) limits: Arc<ServeLimits>,
    /// Bounds of one request's judging.
    pub(crate) judging: Limits,
}

/// Why a request is not answered with an AdmissionReview.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Rejection {
    #[error("the content type is {0}, not `application/json`")]
    ContentType(String),
    #[error("{0}")]
    Body(#[from] BodyError),
    #[error("{0}")]
    Review(#[from] ReviewError),
    /// Without a uid there is no AdmissionReview to answer with.
    #[error("the body could not be read, which is a bug of Gatehouse")]
    Bug,
}

/// The time of one request.
#[derive(Clone, Copy)]
struct Time {
    began: Instant,
    deadline: Instant,
}

static REJECTION_LINES: Seldom = Seldom::new(Duration::from_secs(1));

/// The routes of the admission port.
pub(crate) fn router(gate: Arc<Gate>) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/mutate", post(mutate))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(gate)
}

async fn not_found(State(gate): State<Arc<Gate>>, request: Request<Body>) -> impl IntoResponse {
    discard(request.into_body(), gate.limits.body_bytes).await;
    let reason = "only /validate and /mutate are here\n";
    (StatusCode::NOT_FOUND, reason)
}

async fn method_not_allowed(
    State(gate): State<Arc<Gate>>,
    request: Request<Body>,
) -> impl IntoResponse {
    discard(request.into_body(), gate.limits.body_bytes).await;
    let reason = "only POST is answered here\n";
    (StatusCode::METHOD_NOT_ALLOWED, reason)
}

async fn validate(State(gate): State<Arc<Gate>>, request: Request<Body>) -> Response {
    gate.answer(request, Purpose::Validate).await
}

async fn mutate(State(gate): State<Arc<Gate>>, request: Request<Body>) -> Response {
    gate.answer(request, Purpose::Mutate).await
}

impl Gate {
    async fn answer(&self, request: Request<Body>, purpose: Purpose) -> Response {
        let time = self.time(request.uri().query());
        let held = match self.read(request, time).await {
            Ok(held) => held,
            Err(rejection) => return self.reject(&rejection, purpose),
        };
        let snapshot = self.snapshot.load_full();
        let parse = async { Review::parse(&held.bytes, &snapshot.workloads, &self.judging) };
        match caught(parse).await {
            Some(Ok(review)) => self.answer_review(review, &snapshot, purpose, time).await,
            Some(Err(error)) => self.reject(&error.into(), purpose),
            None => self.reject(&Rejection::Bug, purpose),
        }
    }

    fn time(&self, query: Option<&str>) -> Time {
        let began = Instant::now();
        let deadline = began + self.limits.budget(query.and_then(timeout));
        Time { began, deadline }
    }

    async fn read(&self, request: Request<Body>, time: Time) -> Result<Held<'_>, Rejection> {
        let content_type = check_content_type(request.headers());
        let body = request.into_body();
        if let Err(rejection) = content_type {
            discard(body, self.limits.body_bytes).await;
            return Err(rejection);
        }
        Ok(self.room.read(body, time.deadline.into()).await?)
    }

    fn reject(&self, rejection: &Rejection, purpose: Purpose) -> Response {
        let (endpoint, status) = (endpoint(purpose), rejection.status());
        self.metrics.rejected(endpoint, status.as_u16());
        if *rejection == Rejection::Bug {
            self.metrics.bug();
        }
        if let Some(not_told) = REJECTION_LINES.now() {
            let status = status.as_u16();
            tracing::warn!(endpoint, status, reason = %rejection, not_told, "a request was rejected");
        }
        (status, format!("{rejection}\n")).into_response()
    }

    async fn answer_review(
        &self,
        review: Review,
        snapshot: &Snapshot,
        purpose: Purpose,
        time: Time,
    ) -> Response {
        let subject = match &review.request {
            Ok(request) => request.subject(),
            Err(malformed) => malformed.subject.clone(),
        };
        let span = tracing::info_span!("request", endpoint = endpoint(purpose), uid = %review.uid);
        let judged = async {
            let _judging = self.pulse.judging();
            let decision = self
                .decide(review.request, snapshot, purpose, time.deadline)
                .await;
            let answer = answer(&review.uid, &decision, purpose, &self.judging);
            (decision, answer)
        };
        let (decision, answer) = match caught(judged.instrument(span)).await {
            Some(judged) => judged,
            None => {
                self.metrics.bug();
                let decision = after_a_bug(&subject);
                let answer = answer(&review.uid, &decision, purpose, &self.judging);
                (decision, answer)
            }
        };
        self.record(&Outcome {
            endpoint: endpoint(purpose),
            uid: &review.uid,
            subject: &subject,
            decision: &decision,
            verdict: verdict(&decision, purpose),
            took: time.began.elapsed(),
            config_sha256: &snapshot.sha256,
        });
        answer
    }

    async fn decide(
        &self,
        request: Result<gatehouse_core::Request, Box<MalformedRequest>>,
        snapshot: &Snapshot,
        purpose: Purpose,
        deadline: Instant,
    ) -> Decision {
        match request {
            Ok(request) => judge(snapshot, request, purpose, &self.facts, deadline).await,
            Err(malformed) => Decision::malformed(*malformed),
        }
    }

    fn record(&self, outcome: &Outcome<'_>) {
        let asked = Asked {
            endpoint: outcome.endpoint,
            operation: operation(outcome.subject.operation),
            kind: &outcome.subject.kind,
        };
        let (verdict, took) = (outcome.verdict, outcome.took);
        self.metrics.decided(asked, verdict, outcome.decision, took);
        self.decisions.write(outcome);
    }
}

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Rejection::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Rejection::Body(BodyError::TooSlow | BodyError::NoRoom) => StatusCode::REQUEST_TIMEOUT,
            Rejection::Body(BodyError::Broken(_))
            | Rejection::ContentType(_)
            | Rejection::Review(_)
            | Rejection::Bug => StatusCode::BAD_REQUEST,
        }
    }
}

/// The AdmissionReview that answers. `/mutate` never refuses and never warns: a mutating denial hides
/// what all others would say. Failures are left to `/validate`.
fn answer(uid: &str, decision: &Decision, purpose: Purpose, limits: &Limits) -> Response {
    let review = match purpose {
        Purpose::Mutate => response(uid, &patch_alone(decision), limits),
        _ => response(uid, decision, limits),
    };
    ([(CONTENT_TYPE, "application/json")], review.to_string()).into_response()
}

/// What a bug of Gatehouse left undecided is refused: passing it would be a way around the policies.
fn after_a_bug(subject: &Subject) -> Decision {
    let failed = FailedPolicy {
        policy: "gatehouse".to_owned(),
        failure: Failure::new("bug", "stopped at a bug of its own, see its log"),
        on_error: OnError::Deny,
    };
    Decision {
        kind: subject.kind.clone(),
        name: subject.name.clone(),
        judgements: Vec::new(),
        failed: vec![failed],
        malformed: None,
        missing_template: None,
        patch: None,
    }
}

fn patch_alone(decision: &Decision) -> Decision {
    Decision {
        kind: decision.kind.clone(),
        name: decision.name.clone(),
        judgements: Vec::new(),
        failed: Vec::new(),
        malformed: None,
        missing_template: None,
        patch: decision.patch.clone(),
    }
}

/// What became of the request: of `/mutate`, whether it changed the object.
fn verdict(decision: &Decision, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Mutate if decision.patch.is_some() => "fix",
        Purpose::Mutate => "allow",
        _ => decision.verdict().as_str(),
    }
}

fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    }
}

fn endpoint(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Mutate => "mutate",
        _ => "validate",
    }
}

/// `?timeout=10s`, which says how long the API server waits; what is no duration is as good as none.
fn timeout(query: &str) -> Option<Duration> {
    let mut members = query.split('&');
    members.find_map(|member| duration::parse(member.strip_prefix("timeout=")?))
}

/// Parameters, such as a character set, are passed over: JSON is UTF-8.
fn check_content_type(headers: &HeaderMap) -> Result<(), Rejection> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Err(Rejection::ContentType("not set".to_owned()));
    };
    let value = String::from_utf8_lossy(value.as_bytes());
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let shown = gatehouse_core::clean(media_type, 80);
    Err(Rejection::ContentType(format!("`{shown}`")))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use gatehouse_abi::tree::Node;

    use super::*;

    fn content_type(value: &'static [u8]) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_bytes(value).unwrap());
        check_content_type(&headers).map_err(|error| error.to_string())
    }

    #[test]
    fn json_is_the_content_type() {
        for value in [
            "application/json",
            "application/json; charset=utf-8",
            "Application/JSON ;charset=utf-8",
        ] {
            assert_eq!(content_type(value.as_bytes()), Ok(()), "{value}");
        }
    }

    #[test]
    fn other_content_types_are_named() {
        let not = |found: &str| {
            Err(format!(
                "the content type is {found}, not `application/json`"
            ))
        };
        assert_eq!(content_type(b"text/plain"), not("`text/plain`"));
        assert_eq!(
            content_type(b"application/jsonp"),
            not("`application/jsonp`")
        );
        assert_eq!(content_type(b""), not("``"));
        assert_eq!(content_type(b"\xff"), not("`\u{fffd}`"));
        let none = check_content_type(&HeaderMap::new()).unwrap_err();
        assert_eq!(none.to_string(), not("not set").unwrap_err());
    }

    #[tokio::test]
    async fn a_bug_refuses_what_it_left_undecided() {
        let subject = Subject {
            kind: "Pod".to_owned(),
            name: "web".to_owned(),
            ..Subject::of(Node::NULL, Operation::Create)
        };
        let decision = after_a_bug(&subject);
        assert_eq!(verdict(&decision, Purpose::Validate), "error");
        let body = async |purpose| {
            let answer = answer("u", &decision, purpose, &Limits::default());
            let bytes = axum::body::to_bytes(answer.into_body(), 4096)
                .await
                .unwrap();
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
        };
        let validated = body(Purpose::Validate).await;
        assert_eq!(validated["response"]["uid"], "u");
        assert_eq!(validated["response"]["allowed"], false);
        let message = validated["response"]["status"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("Pod web could not be checked by gatehouse"),
            "{message}"
        );
        let mutated = body(Purpose::Mutate).await;
        let expected = serde_json::json!({"uid": "u", "allowed": true});
        assert_eq!(mutated["response"], expected);
    }

    #[test]
    fn the_timeout_is_found_in_the_query() {
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(timeout("timeout=10s"), seconds(10));
        assert_eq!(timeout("dryRun=All&timeout=5s"), seconds(5));
        assert_eq!(timeout("timeout=soon"), None);
        assert_eq!(timeout("timeout"), None);
        assert_eq!(timeout("mytimeout=5s"), None);
        assert_eq!(timeout(""), None);
    }
}
