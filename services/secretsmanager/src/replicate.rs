//! Replicas: the same secret in other regions, written in the transactions that write their primary.

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::{ReplicaRegionType, ReplicationStatusType, StatusType};
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Open;

use crate::envelope::MANAGED_KEY;
use crate::error::{Failure, invalid};
use crate::keys;
use crate::limits::{REPLICAS_MAX, WRITE_ROUNDS};
use crate::records::{Replica, Replication, Secret, Version};
use crate::secrets::{Found, Secrets, current, put_version, remove, rows, save};
use crate::write::replication_failure;

/// Values encrypted for one replica; or why not.
pub type Copies = Result<Vec<(String, Version)>, String>;

/// Checks the regions asked for, and makes replicas of them.
pub fn requested(own_region: &str, regions: &[ReplicaRegionType]) -> Result<Vec<Replica>, Error> {
    let mut replicas: Vec<Replica> = Vec::new();
    for entry in regions {
        let region = entry.region.clone().unwrap_or_default();
        if region.is_empty()
            || region == own_region
            || replicas.iter().any(|replica| replica.region == region)
        {
            return Err(invalid("Invalid replica region."));
        }
        let kms_key = crate::describe::named_key(entry.kms_key_id.clone());
        replicas.push(Replica { region, kms_key, failure: None });
    }
    if replicas.len() > REPLICAS_MAX {
        return Err(invalid(format!("A secret can be replicated to at most {REPLICAS_MAX} Regions.")));
    }
    Ok(replicas)
}

impl Secrets {
    /// Adds replicas, or brings them into step again.
    pub async fn replicate(
        &self,
        call: &Call,
        found: &Found,
        wanted: &[Replica],
        overwrite: bool,
    ) -> Result<Found, Error> {
        for _ in 0..WRITE_ROUNDS {
            let before = self.again(found)?;
            before.writable()?;
            let mut copies = Vec::new();
            for replica in wanted {
                copies.push(self.copies(call, &before, replica).await?);
            }
            let outcome = self
                .store
                .transact(|tx| {
                    let mut found = current(tx, &before)?;
                    if found != before {
                        return Err(Failure::Stale);
                    }
                    for (replica, copies) in wanted.iter().zip(&copies) {
                        place(tx, &mut found, replica, copies, overwrite)?;
                    }
                    if found.secret.replicas().len() > REPLICAS_MAX {
                        let text = format!("A secret can be replicated to at most {REPLICAS_MAX} Regions.");
                        return Err(invalid(text).into());
                    }
                    found.secret.changed_ms = call.now.millis();
                    save(tx, &found);
                    Ok(found)
                })
                .await;
            match outcome {
                Err(Failure::Stale) => {}
                outcome => return outcome.map_err(Error::from),
            }
        }
        Err(Failure::Stale.into())
    }

    /// Encrypts the versions in use for a replica. Only a primary that cannot be read is an error.
    async fn copies(&self, call: &Call, found: &Found, replica: &Replica) -> Result<Copies, Error> {
        let there = Found { region: replica.region.clone(), ..found.clone() };
        let mut copies: Vec<(String, Version)> = Vec::new();
        for id in found.secret.labels.values() {
            if copies.iter().any(|(done, _)| done == id) {
                continue;
            }
            let Some(version) = self.version(found, id)? else { continue };
            let payload = self.open(call, &found.arn(), id, &version).await?;
            match self.seal(call, &there.arn(), id, replica.kms_key.as_deref(), &payload).await {
                Ok(sealed) => copies.push((id.clone(), Version { created_ms: version.created_ms, ..sealed })),
                Err(error) => return Ok(Err(replication_failure(&error))),
            }
        }
        Ok(Ok(copies))
    }

    /// The replicas as answers show them.
    pub fn replication_status(&self, found: &Found) -> Result<Option<Vec<ReplicationStatusType>>, Error> {
        let mut shown = Vec::new();
        for replica in found.secret.replicas() {
            let there = Found { region: replica.region.clone(), ..found.clone() };
            let status = if replica.failure.is_some() { StatusType::Failed } else { StatusType::InSync };
            shown.push(ReplicationStatusType {
                region: Some(replica.region.clone()),
                kms_key_id: Some(replica.kms_key.clone().unwrap_or_else(|| MANAGED_KEY.to_owned())),
                status: Some(Open::Known(status)),
                status_message: Some(
                    replica.failure.clone().unwrap_or_else(|| "Replication succeeded".to_owned()),
                ),
                last_accessed_date: self.accessed(&there, "")?,
            });
        }
        Ok((!shown.is_empty()).then_some(shown))
    }
}

/// Puts a replica in its place and notes it with its primary, which is still to be saved.
pub fn place(
    tx: &mut Tx,
    found: &mut Found,
    replica: &Replica,
    copies: &Copies,
    overwrite: bool,
) -> Result<(), Failure> {
    let mut replica = replica.clone();
    match copies {
        Ok(copies) => match obstacle(tx, found, &replica.region, overwrite)? {
            Some(why) => replica.failure = Some(why),
            None => {
                let rows = rows(&found.account, &replica.region, &found.secret);
                copies.iter().for_each(|(id, version)| put_version(tx, &rows, id, version));
            }
        },
        Err(why) => replica.failure = Some(why.clone()),
    }
    let replicas = match &mut found.secret.replication {
        Some(Replication::Primary { replicas }) => replicas,
        other => {
            *other = Some(Replication::Primary { replicas: Vec::new() });
            let Some(Replication::Primary { replicas }) = other else { return Ok(()) };
            replicas
        }
    };
    replicas.retain(|known| known.region != replica.region);
    replicas.push(replica);
    Ok(())
}

/// Why a replica cannot be there. What may be overwritten is removed.
fn obstacle(tx: &mut Tx, found: &Found, region: &str, overwrite: bool) -> Result<Option<String>, Failure> {
    let name = &found.secret.name;
    let Some(bytes) = tx.get(&keys::secret(&found.account, region, name))? else { return Ok(None) };
    let there =
        Found { account: found.account.clone(), region: region.to_owned(), secret: Secret::decode(&bytes)? };
    let ours = there.secret.suffix == found.secret.suffix
        && there.secret.primary_region() == Some(found.region.as_str());
    // Another's replica is its primary's to remove, and a primary would leave its own behind.
    if ours || (overwrite && there.secret.replication.is_none()) {
        remove(tx, &there);
        return Ok(None);
    }
    Ok(Some(format!("Replication failed: Secret name {name} already exists in region {region}.")))
}

/// Removes replicas and forgets them.
pub fn withdraw(tx: &mut Tx, found: &mut Found, regions: &[String]) -> Result<(), Failure> {
    for region in regions {
        let Some(replica) = found.secret.replicas().iter().find(|replica| replica.region == *region) else {
            return Err(invalid(format!("The secret is not replicated to Region {region}.")).into());
        };
        let there = Found { region: replica.region.clone(), ..found.clone() };
        match current(tx, &there) {
            Ok(there) if there.secret.primary_region() == Some(found.region.as_str()) => remove(tx, &there),
            // A replica that was never made left nothing.
            Ok(_) | Err(Failure::Api(_)) => {}
            Err(failure) => return Err(failure),
        }
        forget(found, region);
    }
    Ok(())
}

/// Takes a region from those a primary knows.
pub fn forget(found: &mut Found, region: &str) {
    let Some(Replication::Primary { replicas }) = &mut found.secret.replication else { return };
    replicas.retain(|replica| replica.region != region);
    if replicas.is_empty() {
        found.secret.replication = None;
    }
}

/// How many versions there are: a replica has only those that were in use when it was made, and later ones.
pub fn count_versions(tx: &Tx, found: &Found) -> Result<u32, Failure> {
    let mut range = KeyRange::prefix(found.rows().by_age());
    let mut count = 0;
    loop {
        let page = tx.range_unchecked(range.clone(), RangeOptions::default())?;
        count += page.entries.len();
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(u32::try_from(count).unwrap_or(u32::MAX)),
        }
    }
}
