//! Reading a request's body under a limit and a deadline.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body_util::BodyExt;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout, timeout_at},
};

use super::ServeLimits;

/// Room for the bodies of all requests together.
#[derive(Debug)]
pub(crate) struct Room {
    free: Semaphore,
    body_bytes: usize,
}

/// A body, and the room that it takes while its request is decided.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    /// The body.
    pub(crate) bytes: Bytes,
    _room: SemaphorePermit<'a>,
}

/// Why there is no whole body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// Too many bytes.
    #[error("the body is larger than the limit of {limit} bytes a request")]
    TooLarge {
        /// [`ServeLimits::body_bytes`].
        limit: usize,
    },
    /// It did not arrive before the deadline.
    #[error("the body did not arrive in the time that the request may take")]
    TooSlow,
    /// Other requests took the room for all bodies until the deadline.
    #[error("too many requests are being read at the same time")]
    NoRoom,
    /// The connection broke.
    #[error("the body could not be read: {0}")]
    Broken(String),
}

/// What the semaphore counts, as it cannot count single bytes.
const UNIT_BYTES: usize = 1024;

/// How long a body that nobody wants is read.
const DISCARD_TIME: Duration = Duration::from_secs(1);

impl Room {
    /// Room for [`ServeLimits::held_bytes`], and for one body at least.
    pub(crate) fn new(limits: &ServeLimits) -> Self {
        let bytes = limits.held_bytes.max(limits.body_bytes);
        let units = units(bytes).min(Semaphore::MAX_PERMITS);
        Self {
            free: Semaphore::new(units),
            body_bytes: limits.body_bytes,
        }
    }

    /// Reads a whole body.
    ///
    /// # Errors
    /// When it is too large, too slow or broken.
    pub(crate) async fn read(&self, body: Body, deadline: Instant) -> Result<Held<'_>, BodyError> {
        match timeout_at(deadline, self.read_all(body, deadline)).await {
            Ok(read) => read,
            Err(_) => Err(BodyError::TooSlow),
        }
    }

    async fn read_all(&self, mut body: Body, deadline: Instant) -> Result<Held<'_>, BodyError> {
        let limit = self.body_bytes;
        let announced = body.size_hint().exact().map(to_usize);
        let expected = announced.unwrap_or(limit);
        if expected > limit {
            discard(body, limit).await;
            return Err(BodyError::TooLarge { limit });
        }
        // all of it at once: requests that each hold a part and wait for more would wait for ever
        let room = timeout_at(deadline, self.free.acquire_many(permits(expected))).await;
        let Ok(Ok(room)) = room else {
            return Err(BodyError::NoRoom);
        };
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(data) = next(&mut body).await? {
            if bytes.len() + data.len() > limit {
                discard(body, limit).await;
                return Err(BodyError::TooLarge { limit });
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Held {
            bytes: bytes.into(),
            _room: room,
        })
    }
}

/// Reads a body that nobody wants, for a while and not past `limit` bytes: a client that is still writing
/// when the connection closes sees a broken connection instead of the answer.
pub(crate) async fn discard(mut body: Body, limit: usize) {
    let all = async {
        let mut left = limit;
        while let Ok(Some(data)) = next(&mut body).await {
            let Some(rest) = left.checked_sub(data.len()) else {
                return;
            };
            left = rest;
        }
    };
    let _ = timeout(DISCARD_TIME, all).await;
}

/// The next piece; trailers are passed over.
async fn next(body: &mut Body) -> Result<Option<Bytes>, BodyError> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT_BYTES)
}

fn permits(bytes: usize) -> u32 {
    u32::try_from(units(bytes)).unwrap_or(u32::MAX)
}

fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    fn limits(body_bytes: usize, held_bytes: usize) -> ServeLimits {
        ServeLimits {
            body_bytes,
            held_bytes,
            ..ServeLimits::default()
        }
    }

    fn announced(size: usize) -> Body {
        Body::from(vec![b'x'; size])
    }

    fn chunked(size: usize) -> Body {
        Body::from_stream(announced(size).into_data_stream())
    }

    fn in_ms(ms: u64) -> Instant {
        Instant::now() + Duration::from_millis(ms)
    }

    const LATER: u64 = 60_000;

    #[tokio::test]
    async fn a_body_may_have_as_many_bytes_as_the_limit() {
        let room = Room::new(&limits(2000, 2000));
        for body in [announced(2000), chunked(2000)] {
            let held = room.read(body, in_ms(LATER)).await.unwrap();
            assert_eq!(held.bytes.len(), 2000);
        }
        for body in [announced(2001), chunked(2001)] {
            let error = room.read(body, in_ms(LATER)).await.unwrap_err();
            assert_eq!(error, BodyError::TooLarge { limit: 2000 });
        }
    }

    #[tokio::test]
    async fn bodies_have_room_for_so_many_bytes_together() {
        let room = Room::new(&limits(2048, 4096));
        let one = room.read(announced(2048), in_ms(LATER)).await.unwrap();
        let two = room.read(chunked(1), in_ms(LATER)).await.unwrap();
        let error = room.read(announced(1), in_ms(20)).await.unwrap_err();
        assert_eq!(
            error,
            BodyError::NoRoom,
            "one of unknown length takes the limit"
        );
        drop(one);
        assert!(room.read(announced(1), in_ms(LATER)).await.is_ok());
        drop(two);
    }

    #[tokio::test]
    async fn a_body_arrives_in_time_or_not_at_all() {
        let room = Room::new(&limits(2048, 4096));
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let error = room.read(never, in_ms(20)).await.unwrap_err();
        assert_eq!(error, BodyError::TooSlow);
    }

    #[tokio::test]
    async fn a_broken_body_is_no_body() {
        let room = Room::new(&limits(2048, 4096));
        let breaks = stream::iter([Ok("half of a "), Err("connection reset")]);
        let error = room.read(Body::from_stream(breaks), in_ms(LATER)).await;
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "the body could not be read: connection reset");
    }
}
