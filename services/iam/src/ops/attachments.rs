//! Managed policies attached to users, groups and roles.

use std::sync::Arc;

use identity::records::{Group, Role, User};
use kernel::{Arn, Call};
use model_iam::types::*;
use service::Allowed;

use crate::error::Error;
use crate::holder::Holder;
use crate::iam::Iam;
use crate::page::{Part, Wanted};
use crate::{attach, shape};

impl Iam {
    async fn attach<H: Holder>(&self, call: &Call, holder: &str, arn: &str) -> Result<(), Error> {
        self.transact(|tx| {
            H::change(tx, &call.account, holder, |tx, found| {
                let name = found.name().to_owned();
                attach::attach(tx, &call.account, found.policies_mut(), arn, H::WORD, &name)
            })
        })
        .await
    }

    async fn detach<H: Holder>(&self, call: &Call, holder: &str, arn: &str) -> Result<(), Error> {
        self.transact(|tx| {
            H::change(tx, &call.account, holder, |tx, found| {
                let name = found.name().to_owned();
                attach::detach(tx, &call.account, found.policies_mut(), arn, H::WORD, &name)
            })
        })
        .await
    }

    fn attached<H: Holder>(
        &self,
        call: &Call,
        holder: &str,
        path_prefix: Option<&str>,
        wanted: &Wanted,
    ) -> Result<Part<String>, Error> {
        let found = H::find(&mut self.store.snapshot(), &call.account, holder)?;
        let mut arns = found.policies().attached.clone();
        arns.retain(|arn| path_prefix.is_none_or(|prefix| path_of(arn).starts_with(prefix)));
        // In the order in which they were attached.
        wanted.by_place(arns)
    }
}

/// The path in a policy's ARN.
fn path_of(arn: &str) -> String {
    let Ok(arn) = arn.parse::<Arn>() else { return String::new() };
    let rest = arn.resource().strip_prefix("policy").unwrap_or_default();
    rest.rfind('/').map_or(String::new(), |end| rest[..=end].to_owned())
}

/// The three operations of one kind of holder.
macro_rules! attachments {
    (
        $record:ty, $holder:ident;
        $attach:ident($attach_in:ident) -> $attach_out:ident;
        $detach:ident($detach_in:ident) -> $detach_out:ident;
        $list:ident($list_in:ident) -> $list_out:ident;
    ) => {
        impl Iam {
            pub async fn $attach(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $attach_in,
            ) -> Result<$attach_out, Error> {
                self.attach::<$record>(&call, &input.$holder, &input.policy_arn).await?;
                Ok($attach_out {})
            }

            pub async fn $detach(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $detach_in,
            ) -> Result<$detach_out, Error> {
                self.detach::<$record>(&call, &input.$holder, &input.policy_arn).await?;
                Ok($detach_out {})
            }

            pub async fn $list(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $list_in,
            ) -> Result<$list_out, Error> {
                let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
                let prefix = input.path_prefix.as_deref();
                let part = self.attached::<$record>(&call, &input.$holder, prefix, &wanted)?;
                Ok($list_out {
                    is_truncated: part.truncated(),
                    attached_policies: Some(
                        part.entries.iter().map(|arn| shape::attached_policy(arn)).collect(),
                    ),
                    marker: part.marker,
                })
            }
        }
    };
}

attachments! {
    User, user_name;
    attach_user_policy(AttachUserPolicyInput) -> AttachUserPolicyOutput;
    detach_user_policy(DetachUserPolicyInput) -> DetachUserPolicyOutput;
    list_attached_user_policies(ListAttachedUserPoliciesInput) -> ListAttachedUserPoliciesOutput;
}

attachments! {
    Group, group_name;
    attach_group_policy(AttachGroupPolicyInput) -> AttachGroupPolicyOutput;
    detach_group_policy(DetachGroupPolicyInput) -> DetachGroupPolicyOutput;
    list_attached_group_policies(ListAttachedGroupPoliciesInput) -> ListAttachedGroupPoliciesOutput;
}

attachments! {
    Role, role_name;
    attach_role_policy(AttachRolePolicyInput) -> AttachRolePolicyOutput;
    detach_role_policy(DetachRolePolicyInput) -> DetachRolePolicyOutput;
    list_attached_role_policies(ListAttachedRolePoliciesInput) -> ListAttachedRolePoliciesOutput;
}
