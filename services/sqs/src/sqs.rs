//! The state of the service: the store, and what memory knows of its queues.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use kernel::{Arn, Clock, Ids, Timestamp};
use model_sqs::Error;
use parking_lot::{Mutex, RwLock};
use service::Deps;
use store::{Record as _, Stamp, Store, Tx};

use crate::background::Background;
use crate::error::{Failure, no_queue, of_store};
use crate::index::{Effects, Hot, Rules};
use crate::limits::Limits;
use crate::{keys, records};

/// The service's state.
pub struct Sqs {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) limits: Limits,
    /// Queue rows as last read, by their keys; each is checked against the row's bytes at every use.
    queues: RwLock<HashMap<Bytes, Arc<Queue>>>,
    /// What memory knows, by queue id and epoch.
    hots: Mutex<HashMap<(u64, u32), Arc<Hot>>>,
    pub(crate) background: Arc<Background>,
}

/// A queue as it was when it was looked up.
pub struct Queue {
    pub name: String,
    pub arn: Arn,
    /// Key and bytes of its row.
    pub row: Bytes,
    raw: Bytes,
    pub record: records::Queue,
    /// Its own policy, as every question about it takes it.
    pub policy: Option<Arc<str>>,
    pub hot: Arc<Hot>,
}

impl Queue {
    /// The rules for looking at messages now.
    pub fn rules(&self, now: Timestamp) -> Rules {
        let now_ms = now.millis();
        Rules {
            now_ms,
            delay_ms: i64::from(self.record.attributes.delay_secs) * 1000,
            expired_ms: self.record.expired_at(now_ms),
        }
    }

    pub fn account(&self) -> &str {
        &self.hot.account
    }

    pub fn region(&self) -> &str {
        &self.hot.region
    }
}

impl Sqs {
    pub fn new(deps: Deps, limits: Limits) -> Self {
        Self {
            store: deps.store,
            clock: deps.clock,
            ids: deps.ids,
            limits,
            queues: RwLock::default(),
            hots: Mutex::default(),
            background: Arc::default(),
        }
    }

    /// The queue of this name; `None` if there is none.
    pub fn find(&self, account: &str, region: &str, name: &str) -> Result<Option<Arc<Queue>>, store::Error> {
        let row = keys::queue(account, region, name);
        let Some(raw) = self.store.snapshot().get(&row)? else { return Ok(None) };
        self.queue_of(row, raw, account, region, name).map(Some)
    }

    /// The same in a transaction, which fails to commit if the queue is changed meanwhile.
    pub fn find_in(
        &self,
        tx: &mut Tx,
        account: &str,
        region: &str,
        name: &str,
    ) -> Result<Option<Arc<Queue>>, store::Error> {
        let row = keys::queue(account, region, name);
        let Some(raw) = tx.get(&row)? else { return Ok(None) };
        self.queue_of(row, raw, account, region, name).map(Some)
    }

    /// The queue as the transaction sees it.
    pub fn current(&self, tx: &mut Tx, queue: &Queue) -> Result<Arc<Queue>, Failure> {
        let raw = tx.get(&queue.row)?.ok_or_else(no_queue)?;
        Ok(self.queue_of(queue.row.clone(), raw, queue.account(), queue.region(), &queue.name)?)
    }

    fn queue_of(
        &self,
        row: Bytes,
        raw: Bytes,
        account: &str,
        region: &str,
        name: &str,
    ) -> Result<Arc<Queue>, store::Error> {
        if let Some(known) = self.queues.read().get(&row).filter(|known| known.raw == raw) {
            return Ok(known.clone());
        }
        let record = records::Queue::decode(&raw)?;
        let hot = self.hot(account, region, name, &record);
        let arn = Arn::aws("sqs", region, account, name);
        let policy = record.attributes.policy.as_deref().map(Arc::from);
        let queue =
            Arc::new(Queue { name: name.to_owned(), arn, row: row.clone(), raw, record, policy, hot });
        let mut queues = self.queues.write();
        if queues.len() >= self.limits.hot_queues_max {
            queues.retain(|_, known| Arc::strong_count(known) > 1);
        }
        queues.insert(row, queue.clone());
        Ok(queue)
    }

    fn hot(&self, account: &str, region: &str, name: &str, record: &records::Queue) -> Arc<Hot> {
        let mut hots = self.hots.lock();
        if hots.len() >= self.limits.hot_queues_max {
            // Whoever uses one holds it, and tells it what it commits; the others can be built again.
            hots.retain(|_, hot| Arc::strong_count(hot) > 1);
        }
        let make = || {
            let (store, clock) = (self.store.clone(), self.clock.clone());
            let (id, window) = ((record.id, record.epoch), self.limits.fifo_window);
            Arc::new(Hot::new(account, region, name, id, record.is_fifo(), store, clock, window))
        };
        hots.entry((record.id, record.epoch)).or_insert_with(make).clone()
    }

    /// Runs a transaction until it commits, and tells memory of it. `body` may run several times. Once begun, a commit
    /// is seen through even when the caller goes away: memory must not miss it.
    pub async fn transact<T>(
        &self,
        mut body: impl FnMut(&mut Tx, &mut Effects) -> Result<T, Failure>,
    ) -> Result<(T, Stamp), Error> {
        for attempt in 0..self.store.limits().run_tries_max {
            store::back_off(attempt).await;
            let mut tx = self.store.begin();
            let mut effects = Effects::default();
            let value = match body(&mut tx, &mut effects) {
                Ok(value) => value,
                Err(Failure::Store(error)) if error.is_retryable() => continue,
                Err(failure) => return Err(failure.into()),
            };
            let told = self.background.clone();
            let now = self.clock.now();
            // Not work of its own: the rest of this call, which must not end where its caller does.
            #[allow(clippy::disallowed_methods)]
            let commit = tokio::spawn(async move {
                let outcome = tx.commit().await;
                match &outcome {
                    Ok(stamp) => {
                        effects.apply(stamp.version);
                        told.tell(&effects, now);
                    }
                    Err(store::Error::Unknown) => effects.distrust(),
                    Err(_) => {}
                }
                outcome
            });
            match commit.await {
                Ok(Ok(stamp)) => return Ok((value, stamp)),
                // Rivals have committed meanwhile: the others get on.
                Ok(Err(error)) if error.is_retryable() => {}
                Ok(Err(error)) => return Err(of_store(error)),
                Err(_) => return Err(of_store(store::Error::Unknown)),
            }
        }
        Err(of_store(store::Error::Contention))
    }
}
