//! When the sweeper looks where.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::index::Hot;
use crate::limits::RETENTION_SECS;

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// What has expired in the queue of this name.
    Expired { account: String, region: String, name: String },
    /// Contents given up, of an account and region.
    Garbage { account: String, region: String },
}

/// Jobs by the time they are due: one for each queue that has something to expire, so their number is bounded by that
/// of the queues.
#[derive(Default)]
pub struct Schedule {
    jobs: Mutex<Jobs>,
    changed: Notify,
}

#[derive(Default)]
struct Jobs {
    in_order: BTreeSet<(i64, Job)>,
    due_ms: HashMap<Job, i64>,
}

impl Schedule {
    /// A queue has messages: nothing of it expires before the shortest retention is over.
    pub fn note(&self, hot: &Arc<Hot>, now: Timestamp) {
        if !hot.scheduled.swap(true, Ordering::AcqRel) {
            self.put(now.millis() + i64::from(RETENTION_SECS.min) * 1000, expired(hot));
        }
    }

    /// A queue's rules have changed: look at once.
    pub fn note_now(&self, hot: &Arc<Hot>, now: Timestamp) {
        hot.scheduled.store(true, Ordering::Release);
        self.put(now.millis(), expired(hot));
    }

    /// A queue's contents were given up.
    pub fn note_garbage(&self, hot: &Arc<Hot>, now: Timestamp) {
        let (account, region) = (hot.account.clone(), hot.region.clone());
        self.put(now.millis(), Job::Garbage { account, region });
    }

    /// Adds a job, or makes it due earlier.
    pub fn put(&self, due_ms: i64, job: Job) {
        let mut jobs = self.jobs.lock();
        if let Some(before_ms) = jobs.due_ms.get(&job).copied() {
            if before_ms <= due_ms {
                return;
            }
            jobs.in_order.remove(&(before_ms, job.clone()));
        }
        jobs.due_ms.insert(job.clone(), due_ms);
        jobs.in_order.insert((due_ms, job));
        drop(jobs);
        self.changed.notify_one();
    }

    /// Takes the next job that is due.
    pub fn take(&self, now: Timestamp) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        jobs.in_order.first().filter(|(due_ms, _)| *due_ms <= now.millis())?;
        let (_, job) = jobs.in_order.pop_first()?;
        jobs.due_ms.remove(&job);
        Some(job)
    }

    /// When the next job is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.jobs.lock().in_order.first().map(|(due_ms, _)| Timestamp::from_millis(*due_ms))
    }

    /// Resolves when a job was added since the last call.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

fn expired(hot: &Hot) -> Job {
    let Hot { account, region, name, .. } = hot;
    Job::Expired { account: account.clone(), region: region.clone(), name: name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_there_once_at_its_earliest_time() {
        let job = |name: &str| Job::Expired { account: "1".into(), region: "r".into(), name: name.into() };
        let schedule = Schedule::default();
        for (due_ms, name) in [(30, "a"), (20, "b"), (10, "a"), (40, "a")] {
            schedule.put(due_ms, job(name));
        }
        let at = Timestamp::from_millis;
        assert_eq!((schedule.take(at(9)), schedule.next()), (None, Some(at(10))));
        assert_eq!(schedule.take(at(50)), Some(job("a")));
        assert_eq!(schedule.take(at(50)), Some(job("b")));
        assert_eq!((schedule.take(at(50)), schedule.next()), (None, None));
    }
}
