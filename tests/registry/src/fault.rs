use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::Barrier;

use crate::answer::{self, Answer};

/// How the registry misbehaves.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refuses with this status, for no reason.
    Status(u16),
    /// The same with one more header: `WWW-Authenticate` for another realm, `Retry-After`.
    StatusWith(u16, &'static str, String),
    /// Says nothing.
    StallBeforeHeaders,
    /// Says `200` and begins a body that does not go on.
    StallAfterHeaders,
    /// A body without end.
    EndlessBody,
    /// Refuses with this status, and never ends saying why.
    EndlessRefusal(u16),
    /// The right body, said to have another length.
    ContentLength(u64),
    /// Something small that is said to be compressed, and would unpack to something large.
    GzipBomb,
    /// Sends the client somewhere else.
    Redirect(String),
    /// Other bytes than those that were asked for, under the same headers.
    Bytes(Vec<u8>),
    /// A head of so many bytes.
    Headers(usize),
    /// Another status, media type (empty for none) and body: what stands before a registry may say it.
    Other(u16, &'static str, &'static str),
    /// The right answer, once so many requests wait for theirs; the test itself may be one of those who
    /// wait.
    Together(Arc<Barrier>),
    /// A page of so many referrers, with a next page that is this one again.
    Referrers(usize),
}

/// Which requests get which fault.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: String,
    fault: Fault,
    times: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, pattern: &str, fault: Fault, times: usize) {
        let pattern = pattern.to_owned();
        self.0.push(Rule {
            pattern,
            fault,
            times,
        });
    }

    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        let fits = |rule: &&mut Rule| rule.times > 0 && fits(&rule.pattern, path);
        let rule = self.0.iter_mut().rev().find(fits)?;
        rule.times = rule.times.saturating_sub(1);
        Some(rule.fault.clone())
    }
}

impl Fault {
    /// The answer: `proper` is what a good registry would have said.
    pub(crate) async fn answer(self, path: &str, proper: Answer) -> Answer {
        match self {
            Fault::Status(status) => answer::refusal(status, "UNKNOWN"),
            Fault::StatusWith(status, name, value) => {
                with_header(answer::refusal(status, "UNKNOWN"), name, &value)
            }
            Fault::StallBeforeHeaders => std::future::pending().await,
            Fault::StallAfterHeaders => {
                let first = stream::iter([Bytes::from_static(b"{")]);
                answer::streamed(first.chain(stream::pending()))
            }
            Fault::EndlessBody => with_headers_of(answer::endless(b"{"), proper),
            Fault::EndlessRefusal(status) => answer::with_status(answer::endless(b"{"), status),
            Fault::ContentLength(length) => with_length(proper, length).await,
            Fault::GzipBomb => {
                let head = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
                with_header(answer::endless(head), "content-encoding", "gzip")
            }
            Fault::Redirect(to) => with_header(answer::empty(307), "location", &to),
            Fault::Bytes(bytes) => with_headers_of(answer::with_body(200, "", bytes), proper),
            Fault::Headers(length) => with_header(proper, "x-padding", &"x".repeat(length)),
            Fault::Other(status, media_type, body) => answer::with_body(status, media_type, body),
            Fault::Together(barrier) => {
                barrier.wait().await;
                proper
            }
            Fault::Referrers(count) => referrers(path, count),
        }
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| {
            let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.into_iter().any(|at| fits(after, &rest[at..]))
        }),
    }
}

fn with_header(mut answer: Answer, name: &str, value: &str) -> Answer {
    answer::header(&mut answer, name, value);
    answer
}

fn with_headers_of(mut answer: Answer, proper: Answer) -> Answer {
    let headers = proper.into_parts().0.headers;
    let kept = headers
        .into_iter()
        .filter_map(|(name, value)| Some((name?, value)));
    let kept = kept.filter(|(name, _)| name != "content-length");
    answer.headers_mut().extend(kept);
    answer
}

/// Where the length is too great, the connection then ends before the body does.
async fn with_length(proper: Answer, length: u64) -> Answer {
    use http_body_util::BodyExt;
    let (parts, body) = proper.into_parts();
    let Ok(bytes) = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    // hyper checks a length that it knows, so it must not know it
    let mut answer = answer::streamed(stream::iter([bytes]).then(|bytes| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        bytes
    }));
    *answer.status_mut() = parts.status;
    let headers = answer.headers_mut();
    headers.extend(parts.headers);
    headers.insert("content-length", length.into());
    answer
}

fn referrers(path: &str, count: usize) -> Answer {
    let entry = |n: usize| {
        format!(
            r#"{{"mediaType":"{}","digest":"sha256:{n:064x}","size":2}}"#,
            crate::MANIFEST
        )
    };
    let entries: Vec<String> = (0..count).map(entry).collect();
    let body = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}}"#,
        crate::INDEX,
        entries.join(",")
    );
    let page = answer::with_body(200, crate::INDEX, body);
    with_header(page, "link", &format!(r#"<{path}?last=again>; rel="next""#))
}
