//! The state of the service.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use expression::Cache;
use kernel::{Clock, Ids};
use model_dynamodb::Error;
use parking_lot::RwLock;
use service::{Cloud, Deps};
use store::{Snapshot, Store, Tx};

use crate::encryption::Rings;
use crate::error::{Failure, no_table};
use crate::housekeeping::Housekeeping;
use crate::keys::Place;
use crate::latches::Latches;
use crate::limits::HOT_TABLES_MAX;
use crate::table::Table;
use crate::throttle::Throttle;
use crate::transfer::Transfers;
use crate::write::{Combined, Job};
use crate::{Settings, capacity::Units};

/// The service's state.
pub struct DynamoDb {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) cloud: Cloud,
    /// Expressions, parsed.
    pub(crate) expressions: Cache,
    /// Who writes to which item.
    pub(crate) latches: Arc<Latches<Job>>,
    pub(crate) combined: Combined,
    pub(crate) housekeeping: Housekeeping,
    /// None: nobody is throttled.
    pub(crate) throttle: Option<Throttle>,
    pub(crate) transfers: Transfers,
    /// Shared with the service that reads streams.
    pub(crate) rings: Arc<Rings>,
    /// Held while a table is given its first key.
    pub(crate) first_keys: tokio::sync::Mutex<()>,
    /// Tables as last read, by the keys of their rows; each is checked against its row at every use.
    hot: RwLock<HashMap<Bytes, Arc<Table>>>,
}

impl DynamoDb {
    pub fn new(deps: Deps, settings: Settings) -> Self {
        Self {
            rings: Arc::new(Rings::new(&deps)),
            throttle: settings.throttle.then(|| Throttle::new(deps.clock.clone())),
            store: deps.store,
            clock: deps.clock,
            ids: deps.ids,
            cloud: deps.cloud,
            expressions: Cache::default(),
            latches: Arc::default(),
            combined: Combined::default(),
            housekeeping: Housekeeping::default(),
            transfers: Transfers::default(),
            first_keys: tokio::sync::Mutex::default(),
            hot: RwLock::default(),
        }
    }

    /// The table of this name; none if there is none.
    pub fn find(
        &self,
        snapshot: &Snapshot,
        place: &Place,
        name: &str,
    ) -> Result<Option<Arc<Table>>, store::Error> {
        let row = place.table(name);
        match snapshot.get(&row)? {
            Some(raw) => self.parsed(place, name, row, raw).map(Some),
            None => Ok(None),
        }
    }

    /// The same table as a transaction sees it, which fails to commit if the table is changed meanwhile.
    ///
    /// # Errors
    /// `ResourceNotFoundException` when there is none of the name, or another.
    pub fn current(&self, tx: &mut Tx, table: &Arc<Table>) -> Result<Arc<Table>, Failure> {
        let raw = tx.get(&table.row)?.ok_or_else(no_table)?;
        if raw == table.raw {
            return Ok(table.clone());
        }
        let now = self.parsed(&table.place, &table.name, table.row.clone(), raw)?;
        if now.record.id == table.record.id { Ok(now) } else { Err(no_table().into()) }
    }

    /// The table of this name as a transaction sees it.
    pub fn get(&self, tx: &mut Tx, place: &Place, name: &str) -> Result<Option<Arc<Table>>, Failure> {
        let row = place.table(name);
        match tx.get(&row)? {
            Some(raw) => Ok(Some(self.parsed(place, name, row, raw)?)),
            None => Ok(None),
        }
    }

    fn parsed(&self, place: &Place, name: &str, row: Bytes, raw: Bytes) -> Result<Arc<Table>, store::Error> {
        if let Some(known) = self.hot.read().get(&row).filter(|known| known.raw == raw) {
            return Ok(known.clone());
        }
        let table = Arc::new(Table::read(place.clone(), name, row.clone(), raw)?);
        let mut hot = self.hot.write();
        if hot.len() >= HOT_TABLES_MAX {
            hot.retain(|_, known| Arc::strong_count(known) > 1);
        }
        hot.insert(row, table.clone());
        Ok(table)
    }

    /// Takes the capacity that a read has used, where that is counted.
    ///
    /// # Errors
    /// See [`Throttle::admit`].
    pub fn charge(&self, table: &Table, units: &Units) -> Result<(), Error> {
        match &self.throttle {
            Some(throttle) => throttle.take(table, units),
            None => Ok(()),
        }
    }

    /// Runs a transaction until it commits. `body` may run several times.
    pub async fn transact<T>(&self, body: impl FnMut(&mut Tx) -> Result<T, Failure>) -> Result<T, Error> {
        self.store.transact(body).await.map_err(Error::from)
    }
}
