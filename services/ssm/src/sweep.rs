//! Removing parameters that have expired. They are not served from the moment they expire; this gives their rows, and
//! their place in the quota, back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::Timestamp;
use parking_lot::Mutex;
use store::{KeyRange, KeyReader, KeyWriter, RangeOptions, Store, prefix_end};
use tokio::sync::Notify;

use crate::error::{Failure, corrupt};
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
    for place in places(&ssm.store)? {
        note_next(ssm, place_of(&place))?;
    }
    Ok(())
}

fn note_next(ssm: &Ssm, place: Place<'_>) -> Result<(), store::Error> {
    let page = ssm.store.snapshot().range(place.expiries(), RangeOptions::limit(1))?;
    if let Some((key, _)) = page.entries.first() {
        let (expires_ms, _) = place.expiry_of(key).map_err(corrupt)?;
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
                Failure::Api(error) => corrupt(format!("{error:?}")),
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
        let (expires_ms, name) = place.expiry_of(key).map_err(corrupt)?;
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

/// The accounts and regions that have rows of this service, found by leaps: two or three reads for each, however much
/// lies between.
fn places(store: &Store) -> Result<Vec<(String, String)>, store::Error> {
    let mut places = Vec::new();
    let mut range = KeyRange::all();
    loop {
        let page = store.snapshot().range(range.clone(), RangeOptions::limit(1))?;
        let Some((key, _)) = page.entries.first() else { return Ok(places) };
        let mut reader = KeyReader::new(key);
        let (Ok(account), Ok(region)) = (reader.str(), reader.str()) else {
            range = range.after(key);
            continue;
        };
        let here = KeyWriter::new().str(&account).str(&region);
        let ours = KeyWriter::from_prefix(here.as_slice()).str(SERVICE);
        let found = store.snapshot().range(KeyRange::prefix(ours.as_slice()), RangeOptions::limit(1))?;
        if !found.entries.is_empty() {
            places.push((account.into_owned(), region.into_owned()));
        }
        range.start = prefix_end(here.as_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finds_ours_between_others() {
        let store = Store::in_memory(store::Options::default());
        let key = |parts: &[&str]| parts.iter().fold(KeyWriter::new(), |key, part| key.str(part)).finish();
        let mut tx = store.begin();
        for parts in
            [["1", "r", "sqs"], ["1", "r", "ssm"], ["1", "s", "s3"], ["2", "r", "ssm"], ["3", "r", "ssmx"]]
        {
            tx.put(key(&parts), "");
        }
        tx.put(KeyWriter::new().u64(5).finish(), "");
        tx.commit().await.unwrap();
        assert_eq!(
            places(&store).unwrap(),
            [("1", "r"), ("2", "r")].map(|(a, r)| (a.to_string(), r.to_string()))
        );
    }

    #[test]
    fn the_first_is_first() {
        let schedule = Schedule::default();
        let (a, b) = (Place { account: "1", region: "a" }, Place { account: "1", region: "b" });
        schedule.note(a, 9);
        schedule.note(b, 5);
        schedule.note(a, 20);
        assert_eq!(schedule.first(), Some((5, ("1".into(), "b".into()))));
        schedule.forget(&("1".into(), "b".into()));
        assert_eq!(schedule.first(), Some((9, ("1".into(), "a".into()))));
    }
}
