//! Inline policies of users, groups and roles.

use std::sync::Arc;

use identity::records::{Group, Role, User};
use kernel::Call;
use model_iam::types::*;
use policy::PolicyKind;
use policy::limits::counted_size;
use service::Allowed;

use crate::error::Error;
use crate::holder::Holder;
use crate::iam::Iam;
use crate::page::{Part, Wanted};
use crate::{check, encode};

impl Iam {
    async fn put_inline<H: Holder>(
        &self,
        call: &Call,
        holder: &str,
        name: &str,
        document: &str,
    ) -> Result<(), Error> {
        check::document(document, PolicyKind::Identity)?;
        self.transact(|tx| {
            H::change(tx, &call.account, holder, |_, found| {
                let inline = &mut found.policies_mut().inline;
                inline.retain(|have, _| !have.eq_ignore_ascii_case(name));
                inline.insert(name.to_owned(), document.to_owned());
                if inline.values().map(|text| counted_size(text)).sum::<usize>() > H::INLINE_MAX {
                    return Err(Error::limit_exceeded_exception(format!(
                        "Maximum policy size of {} bytes exceeded for {} {}",
                        H::INLINE_MAX,
                        H::WORD,
                        found.name()
                    )));
                }
                Ok(())
            })
        })
        .await
    }

    /// The name as it was given when the policy was put, and the document as answers write it.
    fn inline<H: Holder>(&self, call: &Call, holder: &str, name: &str) -> Result<(String, String), Error> {
        let found = H::find(&mut self.store.snapshot(), &call.account, holder)?;
        let mut inline = found.policies().inline.iter();
        let found =
            inline.find(|(have, _)| have.eq_ignore_ascii_case(name)).ok_or_else(|| absent::<H>(name))?;
        Ok((found.0.clone(), encode::document(found.1)))
    }

    async fn delete_inline<H: Holder>(&self, call: &Call, holder: &str, name: &str) -> Result<(), Error> {
        self.transact(|tx| {
            H::change(tx, &call.account, holder, |_, found| {
                let inline = &mut found.policies_mut().inline;
                let before = inline.len();
                inline.retain(|have, _| !have.eq_ignore_ascii_case(name));
                if inline.len() == before { Err(absent::<H>(name)) } else { Ok(()) }
            })
        })
        .await
    }

    fn inline_names<H: Holder>(
        &self,
        call: &Call,
        holder: &str,
        max_items: Option<i32>,
        marker: Option<&str>,
    ) -> Result<Part<String>, Error> {
        let wanted = Wanted::new(max_items, marker)?;
        let found = H::find(&mut self.store.snapshot(), &call.account, holder)?;
        Ok(wanted.of(found.policies().inline.keys().cloned(), Clone::clone))
    }
}

fn absent<H: Holder>(name: &str) -> Error {
    Error::no_such_entity_exception(format!("The {} policy with name {name} cannot be found.", H::WORD))
}

/// The four operations of one kind of holder.
macro_rules! inline {
    (
        $record:ty, $holder:ident;
        $put:ident($put_in:ident) -> $put_out:ident;
        $get:ident($get_in:ident) -> $get_out:ident;
        $delete:ident($delete_in:ident) -> $delete_out:ident;
        $list:ident($list_in:ident) -> $list_out:ident;
    ) => {
        impl Iam {
            pub async fn $put(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $put_in,
            ) -> Result<$put_out, Error> {
                let document = &input.policy_document;
                self.put_inline::<$record>(&call, &input.$holder, &input.policy_name, document).await?;
                Ok($put_out {})
            }

            pub async fn $get(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $get_in,
            ) -> Result<$get_out, Error> {
                let (name, document) = self.inline::<$record>(&call, &input.$holder, &input.policy_name)?;
                Ok($get_out {
                    $holder: Some(input.$holder.into_inner()),
                    policy_name: Some(name),
                    policy_document: Some(document),
                })
            }

            pub async fn $delete(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $delete_in,
            ) -> Result<$delete_out, Error> {
                self.delete_inline::<$record>(&call, &input.$holder, &input.policy_name).await?;
                Ok($delete_out {})
            }

            pub async fn $list(
                self: Arc<Self>,
                call: Arc<Call>,
                _: Allowed<()>,
                input: $list_in,
            ) -> Result<$list_out, Error> {
                let (max, marker) = (input.max_items, input.marker.as_deref());
                let part = self.inline_names::<$record>(&call, &input.$holder, max, marker)?;
                Ok($list_out {
                    is_truncated: part.truncated(),
                    policy_names: Some(part.entries),
                    marker: part.marker,
                })
            }
        }
    };
}

inline! {
    User, user_name;
    put_user_policy(PutUserPolicyInput) -> PutUserPolicyOutput;
    get_user_policy(GetUserPolicyInput) -> GetUserPolicyOutput;
    delete_user_policy(DeleteUserPolicyInput) -> DeleteUserPolicyOutput;
    list_user_policies(ListUserPoliciesInput) -> ListUserPoliciesOutput;
}

inline! {
    Group, group_name;
    put_group_policy(PutGroupPolicyInput) -> PutGroupPolicyOutput;
    get_group_policy(GetGroupPolicyInput) -> GetGroupPolicyOutput;
    delete_group_policy(DeleteGroupPolicyInput) -> DeleteGroupPolicyOutput;
    list_group_policies(ListGroupPoliciesInput) -> ListGroupPoliciesOutput;
}

inline! {
    Role, role_name;
    put_role_policy(PutRolePolicyInput) -> PutRolePolicyOutput;
    get_role_policy(GetRolePolicyInput) -> GetRolePolicyOutput;
    delete_role_policy(DeleteRolePolicyInput) -> DeleteRolePolicyOutput;
    list_role_policies(ListRolePoliciesInput) -> ListRolePoliciesOutput;
}
