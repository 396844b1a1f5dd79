//! Work that blocks, on threads that may.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::Error;

/// Work under way on a thread of the runtime that may block. Dropped, it is done to its end and its result dropped
/// there.
pub(crate) struct Job<T>(JoinHandle<T>);

impl<T: Send + 'static> Job<T> {
    /// Starts it. Must be called within a tokio runtime.
    pub fn start(work: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(spawn_blocking(work))
    }
}

impl<T> Future for Job<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|done| match done {
            Ok(result) => Ok(result),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends and no longer starts work.
                Err(_) => Err(Error::Ending),
            },
        })
    }
}
