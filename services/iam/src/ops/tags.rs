//! Tags of everything that has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::keys;
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::Error;
use crate::iam::Iam;
use crate::ops::{mfa_devices, oidc_providers, policies, saml_providers, server_certificates};
use crate::page::{Part, Wanted};
use crate::{check, find};

/// A part of tags that are listed.
pub fn part(
    tags: &BTreeMap<String, String>,
    max_items: Option<i32>,
    marker: Option<&str>,
) -> Result<Part<Tag>, Error> {
    let wanted = Wanted::new(max_items, marker)?;
    Ok(wanted.of(check::shown_tags(tags), |tag| tag.key.to_string()))
}

/// The three operations of one kind of thing: how one is found and how it is written.
macro_rules! tags {
    (
        $name:ident, $find:expr, $save:expr;
        $tag:ident($tag_in:ident) -> $tag_out:ident;
        $untag:ident($untag_in:ident) -> $untag_out:ident;
        $list:ident($list_in:ident) -> $list_out:ident from $read:expr;
    ) => {
        impl Iam {
            pub async fn $tag(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $tag_in,
            ) -> Result<$tag_out, Error> {
                let given = check::tags(&input.tags)?;
                self.transact(|tx| {
                    let mut found = $find(tx, &call.account, &input.$name)?;
                    check::set_tags(&mut found.tags, given.clone())?;
                    $save(tx, &call.account, &found);
                    Ok(())
                })
                .await?;
                Ok($tag_out {})
            }

            pub async fn $untag(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $untag_in,
            ) -> Result<$untag_out, Error> {
                self.transact(|tx| {
                    let mut found = $find(tx, &call.account, &input.$name)?;
                    check::remove_tags(&mut found.tags, &input.tag_keys)?;
                    $save(tx, &call.account, &found);
                    Ok(())
                })
                .await?;
                Ok($untag_out {})
            }

            pub async fn $list(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $list_in,
            ) -> Result<$list_out, Error> {
                let found = $read(&mut self.store.snapshot(), &call.account, &input.$name)?;
                let part = part(&found.tags, input.max_items, input.marker.as_deref())?;
                Ok($list_out {
                    is_truncated: part.truncated(),
                    tags: Some(part.entries),
                    marker: part.marker,
                })
            }
        }
    };
}

tags! {
    user_name, find::user, crate::ops::users::save;
    tag_user(TagUserInput) -> TagUserOutput;
    untag_user(UntagUserInput) -> UntagUserOutput;
    list_user_tags(ListUserTagsInput) -> ListUserTagsOutput from find::user;
}

tags! {
    role_name, find::role, crate::ops::roles::save;
    tag_role(TagRoleInput) -> TagRoleOutput;
    untag_role(UntagRoleInput) -> UntagRoleOutput;
    list_role_tags(ListRoleTagsInput) -> ListRoleTagsOutput from find::role;
}

tags! {
    policy_arn, policies::own, policies::save;
    tag_policy(TagPolicyInput) -> TagPolicyOutput;
    untag_policy(UntagPolicyInput) -> UntagPolicyOutput;
    list_policy_tags(ListPolicyTagsInput) -> ListPolicyTagsOutput from find::policy;
}

tags! {
    instance_profile_name, find::instance_profile, save_profile;
    tag_instance_profile(TagInstanceProfileInput) -> TagInstanceProfileOutput;
    untag_instance_profile(UntagInstanceProfileInput) -> UntagInstanceProfileOutput;
    list_instance_profile_tags(ListInstanceProfileTagsInput) -> ListInstanceProfileTagsOutput
        from find::instance_profile;
}

tags! {
    serial_number, mfa_devices::find_device, mfa_devices::save;
    tag_mfa_device(TagMFADeviceInput) -> TagMFADeviceOutput;
    untag_mfa_device(UntagMFADeviceInput) -> UntagMFADeviceOutput;
    list_mfa_device_tags(ListMFADeviceTagsInput) -> ListMFADeviceTagsOutput from mfa_devices::find_device;
}

tags! {
    open_id_connect_provider_arn, oidc_providers::find, oidc_providers::save;
    tag_open_id_connect_provider(TagOpenIDConnectProviderInput) -> TagOpenIDConnectProviderOutput;
    untag_open_id_connect_provider(UntagOpenIDConnectProviderInput) -> UntagOpenIDConnectProviderOutput;
    list_open_id_connect_provider_tags(ListOpenIDConnectProviderTagsInput)
        -> ListOpenIDConnectProviderTagsOutput from oidc_providers::find;
}

tags! {
    saml_provider_arn, saml_providers::find, saml_providers::save;
    tag_saml_provider(TagSAMLProviderInput) -> TagSAMLProviderOutput;
    untag_saml_provider(UntagSAMLProviderInput) -> UntagSAMLProviderOutput;
    list_saml_provider_tags(ListSAMLProviderTagsInput) -> ListSAMLProviderTagsOutput from saml_providers::find;
}

tags! {
    server_certificate_name, server_certificates::find, server_certificates::save;
    tag_server_certificate(TagServerCertificateInput) -> TagServerCertificateOutput;
    untag_server_certificate(UntagServerCertificateInput) -> UntagServerCertificateOutput;
    list_server_certificate_tags(ListServerCertificateTagsInput) -> ListServerCertificateTagsOutput
        from server_certificates::find;
}

fn save_profile(tx: &mut Tx, account: &str, profile: &identity::records::InstanceProfile) {
    tx.put(keys::instance_profile(account, &profile.name), profile.encode());
}
