//! New values and new settings of a secret. Encryption happens before the transaction, which then only goes through if
//! the secret is still the one that was prepared for.

use kernel::Call;
use model_secretsmanager::Error;

use crate::error::{Failure, replica, token_taken};
use crate::labels::{self, CURRENT, PENDING, PREVIOUS};
use crate::limits::WRITE_ROUNDS;
use crate::payload::Payload;
use crate::records::{Replication, Version};
use crate::rotation::{plan_next, under_way};
use crate::secrets::{Found, Secrets, current, make_room, put_version, rows, save};

/// A value to be written.
pub struct NewValue<'a> {
    /// The request's token: the id of the version.
    pub id: &'a str,
    pub payload: &'a Payload,
    /// The labels asked for.
    pub labels: &'a [String],
}

/// Settings to be changed; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub description: Option<Option<String>>,
    pub kms_key: Option<Option<String>>,
    pub partner: Option<Option<String>>,
}

impl Settings {
    fn is_empty(&self) -> bool {
        self.description.is_none() && self.kms_key.is_none() && self.partner.is_none()
    }

    fn only_key(&self) -> bool {
        self.description.is_none() && self.partner.is_none()
    }
}

/// A value encrypted for each region that has the secret; or why not, for a replica.
pub struct Sealed {
    pub own: Version,
    pub replicas: Vec<(String, Result<Version, String>)>,
}

impl Secrets {
    /// Writes a value, settings, or both.
    pub async fn revise(
        &self,
        call: &Call,
        found: &Found,
        settings: &Settings,
        new: Option<&NewValue<'_>>,
    ) -> Result<Found, Error> {
        for _ in 0..WRITE_ROUNDS {
            let before = self.again(found)?;
            check_revisable(&before, settings, new)?;
            let new = match new {
                Some(new) if self.is_written(call, &before, new).await? => None,
                new => new,
            };
            if new.is_none() && settings.is_empty() {
                return Ok(before);
            }
            let key = settings.kms_key.clone().unwrap_or_else(|| before.secret.kms_key.clone());
            let resealed = self.reseal(call, &before, key.as_deref()).await?;
            let sealed = match new {
                Some(new) => Some(self.seal_everywhere(call, &before, key.as_deref(), new).await?),
                None => None,
            };
            let outcome =
                self.commit(call, &before, settings, &key, &resealed, new.zip(sealed.as_ref())).await;
            match outcome {
                Err(Failure::Stale) => {}
                outcome => return outcome.map_err(Error::from),
            }
        }
        Err(Failure::Stale.into())
    }

    async fn commit(
        &self,
        call: &Call,
        before: &Found,
        settings: &Settings,
        key: &Option<String>,
        resealed: &[(String, Version)],
        new: Option<(&NewValue<'_>, &Sealed)>,
    ) -> Result<Found, Failure> {
        self.store
            .transact(|tx| {
                let mut found = current(tx, before)?;
                if found != *before {
                    return Err(Failure::Stale);
                }
                for (id, version) in resealed {
                    put_version(tx, &found.rows(), id, version);
                }
                if let Some((new, sealed)) = new {
                    let first = found.secret.versions == 0;
                    make_room(tx, &mut found, call.now)?;
                    labels::attach_new(&mut found.secret.labels, new.labels, new.id, first)?;
                    put_version(tx, &found.rows(), new.id, &sealed.own);
                    put_replicas(tx, &mut found, new.id, &sealed.replicas);
                    // Days are counted from the last time the value was changed, by whomever.
                    let by_days =
                        found.secret.rotation.as_ref().is_some_and(|rotation| rotation.days.is_some());
                    if by_days && under_way(&found).is_none() {
                        plan_next(tx, &mut found, call.now)?;
                    }
                }
                found.secret.changed_ms = call.now.millis();
                if let Some(description) = &settings.description {
                    found.secret.description.clone_from(description);
                }
                if let Some(partner) = &settings.partner {
                    found.secret.partner.clone_from(partner);
                }
                if settings.kms_key.is_none() {
                    save(tx, &found);
                    return Ok(found);
                }
                found.secret.kms_key.clone_from(key);
                match found.secret.primary_region().map(str::to_owned) {
                    None => save(tx, &found),
                    // The key of a replica is kept with its primary, which writes the replica too.
                    Some(primary_region) => {
                        let mut primary = found.clone();
                        primary.region = primary_region;
                        let mut primary = current(tx, &primary)?;
                        for replica in primary.secret.replicas_mut() {
                            if replica.region == found.region {
                                replica.kms_key.clone_from(key);
                            }
                        }
                        save(tx, &primary);
                    }
                }
                Ok(found)
            })
            .await
    }

    /// Whether the value is there already under its id; an error if another is.
    async fn is_written(&self, call: &Call, found: &Found, new: &NewValue<'_>) -> Result<bool, Error> {
        let Some(version) = self.version(found, new.id)? else { return Ok(false) };
        let arn = found.arn();
        if self.open(call, &arn, new.id, &version).await?.same(new.payload) {
            return Ok(true);
        }
        Err(token_taken(new.id, arn.as_str()))
    }

    /// Encrypts the versions in use under another key, if it is another.
    async fn reseal(
        &self,
        call: &Call,
        found: &Found,
        key: Option<&str>,
    ) -> Result<Vec<(String, Version)>, Error> {
        if key == found.secret.kms_key.as_deref() {
            return Ok(Vec::new());
        }
        let arn = found.arn();
        self.try_key(call, &arn, key).await?;
        let mut resealed: Vec<(String, Version)> = Vec::new();
        for label in [CURRENT, PENDING, PREVIOUS] {
            let Some(id) = found.secret.labels.get(label) else { continue };
            if resealed.iter().any(|(done, _)| done == id) {
                continue;
            }
            let Some(version) = self.version(found, id)? else { continue };
            let payload = self.open(call, &arn, id, &version).await?;
            let sealed = self.seal(call, &arn, id, key, &payload).await?;
            resealed.push((id.clone(), Version { created_ms: version.created_ms, ..sealed }));
        }
        Ok(resealed)
    }

    /// Encrypts a value for the secret and its replicas.
    pub async fn seal_everywhere(
        &self,
        call: &Call,
        found: &Found,
        key: Option<&str>,
        new: &NewValue<'_>,
    ) -> Result<Sealed, Error> {
        let own = self.seal(call, &found.arn(), new.id, key, new.payload).await?;
        let mut replicas = Vec::new();
        for replica in found.secret.replicas().iter().filter(|replica| replica.failure.is_none()) {
            let there = Found { region: replica.region.clone(), ..found.clone() };
            let sealed = self.seal(call, &there.arn(), new.id, replica.kms_key.as_deref(), new.payload).await;
            let sealed = sealed.map_err(|error| replication_failure(&error));
            replicas.push((replica.region.clone(), sealed));
        }
        Ok(Sealed { own, replicas })
    }
}

/// What a primary shows of a replica that could not follow.
pub fn replication_failure(error: &Error) -> String {
    format!("Replication failed: {}", crate::error::code_and_text(error).1)
}

fn check_revisable(found: &Found, settings: &Settings, new: Option<&NewValue<'_>>) -> Result<(), Error> {
    found.live()?;
    let is_replica = matches!(found.secret.replication, Some(Replication::Replica { .. }));
    // Its key is all that a replica has of its own.
    let only_key = new.is_none() && settings.kms_key.is_some() && settings.only_key();
    if is_replica && !only_key { Err(replica()) } else { Ok(()) }
}

fn put_replicas(
    tx: &mut store::Tx,
    found: &mut Found,
    id: &str,
    replicas: &[(String, Result<Version, String>)],
) {
    for (region, sealed) in replicas {
        match sealed {
            Ok(version) => put_version(tx, &rows(&found.account, region, &found.secret), id, version),
            Err(why) => {
                for replica in found.secret.replicas_mut().iter_mut().filter(|r| r.region == *region) {
                    replica.failure = Some(why.clone());
                }
            }
        }
    }
}
