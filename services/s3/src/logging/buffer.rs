//! Lines that wait to be put into a log, and which buckets have one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kernel::Timestamp;
use model_s3::types::LoggingEnabled;
use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use super::object_name::day;
use crate::bucket::Bucket;

/// Lines of one bucket that are put into one object at most, in bytes: they are delivered as soon as there are so many.
const BATCH_BYTES: usize = 1024 * 1024;
/// Lines of all buckets that wait at most, in bytes. Those beyond are dropped and counted: a log bucket that cannot keep
/// up must not fill the memory.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is to be logged, and how, as it was when a request ended.
pub struct Source {
    pub bucket: Arc<Bucket>,
    pub configuration: Arc<LoggingEnabled>,
}

/// Lines of one bucket, by one configuration.
pub struct Batch {
    pub source: Source,
    pub lines: String,
    /// When the first of their requests came: all came on the same day.
    pub first: Timestamp,
}

/// Which buckets have a log, and what waits for it.
#[derive(Default)]
pub struct Logs {
    buckets: RwLock<Buckets>,
    waiting: Mutex<Waiting>,
    arrived: Notify,
    delivered: Notify,
}

#[derive(Default)]
struct Buckets {
    /// Whether all are known that have a log; until then, any may have one.
    complete: bool,
    names: HashSet<String>,
}

#[derive(Default)]
struct Waiting {
    by_bucket: HashMap<String, Vec<Batch>>,
    bytes: usize,
    dropped: u64,
    /// Batches that were taken and are not yet delivered.
    under_way: usize,
}

impl Logs {
    /// Whether any bucket may have a log.
    pub fn any(&self) -> bool {
        let buckets = self.buckets.read();
        !buckets.complete || !buckets.names.is_empty()
    }

    /// Whether this bucket may have a log.
    pub fn may_have(&self, bucket: &str) -> bool {
        let buckets = self.buckets.read();
        !buckets.complete || buckets.names.contains(bucket)
    }

    /// This bucket has a log, or will.
    pub fn remember(&self, bucket: &str) {
        self.buckets.write().names.insert(bucket.to_owned());
    }

    /// This bucket has none.
    pub fn forget(&self, bucket: &str) {
        self.buckets.write().names.remove(bucket);
    }

    /// These buckets have logs besides those that were remembered meanwhile, and no others.
    pub fn complete(&self, names: Vec<String>) {
        let mut buckets = self.buckets.write();
        buckets.names.extend(names);
        buckets.complete = true;
    }

    /// Lets a line wait for its delivery.
    pub fn add(&self, source: Source, came: Timestamp, line: &str) {
        let mut waiting = self.waiting.lock();
        if waiting.bytes + line.len() > WAITING_BYTES_MAX {
            waiting.dropped += 1;
            return;
        }
        waiting.bytes += line.len();
        let batches = waiting.by_bucket.entry(source.bucket.name.clone()).or_default();
        match batches.last_mut().filter(|batch| batch.takes(&source, came, line)) {
            Some(batch) => batch.lines.push_str(line),
            None => batches.push(Batch { source, lines: line.to_owned(), first: came }),
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Resolves when something has come.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes what is to be delivered: what is full, and what came until `before`. Of each, [`Logs::delivered`] is to be told.
    pub fn take(&self, before: Timestamp) -> Vec<Batch> {
        let mut waiting = self.waiting.lock();
        let mut due = Vec::new();
        waiting.by_bucket.retain(|_, batches| {
            let is_due = |batch: &mut Batch| batch.first <= before || batch.lines.len() >= BATCH_BYTES;
            due.extend(batches.extract_if(.., is_due));
            !batches.is_empty()
        });
        waiting.bytes -= due.iter().map(|batch| batch.lines.len()).sum::<usize>();
        waiting.under_way += due.len();
        let dropped = std::mem::take(&mut waiting.dropped);
        drop(waiting);
        if dropped > 0 {
            tracing::warn!(dropped, "lines of access logs were dropped: more came than could be delivered");
        }
        due
    }

    /// A batch has been delivered, or is lost.
    pub fn delivered(&self) {
        self.waiting.lock().under_way -= 1;
        self.delivered.notify_waiters();
    }

    /// Resolves when nothing is being delivered.
    pub async fn settled(&self) {
        loop {
            let delivered = self.delivered.notified();
            if self.waiting.lock().under_way == 0 {
                return;
            }
            delivered.await;
        }
    }

    /// Whether anything waits.
    pub fn waits(&self) -> bool {
        self.waiting.lock().bytes > 0
    }
}

impl Batch {
    fn takes(&self, source: &Source, came: Timestamp, line: &str) -> bool {
        Arc::ptr_eq(&self.source.configuration, &source.configuration)
            && day(self.first) == day(came)
            && self.lines.len() + line.len() <= BATCH_BYTES
    }
}
