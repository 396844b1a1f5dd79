//! Capacity units: what requests would cost ("Read consistency", "Capacity unit consumption" in the Developer Guide).

use std::collections::BTreeMap;
use std::sync::Arc;

use model_dynamodb::types::{Capacity, ConsumedCapacity, ReturnConsumedCapacity};
use wire::Open;

use crate::table::Table;

const READ_BYTES: usize = 4 * 1024;
const WRITE_BYTES: usize = 1024;

/// How a read or write counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    Eventual,
    Strong,
    Transaction,
}

impl Rate {
    /// Of a read that may say that it wants to be consistent.
    pub fn of_read(consistent: Option<bool>) -> Self {
        if consistent == Some(true) { Self::Strong } else { Self::Eventual }
    }
}

/// Units for reading so many bytes; an item that is not there costs as one that is empty.
pub fn of_read(bytes: usize, rate: Rate) -> f64 {
    let units = bytes.div_ceil(READ_BYTES).max(1) as f64;
    match rate {
        Rate::Eventual => units / 2.0,
        Rate::Strong => units,
        Rate::Transaction => units * 2.0,
    }
}

/// Units for writing an item that is as long as this, before or after, whichever is more.
pub fn of_write(bytes: usize, rate: Rate) -> f64 {
    let units = bytes.div_ceil(WRITE_BYTES).max(1) as f64;
    if rate == Rate::Transaction { units * 2.0 } else { units }
}

/// The units of one table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    pub read: f64,
    pub write: f64,
    /// Those of indexes, which `read` and `write` do not contain: name, whether it is local, units.
    pub indexes: Vec<(String, bool, f64)>,
}

impl Units {
    pub fn reading(read: f64) -> Self {
        Self { read, ..Self::default() }
    }

    /// Adds others of the same table.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.write += other.write;
        for (name, local, units) in &other.indexes {
            self.add_index(name, *local, *units);
        }
    }

    pub fn add_index(&mut self, name: &str, local: bool, units: f64) {
        match self.indexes.iter_mut().find(|(known, ..)| known == name) {
            Some((.., sum)) => *sum += units,
            None => self.indexes.push((name.to_owned(), local, units)),
        }
    }

    /// What the answer says of them, as far as it was asked.
    pub fn shown(
        &self,
        table: &Table,
        asked: Option<&Open<ReturnConsumedCapacity>>,
        in_transaction: bool,
    ) -> Option<ConsumedCapacity> {
        let asked = asked.and_then(Open::known)?;
        let of_indexes: f64 = self.indexes.iter().map(|(.., units)| units).sum();
        let mut shown = ConsumedCapacity {
            table_name: Some(table.name.clone()),
            capacity_units: Some(self.read + self.write + of_indexes),
            ..ConsumedCapacity::default()
        };
        if in_transaction {
            shown.read_capacity_units = (self.read > 0.0).then_some(self.read);
            shown.write_capacity_units = (self.write > 0.0).then_some(self.write + of_indexes);
        }
        match asked {
            ReturnConsumedCapacity::None => return None,
            ReturnConsumedCapacity::Total => return Some(shown),
            ReturnConsumedCapacity::Indexes => {}
        }
        let capacity = |units: f64| Capacity { capacity_units: Some(units), ..Capacity::default() };
        let mut own = capacity(self.read + self.write);
        if in_transaction {
            own.read_capacity_units = (self.read > 0.0).then_some(self.read);
            own.write_capacity_units = (self.write > 0.0).then_some(self.write);
        }
        shown.table = Some(own);
        let of = |wanted: bool| -> Option<BTreeMap<String, Capacity>> {
            let found = self.indexes.iter().filter(|(_, local, _)| *local == wanted);
            let found: BTreeMap<_, _> =
                found.map(|(name, _, units)| (name.clone(), capacity(*units))).collect();
            (!found.is_empty()).then_some(found)
        };
        shown.local_secondary_indexes = of(true);
        shown.global_secondary_indexes = of(false);
        Some(shown)
    }
}

/// The units of several tables, in the order in which they were first met.
#[derive(Debug, Default)]
pub struct PerTable(Vec<(Arc<Table>, Units)>);

impl PerTable {
    pub fn add(&mut self, table: &Arc<Table>, units: &Units) {
        match self.0.iter_mut().find(|(known, _)| known.row == table.row) {
            Some((_, sum)) => sum.add(units),
            None => self.0.push((table.clone(), units.clone())),
        }
    }

    /// What the answer says of them, as far as it was asked.
    pub fn shown(
        &self,
        asked: Option<&Open<ReturnConsumedCapacity>>,
        in_transaction: bool,
    ) -> Option<Vec<ConsumedCapacity>> {
        let shown: Vec<_> =
            self.0.iter().filter_map(|(table, units)| units.shown(table, asked, in_transaction)).collect();
        (!shown.is_empty()).then_some(shown)
    }
}
