//! AWS KMS.
//!
//! Truth is in the store ([`keys`], [`records`]); key material lies there sealed by the vault, and memory holds what is
//! in use, opened, only as long as the key's record does not change. A request finds its key in [`resource`], which
//! says everything about it that policies may ask, grants included; [`ops`] checks the key's state and does the work
//! with [`crypto`]; [`upkeep`] does what is due by the clock.

mod context;
mod crypto;
mod error;
mod family;
mod grant_token;
mod grants;
mod key_id;
mod key_policy;
mod keys;
mod kms;
mod limits;
mod metadata;
mod ops;
mod records;
mod resource;
mod spec;
#[cfg(test)]
mod testing;
mod upkeep;
mod usage;

use std::sync::Arc;

use model_kms::ops::*;
use service::{Deps, Service};

use crate::kms::Kms;

/// The service.
pub fn service(deps: Deps) -> Service {
    let kms = Arc::new(Kms::new(deps));
    Service::builder(&model_kms::SERVICE, kms.clone())
        .op(CancelKeyDeletion, resource::key, Kms::cancel_key_deletion)
        .op(CreateAlias, resource::new_alias, Kms::create_alias)
        .op(CreateGrant, resource::key, Kms::create_grant)
        .op(CreateKey, resource::new_key, Kms::create_key)
        .op(Decrypt, resource::ciphertext, Kms::decrypt)
        .op(DeleteAlias, resource::alias_of_key, Kms::delete_alias)
        .op(DeleteImportedKeyMaterial, resource::key, Kms::delete_imported_key_material)
        .op(DeriveSharedSecret, resource::key, Kms::derive_shared_secret)
        .op(DescribeKey, resource::key, Kms::describe_key)
        .op(DisableKey, resource::key, Kms::disable_key)
        .op(DisableKeyRotation, resource::key, Kms::disable_key_rotation)
        .op(EnableKey, resource::key, Kms::enable_key)
        .op(EnableKeyRotation, resource::key, Kms::enable_key_rotation)
        .op(Encrypt, resource::key, Kms::encrypt)
        .op(GenerateDataKey, resource::key, Kms::generate_data_key)
        .op(GenerateDataKeyPair, resource::key, Kms::generate_data_key_pair)
        .op(GenerateDataKeyPairWithoutPlaintext, resource::key, Kms::generate_data_key_pair_without_plaintext)
        .op(GenerateDataKeyWithoutPlaintext, resource::key, Kms::generate_data_key_without_plaintext)
        .op(GenerateMac, resource::key, Kms::generate_mac)
        .op(GenerateRandom, resource::nothing, Kms::generate_random)
        .op(GetKeyLastUsage, resource::key, Kms::get_key_last_usage)
        .op(GetKeyPolicy, resource::key, Kms::get_key_policy)
        .op(GetKeyRotationStatus, resource::key, Kms::get_key_rotation_status)
        .op(GetParametersForImport, resource::key, Kms::get_parameters_for_import)
        .op(GetPublicKey, resource::key, Kms::get_public_key)
        .op(ImportKeyMaterial, resource::key, Kms::import_key_material)
        .op(ListAliases, resource::nothing, Kms::list_aliases)
        .op(ListGrants, resource::key, Kms::list_grants)
        .op(ListKeyPolicies, resource::key, Kms::list_key_policies)
        .op(ListKeyRotations, resource::key, Kms::list_key_rotations)
        .op(ListKeys, resource::nothing, Kms::list_keys)
        .op(ListResourceTags, resource::key, Kms::list_resource_tags)
        .op(ListRetirableGrants, resource::nothing, Kms::list_retirable_grants)
        .op(PutKeyPolicy, resource::key, Kms::put_key_policy)
        .op(ReEncrypt, resource::re_encryption, Kms::re_encrypt)
        .op(ReplicateKey, resource::replicated_key, Kms::replicate_key)
        .op(RetireGrant, resource::retired_grant, Kms::retire_grant)
        .op(RevokeGrant, resource::key, Kms::revoke_grant)
        .op(RotateKeyOnDemand, resource::key, Kms::rotate_key_on_demand)
        .op(ScheduleKeyDeletion, resource::key, Kms::schedule_key_deletion)
        .op(Sign, resource::key, Kms::sign)
        .op(TagResource, resource::key, Kms::tag_resource)
        .op(UntagResource, resource::key, Kms::untag_resource)
        .op(UpdateAlias, resource::moved_alias, Kms::update_alias)
        .op(UpdateKeyDescription, resource::key, Kms::update_key_description)
        .op(UpdatePrimaryRegion, resource::new_primary, Kms::update_primary_region)
        .op(Verify, resource::key, Kms::verify)
        .op(VerifyMac, resource::key, Kms::verify_mac)
        .background(upkeep::run(kms.clone()))
        .background(upkeep::write_uses(kms))
        .build()
}
