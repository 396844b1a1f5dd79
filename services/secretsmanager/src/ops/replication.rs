//! ReplicateSecretToRegions, RemoveRegionsFromReplication and StopReplicationToReplica.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::{Failure, invalid};
use crate::replicate::{count_versions, forget, requested, withdraw};
use crate::resource::Named;
use crate::secrets::{Found, Secrets, current, save};

impl Secrets {
    pub async fn replicate_secret_to_regions(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: ReplicateSecretToRegionsInput,
    ) -> Result<ReplicateSecretToRegionsOutput, Error> {
        let found = named.writable()?;
        let wanted = requested(&found.region, &input.add_replica_regions)?;
        let overwrite = input.force_overwrite_replica_secret == Some(true);
        let found = self.replicate(&call, found, &wanted, overwrite).await?;
        let replication_status = self.replication_status(&found)?;
        Ok(ReplicateSecretToRegionsOutput { arn: Some(found.arn().as_str().to_owned()), replication_status })
    }

    pub async fn remove_regions_from_replication(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: RemoveRegionsFromReplicationInput,
    ) -> Result<RemoveRegionsFromReplicationOutput, Error> {
        let found = self
            .change(named.existing()?, call.now, |tx, found| {
                withdraw(tx, found, &input.remove_replica_regions)?;
                Ok(found.clone())
            })
            .await?;
        let replication_status = self.replication_status(&found)?;
        let arn = Some(found.arn().as_str().to_owned());
        Ok(RemoveRegionsFromReplicationOutput { arn, replication_status })
    }

    pub async fn stop_replication_to_replica(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        _: StopReplicationToReplicaInput,
    ) -> Result<StopReplicationToReplicaOutput, Error> {
        let found = named.live()?;
        let outcome: Result<(), Failure> = self
            .store
            .transact(|tx| {
                let mut replica = current(tx, found)?;
                let Some(primary_region) = replica.secret.primary_region().map(str::to_owned) else {
                    return Err(invalid(
                        "Operation not permitted on a primary secret. Call must be made in replica secret's region.",
                    )
                    .into());
                };
                let primary = Found { region: primary_region, ..replica.clone() };
                let mut primary = current(tx, &primary)?;
                forget(&mut primary, &replica.region);
                primary.secret.changed_ms = call.now.millis();
                save(tx, &primary);
                replica.secret.replication = None;
                replica.secret.rotation = None;
                replica.secret.versions = count_versions(tx, &replica)?;
                replica.secret.changed_ms = call.now.millis();
                save(tx, &replica);
                Ok(())
            })
            .await;
        outcome.map_err(Error::from)?;
        Ok(StopReplicationToReplicaOutput { arn: Some(found.arn().as_str().to_owned()) })
    }
}
