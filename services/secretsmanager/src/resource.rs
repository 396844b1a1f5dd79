//! Which secret an operation touches, and what policies may know of it and of the request.

use kernel::{Arn, Call};
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::{Resource, Target};

use crate::error::not_found;
use crate::name::{self, SecretId};
use crate::secrets::{Found, Secrets};

/// The secret that a request names, if there is one.
#[derive(Clone, Debug)]
pub struct Named {
    pub id: SecretId,
    pub found: Option<Found>,
}

impl Named {
    /// The secret, which must be there.
    pub fn existing(&self) -> Result<&Found, Error> {
        self.found.as_ref().ok_or_else(not_found)
    }

    /// The secret, which must be there and not wait for its removal.
    pub fn live(&self) -> Result<&Found, Error> {
        self.existing()?.live()
    }

    /// The secret, which must be there and open to changes.
    pub fn writable(&self) -> Result<&Found, Error> {
        self.existing()?.writable()
    }
}

/// Inputs that name a secret.
pub trait OnSecret {
    fn secret_id(&self) -> &str;

    /// Adds what policies may know of the request.
    fn describe(&self, _call: &Call, target: Target) -> Target {
        target
    }
}

macro_rules! on_secret {
    ($($input:ty),* $(,)?) => {
        $(impl OnSecret for $input {
            fn secret_id(&self) -> &str {
                &self.secret_id
            }
        })*
    };
    ($input:ty, |$it:ident, $call:ident, $target:ident| $describe:expr) => {
        impl OnSecret for $input {
            fn secret_id(&self) -> &str {
                &self.secret_id
            }

            fn describe(&self, $call: &Call, $target: Target) -> Target {
                let $it = self;
                $describe
            }
        }
    };
}

on_secret!(
    CancelRotateSecretInput,
    DeleteResourcePolicyInput,
    DescribeSecretInput,
    GetResourcePolicyInput,
    ListSecretVersionIdsInput,
    PutSecretValueInput,
    RemoveRegionsFromReplicationInput,
    RestoreSecretInput,
    StopReplicationToReplicaInput,
);
on_secret!(GetSecretValueInput, |input, _call, target| {
    let target = optional(target, "secretsmanager:VersionId", input.version_id.as_deref());
    optional(target, "secretsmanager:VersionStage", input.version_stage.as_deref())
});
on_secret!(DeleteSecretInput, |input, _call, target| {
    let target = match input.recovery_window_in_days {
        Some(days) => target.with_key("secretsmanager:RecoveryWindowInDays", days),
        None => target,
    };
    flag(target, "secretsmanager:ForceDeleteWithoutRecovery", input.force_delete_without_recovery)
});
on_secret!(PutResourcePolicyInput, |input, _call, target| {
    flag(target, "secretsmanager:BlockPublicPolicy", input.block_public_policy)
});
on_secret!(ReplicateSecretToRegionsInput, |input, _call, target| {
    let target =
        flag(target, "secretsmanager:ForceOverwriteReplicaSecret", input.force_overwrite_replica_secret);
    replica_regions(target, &input.add_replica_regions)
});
on_secret!(RotateSecretInput, |input, _call, target| {
    let target = optional(target, "secretsmanager:RotationLambdaARN", input.rotation_lambda_arn.as_deref());
    let role = input.external_secret_rotation_role_arn.as_deref();
    let target = optional(target, "secretsmanager:ExternalSecretRotationRoleArn", role);
    let target = flag(target, "secretsmanager:RotateImmediately", input.rotate_immediately);
    target.with_key("secretsmanager:ModifyRotationRules", input.rotation_rules.is_some())
});
on_secret!(TagResourceInput, |input, _call, target| target.with_request_tags(tag_pairs(&input.tags)));
on_secret!(UntagResourceInput, |input, _call, target| {
    target.with_tag_keys(input.tag_keys.iter().map(String::as_str))
});
on_secret!(UpdateSecretInput, |input, call, target| {
    let target = optional(target, "secretsmanager:Description", input.description.as_deref());
    let target = kms_key(target, call, input.kms_key_id.as_deref());
    optional(target, "secretsmanager:Type", input.r#type.as_deref())
});
on_secret!(UpdateSecretVersionStageInput, |input, _call, target| {
    target.with_key("secretsmanager:VersionStage", input.version_stage.to_string())
});

/// The secret that the input names.
pub fn secret<I: OnSecret>(secrets: &Secrets, call: &Call, input: &I) -> Result<Resource<Named>, Error> {
    let id = SecretId::parse(call, input.secret_id())?;
    // Another region's secrets are not to be had here.
    let found = if id.region == call.region { secrets.find(&id)? } else { None };
    let target = match &found {
        Some(found) => of_secret(found),
        None => Target::new(id.arn()).with_key("secretsmanager:SecretId", id.arn().as_str().to_owned()),
    };
    let target = input.describe(call, target);
    Ok(Resource::new(target, Named { id, found }))
}

/// A secret as policies see it.
pub fn of_secret(found: &Found) -> Target {
    let arn = found.arn();
    let secret = &found.secret;
    let primary_region = secret.primary_region().unwrap_or(&found.region).to_owned();
    let id = arn.as_str().to_owned();
    let mut target = Target::new(arn)
        .with_key("secretsmanager:SecretId", id)
        .with_key("secretsmanager:SecretPrimaryRegion", primary_region);
    if let Some(policy) = &secret.policy {
        target = target.with_policy(policy.as_str());
    }
    for (key, value) in secret.tags.iter().flatten() {
        target = target.with_key(format!("secretsmanager:ResourceTag/{key}"), value.clone());
    }
    target =
        target.with_tags(secret.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())));
    if let Some(rotation) = secret.rotation.as_ref().filter(|rotation| !rotation.function.is_empty()) {
        target = target.with_key("secretsmanager:resource/AllowRotationLambdaArn", rotation.function.clone());
    }
    optional(target, "secretsmanager:resource/Type", secret.partner.as_deref())
}

/// A secret that need not exist yet: the random end of its ARN is not known.
pub fn new_secret(_: &Secrets, call: &Call, input: &CreateSecretInput) -> Result<Resource<()>, Error> {
    name::check(&input.name)?;
    let target = Target::new(name::arn(&call.account, &call.region, &input.name, "??????"))
        .with_key("secretsmanager:Name", input.name.to_string());
    let target = optional(target, "secretsmanager:Description", input.description.as_deref());
    let target = kms_key(target, call, input.kms_key_id.as_deref());
    let target = optional(target, "secretsmanager:Type", input.r#type.as_deref());
    let target =
        flag(target, "secretsmanager:ForceOverwriteReplicaSecret", input.force_overwrite_replica_secret);
    let target = replica_regions(target, input.add_replica_regions.as_deref().unwrap_or_default());
    let tags = tag_pairs(input.tags.as_deref().unwrap_or_default()).collect::<Vec<_>>();
    let target = tags.iter().fold(target, |target, (key, value)| {
        target.with_key(format!("secretsmanager:ResourceTag/{key}"), (*value).to_owned())
    });
    Ok(Resource::new(target.with_tags(tags.iter().copied()).with_request_tags(tags.iter().copied()), ()))
}

/// The secret a policy is to be checked for, or any.
pub fn validated(
    secrets: &Secrets,
    call: &Call,
    input: &ValidateResourcePolicyInput,
) -> Result<Resource<Option<Named>>, Error> {
    struct Named<'a>(&'a str);
    impl OnSecret for Named<'_> {
        fn secret_id(&self) -> &str {
            self.0
        }
    }
    match &input.secret_id {
        Some(id) => Ok(secret(secrets, call, &Named(id))?.map(Some)),
        None => Ok(Resource::new(call.arn("secret:*"), None)),
    }
}

/// All secrets.
pub fn any<I>(_: &Secrets, call: &Call, _: &I) -> Result<Resource<()>, Error> {
    Ok(Resource::new(call.arn("*"), ()))
}

/// All secrets; who searches must be allowed to list them too.
pub fn batch(_: &Secrets, call: &Call, input: &BatchGetSecretValueInput) -> Result<Resource<()>, Error> {
    let all = Resource::new(call.arn("*"), ());
    if input.filters.is_none() {
        return Ok(all);
    }
    Ok(all.and(Target::new(call.arn("*")).for_actions(["secretsmanager:ListSecrets"])))
}

fn optional(target: Target, key: &'static str, value: Option<&str>) -> Target {
    match value {
        Some(value) => target.with_key(key, value.to_owned()),
        None => target,
    }
}

fn flag(target: Target, key: &'static str, value: Option<bool>) -> Target {
    match value {
        Some(value) => target.with_key(key, value),
        None => target,
    }
}

/// The key as it is named, and its ARN where the name is one or an id.
fn kms_key(target: Target, call: &Call, key: Option<&str>) -> Target {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return target };
    let arn = if key.starts_with("arn:") {
        key.to_owned()
    } else if key.starts_with("alias/") {
        Arn::aws("kms", &call.region, &call.account, key).as_str().to_owned()
    } else {
        Arn::aws("kms", &call.region, &call.account, &format!("key/{key}")).as_str().to_owned()
    };
    target.with_key("secretsmanager:KmsKeyId", key.to_owned()).with_key("secretsmanager:KmsKeyArn", arn)
}

fn replica_regions(target: Target, regions: &[ReplicaRegionType]) -> Target {
    if regions.is_empty() {
        return target;
    }
    let regions = regions.iter().map(|entry| entry.region.clone().unwrap_or_default());
    target.with_keys("secretsmanager:AddReplicaRegions", regions)
}

fn tag_pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_deref().unwrap_or_default(), tag.value.as_deref().unwrap_or_default()))
}
