//! CPU-heavy work outside the request thread: one task at a time, cancelled with its request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Semaphore;

use super::problems::Problem;

/// Whether work runs on the request thread: a simulation has only one, so that it can be repeated.
#[cfg(feature = "testing")]
pub static ON_THE_REQUEST_THREAD: AtomicBool = AtomicBool::new(false);

/// Runs one kind of heavy work. A process has one worker per kind, which limits its memory to that of one task: a
/// request that times out is answered while its work is still running, and Lambda sends the next request.
pub struct Worker {
    slot: Semaphore,
}

/// Whether the request behind the work was cancelled. Work checks it between its steps, which should take a second or
/// two at most. Only [`Worker::run`] and the runner of jobs create one, so a function that takes it as a parameter cannot
/// run elsewhere.
#[derive(Clone, Debug)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Returns an error once the request was cancelled; no client sees it.
    pub fn check(&self) -> Result<(), Problem> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Problem::unavailable("the request was cancelled"));
        }
        Ok(())
    }

    /// A cancellation that is set when the guard is dropped.
    pub(crate) fn on_drop() -> (Self, CancelOnDrop) {
        let cancellation = Self(Arc::default());
        (cancellation.clone(), CancelOnDrop(cancellation))
    }

    /// For tests of the work itself.
    #[cfg(feature = "testing")]
    pub fn never() -> Self {
        Self(Arc::default())
    }
}

/// Cancels when it is dropped, as happens to the future of a request that times out.
pub(crate) struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Worker {
    #[expect(clippy::new_without_default, reason = "it is made once, as a static")]
    pub const fn new() -> Self {
        Self { slot: Semaphore::const_new(1) }
    }

    /// Runs work on its own thread, so that the request's timeout can fire. Cancelled work ends at its next step, and
    /// the next task waits for that. A panic is a 500.
    pub async fn run<T: Send + 'static>(
        &'static self,
        work: impl FnOnce(&Cancellation) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (cancellation, _cancels) = Cancellation::on_drop();
        #[cfg(feature = "testing")]
        if ON_THE_REQUEST_THREAD.load(Ordering::Relaxed) {
            return work(&cancellation);
        }
        let slot = self.slot.acquire().await.map_err(Problem::internal)?;
        let running = tokio::task::spawn_blocking(move || {
            let done = work(&cancellation);
            drop(slot);
            done
        });
        running.await.map_err(Problem::internal)?
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::sync::mpsc;

    use super::*;

    static WORKER: Worker = Worker::new();

    #[tokio::test]
    async fn cancelled_work_ends_at_its_next_step_before_the_next_task_starts() {
        let ((began, begun), (ended, end)) = (tokio::sync::oneshot::channel(), mpsc::channel());
        let endless = WORKER.run(move |cancellation| {
            began.send(()).map_err(|()| Problem::internal("the test is gone"))?;
            while cancellation.check().is_ok() {
                std::thread::yield_now();
            }
            ended.send(()).map_err(Problem::internal)
        });
        // A timeout is such a race: it can win only while the request thread is free.
        tokio::select! {
            _ = begun => {}
            _ = endless => panic!("endless work ended"),
        }
        let ended_before = WORKER.run(move |_| Ok(end.try_recv().is_ok())).await.unwrap();
        assert!(ended_before, "two tasks ran at the same time");
    }

    #[tokio::test]
    async fn work_that_panics_is_a_500_and_frees_its_slot() {
        let fault = WORKER.run::<()>(|_| std::panic::panic_any("a fault of ours")).await.unwrap_err();
        assert_eq!(fault.status(), 500);
        assert_eq!(WORKER.run(|_| Ok(7)).await.unwrap(), 7);
    }
}
