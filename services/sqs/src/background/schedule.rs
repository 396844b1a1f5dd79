//! When the sweeper looks where.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::Timestamp;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::index::Hot;
use crate::limits::RETENTION_SECS;

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// What has expired in the queue of this name.
    Expired { account: String, region: String, name: String },
    /// Contents given up, of an account and region.
    Garbage { account: String, region: String },
}

/// Jobs by the time they are due. There is one job a queue at most, so it is bounded by the number of queues.
#[derive(Default)]
pub struct Schedule {
    jobs: Mutex<BTreeSet<(i64, Job)>>,
    changed: Notify,
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

    /// Adds a job.
    pub fn put(&self, due_ms: i64, job: Job) {
        self.jobs.lock().insert((due_ms, job));
        self.changed.notify_one();
    }

    /// Takes the next job that is due.
    pub fn take(&self, now: Timestamp) -> Option<Job> {
        let mut jobs = self.jobs.lock();
        jobs.first().filter(|(due_ms, _)| *due_ms <= now.millis())?;
        jobs.pop_first().map(|(_, job)| job)
    }

    /// When the next job is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.jobs.lock().first().map(|(due_ms, _)| Timestamp::from_millis(*due_ms))
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
