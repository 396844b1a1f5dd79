//! Writing items: with their indexes and counts, in one transaction.

use std::sync::Arc;

use attribute::{Invalid, Item, check_depth, item_size, limits::ITEM_BYTES_MAX};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use kernel::Call;
use model_dynamodb::Error;
use parking_lot::Mutex;
use store::Tx;
use tokio::sync::{mpsc, oneshot};

use crate::bill::Bill;
use crate::capacity::{Rate, Units, of_write};
use crate::dynamodb::DynamoDb;
use crate::encryption::Ring;
use crate::error::{Failure, invalid};
use crate::expiry;
use crate::keys::Contents;
use crate::latches::{Held, Turn};
use crate::limits::{COMBINED_BYTES_MAX, COMBINED_MAX, LOGGED_BYTES_MAX};
use crate::log::{self, By, Event};
use crate::records::IndexState;
use crate::row::Row;
use crate::table::{ItemKey, Table};
use crate::throttle::Kind;

/// What is to become of an item, given what it is: the item after it, none if it is to go, or the error of a condition that
/// does not hold. It may be asked several times.
pub type Change = Box<dyn Fn(&Table, Option<&Item>) -> Result<Option<Item>, Error> + Send + Sync>;

/// A write to one item.
pub struct Write {
    pub key: ItemKey,
    pub change: Change,
    /// Whether `change` looks at the item before, or the answer shows it.
    pub reads: bool,
    /// About as many bytes as the request has.
    pub bytes: usize,
    pub rate: Rate,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Written {
    /// The item before, where it was looked at.
    pub old: Option<Arc<Item>>,
    pub new: Option<Arc<Item>>,
    pub units: Units,
    /// Bytes that went into the table's log.
    pub logged: usize,
}

/// A write that waits for whoever has the item's turn.
pub struct Job {
    table: Arc<Table>,
    write: Write,
    reply: oneshot::Sender<Result<Written, Error>>,
}

/// What writers leave to be done together. It is done behind requests, so that one whose client goes does not take the others'
/// writes with it.
pub struct Combined {
    sender: mpsc::UnboundedSender<Batch>,
    /// Until the work begins.
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Batch>>>,
}

/// Writes to one item, and its turn.
type Batch = (Vec<Job>, Turn);

impl Default for Combined {
    fn default() -> Self {
        // Each holds the turn of an item, for which at least two requests wait: the gateway bounds them.
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver: Mutex::new(Some(receiver)) }
    }
}

impl Combined {
    fn send(&self, jobs: Vec<Job>, turn: Turn) {
        // The program ends: those who wait are told by their replies being dropped.
        let _ = self.sender.send((jobs, turn));
    }
}

/// Does what was left to be done together, for ever.
pub async fn work(service: Arc<DynamoDb>) {
    let Some(mut receiver) = service.combined.receiver.lock().take() else { return };
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            next = receiver.recv() => match next {
                Some((jobs, turn)) => running.push(service.clone().run(jobs, turn)),
                None => return,
            },
            Some(()) = running.next() => {}
        }
    }
}

impl DynamoDb {
    /// Writes one item, together with whatever others want to do with it at the moment.
    pub async fn write(
        self: &Arc<Self>,
        call: &Call,
        table: &Arc<Table>,
        write: Write,
    ) -> Result<Written, Error> {
        self.ring(call, table).await?;
        let held = self.latches.hold(&write.key.row);
        let (reply, mut done) = oneshot::channel();
        held.leave(Job { table: table.clone(), write, reply });
        loop {
            let turn = held.turn().await;
            match done.try_recv() {
                Ok(result) => return result,
                Err(oneshot::error::TryRecvError::Empty) => {}
                // Whoever had the job was ended with the program.
                Err(oneshot::error::TryRecvError::Closed) => {
                    return Err(Error::internal_server_error("The write was given up."));
                }
            }
            let jobs = next_jobs(&held);
            match <[Job; 1]>::try_from(jobs) {
                // Alone: nobody is harmed if the client goes and this ends.
                Ok([job]) => self.clone().run(vec![job], turn).await,
                Err(jobs) => self.combined.send(jobs, turn),
            }
        }
    }

    /// Does jobs of one item, in as few transactions as they fit into, and answers them.
    async fn run(self: Arc<Self>, mut jobs: Vec<Job>, _turn: Turn) {
        while !jobs.is_empty() {
            match self
                .transact_paid(|tx, bill| self.one_after_another(tx, &jobs, bill))
                .await
                .map_err(Error::from)
            {
                Ok(results) => {
                    for (job, result) in jobs.drain(..results.len()).zip(results) {
                        // Who has gone needs no answer.
                        let _ = job.reply.send(result);
                    }
                }
                Err(error) => {
                    for job in jobs.drain(..) {
                        let _ = job.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Each finds the item as the one before has left it; one that fails leaves it as it was. At least one is done, and no
    /// more once the transaction's part of the log is long.
    fn one_after_another(
        &self,
        tx: &mut Tx,
        jobs: &[Job],
        bill: &mut Bill<'_>,
    ) -> Result<Vec<Result<Written, Error>>, Failure> {
        let mut results = Vec::with_capacity(jobs.len());
        let mut logged = 0;
        for job in jobs {
            if logged > LOGGED_BYTES_MAX {
                break;
            }
            let table = self.current(tx, &job.table);
            let result = table.and_then(|table| self.apply(tx, &table, &job.write, bill));
            match result {
                Ok(written) => {
                    logged += written.logged;
                    results.push(Ok(written));
                }
                Err(Failure::Api(error)) => results.push(Err(*error)),
                Err(failure) => return Err(failure),
            }
        }
        Ok(results)
    }

    /// Does a write in a transaction. The table has to be that of the transaction; an error of the write itself leaves
    /// nothing in the transaction.
    pub fn apply(
        &self,
        tx: &mut Tx,
        table: &Table,
        write: &Write,
        bill: &mut Bill<'_>,
    ) -> Result<Written, Failure> {
        self.apply_by(tx, table, write, By::User, bill)
    }

    /// The same, done by the service itself: items that end are removed for nothing, and those of an import put.
    pub fn apply_own(&self, tx: &mut Tx, table: &Table, write: &Write, by: By) -> Result<Written, Failure> {
        self.apply_by(tx, table, write, by, &mut Bill::default())
    }

    fn apply_by(
        &self,
        tx: &mut Tx,
        table: &Table,
        write: &Write,
        by: By,
        bill: &mut Bill<'_>,
    ) -> Result<Written, Failure> {
        let throttle = bill.throttle();
        if let Some(throttle) = throttle {
            throttle.admit(table, None, Kind::Write)?;
        }
        let raw = tx.get(&write.key.row)?;
        let old_size = raw.as_deref().map(Row::size).transpose()?;
        let ring = self.ring_at_hand(table)?;
        let ring = ring.as_deref();
        let logs = table.logs();
        let has_indexes = !table.record.indexes.is_empty();
        let ends = table.record.time_to_live.as_ref().filter(|ends| ends.enabled);
        let old = match &raw {
            Some(row) if write.reads || has_indexes || ends.is_some() || logs.is_some() => {
                Some(Row::decode(row, ring)?.item()?)
            }
            _ => None,
        };
        let new = match (write.change)(table, old.as_ref()) {
            Ok(new) => new,
            Err(error) => {
                if matches!(error, Error::ConditionalCheckFailedException(_)) {
                    let write = of_write(old_size.unwrap_or(0), write.rate);
                    bill.pay(table, &Units { write, ..Units::default() });
                }
                return Err(error.into());
            }
        };
        let is_same = old.is_some() && old == new;
        let after = match &new {
            Some(item) => {
                check(table, item)?;
                Some(Row::encode(item, ring))
            }
            None => None,
        };
        let new_size = after.as_ref().map(|(size, _)| *size);
        let mut units = Units {
            write: of_write(old_size.unwrap_or(0).max(new_size.unwrap_or(0)), write.rate),
            ..Units::default()
        };
        if let Some(throttle) = throttle.filter(|_| has_indexes && !is_same) {
            throttle.admit_entries(table, &write.key.row, old.as_ref(), new.as_ref())?;
        }
        if is_same {
            bill.pay(table, &units);
            let (old, new) = (old.map(Arc::new), new.map(Arc::new));
            return Ok(Written { old, new, units, logged: 0 });
        }
        if has_indexes {
            let change = (old.as_ref(), new.as_ref());
            indexed(tx, (table, ring), &write.key.row, change, (&mut units, write.rate))?;
        }
        if let Some(ends) = ends {
            let of = |item: Option<&Item>| item.and_then(|item| expiry::of(item, &ends.attribute));
            expiry::follow(tx, table, &write.key.row, of(old.as_ref()), of(new.as_ref()));
        }
        count(tx, &table.contents, 0, old_size, new_size);
        let after = after.map(|(_, bytes)| bytes);
        let logged = match logs {
            Some(images) => self.log(tx, table, write, by, images.of(raw, after.clone()))?,
            None => 0,
        };
        match after {
            Some(bytes) => tx.put(write.key.row.clone(), bytes),
            None if old_size.is_some() => tx.delete(write.key.row.clone()),
            None => {}
        }
        bill.pay(table, &units);
        Ok(Written { old: old.map(Arc::new), new: new.map(Arc::new), units, logged })
    }

    /// Notes a change in the table's log; how many bytes it has there.
    fn log(
        &self,
        tx: &mut Tx,
        table: &Table,
        write: &Write,
        by: By,
        (event, old, new): (Option<Event>, Option<Bytes>, Option<Bytes>),
    ) -> Result<usize, Failure> {
        // Nothing was there and nothing came.
        let Some(event) = event else { return Ok(0) };
        let (at_ms, key) = (self.clock.now().millis(), log::Change::stored(&write.key.item));
        Ok(table.log().add(tx, &log::Change { at_ms, event, by, key, old, new })?)
    }
}

/// What one transaction is to do.
fn next_jobs(held: &Held<Job>) -> Vec<Job> {
    let (mut count, mut bytes) = (0, 0);
    held.take(|job| {
        count += 1;
        bytes += job.write.bytes;
        count <= COMBINED_MAX && bytes <= COMBINED_BYTES_MAX
    })
}

fn check(table: &Table, item: &Item) -> Result<(), Error> {
    check_item(item)?;
    table.check_index_keys(item)
}

/// Refuses an item that no table could have.
pub fn check_item(item: &Item) -> Result<(), Error> {
    check_depth(item).map_err(invalid)?;
    if item_size(item) > ITEM_BYTES_MAX {
        return Err(invalid(Invalid::ItemSize));
    }
    Ok(())
}

/// Counts an item that comes, changes or goes.
pub fn count(tx: &mut Tx, contents: &Contents, index: u32, old: Option<usize>, new: Option<usize>) {
    let number = i64::from(new.is_some()) - i64::from(old.is_some());
    if number != 0 {
        tx.add_i64(contents.count(index), number);
    }
    let bytes = new.unwrap_or(0) as i64 - old.unwrap_or(0) as i64;
    if bytes != 0 {
        tx.add_i64(contents.bytes(index), bytes);
    }
}

/// Brings the rows of indexes after an item.
fn indexed(
    tx: &mut Tx,
    (table, ring): (&Table, Option<&Ring>),
    row: &Bytes,
    (old, new): (Option<&Item>, Option<&Item>),
    (units, rate): (&mut Units, Rate),
) -> Result<(), Failure> {
    for index in table.record.indexes.iter().filter(|index| index.state != IndexState::Deleting) {
        let entry = |item: &Item| table.entry(index, item, row);
        let (before, after) = (old.and_then(entry), new.and_then(entry));
        if before == after {
            continue;
        }
        let before = before.map(|(key, item)| (key, item_size(&item)));
        let after = after.map(|(key, item)| (key, Row::encode(&item, ring)));
        let (old_size, new_size) =
            (before.as_ref().map(|(_, size)| *size), after.as_ref().map(|(_, (size, _))| *size));
        let cost = match (&before, &after) {
            // Moved: taken out in one place and put in at another.
            (Some((from, old)), Some((to, (new, _)))) if from != to => {
                of_write(*old, rate) + of_write(*new, rate)
            }
            _ => of_write(old_size.unwrap_or(0).max(new_size.unwrap_or(0)), rate),
        };
        units.add_index(&index.name, index.local, cost);
        // While an index is being made, what was there before may not be in it yet: its rows say whether it is.
        let counted = match (&before, index.state) {
            (Some((key, size)), IndexState::Creating) => tx.get(key)?.map(|_| *size),
            _ => old_size,
        };
        count(tx, &table.contents, index.id, counted, new_size);
        if let Some((key, _)) = before
            && after.as_ref().is_none_or(|(to, _)| *to != key)
        {
            tx.delete(key);
        }
        if let Some((key, (_, bytes))) = after {
            tx.put(key, bytes);
        }
    }
    Ok(())
}
