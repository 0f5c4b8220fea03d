use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::Frame,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::json;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
pub(crate) type Answer = Response<Body>;

pub(crate) fn with_body(status: u16, media_type: &str, bytes: impl Into<Bytes>) -> Answer {
    let mut answer = with_status(
        Response::new(Full::new(bytes.into()).boxed_unsync()),
        status,
    );
    if !media_type.is_empty() {
        header(&mut answer, CONTENT_TYPE.as_str(), media_type);
    }
    answer
}

pub(crate) fn with_status(mut answer: Answer, status: u16) -> Answer {
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::IM_A_TEAPOT);
    answer
}

pub(crate) fn empty(status: u16) -> Answer {
    with_body(status, "", "")
}

/// A refusal in the words of the specification.
pub(crate) fn refusal(status: u16, code: &str) -> Answer {
    let body = json!({"errors": [{"code": code, "message": "the test registry says so"}]});
    with_body(status, "application/json", body.to_string())
}

/// A body whose length is not told beforehand.
pub(crate) fn streamed(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Answer {
    let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    Response::new(StreamBody::new(frames).boxed_unsync())
}

/// Pieces that never end: those of `head`, then one repeated.
pub(crate) fn endless(head: &'static [u8]) -> Answer {
    let first = stream::iter([Bytes::from_static(head)]);
    streamed(first.chain(stream::repeat(Bytes::from_static(&[0; 16 * 1024]))))
}

/// A value that cannot stand in a header is left out: the test then sees that it is missing.
pub(crate) fn header(answer: &mut Answer, name: &str, value: &str) {
    let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        answer.headers_mut().append(name, value);
    }
}
