//! Open keys, in memory for five minutes: who has been let in to a table by KMS is let in without it for so long
//! ("DynamoDB encryption at rest: how it works").

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use kernel::{Call, Clock, Ids};
use parking_lot::RwLock;
use service::{Cloud, Deps};
use store::{KeyRange, RangeOptions, Record as _, Store, Tx};
use vault::Vault;

use super::kms;
use super::records::{DataKey, Encryption};
use super::refused::Refused;
use super::ring::Ring;
use super::wanted::Wanted;
use crate::error::{Failure, corrupt};
use crate::keys::{Place, SERVICE, text_after};
use crate::name::TableName;
use crate::records::Home;

/// What the vault closes keys for.
const PURPOSE: &str = "dynamodb.table";
/// How long a caller is let in without asking KMS.
const LIFE_MS: i64 = 5 * 60 * 1000;
/// For so long a key stays in memory behind that: who was let in at the very end may still be writing.
const GRACE_MS: i64 = 60 * 1000;
/// Callers that are remembered for one table. Any more, and all ask again.
const CALLERS_MAX: usize = 1_000;

/// The open keys of tables.
pub struct Rings {
    store: Store,
    clock: Clock,
    ids: Ids,
    cloud: Cloud,
    vault: Vault,
    /// By the rows that they are closed in.
    open: RwLock<HashMap<Bytes, Open>>,
}

struct Open {
    ring: Arc<Ring>,
    /// Who is let in until when.
    callers: HashMap<String, i64>,
    until_ms: i64,
}

/// A key that contents are given, open and closed.
#[derive(Debug)]
pub struct NewKey {
    pub ring: Arc<Ring>,
    pub closed: DataKey,
    /// See [`Encryption::managed`].
    pub managed: bool,
}

impl NewKey {
    /// As a table says it.
    pub fn encryption(&self, filling: bool) -> Encryption {
        let kms_key = match &self.closed {
            DataKey::Own { .. } => None,
            DataKey::Kms { key_arn, .. } => Some(key_arn.clone()),
        };
        Encryption { kms_key, managed: self.managed, filling, inaccessible_ms: None }
    }
}

impl Rings {
    pub fn new(deps: &Deps) -> Self {
        Self {
            store: deps.store.clone(),
            clock: deps.clock.clone(),
            ids: deps.ids,
            cloud: deps.cloud.clone(),
            vault: deps.vault.clone(),
            open: RwLock::default(),
        }
    }

    /// The key of contents, for the caller; none if they have none.
    ///
    /// # Errors
    /// Those of KMS, for a KMS key that cannot be used, or not by the caller.
    pub async fn find(&self, call: &Call, place: &Place, home: &Home) -> Result<Option<Arc<Ring>>, Refused> {
        let who = format!("{} {}", call.principal.arn, call.principal.access_key);
        self.find_for(kms::forward(call, place), who, place, home).await
    }

    /// The same for the service's own work.
    pub async fn find_own(&self, place: &Place, home: &Home) -> Result<Option<Arc<Ring>>, Refused> {
        self.find_for(self.own_call(place), String::new(), place, home).await
    }

    async fn find_for(
        &self,
        call: Call,
        who: String,
        place: &Place,
        home: &Home,
    ) -> Result<Option<Arc<Ring>>, Refused> {
        let (row, now_ms) = (place.data_key(home), self.clock.now().millis());
        if let Some(open) = self.open.read().get(&row)
            && open.callers.get(&who).is_some_and(|until_ms| now_ms < *until_ms)
        {
            return Ok(Some(open.ring.clone()));
        }
        let Some(closed) = self.store.snapshot().get(&row)? else { return Ok(None) };
        let opened = match DataKey::decode(&closed).map_err(store::Error::from)? {
            DataKey::Own { sealed } => self.vault.open(PURPOSE, &place.account, &sealed).map_err(corrupt)?,
            DataKey::Kms { key_arn, blob, table, .. } => {
                kms::open(&self.cloud, call, &place.account, (&key_arn, &blob, &table)).await?
            }
        };
        let ring =
            Ring::from_slice(&opened, self.ids).ok_or_else(|| corrupt("a table's key has another length"))?;
        Ok(Some(self.keep(row, Arc::new(ring), who)))
    }

    /// The key of contents as it is in memory: for transactions, which begin when it was found.
    pub fn at_hand(&self, place: &Place, home: &Home) -> Option<Arc<Ring>> {
        self.open.read().get(&place.data_key(home)).map(|open| open.ring.clone())
    }

    fn keep(&self, row: Bytes, ring: Arc<Ring>, who: String) -> Arc<Ring> {
        let now_ms = self.clock.now().millis();
        let mut all = self.open.write();
        all.retain(|_, open| now_ms < open.until_ms + GRACE_MS);
        let open = all.entry(row).or_insert_with(|| Open { ring, callers: HashMap::new(), until_ms: 0 });
        open.until_ms = now_ms + LIFE_MS;
        if open.callers.len() >= CALLERS_MAX {
            open.callers.clear();
        }
        open.callers.insert(who, open.until_ms);
        open.ring.clone()
    }

    /// Wipes keys that nobody has asked for lately.
    pub fn forget_old(&self) {
        let now_ms = self.clock.now().millis();
        self.open.write().retain(|_, open| now_ms < open.until_ms + GRACE_MS);
    }

    /// A key for the contents of a table, closed as the caller wants: a new one, or that of the contents which they are a
    /// copy of.
    ///
    /// # Errors
    /// Those of KMS, for a KMS key that cannot be used, or not by the caller.
    pub async fn close(
        &self,
        call: &Call,
        table: &TableName,
        wanted: &Wanted,
        ring: Option<Arc<Ring>>,
    ) -> Result<NewKey, Refused> {
        let ring = ring.unwrap_or_else(|| Arc::new(Ring::random(self.ids)));
        let (closed, managed) = match wanted {
            Wanted::Own => {
                let sealed = self.vault.seal(PURPOSE, &table.place.account, ring.bytes());
                (DataKey::Own { sealed }, false)
            }
            Wanted::Kms(key) => {
                let calls = (call, self.own_call(&table.place));
                kms::close(&self.cloud, calls, table, key.as_deref(), &ring).await?
            }
        };
        Ok(NewKey { ring, closed, managed })
    }

    /// Lets go of a key that was closed for nothing: what it was for did not come about.
    pub async fn drop_unused(&self, place: &Place, key: Option<NewKey>) {
        let Some(NewKey { closed: DataKey::Kms { key_arn, grant, .. }, .. }) = key else { return };
        if let Err(refused) = kms::give_back(&self.cloud, self.own_call(place), &key_arn, &grant).await {
            tracing::warn!(key_arn, grant, ?refused, "a grant cannot be given back");
        }
    }

    /// Has the key at hand that contents were given. Everybody has to be let in anew.
    pub fn given(&self, (place, home): (&Place, &Home), key: &NewKey) {
        let until_ms = self.clock.now().millis() + LIFE_MS;
        let open = Open { ring: key.ring.clone(), callers: HashMap::new(), until_ms };
        // In one step: transactions under way find the one or the other.
        self.open.write().insert(place.data_key(home), open);
    }

    /// Wipes a key that contents were not given after all.
    pub fn not_given(&self, (place, home): (&Place, &Home)) {
        self.open.write().remove(&place.data_key(home));
    }

    /// Gives back what nothing needs any more.
    pub async fn give_back(&self, place: &Place) -> Result<(), model_dynamodb::Error> {
        let prefix = place.grant_ends();
        loop {
            let page = self.store.snapshot().range(KeyRange::prefix(&prefix), RangeOptions::limit(GRANTS))?;
            if page.entries.is_empty() {
                return Ok(());
            }
            for (row, _) in &page.entries {
                let (key_arn, grant) = crate::keys::names_after(row, &prefix).map_err(store::Error::from)?;
                kms::give_back(&self.cloud, self.own_call(place), &key_arn, &grant).await?;
                let done = |tx: &mut Tx| {
                    tx.delete(row.clone());
                    Ok::<_, Failure>(())
                };
                self.store.transact(done).await.map_err(model_dynamodb::Error::from)?;
            }
        }
    }

    fn own_call(&self, place: &Place) -> Call {
        let at = (place.account.as_str(), place.region.as_str());
        Call::of_service(SERVICE, at, self.ids.uuid(), self.clock.now())
    }
}

/// Grants that are given back from one look.
const GRANTS: usize = 100;

/// Gives contents a key, in place of the one that they have.
pub fn put(tx: &mut Tx, (place, home): (&Place, &Home), key: &NewKey) -> Result<(), Failure> {
    drop_key(tx, place, home)?;
    put_closed(tx, place, home, &key.closed);
    Ok(())
}

/// Gives the contents of a copy the key of those that are copied, if they have one.
pub fn share(tx: &mut Tx, place: &Place, from: &Home, to: &Home) -> Result<(), Failure> {
    if let Some(found) = tx.get(&place.data_key(from))? {
        put_closed(tx, place, to, &DataKey::decode(&found)?);
    }
    Ok(())
}

fn put_closed(tx: &mut Tx, place: &Place, home: &Home, closed: &DataKey) {
    if let DataKey::Kms { key_arn, grant, .. } = closed {
        tx.put(place.grant_use(key_arn, grant, home), Bytes::new());
    }
    tx.put(place.data_key(home), closed.encode());
}

/// Forgets the key of contents that are gone, in all regions: once neither they nor their log have anything.
pub fn forget(tx: &mut Tx, place: &Place, home: &Home) -> Result<(), Failure> {
    let prefix = place.data_keys(home);
    let closed = tx.range(KeyRange::prefix(&prefix), RangeOptions::default())?;
    if closed.entries.is_empty() {
        return Ok(());
    }
    for range in [place.contents(home).range(), place.log(home).all()] {
        if !tx.range(range, RangeOptions::limit(1))?.entries.is_empty() {
            return Ok(());
        }
    }
    for (row, _) in closed.entries {
        drop_key(tx, &place.in_region(&text_after(&row, &prefix)?), home)?;
    }
    Ok(())
}

fn drop_key(tx: &mut Tx, place: &Place, home: &Home) -> Result<(), Failure> {
    let row = place.data_key(home);
    let Some(found) = tx.get(&row)? else { return Ok(()) };
    if let DataKey::Kms { key_arn, grant, .. } = DataKey::decode(&found)? {
        tx.delete(place.grant_use(&key_arn, &grant, home));
        let uses = KeyRange::prefix(place.grant_uses(&key_arn, &grant));
        if tx.range(uses, RangeOptions::limit(1))?.entries.is_empty() {
            tx.put(place.grant_end(&key_arn, &grant), Bytes::new());
        }
    }
    tx.delete(row);
    Ok(())
}
