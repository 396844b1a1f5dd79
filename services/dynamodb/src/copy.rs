//! Copies of a table's items as they were at one moment, made while the table is written to.
//!
//! First the items are copied page by page as they are. What is written meanwhile is in the table's log, which is held from
//! before the first page on. Then the log is gone through backwards from its end to the moment, and the images from before each
//! change are put over the copies: what stays is each item as it was before the first change after the moment.
//!
//! An export of changes has only the items that were changed in some time: the log of that time is gone through first, and says
//! which they are and what they were before. They are copied as they are, and what was changed in them later is undone.
//!
//! Where a copy is stands in the row of what it is for, written with each step, so that it goes on after whatever ends the
//! program.

use bytes::Bytes;
use store::{KeyRange, RangeOptions, Record as _, Snapshot, Stamp, Tx};

use crate::dynamodb::DynamoDb;
use crate::error::{Failure, corrupt};
use crate::keys::{self, Place};
use crate::log::Event;
use crate::records::{self, Copy, CopyState, Cut, Hold, Home, Source};
use crate::replicas;
use crate::row::Row;
use crate::schema::KeyNames;
use crate::stream;
use crate::transfer::records::Changed;
use crate::write::count;

/// Items and changes of one transaction, and their bytes: with what is written of them far below what it may hold.
const BATCH: usize = 200;
const BATCH_BYTES: usize = 3 * 1024 * 1024;
/// Steps in a row: other tables wait meanwhile.
const STEPS: usize = 50;

/// What is copied to where.
pub struct Work<'w> {
    pub place: &'w Place,
    /// The key of the items.
    pub key: &'w KeyNames,
    /// The contents that are made.
    pub to: &'w Home,
    /// Whether they have only what was changed, with what it was before.
    pub changes: bool,
}

/// What a step has found, ready to be written.
enum Step {
    Rows { entries: Vec<(Bytes, Bytes)>, next: Option<CopyState> },
    Gathered { items: Vec<Gathered>, next: Option<CopyState> },
    Changes { changes: Vec<(Stamp, crate::log::Change)>, next: Option<CopyState> },
}

/// A change in the time that is exported.
struct Gathered {
    change: crate::log::Change,
    /// The item's place behind the prefix of all.
    at: Bytes,
    /// The item as it is.
    live: Option<Bytes>,
}

impl DynamoDb {
    /// Takes a copy some steps further; whether it is done. `save` writes where it is then, nothing at the end, and says no if
    /// the copy is not what it was.
    pub async fn advance(
        &self,
        work: &Work<'_>,
        mut copy: Copy,
        save: impl Fn(&mut Tx, &Copy, Option<&Copy>) -> Result<bool, Failure>,
    ) -> Result<bool, model_dynamodb::Error> {
        for _ in 0..STEPS {
            let step = self.step(work, &copy)?;
            let (Step::Rows { next, .. } | Step::Gathered { next, .. } | Step::Changes { next, .. }) = &step;
            let next = next.as_ref().map(|state| Copy { state: state.clone(), ..copy.clone() });
            // Requests go first.
            tokio::task::yield_now().await;
            let saved = self
                .transact(|tx| {
                    if !save(tx, &copy, next.as_ref())? {
                        return Ok(false);
                    }
                    match &step {
                        Step::Rows { entries, .. } => put_rows(tx, work, &copy, entries)?,
                        Step::Gathered { items, .. } => gather(tx, work, items)?,
                        Step::Changes { changes, .. } => undo(tx, work, changes)?,
                    }
                    Ok::<_, Failure>(true)
                })
                .await?;
            match next {
                Some(next) if saved => copy = next,
                _ => return Ok(true),
            }
        }
        Ok(false)
    }

    fn step(&self, work: &Work<'_>, copy: &Copy) -> Result<Step, store::Error> {
        let snapshot = self.store.snapshot();
        match &copy.state {
            CopyState::Copying { after } => {
                let rows = work.place.contents(&copy.from).rows(0);
                let mut range = KeyRange::prefix(&rows);
                if !after.is_empty() {
                    range = range.after(&[&rows[..], &after[..]].concat());
                }
                let options = RangeOptions { limit: BATCH, max_bytes: BATCH_BYTES, reverse: false };
                let page = snapshot.range(range, options)?;
                let next = match (page.entries.last(), &copy.source) {
                    (Some((last, _)), _) if page.more => {
                        Some(CopyState::Copying { after: last[rows.len()..].to_vec() })
                    }
                    // No page was read later than this one.
                    (_, Source::Table { .. }) => {
                        Some(CopyState::Undoing { before: (snapshot.version() + 1, 0) })
                    }
                    (_, Source::Backup { .. }) => None,
                };
                Ok(Step::Rows { entries: page.entries, next })
            }
            CopyState::Gathering { from } => {
                let range = (Stamp::new(from.0, from.1), cut(work, copy, &snapshot)?);
                let (items, next) = gathered(work, copy, &snapshot, range)?;
                let next = next.unwrap_or(CopyState::Undoing { before: (snapshot.version() + 1, 0) });
                Ok(Step::Gathered { items, next: Some(next) })
            }
            CopyState::Undoing { before } => {
                let cut = cut(work, copy, &snapshot)?;
                let log = work.place.log(&copy.from);
                let range = log.between(cut, Stamp::new(before.0, before.1));
                let options = RangeOptions { limit: BATCH, max_bytes: BATCH_BYTES, reverse: true };
                let part = log.read(&snapshot, range, options)?;
                let next = match part.changes.last() {
                    Some((last, _)) if part.more => {
                        Some(CopyState::Undoing { before: (last.version, last.counter) })
                    }
                    _ => None,
                };
                Ok(Step::Changes { changes: part.changes, next })
            }
        }
    }
}

/// The moment of a copy.
fn cut(work: &Work<'_>, copy: &Copy, snapshot: &Snapshot) -> Result<Stamp, store::Error> {
    let Source::Table { cut, .. } = &copy.source else {
        return Err(corrupt("a backup has no log"));
    };
    match cut {
        Cut::Version(version) => Ok(Stamp::new(*version, 0)),
        Cut::Mark => stream::marked(snapshot, work.place, &copy.from, &work.to.id, false)?
            .ok_or_else(|| corrupt("the moment of a copy is not kept")),
    }
}

/// The next changes of a time, with their items as they are, and where to go on; nowhere if these are the last.
fn gathered(
    work: &Work<'_>,
    copy: &Copy,
    snapshot: &Snapshot,
    (from, to): (Stamp, Stamp),
) -> Result<(Vec<Gathered>, Option<CopyState>), store::Error> {
    let log = work.place.log(&copy.from);
    let options = RangeOptions { limit: BATCH, max_bytes: BATCH_BYTES, reverse: false };
    let part = log.read(snapshot, log.between(from, to), options)?;
    let rows = work.place.contents(&copy.from).rows(0);
    let (mut items, mut bytes) = (Vec::with_capacity(part.changes.len()), 0);
    let mut last = None;
    for (stamp, change) in part.changes {
        if bytes > BATCH_BYTES {
            return Ok((items, Some(CopyState::Gathering { from: (stamp.version, stamp.counter) })));
        }
        let row = keys::item(&rows, work.key, &change.key()?)
            .ok_or_else(|| corrupt("a change is of no item of its table"))?;
        let live = snapshot.get(&row)?;
        let len = |image: &Option<Bytes>| image.as_ref().map_or(0, Bytes::len);
        bytes += len(&live) + len(&change.old);
        items.push(Gathered { change, at: row.slice(rows.len()..), live });
        last = Some(stamp);
    }
    let next = last.filter(|_| part.more).map(|last| match last.counter.checked_add(1) {
        Some(counter) => CopyState::Gathering { from: (last.version, counter) },
        None => CopyState::Gathering { from: (last.version + 1, 0) },
    });
    Ok((items, next))
}

/// Notes what items were before the first change of a time, and copies them as they are.
fn gather(tx: &mut Tx, work: &Work<'_>, items: &[Gathered]) -> Result<(), Failure> {
    let to = work.place.contents(work.to);
    let (rows, changed) = (to.rows(0), to.changed());
    for Gathered { change, at, live } in items {
        let row = [&changed[..], at].concat();
        let noted = match tx.get(&row)? {
            Some(found) => Changed { at_ms: change.at_ms, ..Changed::decode(&found)? },
            None => {
                if let Some(live) = live {
                    tx.put([&rows[..], at].concat(), live.clone());
                }
                Changed { at_ms: change.at_ms, old: change.old.as_ref().map(|old| old.to_vec()) }
            }
        };
        tx.put(row, noted.encode());
    }
    Ok(())
}

fn put_rows(
    tx: &mut Tx,
    work: &Work<'_>,
    copy: &Copy,
    entries: &[(Bytes, Bytes)],
) -> Result<(), store::Error> {
    let from = work.place.contents(&copy.from).rows(0);
    let to = work.place.contents(work.to);
    let rows = to.rows(0);
    for (row, bytes) in entries {
        count(tx, &to, 0, None, Some(Row::size(bytes)?));
        tx.put([&rows[..], &row[from.len()..]].concat(), bytes.clone());
    }
    Ok(())
}

/// Puts items back to what they were before changes, the latest of which comes first.
fn undo(tx: &mut Tx, work: &Work<'_>, changes: &[(Stamp, crate::log::Change)]) -> Result<(), store::Error> {
    let to = work.place.contents(work.to);
    let (rows, changed) = (to.rows(0), to.changed());
    for (_, change) in changes {
        let row = keys::item(&rows, work.key, &change.key()?)
            .ok_or_else(|| corrupt("a change is of no item of its table"))?;
        if work.changes && tx.get(&[&changed[..], &row[rows.len()..]].concat())?.is_none() {
            continue;
        }
        if change.old.is_none() && change.event != Event::Insert {
            return Err(corrupt("a log that is held lacks an image"));
        }
        let now = tx.get(&row)?.as_deref().map(Row::size).transpose()?;
        count(tx, &to, 0, now, change.old.as_deref().map(Row::size).transpose()?);
        match &change.old {
            Some(bytes) => tx.put(row, bytes.clone()),
            None => tx.delete(row),
        }
    }
    Ok(())
}

/// Holds a table's log for a copy of this id, which is to be made of the table as of `cut`.
pub fn hold(
    tx: &mut Tx,
    place: &Place,
    table: &mut records::Table,
    by: &str,
    cut: Cut,
) -> Result<(), Failure> {
    let from = match cut {
        Cut::Version(version) => version,
        Cut::Mark => {
            stream::mark(tx, place, &table.home, by, false)?;
            tx.version()
        }
    };
    table.holds.push(Hold { by: by.to_owned(), from });
    Ok(())
}

/// Lets go of what a copy was made from.
pub fn release(tx: &mut Tx, place: &Place, to: &Home, copy: &Copy) -> Result<(), Failure> {
    match &copy.source {
        Source::Table { region, name, .. } => {
            let place = place.in_region(region);
            let found =
                tx.get(&place.table(name))?.map(|found| records::Table::decode(&found)).transpose()?;
            if let Some(mut table) = found.filter(|table| table.home == copy.from) {
                table.holds.retain(|hold| hold.by != to.id);
                replicas::save(tx, (&place, name), table)?;
            }
            tx.delete_range(KeyRange::prefix(place.marks(&copy.from, &to.id)));
        }
        Source::Backup { table, id } => {
            let row = place.backup(table, id);
            if let Some(found) = tx.get(&row)? {
                let mut backup = records::Backup::decode(&found)?;
                backup.used_by.retain(|used_by| *used_by != to.id);
                tx.put(row, backup.encode());
            }
        }
    }
    Ok(())
}
