//! Items on their way into a table: some in each transaction, which says how far the import is then.

use std::sync::Arc;

use attribute::{Item, NotAnItem, Wrapped, item_size};
use store::Record as _;

use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, corrupt};
use crate::log::By;
use crate::table::Table;
use crate::transfer::bucket::Trouble;
use crate::transfer::job::Job;
use crate::transfer::records::{Counts, Import, ImportState, Inside, Reading};
use crate::write::{Write, check_item};

/// Items of one transaction.
const ITEMS: usize = 500;
/// Their bytes in the table and in all indexes that may show them: with the largest item behind them, in all of 20 indexes, they
/// are less than a transaction may hold.
const BYTES: usize = 1024 * 1024;

/// The next items of an object.
pub struct Batch<'b> {
    service: &'b DynamoDb,
    job: &'b Job,
    table: &'b Arc<Table>,
    /// The import as it was last written.
    import: Import,
    inside: Inside,
    /// With their bytes, as [`BYTES`] counts.
    writes: Vec<(Write, usize)>,
    bytes: usize,
    /// What was found since.
    found: Counts,
}

impl<'b> Batch<'b> {
    pub fn new(
        service: &'b DynamoDb,
        job: &'b Job,
        table: &'b Arc<Table>,
        key: &str,
    ) -> Result<Self, Trouble> {
        let found = service.store.snapshot().get(&job.row())?;
        let found = found.ok_or_else(|| corrupt("an import in progress is not there"))?;
        let import = Import::decode(&found).map_err(store::Error::from)?;
        let inside = Inside { key: key.to_owned(), etag: None, bytes: 0 };
        let (writes, bytes, found) = (Vec::new(), 0, Counts::default());
        let mut batch = Self { service, job, table, import, inside, writes, bytes, found };
        if let Some(begun) = batch.begun() {
            batch.inside = begun;
        }
        Ok(batch)
    }

    /// How much of the object was read before.
    pub fn begun(&self) -> Option<Inside> {
        match &self.import.state {
            ImportState::Reading(Reading { inside: Some(inside), .. }) if inside.key == self.inside.key => {
                Some(inside.clone())
            }
            _ => None,
        }
    }

    /// The object is the one of this ETag.
    pub fn of(&mut self, etag: Option<String>) {
        self.inside.etag = etag;
    }

    /// Takes the items of a line, which ends at `end` of the object; false if what comes behind it cannot be read.
    pub fn line(&mut self, line: bytes::Bytes, end: u64) -> bool {
        for found in Wrapped::of(&line) {
            match found {
                Ok(item) => self.item(item),
                Err(NotAnItem::Text(_)) => return false,
                Err(NotAnItem::Other(why)) => {
                    tracing::debug!(job = %self.job, key = self.inside.key, why, "a line is no item");
                    self.wrong();
                }
            }
        }
        self.found.bytes += (end - self.inside.bytes) as i64;
        self.inside.bytes = end;
        true
    }

    /// Counts what should have been an item.
    pub fn wrong(&mut self) {
        self.found.processed += 1;
        self.found.errors += 1;
    }

    fn item(&mut self, item: Item) {
        let table = self.table;
        let key =
            check_item(&item).and_then(|()| table.check_index_keys(&item)).and_then(|()| table.key_in(&item));
        let key = match key {
            Ok(key) => key,
            Err(error) => {
                tracing::debug!(job = %self.job, key = self.inside.key, ?error, "an item is not imported");
                return self.wrong();
            }
        };
        self.found.processed += 1;
        let size = item_size(&item);
        let bytes = size * (1 + table.record.indexes.len());
        self.bytes += bytes;
        let change = move |_: &_, _: Option<&_>| Ok(Some(item.clone()));
        let write = Write { key, change: Box::new(change), reads: false, bytes: size, rate: Rate::Strong };
        self.writes.push((write, bytes));
    }

    /// Whether it is time to write.
    pub fn is_full(&self) -> bool {
        self.writes.len() >= ITEMS || self.bytes >= BYTES
    }

    /// Writes what was found, and that the object was read up to here.
    pub async fn put(&mut self) -> Result<(), Trouble> {
        let reading = Reading { inside: Some(self.inside.clone()), ..self.reading() };
        self.save(reading).await
    }

    /// The same, at the end of the object.
    pub async fn end(mut self) -> Result<(), Trouble> {
        let reading = Reading { after: Some(self.inside.key.clone()), inside: None };
        self.save(reading).await
    }

    fn reading(&self) -> Reading {
        match &self.import.state {
            ImportState::Reading(reading) => reading.clone(),
            ImportState::Done { .. } | ImportState::Failed(_) => Reading::default(),
        }
    }

    async fn save(&mut self, reading: Reading) -> Result<(), Trouble> {
        self.service.own_ring(self.table).await?;
        let mut rest = &self.writes[..];
        loop {
            // Requests go first.
            tokio::task::yield_now().await;
            let (first, behind) = rest.split_at(fitting(rest));
            let is_last = behind.is_empty();
            let next = self.next(&reading);
            self.service
                .transact(|tx| {
                    let table = self.service.current(tx, self.table)?;
                    for (write, _) in first {
                        self.service.apply_own(tx, &table, write, By::Import)?;
                    }
                    // Items before the last part are put again if the program ends here, and are the same.
                    if is_last {
                        tx.put(self.job.row(), next.encode());
                    }
                    Ok::<_, Failure>(())
                })
                .await?;
            if is_last {
                self.import = next;
                break;
            }
            rest = behind;
        }
        self.writes.clear();
        (self.bytes, self.found) = (0, Counts::default());
        Ok(())
    }

    /// The import with what was found.
    fn next(&self, reading: &Reading) -> Import {
        let (before, found) = (self.import.counts, self.found);
        let counts = Counts {
            processed: before.processed + found.processed,
            errors: before.errors + found.errors,
            bytes: before.bytes + found.bytes,
            ..before
        };
        Import { counts, state: ImportState::Reading(reading.clone()), ..self.import.clone() }
    }
}

/// How many of these fit into a transaction; a line may have had more.
fn fitting(writes: &[(Write, usize)]) -> usize {
    let mut bytes = 0;
    let fits = writes.iter().take(ITEMS).take_while(|(_, more)| {
        let fits = bytes < BYTES;
        bytes += more;
        fits
    });
    fits.count()
}
