//! The committer: puts transactions in order, a group at a time; in a thread of its own where each group needs a sync.
//!
//! For each group: check what its transactions read, work out what they write, put all of it into the log with one
//! sync, make it visible, and only then tell the callers. While a sync runs, arrivals wait in the queue and become the
//! next group.

use std::collections::VecDeque;
use std::sync::{Arc, mpsc as std_mpsc};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::changes::change_key;
use crate::conflict::{ReadSet, RecentWrites};
use crate::core::{Core, Reader, View};
use crate::error::Error;
use crate::generation::{Garbage, Generation};
use crate::journal::Journal;
use crate::layer::Entry;
use crate::log::format::RecordWriter;
use crate::scan::Budget;
use crate::stamp::{Stamp, StampedKey};
use crate::stats::Counters;
use crate::writes::{Write, WriteSet, add, counter};

/// A transaction to be committed.
pub(crate) struct Request {
    pub reader: Reader,
    pub reads: ReadSet,
    pub writes: WriteSet,
    pub stamped: Vec<(StampedKey, Bytes)>,
    pub changes: Vec<(u16, Bytes)>,
    pub bytes: usize,
    pub reply: Reply,
}

type Reply = oneshot::Sender<Result<Stamp, Error>>;

pub(crate) enum Message {
    Commit(Box<Request>),
    /// Hand everything committed so far to the flusher, and say up to which version that is.
    Freeze(std_mpsc::Sender<Result<u64, Error>>),
}

/// Deleting a range of up to this many keys becomes so many deletions: cheaper for every later read than a range that
/// each lookup must be compared with.
const ERASE_KEYS_MAX: usize = 128;
/// Reading more than this to find those keys is not worth it.
const ERASE_BYTES_MAX: usize = 256 * 1024;
/// Superseded versions forgotten after one group, so that the next does not wait long.
const COLLECT_MAX: usize = 4_096;

pub(crate) struct Committer {
    core: Arc<Core>,
    recent: RecentWrites,
    journal: Journal,
    /// Where commits go; the same as in the newest view.
    active: Arc<Generation>,
    version: u64,
    /// No reader is at an older version.
    keep: u64,
    garbage: VecDeque<Garbage>,
}

/// Transactions that share one sync.
struct Group {
    /// The layers before this group.
    view: Arc<View>,
    /// The group's writes so far, for its later transactions to see.
    own: WriteSet,
    writes: Vec<(u64, Write)>,
    record: RecordWriter,
    version: u64,
    bytes: usize,
    replies: Vec<(Reply, u64)>,
    /// Who conflicts with this very group. They are told when it is visible: before that, trying again would read the
    /// same once more, and be refused once more.
    refused: Vec<Reply>,
}

impl Committer {
    pub fn new(core: Arc<Core>, journal: Journal) -> Committer {
        let version = core.version();
        Committer {
            recent: RecentWrites::new(version, core.limits.recent_writes_max),
            active: core.view().active.clone(),
            keep: core.oldest_reader(),
            garbage: VecDeque::new(),
            core,
            journal,
            version,
        }
    }

    /// Works until every sender is gone and the queue is empty, then writes everything to the base.
    pub fn run(mut self, mut queue: mpsc::Receiver<Message>) {
        self.housekeeping();
        while let Some(message) = queue.blocking_recv() {
            let mut group = self.new_group();
            let mut next = Some(message);
            while let Some(message) = next {
                match message {
                    Message::Commit(request) => self.admit(*request, &mut group),
                    Message::Freeze(reply) => {
                        self.finish(group);
                        group = self.new_group();
                        // A caller that went away needs no answer.
                        let _ = reply.send(self.freeze().map(|()| self.version));
                    }
                }
                let limits = &self.core.limits;
                let callers = group.replies.len() + group.refused.len();
                let full = callers >= limits.group_txs_max || group.bytes >= limits.group_bytes_max;
                next = if full { None } else { queue.try_recv().ok() };
            }
            self.finish(group);
            self.housekeeping();
        }
        if let Err(error) = self.freeze() {
            tracing::warn!(%error, "closing without writing to the base; the log has everything");
        }
        self.core.watches.close();
    }

    /// Commits a transaction by itself.
    pub fn commit_one(&mut self, request: Request) {
        let mut group = self.new_group();
        self.admit(request, &mut group);
        self.finish(group);
        self.housekeeping();
    }

    fn new_group(&self) -> Group {
        Group {
            view: self.core.view(),
            own: WriteSet::default(),
            writes: Vec::new(),
            record: RecordWriter::new(),
            version: self.version,
            bytes: 0,
            replies: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Adds a transaction to the group, or refuses it at once.
    fn admit(&mut self, request: Request, group: &mut Group) {
        let version = group.version + 1;
        let writes = match self.check(&request).and_then(|()| resolve(&request, group, version, self.version))
        {
            Ok(writes) => writes,
            Err(error) => {
                match error {
                    Error::Conflict => Counters::add(&self.core.counters.conflicts, 1),
                    Error::TooOld => Counters::add(&self.core.counters.too_old, 1),
                    _ => {}
                }
                if matches!(error, Error::Conflict) && self.conflicts_with_group(&request) {
                    group.refused.push(request.reply);
                    return;
                }
                // A caller that went away needs no answer.
                let _ = request.reply.send(Err(error));
                return;
            }
        };
        group.record.transaction(&writes);
        for write in writes {
            self.recent.note(&write, version);
            match &write {
                Write::Put(key, value) => group.own.put(key.clone(), value.clone()),
                Write::Delete(key) => group.own.delete(key.clone()),
                Write::DeleteRange(range) => group.own.delete_range(range.clone()),
            }
            group.writes.push((version, write));
        }
        group.version = version;
        group.bytes += request.bytes;
        group.replies.push((request.reply, version));
    }

    fn check(&self, request: &Request) -> Result<(), Error> {
        if request.reader.age() > self.core.limits.tx_age_max {
            return Err(Error::TooOld);
        }
        self.recent.check(&request.reads, request.reader.version())
    }

    /// Whether what was read is overwritten by a commit that nobody can see yet.
    fn conflicts_with_group(&self, request: &Request) -> bool {
        self.recent.check(&request.reads, self.version).is_err()
    }

    /// Makes the group durable, then visible, then known.
    fn finish(&mut self, group: Group) {
        let Group { writes, record, version, bytes, replies, refused, .. } = group;
        if replies.is_empty() {
            return;
        }
        if let Err(error) = self.persist(record, version, bytes) {
            self.recent.undo_after(self.version);
            Counters::add(&self.core.counters.write_failures, replies.len() as u64);
            for (reply, _) in replies {
                let _ = reply.send(Err(error.clone()));
            }
            refuse(refused);
            return;
        }
        self.active.apply(&writes, self.keep, &mut self.garbage);
        self.core.publish(version);
        self.version = version;
        Counters::add(&self.core.counters.commits, replies.len() as u64);
        Counters::add(&self.core.counters.groups, 1);
        // Before the answers: whoever learns that a commit is done finds everything dropped that was derived from what
        // it replaced.
        self.core.watches.notify(writes.iter().map(|(_, write)| write));
        for (reply, version) in replies {
            let _ = reply.send(Ok(Stamp::new(version, 0)));
        }
        refuse(refused);
    }

    fn persist(&mut self, record: RecordWriter, version: u64, bytes: usize) -> Result<(), Error> {
        self.make_room(bytes)?;
        self.journal.append(&self.core.counters, record, self.version, version)
    }

    /// Waits while the overlay is full and the flusher gets on; fails when it does not.
    fn make_room(&mut self, bytes: usize) -> Result<(), Error> {
        loop {
            let view = self.core.view();
            if self.journal.has_room(&view, bytes)? {
                return Ok(());
            }
            drop(view);
            if !self.journal.wait_for_flusher()? {
                self.freeze()?;
            }
        }
    }

    /// Begins a new generation and hands the active one to the flusher.
    fn freeze(&mut self) -> Result<(), Error> {
        if let Some(active) = self.journal.freeze(&self.core, &self.active, self.version)? {
            self.active = active;
            self.garbage.clear();
        }
        Ok(())
    }

    /// Forgets what nobody can see any more, and keeps the overlay from growing.
    fn housekeeping(&mut self) {
        self.keep = self.core.oldest_reader();
        self.recent.forget(self.keep);
        let due = self.garbage.iter().take(COLLECT_MAX).take_while(|item| item.version <= self.keep).count();
        if due > 0 {
            let keys: Vec<Bytes> = self.garbage.drain(..due).map(|item| item.key).collect();
            let view = self.core.view();
            self.active.collect(&keys, self.keep, |key| view.has_beneath_active(key));
        }
        if self.journal.wants_freeze(&self.core.view())
            && let Err(error) = self.freeze()
        {
            tracing::warn!(%error, "no new log segment could be made; going on with the old one");
        }
    }
}

/// Tells them to try again.
fn refuse(refused: Vec<Reply>) {
    for reply in refused {
        // A caller that went away needs no answer.
        let _ = reply.send(Err(Error::Conflict));
    }
}

/// What a transaction writes, given everything before it.
fn resolve(request: &Request, group: &Group, version: u64, at: u64) -> Result<Vec<Write>, Error> {
    let entries = &request.writes.entries;
    let mut writes = Vec::with_capacity(entries.len() + request.stamped.len() + request.changes.len());
    for range in &request.writes.erased {
        let budget = Budget { entries: ERASE_KEYS_MAX, bytes: ERASE_BYTES_MAX };
        let page = group.view.read(Some(&group.own), at, |stack| stack.page(range, false, budget))?;
        if page.more {
            writes.push(Write::DeleteRange(range.clone()));
        } else {
            writes.extend(page.entries.into_iter().map(|(key, _)| Write::Delete(key)));
        }
    }
    for (key, entry) in entries {
        writes.push(match entry {
            Entry::Value(value) => Write::Put(key.clone(), value.clone()),
            Entry::Deleted => Write::Delete(key.clone()),
            Entry::Add(delta) => {
                let before = group.view.read(Some(&group.own), at, |stack| stack.get(key))?;
                Write::Put(key.clone(), counter(add(before.as_ref(), *delta)?))
            }
        });
    }
    for (key, value) in &request.stamped {
        writes.push(Write::Put(key.resolve(version), value.clone()));
    }
    let mut counts: Vec<(u16, u16)> = Vec::new();
    for (topic, record) in &request.changes {
        let counter = match counts.iter_mut().find(|(other, _)| other == topic) {
            None => {
                counts.push((*topic, 0));
                0
            }
            Some((_, last)) => {
                *last = last.checked_add(1).ok_or(Error::TooManyChanges)?;
                *last
            }
        };
        writes.push(Write::Put(change_key(*topic, Stamp::new(version, counter)), record.clone()));
    }
    Ok(writes)
}
