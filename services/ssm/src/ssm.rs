//! The state of the service: the store, and what wakes the sweeper.

use kernel::{Clock, Ids, Timestamp};
use model_ssm::Error;
use service::{Cloud, Deps};
use store::{Record as _, Snapshot, Store, Tx};

use crate::error::{Failure, corrupt};
use crate::keys::Place;
use crate::limits::Limits;
use crate::records::{Labels, Parameter, Version};
use crate::sweep::Schedule;

/// The service's state.
pub struct Ssm {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) cloud: Cloud,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
}

impl Ssm {
    pub fn new(deps: Deps, limits: Limits) -> Self {
        Self {
            store: deps.store,
            clock: deps.clock,
            ids: deps.ids,
            cloud: deps.cloud,
            limits,
            schedule: Schedule::default(),
        }
    }

    /// The parameter of this name, unless it has expired.
    pub fn find(
        &self,
        place: Place<'_>,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Parameter>, store::Error> {
        let Some(bytes) = self.store.snapshot().get(&place.parameter(name))? else { return Ok(None) };
        Ok(Some(decode(&bytes)?).filter(|parameter| is_live(parameter, now)))
    }

    /// The same in a transaction, where it must be there.
    pub fn current(
        tx: &mut Tx,
        place: Place<'_>,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Parameter>, Failure> {
        let Some(bytes) = tx.get(&place.parameter(name))? else { return Ok(None) };
        Ok(Some(decode(&bytes)?).filter(|parameter| is_live(parameter, now)))
    }

    /// An older version.
    pub fn version(
        snapshot: &Snapshot,
        place: Place<'_>,
        name: &str,
        number: i64,
    ) -> Result<Option<Version>, store::Error> {
        let bytes = snapshot.get(&place.version(name, number))?;
        bytes.map(|bytes| Version::decode(&bytes).map_err(corrupt)).transpose()
    }

    /// The labels of a parameter.
    pub fn labels(snapshot: &Snapshot, place: Place<'_>, name: &str) -> Result<Labels, store::Error> {
        labels_of(snapshot.get(&place.labels(name))?)
    }

    /// Runs a transaction until it commits. `body` may run several times.
    pub async fn transact<T>(&self, body: impl FnMut(&mut Tx) -> Result<T, Failure>) -> Result<T, Error> {
        self.store.transact(body).await.map_err(Error::from)
    }
}

/// Whether a parameter is still there.
pub fn is_live(parameter: &Parameter, now: Timestamp) -> bool {
    parameter.expires_ms().is_none_or(|expires_ms| expires_ms > now.millis())
}

/// A stored parameter.
pub fn decode(bytes: &[u8]) -> Result<Parameter, store::Error> {
    Parameter::decode(bytes).map_err(corrupt)
}

/// Stored labels; a parameter may have none.
pub fn labels_of(bytes: Option<bytes::Bytes>) -> Result<Labels, store::Error> {
    bytes.map_or_else(|| Ok(Labels::default()), |bytes| Labels::decode(&bytes).map_err(corrupt))
}

/// Removes everything of a parameter.
pub fn remove(tx: &mut Tx, place: Place<'_>, name: &str, parameter: &Parameter) {
    tx.delete(place.parameter(name));
    tx.delete_range(place.versions(name));
    tx.delete(place.labels(name));
    if let Some(expires_ms) = parameter.expires_ms() {
        tx.delete(place.expiry(expires_ms, name));
    }
    tx.add_i64(place.count(parameter.current.tier), -1);
}
