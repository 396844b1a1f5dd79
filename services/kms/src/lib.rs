//! AWS KMS.
//!
//! Truth is in the store ([`keys`], [`records`]); key material lies there sealed by the vault, and memory holds what is
//! in use, opened, only as long as the key's record does not change. A request finds its key in [`resource`], which
//! says everything about it that policies may ask, grants included; [`ops`] checks the key's state and does the work
//! with [`crypto`]; [`upkeep`] does what is due by the clock.

mod context;
mod crypto;
mod error;
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
mod usage;

use std::sync::Arc;

use model_kms::ops::*;
use service::{Deps, Service};

use crate::kms::Kms;

/// The service.
pub fn service(deps: Deps) -> Service {
    let kms = Arc::new(Kms::new(deps));
    Service::builder(&model_kms::SERVICE, kms.clone())
        .op(CreateAlias, resource::new_alias, Kms::create_alias)
        .op(CreateKey, resource::new_key, Kms::create_key)
        .op(Decrypt, resource::ciphertext, Kms::decrypt)
        .op(DeleteAlias, resource::alias_of_key, Kms::delete_alias)
        .op(DescribeKey, resource::key, Kms::describe_key)
        .op(Encrypt, resource::key, Kms::encrypt)
        .op(GenerateDataKey, resource::key, Kms::generate_data_key)
        .op(GenerateDataKeyPair, resource::key, Kms::generate_data_key_pair)
        .op(GenerateDataKeyPairWithoutPlaintext, resource::key, Kms::generate_data_key_pair_without_plaintext)
        .op(GenerateDataKeyWithoutPlaintext, resource::key, Kms::generate_data_key_without_plaintext)
        .op(GenerateRandom, resource::nothing, Kms::generate_random)
        .op(GetKeyLastUsage, resource::key, Kms::get_key_last_usage)
        .op(GetPublicKey, resource::key, Kms::get_public_key)
        .op(ListAliases, resource::nothing, Kms::list_aliases)
        .op(ListResourceTags, resource::key, Kms::list_resource_tags)
        .op(ReEncrypt, resource::re_encryption, Kms::re_encrypt)
        .op(TagResource, resource::key, Kms::tag_resource)
        .op(UntagResource, resource::key, Kms::untag_resource)
        .op(UpdateAlias, resource::moved_alias, Kms::update_alias)
        .build()
}
