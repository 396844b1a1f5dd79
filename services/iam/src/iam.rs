//! The state of the service.

use kernel::Ids;
use service::Deps;
use store::{Store, Tx};
use vault::Vault;

use crate::error::Error;

/// The service's state.
pub struct Iam {
    pub(crate) store: Store,
    pub(crate) ids: Ids,
    pub(crate) vault: Vault,
}

impl Iam {
    pub fn new(deps: Deps) -> Self {
        Self { store: deps.store, ids: deps.ids, vault: deps.vault }
    }

    /// Runs a transaction until it commits. `body` may run several times.
    pub async fn transact<T>(&self, body: impl FnMut(&mut Tx) -> Result<T, Error>) -> Result<T, Error> {
        self.store.transact(body).await
    }

    /// A new unique id with this beginning (`AIDA`, …).
    pub fn unique_id(&self, kind: &str) -> String {
        format!("{kind}{}", self.ids.base32(17))
    }
}
