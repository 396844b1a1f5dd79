//! Puts the entries of directories on disk, once for all that wait for the same directory.

use std::io;

use parking_lot::{Condvar, Mutex};

/// The directories' count: one for each value of a name's first byte.
pub(crate) const SHARDS: usize = 256;

/// One directory's syncs, by number.
#[derive(Default)]
struct State {
    begun: u64,
    /// The latest sync that ended.
    ended: u64,
    /// The latest sync that failed, and why.
    failed: Option<(u64, io::ErrorKind)>,
}

/// The syncs of one directory.
#[derive(Default)]
pub(crate) struct Shard {
    state: Mutex<State>,
    ended: Condvar,
}

impl Shard {
    /// Returns once a run of `sync` that began after this call has ended, with its outcome. One run serves all that
    /// called before it began.
    pub fn sync(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.state.lock();
        let mine = state.begun + 1;
        // A run takes as long as the disk does, and each waiter waits for two at most.
        while state.ended < mine && state.begun > state.ended {
            self.ended.wait(&mut state);
        }
        if state.ended >= mine {
            // A later failure is taken for one's own: better an error too many.
            return match state.failed {
                Some((number, kind)) if number >= mine => Err(kind.into()),
                _ => Ok(()),
            };
        }
        state.begun += 1;
        let number = state.begun;
        drop(state);
        let outcome = sync();
        let mut state = self.state.lock();
        state.ended = number;
        if let Err(error) = &outcome {
            state.failed = Some((number, error.kind()));
        }
        self.ended.notify_all();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Starts a sync that lasts until told otherwise, and `waiters` more behind it; returns their outcomes.
    fn crowd(waiters: usize, outcome: fn() -> io::Result<()>) -> (Vec<io::Result<()>>, u64) {
        let (shard, runs) = (Arc::new(Shard::default()), Arc::new(AtomicU64::new(0)));
        let (go, begun) = (mpsc::channel::<()>(), mpsc::channel());
        let first = thread::spawn({
            let shard = shard.clone();
            move || {
                shard.sync(|| {
                    begun.0.send(()).expect("the test waits");
                    go.1.recv().expect("the test says when");
                    Ok(())
                })
            }
        });
        begun.1.recv().expect("the first runs");
        let behind: Vec<_> = (0..waiters)
            .map(|_| {
                let (shard, runs) = (shard.clone(), runs.clone());
                thread::spawn(move || {
                    shard.sync(|| {
                        runs.fetch_add(1, Ordering::SeqCst);
                        // Long enough for the others to be waiting, whether or not they already are.
                        thread::sleep(Duration::from_millis(50));
                        outcome()
                    })
                })
            })
            .collect();
        // None of them may be served by the run that had begun before.
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        thread::sleep(Duration::from_millis(100));
        go.0.send(()).expect("the first waits");
        first.join().expect("no panic").expect("the first succeeds");
        let outcomes = behind.into_iter().map(|thread| thread.join().expect("no panic")).collect();
        (outcomes, runs.load(Ordering::SeqCst))
    }

    #[test]
    fn one_run_serves_those_who_came_before_it() {
        let (outcomes, runs) = crowd(16, || Ok(()));
        assert!(outcomes.iter().all(Result::is_ok));
        assert!((1..16).contains(&runs), "{runs} runs for 16");
    }

    #[test]
    fn a_run_that_fails_fails_for_all_it_serves() {
        let (outcomes, runs) = crowd(16, || Err(io::ErrorKind::StorageFull.into()));
        assert!((1..=16).contains(&runs));
        for outcome in outcomes {
            assert_eq!(outcome.expect_err("none was synced").kind(), io::ErrorKind::StorageFull);
        }
    }
}
