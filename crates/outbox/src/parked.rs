//! Deliveries that were given up: looking at them, putting them back, and throwing them away.

use bytes::Bytes;
use kernel::Timestamp;
use store::{Error, KeyRange, RangeOptions, Record as _, Store, Tx};

use crate::counts::number;
use crate::delivery::DeliveryId;
use crate::keys::{Count, all_parked, parked};
use crate::limits::{PARKED_AGE_MAX, PARKED_MAX, PARKED_PAGE_MAX, PARKED_TRIM};
use crate::outbox::{Outbox, put_in_order, put_single, put_timer, timer};
use crate::records::Parked;

/// A delivery that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedDelivery {
    /// The id its handler saw.
    pub id: DeliveryId,
    /// Its order, if it had one.
    pub order: Option<Bytes>,
    /// Its name, if it was a timer.
    pub name: Option<String>,
    /// What was to be delivered.
    pub payload: Bytes,
    /// How often that was tried.
    pub attempts: u32,
    /// When it was put.
    pub put: Timestamp,
    /// When its first attempt was due.
    pub due: Timestamp,
    /// When it was given up.
    pub parked: Timestamp,
    /// Why its last attempt failed; a long text is cut.
    pub why: String,
}

/// What came of putting a parked delivery back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unparked {
    /// It is pending again.
    Pending,
    /// No such delivery is parked.
    Absent,
    /// It was a timer, and another of its name is pending: it stays parked.
    Superseded,
}

impl Outbox {
    /// Parked deliveries of an account, region and kind, oldest first: up to `limit` (at most [`PARKED_PAGE_MAX`], at
    /// least one) of those after `after`. Fewer come when they are large; none: there are no more.
    pub fn parked(
        &self,
        account: &str,
        region: &str,
        kind: &str,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<ParkedDelivery>, Error> {
        let rows = KeyRange::prefix(all_parked(account, region, kind));
        let range = match after {
            Some(id) => rows.after(&parked(account, region, kind, id.parts())),
            None => rows,
        };
        let page =
            self.store.snapshot().range(range, RangeOptions::limit(limit.clamp(1, PARKED_PAGE_MAX)))?;
        page.entries.iter().map(|(_, value)| Ok(Parked::decode(value)?.into())).collect()
    }

    /// Puts a parked delivery back, due now and as if never tried. In its order it comes after what is pending there.
    pub fn unpark(
        &self,
        tx: &mut Tx,
        account: &str,
        region: &str,
        kind: &'static str,
        id: DeliveryId,
    ) -> Result<Unparked, Error> {
        let Some(Parked { mut pending, order, name, .. }) = read(tx, account, region, kind, id)? else {
            return Ok(Unparked::Absent);
        };
        let now_ms = self.clock.now().millis();
        pending.attempts = 0;
        pending.first_due_ms = now_ms;
        pending.due_ms = now_ms;
        match (&name, &order) {
            (Some(name), _) => {
                if timer(account, region, name).head(kind, tx)?.is_some() {
                    return Ok(Unparked::Superseded);
                }
                put_timer(tx, kind, account, region, name, &pending);
            }
            (None, Some(order)) => put_in_order(tx, kind, account, region, order, &pending, now_ms),
            (None, None) => put_single(tx, kind, account, region, &pending),
        }
        tx.add_i64(Count::Pending.of(kind, account, region), 1);
        remove(tx, account, region, kind, id);
        Ok(Unparked::Pending)
    }

    /// Throws a parked delivery away; says whether there was one.
    pub fn discard(
        &self,
        tx: &mut Tx,
        account: &str,
        region: &str,
        kind: &'static str,
        id: DeliveryId,
    ) -> Result<bool, Error> {
        let was = read(tx, account, region, kind, id)?.is_some();
        if was {
            remove(tx, account, region, kind, id);
        }
        Ok(was)
    }
}

/// Throws away the oldest parked deliveries of an account, region and kind: those beyond [`PARKED_MAX`], and those that are
/// older than [`PARKED_AGE_MAX`].
pub(crate) async fn trim(
    store: &Store,
    (account, region): (&str, &str),
    kind: &'static str,
    now: Timestamp,
) -> Result<(), Error> {
    let rows = KeyRange::prefix(all_parked(account, region, kind));
    let snapshot = store.snapshot();
    let count =
        snapshot.get(&Count::Parked.of(kind, account, region))?.map_or(Ok(0), |kept| number(&kept))?;
    let too_many = count.saturating_sub(PARKED_MAX);
    let page = snapshot.range(rows, RangeOptions::limit(PARKED_TRIM))?;
    let mut gone = Vec::new();
    for (row, value) in &page.entries {
        let age = now.since(Timestamp::from_millis(Parked::decode(value)?.parked_ms));
        if (gone.len() as u64) < too_many || age > PARKED_AGE_MAX {
            gone.push(row);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    let removed = store
        .transact(|tx| {
            let mut removed = 0;
            for row in &gone {
                // Others may have put it back or thrown it away meanwhile.
                if tx.get(row)?.is_some() {
                    tx.delete((*row).clone());
                    tx.add_i64(Count::Parked.of(kind, account, region), -1);
                    removed += 1;
                }
            }
            Ok::<_, Error>(removed)
        })
        .await?;
    tracing::warn!(kind, account, region, removed, "deliveries that were given up long ago are forgotten");
    Ok(())
}

fn read(
    tx: &mut Tx,
    account: &str,
    region: &str,
    kind: &str,
    id: DeliveryId,
) -> Result<Option<Parked>, Error> {
    let value = tx.get(&parked(account, region, kind, id.parts()))?;
    Ok(value.map(|value| Parked::decode(&value)).transpose()?)
}

fn remove(tx: &mut Tx, account: &str, region: &str, kind: &str, id: DeliveryId) {
    tx.delete(parked(account, region, kind, id.parts()));
    tx.add_i64(Count::Parked.of(kind, account, region), -1);
}

impl From<Parked> for ParkedDelivery {
    fn from(parked: Parked) -> ParkedDelivery {
        let Parked { pending, parked_ms, why, order, name } = parked;
        ParkedDelivery {
            id: pending.id(),
            order,
            name,
            attempts: pending.attempts,
            put: Timestamp::from_millis(pending.put_ms),
            due: Timestamp::from_millis(pending.first_due_ms),
            parked: Timestamp::from_millis(parked_ms),
            why,
            payload: pending.payload,
        }
    }
}
