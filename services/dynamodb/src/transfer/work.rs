//! The work of exports and imports: some at once, each from where it is to its end.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use model_dynamodb::Error;
use service::places;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use tokio::sync::Notify;

use super::bucket::Trouble;
use super::job::{Job, Way};
use super::records::{Export, Import};
use super::token::forget;
use super::turns::{Turns, WAIT};
use crate::dynamodb::DynamoDb;
use crate::error::Failure;
use crate::keys::{Place, SERVICE, transfer_end_of};
use crate::limits::{EXPORTS_MAX, IMPORTS_MAX};
use crate::{export, import};

/// At once: each has a file or a part of an object in memory.
const RUNNING_MAX: usize = 4;
/// Between two looks at what has ended, and at who may be attempted again: as often as the shortest wait ends.
const PERIOD: Duration = WAIT;
/// For what may pass: then it is taken for a failure.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// What is forgotten in one transaction.
const BATCH: usize = 100;

/// Wakes the work.
#[derive(Debug, Default)]
pub struct Transfers(Notify);

impl Transfers {
    /// There is something to do now.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Works for ever.
pub async fn run(service: Arc<DynamoDb>) {
    let (mut running, mut turns) = (FuturesUnordered::new(), Turns::default());
    loop {
        match in_progress(&service) {
            Ok(jobs) => {
                let taken = turns.take(jobs, RUNNING_MAX, service.clock.now());
                running.extend(taken.into_iter().map(|job| one(&service, job)));
            }
            Err(error) => tracing::error!(?error, "exports and imports cannot be looked for"),
        }
        if let Err(error) = forget_old(&service).await {
            tracing::error!(?error, "old exports and imports cannot be forgotten");
        }
        let next = service.clock.now().plus(PERIOD);
        tokio::select! {
            () = service.transfers.0.notified() => {}
            Some((job, went)) = running.next() => match went {
                Went::ToAnEnd => turns.leave(&job),
                Went::IntoTrouble => turns.wait(job, service.clock.now()),
            },
            () = service.clock.sleep_until(next) => {}
        }
    }
}

/// All that there is something to do for.
fn in_progress(service: &DynamoDb) -> Result<Vec<Job>, store::Error> {
    let (snapshot, mut found) = (service.store.snapshot(), Vec::new());
    for (account, region) in places(&service.store, SERVICE)? {
        let place = Place { account, region };
        for way in Way::ALL {
            let prefix = place.all_in_progress(way);
            // There are no more.
            let options = RangeOptions::limit(EXPORTS_MAX.max(IMPORTS_MAX));
            let page = snapshot.range(KeyRange::prefix(&prefix), options)?;
            for (row, _) in &page.entries {
                found.push(Job::of_row(way, &place, row, &prefix)?);
            }
        }
    }
    Ok(found)
}

/// What became of an attempt.
enum Went {
    ToAnEnd,
    /// It may go better later.
    IntoTrouble,
}

/// Takes one to its end, or to where it has to wait.
async fn one(service: &DynamoDb, job: Job) -> (Job, Went) {
    let went = match job.way {
        Way::Export => export::run(service, &job).await,
        Way::Import => import::run(service, &job).await,
    };
    let (code, why) = match went {
        Ok(()) => return (job, Went::ToAnEnd),
        Err(Trouble::Passing(why)) if service.clock.now() < job.begun().plus(PATIENCE) => {
            tracing::warn!(%job, why, "a transfer has to wait");
            return (job, Went::IntoTrouble);
        }
        Err(Trouble::Passing(why)) => ("InternalServerError".to_owned(), why),
        Err(Trouble::Refused { code, message, .. }) => (code, message),
    };
    tracing::info!(%job, code, why, "a transfer has failed");
    let failed = match job.way {
        Way::Export => export::fail(service, &job, &code, &why).await,
        Way::Import => import::fail(service, &job, &code, &why).await,
    };
    match failed {
        Ok(()) => (job, Went::ToAnEnd),
        Err(error) => {
            tracing::error!(%job, ?error, "that a transfer has failed cannot be noted");
            (job, Went::IntoTrouble)
        }
    }
}

/// Notes in a transaction that nothing is left to do.
pub fn finish(tx: &mut Tx, job: &Job) {
    tx.delete(job.in_progress());
}

/// Notes that nothing is left to do.
pub async fn nothing_left(service: &DynamoDb, job: &Job) -> Result<(), Error> {
    service
        .transact(|tx| {
            finish(tx, job);
            Ok::<_, Failure>(())
        })
        .await
}

/// Forgets exports and imports whose time is over.
async fn forget_old(service: &DynamoDb) -> Result<(), Error> {
    let now_ms = service.clock.now().millis();
    for (account, region) in places(&service.store, SERVICE)? {
        let place = Place { account, region };
        loop {
            let range = place.transfer_ends(now_ms);
            let page = service.store.snapshot().range(range, RangeOptions::limit(BATCH))?;
            if page.entries.is_empty() {
                break;
            }
            service
                .transact(|tx| {
                    for (end, _) in &page.entries {
                        if let Some(job) = transfer_end_of(end, &place)? {
                            forget_one(tx, &job)?;
                        }
                        tx.delete(end.clone());
                    }
                    Ok::<_, Failure>(())
                })
                .await?;
        }
    }
    Ok(())
}

fn forget_one(tx: &mut Tx, job: &Job) -> Result<(), Failure> {
    let row = job.row();
    let Some(found) = tx.get(&row)? else { return Ok(()) };
    let token = match job.way {
        Way::Export => Export::decode(&found)?.token,
        Way::Import => Import::decode(&found)?.token,
    };
    forget(tx, job, &token)?;
    tx.delete(row);
    Ok(())
}
