//! Throttling, where the configuration asks for it: buckets of capacity units, which fill with time.
//!
//! A request is let in while there is anything in each bucket that it draws from, and may leave debts there: what it costs
//! is known when it is done. Buckets are in memory alone; after a start they are full.

use std::collections::HashMap;

use attribute::Item;
use bytes::Bytes;
use kernel::Clock;
use model_dynamodb::Error;
use model_dynamodb::types::{ProvisionedThroughputExceededException, ThrottlingException, ThrottlingReason};
use parking_lot::Mutex;

use crate::capacity::Units;
use crate::records::{Billing, Index, IndexState};
use crate::table::Table;

/// Seconds of unused capacity that are kept ("Burst capacity").
const BURST_SECS: f64 = 300.0;
/// Tables whose buckets are kept: more than four accounts have, in some 10 MB where each has indexes.
const TABLES_MAX: usize = 10_000;

/// What is said where provisioned capacity is used up.
const OF_TABLE: &str = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your \
                        provisioning level with the UpdateTable API.";
/// The same of a global index.
const OF_INDEX: &str = "The level of configured provisioned throughput for one or more global secondary indexes of the \
                        table was exceeded. Consider increasing your provisioning level for the under-provisioned \
                        global secondary indexes with the UpdateTable API";

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Write,
}

/// What was taken from one bucket.
#[derive(Clone, Debug)]
pub struct Spent {
    table: String,
    index: u32,
    kind: Kind,
    units: f64,
}

/// The buckets of all tables.
pub struct Throttle {
    clock: Clock,
    /// By the ids of tables.
    tables: Mutex<HashMap<String, Vec<Bucket>>>,
}

/// The units of a table or global index.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The table's own is 0.
    index: u32,
    kind: Kind,
    units: f64,
    /// When it had so many.
    at_ms: i64,
    /// How many came in a second then.
    rate: f64,
}

impl Bucket {
    fn full(index: u32, kind: Kind, rate: f64, at_ms: i64) -> Self {
        Self { index, kind, units: rate * BURST_SECS, at_ms, rate }
    }

    /// Adds what has come since, at the rate of that time, and goes on at this one.
    fn fill(&mut self, rate: f64, now_ms: i64) {
        let secs = (now_ms - self.at_ms).max(0) as f64 / 1000.0;
        self.units = (self.units + self.rate * secs).min(rate * BURST_SECS);
        (self.at_ms, self.rate) = (now_ms, rate);
    }

    fn is_full(&self, now_ms: i64) -> bool {
        let mut now = *self;
        now.fill(self.rate, now_ms);
        now.units >= self.rate * BURST_SECS
    }
}

impl Throttle {
    pub fn new(clock: Clock) -> Self {
        Self { clock, tables: Mutex::default() }
    }

    /// Lets in what draws from the table, or from this index of it.
    ///
    /// # Errors
    /// `ProvisionedThroughputExceededException` when there is nothing left; `ThrottlingException` where that is for a ceiling.
    pub fn admit(&self, table: &Table, index: Option<&Index>, kind: Kind) -> Result<(), Error> {
        let Some(rate) = rate(table, index, kind) else { return Ok(()) };
        let left = self.with(table, index, kind, rate, |bucket| bucket.units);
        if left > 0.0 { Ok(()) } else { Err(exceeded(table, index, kind)) }
    }

    /// Lets a write in that makes `new` of `old`, as far as it touches global indexes.
    ///
    /// # Errors
    /// See [`Self::admit`].
    pub fn admit_entries(
        &self,
        table: &Table,
        row: &Bytes,
        old: Option<&Item>,
        new: Option<&Item>,
    ) -> Result<(), Error> {
        let touched = |index: &&Index| {
            let entry = |item: &Item| table.entry(index, item, row);
            old.and_then(entry) != new.and_then(entry)
        };
        let indexes = &table.record.indexes;
        let indexes = indexes.iter().filter(|index| !index.local && index.state != IndexState::Deleting);
        for index in indexes.filter(touched) {
            self.admit(table, Some(index), Kind::Write)?;
        }
        Ok(())
    }

    /// Takes what was used, and says from where. What local indexes use is the table's.
    pub fn spend(&self, table: &Table, units: &Units) -> Vec<Spent> {
        let mut spent = Vec::new();
        for (index, kind, cost) in parts(table, units) {
            if let Some(rate) = rate(table, index, kind) {
                self.with(table, index, kind, rate, |bucket| bucket.units -= cost);
                let index = index.map_or(0, |index| index.id);
                spent.push(Spent { table: table.record.id.clone(), index, kind, units: cost });
            }
        }
        spent
    }

    /// Gives back what was taken, where it is still missing.
    pub fn give_back(&self, spent: impl IntoIterator<Item = Spent>) {
        let mut tables = self.tables.lock();
        for Spent { table, index, kind, units } in spent {
            let buckets = tables.get_mut(&table).into_iter().flatten();
            for bucket in buckets.filter(|bucket| (bucket.index, bucket.kind) == (index, kind)) {
                bucket.units = (bucket.units + units).min(bucket.rate * BURST_SECS);
            }
        }
    }

    /// Lets in what has used this, and takes it.
    ///
    /// # Errors
    /// See [`Self::admit`].
    pub fn take(&self, table: &Table, units: &Units) -> Result<(), Error> {
        for (index, kind, _) in parts(table, units) {
            self.admit(table, index, kind)?;
        }
        self.spend(table, units);
        Ok(())
    }

    /// Does something with a bucket as it is now.
    fn with<T>(
        &self,
        table: &Table,
        index: Option<&Index>,
        kind: Kind,
        rate: f64,
        act: impl FnOnce(&mut Bucket) -> T,
    ) -> T {
        let (now_ms, index) = (self.clock.now().millis(), index.map_or(0, |index| index.id));
        let mut tables = self.tables.lock();
        if !tables.contains_key(&table.record.id) {
            make_room(&mut tables, now_ms);
            tables.insert(table.record.id.clone(), Vec::new());
        }
        let buckets = tables.get_mut(&table.record.id).expect("it is there");
        let found = buckets.iter().position(|bucket| (bucket.index, bucket.kind) == (index, kind));
        let at = found.unwrap_or_else(|| {
            buckets.push(Bucket::full(index, kind, rate, now_ms));
            buckets.len() - 1
        });
        let bucket = &mut buckets[at];
        bucket.fill(rate, now_ms);
        act(bucket)
    }
}

/// Forgets tables of which nothing is known that is not so of a new one; all of them, rather than too many.
fn make_room(tables: &mut HashMap<String, Vec<Bucket>>, now_ms: i64) {
    if tables.len() < TABLES_MAX {
        return;
    }
    tables.retain(|_, buckets| !buckets.iter().all(|bucket| bucket.is_full(now_ms)));
    if tables.len() >= TABLES_MAX {
        tables.clear();
    }
}

/// What comes in a second; none: without an end.
fn rate(table: &Table, index: Option<&Index>, kind: Kind) -> Option<f64> {
    let record = &table.record;
    let (read, write) = match record.billing {
        Billing::Provisioned(of_table) => {
            let throughput = index.map_or(Some(of_table), |index| index.throughput)?;
            (Some(throughput.read), Some(throughput.write))
        }
        Billing::OnDemand => {
            let ceilings = index.map_or(record.ceilings, |index| index.ceilings);
            (ceilings.read, ceilings.write)
        }
    };
    let units = match kind {
        Kind::Read => read,
        Kind::Write => write,
    };
    units.map(|units| units as f64)
}

/// From where units are drawn: the table first, which has those of local indexes.
fn parts<'t>(table: &'t Table, units: &Units) -> Vec<(Option<&'t Index>, Kind, f64)> {
    // Whatever writes has a unit of its table at least.
    let of_indexes = if units.write > 0.0 { Kind::Write } else { Kind::Read };
    let mut parts = vec![(None, Kind::Read, units.read), (None, Kind::Write, units.write)];
    for (name, local, cost) in &units.indexes {
        match table.index(name) {
            Some(index) if !local => parts.push((Some(index), of_indexes, *cost)),
            _ => parts.push((None, of_indexes, *cost)),
        }
    }
    parts.retain(|(.., cost)| *cost > 0.0);
    parts
}

fn exceeded(table: &Table, index: Option<&Index>, kind: Kind) -> Error {
    let (what, resource) = match index {
        None => ("Table", table.arn.clone()),
        Some(index) => ("Index", table.index_arn(index)),
    };
    let how = match kind {
        Kind::Read => "Read",
        Kind::Write => "Write",
    };
    let reasons = |why: &str| {
        let reason = Some(format!("{what}{how}{why}"));
        Some(vec![ThrottlingReason { reason, resource: Some(resource.to_string()) }])
    };
    match (table.record.billing, index) {
        (Billing::OnDemand, _) => ThrottlingException {
            message: Some(
                "Throughput exceeds the maximum OnDemandThroughput configured on table or index".to_owned(),
            ),
            throttling_reasons: reasons("MaxOnDemandThroughputExceeded"),
        }
        .into(),
        (Billing::Provisioned(_), index) => ProvisionedThroughputExceededException {
            message: Some(if index.is_none() { OF_TABLE } else { OF_INDEX }.to_owned()),
            throttling_reasons: reasons("ProvisionedThroughputExceeded"),
        }
        .into(),
    }
}

/// Whether an error says that there was too little capacity.
pub fn is_throttled(error: &Error) -> bool {
    matches!(error, Error::ProvisionedThroughputExceededException(_) | Error::ThrottlingException(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_fills_and_keeps_five_minutes() {
        let mut bucket = Bucket::full(0, Kind::Read, 2.0, 1_000);
        assert!(bucket.is_full(1_000));
        bucket.units -= 601.0;
        bucket.fill(2.0, 1_250);
        assert!((bucket.units + 0.5).abs() < 1e-9, "{bucket:?}");
        // What came until the rate was changed came at the old one.
        bucket.fill(10.0, 1_750);
        assert!((bucket.units - 0.5).abs() < 1e-9, "{bucket:?}");
        bucket.fill(10.0, 2_750);
        assert!((bucket.units - 10.5).abs() < 1e-9, "{bucket:?}");
        // A clock that goes back takes nothing away.
        bucket.fill(10.0, 0);
        assert!((bucket.units - 10.5).abs() < 1e-9, "{bucket:?}");
        bucket.fill(1.0, 1_000_000);
        assert!((bucket.units - 300.0).abs() < 1e-9, "{bucket:?}");
    }

    #[test]
    fn full_buckets_go_first() {
        let mut tables: HashMap<String, Vec<Bucket>> =
            (0..TABLES_MAX).map(|n| (n.to_string(), vec![Bucket::full(0, Kind::Write, 1.0, 0)])).collect();
        tables.get_mut("7").expect("a table")[0].units = -1.0;
        make_room(&mut tables, 1_000);
        assert_eq!(tables.keys().collect::<Vec<_>>(), ["7"]);
        make_room(&mut tables, 1_000_000);
        assert_eq!(tables.len(), 1, "there is room");
    }
}
