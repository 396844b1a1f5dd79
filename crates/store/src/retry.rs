//! The retry loop around a transaction.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::error::Error;
use crate::store::Store;
use crate::tx::Tx;

/// The longest pause between attempts: a few group commits on a slow disk.
const PAUSE_MAX: Duration = Duration::from_millis(32);

impl Store {
    /// Runs `f` in a transaction and commits it when `f` returns `Ok`; once more from the start when it conflicted with
    /// others, up to [`crate::Limits::run_tries_max`] times, then fails with [`Error::Contention`]. `f` may run several
    /// times and must not have effects of its own. An `Err` of `f` ends the loop and undoes everything.
    ///
    /// The future is `Send` when what `f` captures is; use this one in request handlers.
    pub async fn transact<T, E, F>(&self, mut f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx) -> Result<T, E>,
        E: From<Error>,
    {
        for attempt in 0..self.limits().run_tries_max {
            back_off(attempt).await;
            let mut tx = self.begin();
            let result = f(&mut tx);
            if let Some(result) = conclude(tx, result).await {
                return result;
            }
        }
        Err(Error::Contention.into())
    }

    /// [`Store::transact`] with an asynchronous `f`. Today's compiler proves the future `Send` only if `f` is an
    /// `async move` closure that owns what it captures.
    pub async fn run<T, E, F>(&self, mut f: F) -> Result<T, E>
    where
        F: AsyncFnMut(&mut Tx) -> Result<T, E>,
        E: From<Error>,
    {
        for attempt in 0..self.limits().run_tries_max {
            back_off(attempt).await;
            let mut tx = self.begin();
            let result = f(&mut tx).await;
            if let Some(result) = conclude(tx, result).await {
                return result;
            }
        }
        Err(Error::Contention.into())
    }
}

/// Commits if the attempt went well; `None`: it is worth another.
async fn conclude<T, E: From<Error>>(tx: Tx, result: Result<T, E>) -> Option<Result<T, E>> {
    match result {
        Err(_) if tx.wants_retry() => None,
        Err(error) => Some(Err(error)),
        Ok(value) => match tx.commit().await {
            Ok(_) => Some(Ok(value)),
            Err(error) if error.is_retryable() => None,
            Err(error) => Some(Err(error.into())),
        },
    }
}

/// The pause before an attempt, counted from 0, of who runs a loop of their own. None before the first two attempts:
/// most conflicts are over when they are noticed. Then longer and longer, each a random part of its most, so that
/// rivals part ways.
pub async fn back_off(attempt: u32) {
    if attempt < 2 {
        return;
    }
    let most = PAUSE_MAX.min(Duration::from_millis(1) * 2u32.saturating_pow(attempt - 2));
    let random = RandomState::new().hash_one(attempt);
    let part = most.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64);
    tokio::time::sleep(part).await;
}
