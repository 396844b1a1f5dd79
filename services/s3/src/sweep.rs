//! Removes files that nobody uses any more, and at the start those that an earlier run left behind.

use std::sync::Arc;
use std::time::Duration;

use blob::BlobId;
use service::places;
use store::{Record as _, Stamp};

use crate::data::{self, GARBAGE};
use crate::error::Failure;
use crate::keys::{Place, SERVICE};
use crate::records::Garbage;
use crate::s3::S3;

/// After an error the sweeper rests so long: the log says what is wrong.
const REST: Duration = Duration::from_secs(5);
/// Files removed in one go.
const BATCH: usize = 500;
/// A download that takes longer than this may be broken off when its object is deleted or overwritten: otherwise a client
/// that never reads on would keep the space for ever. At 5 MiB a second, 5 GiB have been read by then three times.
const READING_MAX: Duration = Duration::from_secs(3_600);

/// Why a sweep ended.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

fn trouble(failure: Failure) -> Trouble {
    match failure {
        Failure::Store(error) => error.into(),
        Failure::Api(error) => format!("{error:?}").into(),
    }
}

/// Sweeps for ever.
pub async fn run(s3: Arc<S3>) {
    let mut garbage = s3.store.watch_changes(GARBAGE);
    if let Err(error) = unreferenced(&s3).await {
        tracing::error!(%error, "files that an earlier run left behind cannot be removed");
    }
    loop {
        if let Err(error) = sweep(&s3).await {
            tracing::error!(%error, "files that nobody uses cannot be removed");
            s3.clock.sleep(REST).await;
            continue;
        }
        tokio::select! {
            () = garbage.changed() => {}
            () = s3.orphans.changed() => {}
        }
    }
}

async fn sweep(s3: &S3) -> Result<(), Trouble> {
    give_up_orphans(s3).await?;
    if s3.store.changes(GARBAGE, Stamp::ZERO, 1)?.is_empty() {
        return Ok(());
    }
    // Whoever begins to read from here on finds no row that names what is garbage by now: all of it is waited for at once.
    let now = s3.store.snapshot().version();
    tokio::select! {
        () = s3.readers.ended() => {}
        () = s3.clock.sleep(READING_MAX) => {}
    }
    while remove_some(s3, now).await? == BATCH {}
    Ok(())
}

/// Makes garbage of the files whose requests ended early. Those that it does not come to are kept for the next time.
async fn give_up_orphans(s3: &S3) -> Result<(), Trouble> {
    let mut files = s3.orphans.take();
    while let Some((place, id)) = files.last() {
        if let Err(failure) = s3.store.transact(|tx| data::give_up(tx, place, id)).await {
            s3.orphans.put_back(files);
            return Err(trouble(failure));
        }
        files.pop();
    }
    Ok(())
}

/// Removes a few of the files that were garbage at a version of the store; says how many.
async fn remove_some(s3: &S3, version: u64) -> Result<usize, Trouble> {
    let mut changes = s3.store.changes(GARBAGE, Stamp::ZERO, BATCH)?;
    changes.retain(|change| change.stamp.version <= version);
    let Some(last) = changes.last() else { return Ok(0) };
    let mut files = Vec::with_capacity(changes.len());
    for change in &changes {
        let Garbage { account, region, id } = Garbage::decode(&change.record).map_err(store::Error::from)?;
        files.push((Place { account, region }, id));
    }
    for (_, id) in &files {
        s3.blobs.delete(BlobId::from_bytes(*id)).await?;
    }
    s3.store
        .transact(|tx| {
            files.iter().for_each(|(place, id)| tx.delete(place.garbage(id)));
            Ok::<_, Failure>(())
        })
        .await
        .map_err(trouble)?;
    s3.store.trim_changes(GARBAGE, after(last.stamp)).await?;
    Ok(changes.len())
}

fn after(stamp: Stamp) -> Stamp {
    match stamp.counter.checked_add(1) {
        Some(counter) => Stamp::new(stamp.version, counter),
        None => Stamp::new(stamp.version + 1, 0),
    }
}

/// Removes what no row names, of what was written before this start.
async fn unreferenced(s3: &S3) -> Result<(), Trouble> {
    let store = s3.store.clone();
    let places: Vec<Place> =
        places(&store, SERVICE)?.into_iter().map(|(account, region)| Place { account, region }).collect();
    let keep = move |id: &BlobId| {
        let snapshot = store.snapshot();
        for place in &places {
            if snapshot.get(&place.blob(id.bytes()))?.is_some() {
                return Ok(true);
            }
        }
        Ok::<_, Trouble>(false)
    };
    let swept = s3.blobs.sweep(keep).await?;
    if swept.removed + swept.abandoned > 0 {
        tracing::info!(
            removed = swept.removed,
            unfinished = swept.abandoned,
            "left by an earlier run, and removed"
        );
    }
    Ok(())
}
