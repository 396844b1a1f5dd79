//! When each key was used last. Uses are noted in memory and written together, so that using a key costs no write.

use std::collections::HashMap;

use kernel::Call;
use model_kms::Error;
use parking_lot::Mutex;
use store::Record as _;

use crate::error::corrupt;
use crate::kms::{Key, Kms};
use crate::limits::USES_HOT_MAX;
use crate::{keys, records};

/// Account, region and id of a key.
type Place = (String, String, String);

/// Uses that are not written yet.
#[derive(Default)]
pub struct Uses {
    noted: Mutex<HashMap<Place, records::Usage>>,
}

impl Kms {
    /// Notes that an operation has just used a key.
    pub fn used(&self, call: &Call, key: &Key) {
        let usage = records::Usage {
            operation: call.operation.to_owned(),
            at_ms: call.now.millis(),
            request_id: call.request_id.clone(),
        };
        let place = (key.account.clone(), key.region.clone(), key.id.clone());
        let mut noted = self.uses.noted.lock();
        // When more keys are in use than can be noted between two writes, the others are noted the next time.
        if noted.len() < USES_HOT_MAX || noted.contains_key(&place) {
            noted.insert(place, usage);
        }
    }

    /// The last use of a key.
    pub fn last_use(&self, key: &Key) -> Result<Option<records::Usage>, Error> {
        let place = (key.account.clone(), key.region.clone(), key.id.clone());
        if let Some(usage) = self.uses.noted.lock().get(&place) {
            return Ok(Some(usage.clone()));
        }
        let row = keys::usage(&key.account, &key.region, &key.id);
        let Some(bytes) = self.store.snapshot().get(&row)? else { return Ok(None) };
        records::Usage::decode(&bytes).map(Some).map_err(corrupt)
    }

    /// Writes what is noted. Keys that are gone by now leave no trace.
    pub async fn write_uses(&self) -> Result<(), Error> {
        let noted = self.uses.noted.lock().clone();
        if noted.is_empty() {
            return Ok(());
        }
        self.store
            .transact(|tx| {
                for ((account, region, id), usage) in &noted {
                    if tx.get(&keys::key(account, region, id))?.is_some() {
                        tx.put(keys::usage(account, region, id), usage.encode());
                    }
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.uses.noted.lock().retain(|place, usage| noted.get(place) != Some(usage));
        Ok(())
    }
}
