//! What commands run on: a runtime, whose own thread is for connections, and all processors for what is judged.

use std::{
    iter,
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, Builder, ScopedJoinHandle},
};

use futures_util::stream::{self, StreamExt};
use tokio::runtime::{self, Handle};

/// Runs what a command does to its end, on this thread.
///
/// # Errors
/// When the machine gives no runtime.
pub(crate) fn block_on<F: Future>(work: F) -> Result<F::Output, String> {
    // connections belong to the thread of the runtime, so they outlive the threads that judge
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime could not be started: {error}"))?;
    Ok(runtime.block_on(work))
}

/// How many threads [`on_all_processors`] works on, at most.
pub(crate) fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What `work` makes of the items, in their order: each processor takes the next item when it can begin one,
/// up to `at_once` of them where they have to wait. Inside of [`block_on`].
///
/// # Errors
/// When `work` panics, or the machine gives no thread.
pub(crate) fn on_all_processors<T: Sync, R: Send>(
    items: &[T],
    at_once: usize,
    work: impl AsyncFn(&T) -> R + Sync,
) -> Result<Vec<R>, String> {
    let runtime = Handle::current();
    let next = AtomicUsize::new(0);
    let worker = async || {
        let indices = iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let open = indices.map_while(|index| Some((index, items.get(index)?)));
        let done = stream::iter(open).map(async |(index, item)| (index, work(item).await));
        done.buffer_unordered(at_once).collect::<Vec<_>>().await
    };
    let worked: Result<Vec<_>, _> = thread::scope(|scope| {
        let begin = |_| Builder::new().spawn_scoped(scope, || runtime.block_on(worker()));
        let workers = (0..processors().min(items.len())).map(begin);
        // fewer do it as well
        let workers: Vec<_> = workers.filter_map(Result::ok).collect();
        workers.into_iter().map(ScopedJoinHandle::join).collect()
    });
    let worked = worked.map_err(|_| "a worker panicked, which is a bug of Gatehouse".to_owned())?;
    let mut results: Vec<_> = worked.into_iter().flatten().collect();
    if results.len() < items.len() {
        return Err("the machine gives no thread".to_owned());
    }
    results.sort_unstable_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::Barrier, task, time::timeout};

    use super::*;

    /// Far longer than any of this takes.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn on_all<T: Sync, R: Send>(
        items: &[T],
        at_once: usize,
        work: impl AsyncFn(&T) -> R + Sync,
    ) -> Result<Vec<R>, String> {
        block_on(async { on_all_processors(items, at_once, work) }).unwrap()
    }

    #[test]
    fn results_have_the_order_of_their_items() {
        let items: Vec<u32> = (0..1000).collect();
        let later_first = async |item: &u32| {
            for _ in 0..item % 7 {
                task::yield_now().await;
            }
            *item
        };
        assert_eq!(on_all(&items, 16, later_first).unwrap(), items);
        let none = async |_: &u32| unreachable!();
        assert_eq!(on_all(&[], 16, none), Ok(Vec::<u32>::new()));
    }

    #[test]
    fn items_that_wait_do_not_hold_others() {
        let items = [(); 5];
        let all_here = Barrier::new(items.len());
        let meet = async |(): &()| timeout(PATIENCE, all_here.wait()).await.is_ok();
        assert_eq!(on_all(&items, items.len(), meet).unwrap(), [true; 5]);
    }

    #[test]
    fn tasks_go_on_while_all_processors_work() {
        let ask = async |(): &()| timeout(PATIENCE, task::spawn(async {})).await.is_ok();
        assert_eq!(on_all(&[(); 20], 1, ask).unwrap(), [true; 20]);
    }

    #[test]
    fn a_panic_is_an_error() {
        let items = [1, 2, 3];
        let error = on_all(&items, 1, async |item| assert_ne!(*item, 2)).unwrap_err();
        assert_eq!(error, "a worker panicked, which is a bug of Gatehouse");
    }
}
