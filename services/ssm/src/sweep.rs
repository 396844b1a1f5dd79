//! Removing parameters that have expired. They are not served from the moment they expire; this gives their rows, and
//! their place in the quota, back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::Timestamp;
use parking_lot::Mutex;
use service::places;
use store::RangeOptions;
use tokio::sync::Notify;

use crate::error::Failure;
use crate::keys::{Place, SERVICE};
use crate::limits::SWEEP_ROWS;
use crate::ssm::{self, Ssm};

/// After an error the sweeper rests so long: the store says in its log what is wrong.
const REST: Duration = Duration::from_secs(5);

/// When the next parameter of each account and region expires. No larger than the number of those.
#[derive(Default)]
pub struct Schedule {
    next_ms: Mutex<BTreeMap<(String, String), i64>>,
    changed: Notify,
}

impl Schedule {
    /// Takes note that a parameter expires.
    pub fn note(&self, place: Place<'_>, expires_ms: i64) {
        let mut next = self.next_ms.lock();
        let known = next.entry((place.account.to_owned(), place.region.to_owned())).or_insert(i64::MAX);
        if expires_ms < *known {
            *known = expires_ms;
            self.changed.notify_one();
        }
    }

    fn first(&self) -> Option<(i64, (String, String))> {
        let next = self.next_ms.lock();
        next.iter().map(|(place, ms)| (*ms, place.clone())).min()
    }

    fn forget(&self, place: &(String, String)) {
        self.next_ms.lock().remove(place);
    }
}

/// Sweeps for ever. Between sweeps it sleeps until something expires.
pub async fn run(ssm: Arc<Ssm>) {
    while let Err(error) = schedule_all(&ssm) {
        tracing::error!(%error, "the parameters that expire cannot be listed");
        ssm.clock.sleep(REST).await;
    }
    loop {
        match ssm.schedule.first() {
            None => ssm.schedule.changed.notified().await,
            Some((due_ms, place)) if due_ms <= ssm.clock.now().millis() => {
                // What is noted from now on counts anew.
                ssm.schedule.forget(&place);
                if let Err(error) = sweep(&ssm, &place).await {
                    tracing::error!(%error, "expired parameters cannot be removed");
                    ssm.schedule.note(place_of(&place), due_ms);
                    ssm.clock.sleep(REST).await;
                }
            }
            Some((due_ms, _)) => tokio::select! {
                () = ssm.clock.sleep_until(Timestamp::from_millis(due_ms)) => {}
                () = ssm.schedule.changed.notified() => {}
            },
        }
    }
}

fn place_of((account, region): &(String, String)) -> Place<'_> {
    Place { account, region }
}

/// After a start every account and region is looked at once.
fn schedule_all(ssm: &Ssm) -> Result<(), store::Error> {
    for place in places(&ssm.store, SERVICE)? {
        note_next(ssm, place_of(&place))?;
    }
    Ok(())
}

fn note_next(ssm: &Ssm, place: Place<'_>) -> Result<(), store::Error> {
    let page = ssm.store.snapshot().range(place.expiries(), RangeOptions::limit(1))?;
    if let Some((key, _)) = page.entries.first() {
        let (expires_ms, _) = place.expiry_of(key)?;
        ssm.schedule.note(place, expires_ms);
    }
    Ok(())
}

/// Removes what has expired in one account and region, in bounded transactions, and notes what expires next.
async fn sweep(ssm: &Ssm, place: &(String, String)) -> Result<(), store::Error> {
    let place = place_of(place);
    let now = ssm.clock.now();
    loop {
        let removed =
            ssm.store.transact(|tx| remove_some(tx, place, now)).await.map_err(|failure| match failure {
                Failure::Store(error) => error,
                Failure::Api(error) => store::Error::Corrupt(format!("{error:?}")),
            })?;
        if removed < SWEEP_ROWS {
            return note_next(ssm, place);
        }
    }
}

/// Removes a few; says how many rows it looked at that were due.
fn remove_some(tx: &mut store::Tx, place: Place<'_>, now: Timestamp) -> Result<usize, Failure> {
    let page = tx.range_unchecked(place.expiries(), RangeOptions::limit(SWEEP_ROWS))?;
    let mut due = 0;
    for (key, _) in &page.entries {
        let (expires_ms, name) = place.expiry_of(key).map_err(store::Error::from)?;
        if expires_ms > now.millis() {
            break;
        }
        due += 1;
        tx.delete(key.clone());
        let Some(bytes) = tx.get(&place.parameter(&name))? else { continue };
        let parameter = ssm::decode(&bytes)?;
        if !ssm::is_live(&parameter, now) {
            ssm::remove(tx, place, &name, &parameter);
        }
    }
    Ok(due)
}
