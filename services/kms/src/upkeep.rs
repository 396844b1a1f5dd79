//! What is due by the clock: deletions, rotations, the end of imported material; and writing when keys were used.
//! Whatever it does is a transaction, and what is left undone is due still.

use std::sync::Arc;
use std::time::Duration;

use kernel::Timestamp;
use model_kms::Error;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::crypto;
use crate::error::internal;
use crate::family;
use crate::keys;
use crate::kms::{Kms, change_in, read, write};
use crate::limits::{DAY_MS, SWEEP_ROWS, USAGE_FLUSH_SECS};
use crate::ops::grants::delete_rows;
use crate::ops::import::remove_material;
use crate::records::{self, Grant};
use crate::spec::Spec;

/// After an error the work rests so long: the log says what is wrong.
const REST: Duration = Duration::from_secs(5);

/// Does what is due, for ever. Between times it sleeps until something is.
pub async fn run(kms: Arc<Kms>) {
    loop {
        let next = match work(&kms).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(?error, "what is due could not be done");
                kms.clock.sleep(REST).await;
                continue;
            }
        };
        let changed = kms.rescheduled.notified();
        match next {
            Some(at) => tokio::select! {
                () = kms.clock.sleep_until(at) => {}
                () = changed => {}
            },
            None => changed.await,
        }
    }
}

/// Writes uses from time to time, for ever.
pub async fn write_uses(kms: Arc<Kms>) {
    loop {
        kms.clock.sleep(Duration::from_secs(USAGE_FLUSH_SECS)).await;
        if let Err(error) = kms.write_uses().await {
            tracing::error!(?error, "uses of keys could not be written");
        }
    }
}

/// Does what is due in all accounts and regions; says when the next thing is.
async fn work(kms: &Kms) -> Result<Option<Timestamp>, Error> {
    let mut next: Option<Timestamp> = None;
    for (account, region) in service::places(&kms.store, keys::SERVICE)? {
        let prefix = keys::dues(&account, &region);
        loop {
            let page =
                kms.store.snapshot().range(KeyRange::prefix(&prefix), RangeOptions::limit(SWEEP_ROWS))?;
            let now = kms.clock.now();
            let mut done = 0;
            for (row, _) in &page.entries {
                let (due_ms, id) = keys::due_of(row, &prefix)?;
                if due_ms > now.millis() {
                    let at = Timestamp::from_millis(due_ms);
                    next = Some(next.map_or(at, |next| next.min(at)));
                    break;
                }
                attend(kms, &account, &region, &id, due_ms, now.millis()).await?;
                done += 1;
            }
            if done == 0 {
                break;
            }
        }
    }
    Ok(next)
}

/// Does what is due for one key.
async fn attend(
    kms: &Kms,
    account: &str,
    region: &str,
    id: &str,
    due_ms: i64,
    now_ms: i64,
) -> Result<(), Error> {
    let row = keys::key(account, region, id);
    let record = kms.store.snapshot().get(&row)?.map(|raw| records::Key::decode(&raw)).transpose()?;
    if is_to_go(record.as_ref(), now_ms) {
        delete(kms, account, region, id, now_ms).await?;
    } else {
        let secret = crypto::generate(Spec::Symmetric).map_err(internal)?;
        kms.store
            .transact(|tx| {
                if read(tx, account, region, id)?.is_none_or(|record| record.next_due() != Some(due_ms)) {
                    // The row is left over: the key's record says otherwise.
                    tx.delete(keys::due(account, region, due_ms, id));
                    return Ok::<_, Error>(());
                }
                change_in(tx, account, region, id, |tx, record| {
                    expire(tx, account, region, id, record, now_ms);
                    let rotates = record.rotation.as_ref().is_some_and(|rotation| rotation.next_ms <= now_ms);
                    if rotates && record.enabled && record.deletion.is_none() {
                        kms.rotate(tx, account, region, id, record, now_ms, true, &secret)?;
                        advance(record, now_ms);
                    }
                    Ok(())
                })
            })
            .await?;
    }
    let others = record.iter().flat_map(|record| family::others(region, record)).collect::<Vec<_>>();
    for region in others.iter().map(|other| &**other).chain([region]) {
        kms.forget(account, region, id);
    }
    Ok(())
}

/// The next rotation: one period on, or as many as have passed meanwhile.
fn advance(record: &mut records::Key, now_ms: i64) {
    if let Some(rotation) = &mut record.rotation {
        let period_ms = i64::from(rotation.period_days).max(1) * DAY_MS;
        let behind = (now_ms - rotation.next_ms) / period_ms;
        rotation.next_ms += (behind + 1) * period_ms;
    }
}

/// Takes away what has expired.
fn expire(tx: &mut Tx, account: &str, region: &str, id: &str, record: &mut records::Key, now_ms: i64) {
    let expired =
        |material: &records::Material| material.present && material.expires_ms.is_some_and(|at| at <= now_ms);
    for version in 0..record.materials.len() {
        if record.materials.get(version).is_some_and(expired) {
            remove_material(tx, account, region, id, record, u32::try_from(version).unwrap_or(u32::MAX));
        }
    }
}

fn is_to_go(record: Option<&records::Key>, now_ms: i64) -> bool {
    let deletion = record.and_then(|record| record.deletion.as_ref());
    deletion.and_then(|deletion| deletion.at_ms).is_some_and(|at| at <= now_ms)
}

/// Deletes a key and everything of it: first its grants, some at a time, then the rest at once.
async fn delete(kms: &Kms, account: &str, region: &str, id: &str, now_ms: i64) -> Result<(), Error> {
    let prefix = keys::grants(account, region, id);
    loop {
        let more = kms
            .store
            .transact(|tx| {
                if !is_to_go(read(tx, account, region, id)?.as_ref(), now_ms) {
                    return Ok(false);
                }
                let page = tx.range(KeyRange::prefix(&prefix), RangeOptions::limit(SWEEP_ROWS))?;
                for (row, bytes) in &page.entries {
                    let grant = Grant::decode(bytes)?;
                    delete_rows(tx, account, region, id, &keys::last(row, &prefix)?, &grant);
                }
                Ok::<_, Error>(page.more)
            })
            .await?;
        if !more {
            break;
        }
    }
    kms.store
        .transact(|tx| {
            let Some(record) = read(tx, account, region, id)? else { return Ok::<_, Error>(()) };
            if !is_to_go(Some(&record), now_ms) {
                return Ok(());
            }
            if let Some(due_ms) = record.next_due() {
                tx.delete(keys::due(account, region, due_ms, id));
            }
            tx.delete(keys::key(account, region, id));
            tx.delete_range(keys::materials(account, region, id));
            tx.delete_range(KeyRange::prefix(&prefix));
            tx.delete_range(keys::grant_names(account, region, id));
            tx.delete(keys::usage(account, region, id));
            record.aliases.iter().for_each(|name| tx.delete(keys::alias(account, region, name)));
            tx.add_i64(keys::count(account, region), -1);
            leave_family(tx, account, region, id, &record, now_ms)
        })
        .await
}

/// Tells the key's other regions that this one is gone. A primary key that waited for its last replica begins its own
/// waiting now.
fn leave_family(
    tx: &mut Tx,
    account: &str,
    region: &str,
    id: &str,
    gone: &records::Key,
    now_ms: i64,
) -> Result<(), Error> {
    for other in family::others(region, gone) {
        let Some(mut record) = read(tx, account, &other, id)? else { continue };
        let before = record.next_due();
        let Some(multi) = &mut record.multi_region else { continue };
        multi.replicas.retain(|replica| replica != region);
        let alone = multi.replicas.is_empty() && multi.primary == other;
        if let Some(deletion) = record.deletion.as_mut().filter(|deletion| alone && deletion.at_ms.is_none())
        {
            deletion.at_ms = Some(now_ms + i64::from(deletion.window_days) * DAY_MS);
        }
        write(tx, account, &other, id, before, &record);
    }
    Ok(())
}
