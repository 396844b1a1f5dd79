//! Threads that serve connections: one runtime per core, and a connection stays on the one it began on.
//!
//! A runtime that shares its tasks among threads wakes a second thread for every request that arrives at an idle
//! server, only to find nothing to share; at one request at a time that was a quarter of the whole cost. Requests
//! here are short and connections many, so spreading connections spreads the work.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;

/// The threads. Dropping them cuts off what they still do.
pub(crate) struct Shards {
    handles: Vec<Handle>,
    next: AtomicUsize,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Shards {
    /// Starts `count` threads, at least one.
    pub fn start(count: usize) -> io::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let mut shards = Self { handles: Vec::new(), next: AtomicUsize::new(0), stop, threads: Vec::new() };
        for number in 0..count.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            shards.handles.push(runtime.handle().clone());
            let mut stopped = stopped.clone();
            let work = move || {
                // An error means that the sender is gone, which is an end as well.
                let _ = runtime.block_on(stopped.wait_for(|stop| *stop));
            };
            let thread = std::thread::Builder::new().name(format!("gateway-{number}"));
            shards.threads.push(thread.spawn(work)?);
        }
        Ok(shards)
    }

    /// Runs a future on the next thread in turn.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.handles.len();
        self.handles[turn].spawn(work);
    }
}

impl Drop for Shards {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a gateway thread ended by a panic");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::mpsc;

    #[test]
    fn work_is_spread() {
        let shards = Shards::start(2).unwrap();
        let (sender, names) = mpsc::channel();
        for _ in 0..4 {
            let sender = sender.clone();
            shards.spawn(async move {
                let name = std::thread::current().name().unwrap_or_default().to_owned();
                sender.send(name).unwrap();
            });
        }
        let names: BTreeSet<String> = names.iter().take(4).collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["gateway-0", "gateway-1"]);
    }

    #[test]
    fn dropping_ends_what_never_would() {
        let shards = Shards::start(1).unwrap();
        shards.spawn(std::future::pending());
        drop(shards);
    }
}
