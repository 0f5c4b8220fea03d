use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

/// What comes of a future; `None` if it panicked, which is a bug, and is no reason to leave a request
/// without an answer. The panic itself is told to the log by the hook that is set at the start.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        let mut poll = || future.as_mut().poll(cx);
        // after a panic the future is not polled again, so nobody sees what it left unfinished
        match catch_unwind(AssertUnwindSafe(&mut poll)) {
            Ok(Poll::Ready(value)) => Poll::Ready(Some(value)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_no_answer() {
        assert_eq!(caught(async { 1 }).await, Some(1));
        let later = async {
            tokio::task::yield_now().await;
            panic!("a bug");
        };
        assert_eq!(caught::<()>(later).await, None);
    }
}
