//! What cosign asks of a timestamp authority.

use super::{Answer, Request, now};
use crate::{Stamp, Tsa};

/// A timestamp of now (RFC 3161, section 3.4).
pub(super) fn answer(tsa: &Tsa, request: &Request) -> Answer {
    match Stamp::requested(&request.body, now()) {
        Some(stamp) => Answer::timestamp(tsa.response(&stamp)),
        None => Answer::refusal(400, "this is no request of RFC 3161"),
    }
}
