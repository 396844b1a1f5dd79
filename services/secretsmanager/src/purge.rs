//! Removing secrets whose recovery window is over.

use std::sync::Arc;
use std::time::Duration;

use crate::due;
use crate::error::Failure;
use crate::keys::Due;
use crate::secrets::{Secrets, remove};

/// After an error of the store the work rests so long: the store says in its log what is wrong.
const REST: Duration = Duration::from_secs(5);

/// Removes what is due, for ever.
pub async fn run(secrets: Arc<Secrets>) {
    let mut changed = secrets.store.watch(Due::Removal.all().to_vec());
    loop {
        let now = secrets.clock.now();
        let outcome = match due::first(&secrets.store, Due::Removal) {
            Ok(Some(row)) if row.due_ms <= now.millis() => {
                secrets
                    .store
                    .transact(|tx| {
                        if let Some(found) = due::secret(tx, Due::Removal, &row, |secret| secret.purge_ms)? {
                            remove(tx, &found);
                        }
                        Ok::<_, Failure>(())
                    })
                    .await
            }
            Ok(next) => {
                due::wait(&secrets.clock, next, &mut changed).await;
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = outcome {
            tracing::error!(?error, "secrets whose recovery window is over cannot be removed");
            secrets.clock.sleep(REST).await;
        }
    }
}
