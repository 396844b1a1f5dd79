//! Writes to one item wait for one another here rather than in the store, where all but one of them would fail and begin
//! again. What has gathered while one is on its way to the disk is done together: a hot item is written as often as
//! requests come, and synced as often as the disk can.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

/// As many as there are hardly ever requests under way at one instant of taking a latch.
const SHARDS: usize = 64;

/// The latches of the items that are being written. `J` is what waits to be done.
pub struct Latches<J> {
    shards: Box<[Shard<J>]>,
    hasher: RandomState,
}

type Shard<J> = Mutex<HashMap<Bytes, Arc<Latch<J>>>>;

/// One item's.
struct Latch<J> {
    turns: Arc<Turns<()>>,
    waiting: Mutex<VecDeque<J>>,
}

/// A part in an item's latch. The latch is there for as long as anybody has one.
pub struct Held<J> {
    latches: Arc<Latches<J>>,
    row: Bytes,
    latch: Option<Arc<Latch<J>>>,
}

/// The right to write to an item.
pub type Turn = OwnedMutexGuard<()>;

impl<J> Default for Latches<J> {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl<J> Latches<J> {
    /// Takes part in the latch of the item in this row.
    pub fn hold(self: &Arc<Self>, row: &Bytes) -> Held<J> {
        let mut shard = self.shard(row).lock();
        let latch = shard.entry(row.clone()).or_insert_with(|| {
            Arc::new(Latch { turns: Arc::default(), waiting: Mutex::new(VecDeque::new()) })
        });
        Held { latches: self.clone(), row: row.clone(), latch: Some(latch.clone()) }
    }

    /// Waits for the turns of several items. They are taken in the order of their rows, so that nobody waits in a circle.
    pub async fn all(self: &Arc<Self>, rows: impl IntoIterator<Item = &Bytes>) -> Vec<(Turn, Held<J>)> {
        let mut rows: Vec<&Bytes> = rows.into_iter().collect();
        rows.sort_unstable();
        rows.dedup();
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            let held = self.hold(row);
            turns.push((held.turn().await, held));
        }
        turns
    }

    fn shard(&self, row: &Bytes) -> &Shard<J> {
        &self.shards[self.hasher.hash_one(row) as usize % SHARDS]
    }
}

impl<J> Held<J> {
    fn latch(&self) -> &Latch<J> {
        self.latch.as_ref().expect("held until it is dropped")
    }

    /// Waits for the turn to write: in the order of asking.
    pub async fn turn(&self) -> Turn {
        self.latch().turns.clone().lock_owned().await
    }

    /// Leaves something to be done by whoever has the next turn.
    pub fn leave(&self, job: J) {
        self.latch().waiting.lock().push_back(job);
    }

    /// Takes what was left, for as long as `fits` says so of the next; the first always.
    pub fn take(&self, mut fits: impl FnMut(&J) -> bool) -> Vec<J> {
        let mut waiting = self.latch().waiting.lock();
        let mut taken = Vec::new();
        while let Some(next) = waiting.front() {
            if !fits(next) && !taken.is_empty() {
                break;
            }
            taken.extend(waiting.pop_front());
        }
        taken
    }
}

impl<J> Drop for Held<J> {
    fn drop(&mut self) {
        let mut shard = self.latches.shard(&self.row).lock();
        // This one and the map's: nobody else takes part, and nobody can while the shard is locked.
        if self.latch.as_ref().is_some_and(|latch| Arc::strong_count(latch) == 2) {
            shard.remove(&self.row);
        }
        self.latch = None;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use futures::future::join_all;

    use super::*;

    fn row(name: &'static str) -> Bytes {
        Bytes::from_static(name.as_bytes())
    }

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left_behind() {
        let latches: Arc<Latches<u32>> = Arc::default();
        let (first, second) = (latches.hold(&row("a")), latches.hold(&row("a")));
        let turn = first.turn().await;
        first.leave(1);
        second.leave(2);
        second.leave(3);
        assert!(second.turn().now_or_never().is_none(), "it is not its turn");
        assert_eq!(first.take(|job| *job < 3), [1, 2]);
        drop(turn);
        let _turn = second.turn().await;
        assert_eq!(second.take(|_| false), [3], "one is always taken");
        assert_eq!(second.take(|_| true), [] as [u32; 0]);
        drop(first);
        assert!(latches.shards.iter().any(|shard| !shard.lock().is_empty()));
        drop(second);
        assert!(latches.shards.iter().all(|shard| shard.lock().is_empty()));
    }

    #[tokio::test]
    async fn several_are_taken_without_a_circle() {
        let latches: Arc<Latches<()>> = Arc::default();
        let done = join_all((0..40).map(|n| {
            let latches = latches.clone();
            async move {
                let rows =
                    if n % 2 == 0 { [row("a"), row("b"), row("a")] } else { [row("b"), row("a"), row("b")] };
                let turns = latches.all(&rows).await;
                tokio::task::yield_now().await;
                turns.len()
            }
        }));
        assert_eq!(done.await, [2; 40]);
        assert!(latches.shards.iter().all(|shard| shard.lock().is_empty()));
    }
}
