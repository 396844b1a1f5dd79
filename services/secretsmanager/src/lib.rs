//! AWS Secrets Manager.
//!
//! A secret's row holds everything but its values: labels say which version is which ([`labels`]). Each value stands in
//! a row of its own, encrypted under a data key that KMS gives ([`envelope`]). Replicas are rows in other regions,
//! written with their primary ([`replicate`]).

mod access;
mod access_policy;
mod describe;
mod due;
mod envelope;
mod error;
mod filter;
mod keys;
mod labels;
mod limits;
mod name;
mod ops;
mod page;
mod password;
mod payload;
mod purge;
mod records;
mod replicate;
mod resource;
mod rotation;
mod schedule;
mod secrets;
mod tags;
mod write;

use std::sync::Arc;

use model_secretsmanager::ops::*;
use service::{Deps, Service};

pub use rotation::{Functions, NoFunctions, Step};

use crate::secrets::Secrets;

/// The service. There are no functions to rotate secrets with.
pub fn service(deps: Deps) -> Service {
    service_with(deps, Arc::new(NoFunctions))
}

/// The service with what invokes rotation functions.
pub fn service_with(deps: Deps, functions: Arc<dyn Functions>) -> Service {
    let secrets = Arc::new(Secrets::new(deps, functions));
    Service::builder(&model_secretsmanager::SERVICE, secrets.clone())
        .op(BatchGetSecretValue, resource::batch, Secrets::batch_get_secret_value)
        .op(CancelRotateSecret, resource::secret, Secrets::cancel_rotate_secret)
        .op(CreateSecret, resource::new_secret, Secrets::create_secret)
        .op(DeleteResourcePolicy, resource::secret, Secrets::delete_resource_policy)
        .op(DeleteSecret, resource::secret, Secrets::delete_secret)
        .op(DescribeSecret, resource::secret, Secrets::describe_secret)
        .op(GetRandomPassword, resource::any, Secrets::get_random_password)
        .op(GetResourcePolicy, resource::secret, Secrets::get_resource_policy)
        .op(GetSecretValue, resource::secret, Secrets::get_secret_value)
        .op(ListSecretVersionIds, resource::secret, Secrets::list_secret_version_ids)
        .op(ListSecrets, resource::any, Secrets::list_secrets)
        .op(PutResourcePolicy, resource::secret, Secrets::put_resource_policy)
        .op(PutSecretValue, resource::secret, Secrets::put_secret_value)
        .op(RemoveRegionsFromReplication, resource::secret, Secrets::remove_regions_from_replication)
        .op(ReplicateSecretToRegions, resource::secret, Secrets::replicate_secret_to_regions)
        .op(RestoreSecret, resource::secret, Secrets::restore_secret)
        .op(RotateSecret, resource::secret, Secrets::rotate_secret)
        .op(StopReplicationToReplica, resource::secret, Secrets::stop_replication_to_replica)
        .op(TagResource, resource::secret, Secrets::tag_resource)
        .op(UntagResource, resource::secret, Secrets::untag_resource)
        .op(UpdateSecret, resource::secret, Secrets::update_secret)
        .op(UpdateSecretVersionStage, resource::secret, Secrets::update_secret_version_stage)
        .op(ValidateResourcePolicy, resource::validated, Secrets::validate_resource_policy)
        .background(access::run(secrets.clone()))
        .background(purge::run(secrets.clone()))
        .background(rotation::run(secrets))
        .build()
}
