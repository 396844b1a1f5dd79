//! DeleteSecret and RestoreSecret.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::{Failure, invalid, marked, replica};
use crate::keys::Due;
use crate::limits::{DAY_MS, RECOVERY_DAYS, RECOVERY_DAYS_DEFAULT};
use crate::resource::Named;
use crate::secrets::{Found, Secrets, current, remove, save};

impl Secrets {
    pub async fn delete_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: DeleteSecretInput,
    ) -> Result<DeleteSecretOutput, Error> {
        let at_once = input.force_delete_without_recovery == Some(true);
        if at_once && input.recovery_window_in_days.is_some() {
            return Err(invalid(
                "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
            ));
        }
        let days = input.recovery_window_in_days.unwrap_or(RECOVERY_DAYS_DEFAULT);
        if !RECOVERY_DAYS.contains(&days) {
            return Err(invalid("RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
        }
        if at_once && named.found.is_none() {
            // What is not there is deleted: a request sent once more succeeds.
            let name = named.id.name.clone();
            return Ok(deleted(named.id.arn().as_str(), &name, call.now));
        }
        let found = named.existing()?;
        let purge =
            call.now.plus(std::time::Duration::from_secs(days.unsigned_abs() * (DAY_MS / 1000) as u64));
        let purge = if at_once { call.now } else { purge };
        let outcome: Result<(), Failure> = self
            .store
            .transact(|tx| {
                let mut found = current(tx, found)?;
                check_deletable(&found, at_once)?;
                if at_once {
                    remove(tx, &found);
                    return Ok(());
                }
                found.secret.purge_ms = Some(purge.millis());
                found.secret.changed_ms = call.now.millis();
                let Found { account, region, secret } = &found;
                tx.put(Due::Removal.row(purge.millis(), account, region, &secret.name), "");
                save(tx, &found);
                Ok(())
            })
            .await;
        outcome.map_err(Error::from)?;
        Ok(deleted(found.arn().as_str(), &found.secret.name, purge))
    }

    pub async fn restore_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        _: RestoreSecretInput,
    ) -> Result<RestoreSecretOutput, Error> {
        let found = named.existing()?;
        let outcome: Result<(), Failure> = self
            .store
            .transact(|tx| {
                let mut found = current(tx, found)?;
                if found.secret.primary_region().is_some() {
                    return Err(replica().into());
                }
                if let Some(purge_ms) = found.secret.purge_ms.take() {
                    let Found { account, region, secret } = &found;
                    tx.delete(Due::Removal.row(purge_ms, account, region, &secret.name));
                    found.secret.changed_ms = call.now.millis();
                    save(tx, &found);
                }
                Ok(())
            })
            .await;
        outcome.map_err(Error::from)?;
        let arn = Some(found.arn().as_str().to_owned());
        Ok(RestoreSecretOutput { arn, name: Some(found.secret.name.clone()) })
    }
}

fn check_deletable(found: &Found, at_once: bool) -> Result<(), Error> {
    if found.secret.primary_region().is_some() {
        return Err(replica());
    }
    let regions: Vec<&str> = found.secret.replicas().iter().map(|replica| replica.region.as_str()).collect();
    if !regions.is_empty() {
        let (arn, regions) = (found.arn(), regions.join(", "));
        return Err(invalid(format!(
            "You can't delete secret {arn} that still has replica regions [{regions}]."
        )));
    }
    if found.secret.purge_ms.is_some() && !at_once { Err(marked()) } else { Ok(()) }
}

fn deleted(arn: &str, name: &str, date: Timestamp) -> DeleteSecretOutput {
    DeleteSecretOutput { arn: Some(arn.to_owned()), name: Some(name.to_owned()), deletion_date: Some(date) }
}
