//! What the inputs name.

use model_iam::types::*;

/// Inputs that name what they are about: by its name, or a managed policy by its ARN.
pub trait Names {
    fn name(&self) -> &str;

    /// What else they say that policies may look at.
    fn extra(&self) -> Extra<'_> {
        Extra::default()
    }
}

/// What an input says besides a name, for condition keys.
#[derive(Clone, Copy, Default)]
pub struct Extra<'a> {
    /// The managed policy that is attached or detached.
    pub policy_arn: Option<&'a str>,
    /// The permissions boundary that is set.
    pub boundary: Option<&'a str>,
    /// The tags that are set.
    pub tags: &'a [Tag],
    /// The keys of the tags that are removed.
    pub tag_keys: Option<&'a [String]>,
}

/// Inputs that name a user, or mean the caller.
pub trait MaybeUser {
    fn user_name(&self) -> Option<&str>;
}

macro_rules! names {
    ($name:ident: $($input:ty),* $(,)?) => {
        $(impl Names for $input {
            fn name(&self) -> &str {
                &self.$name
            }
        })*
    };
    ($name:ident, |$given:ident| $extra:expr; $($input:ty),* $(,)?) => {
        $(impl Names for $input {
            fn name(&self) -> &str {
                &self.$name
            }
            fn extra(&self) -> Extra<'_> {
                let $given = self;
                $extra
            }
        })*
    };
}

macro_rules! maybe_user {
    ($($input:ty),* $(,)?) => {
        $(impl MaybeUser for $input {
            fn user_name(&self) -> Option<&str> {
                self.user_name.as_deref()
            }
        })*
    };
}

maybe_user!(
    CreateAccessKeyInput,
    DeleteAccessKeyInput,
    GetUserInput,
    ListAccessKeysInput,
    UpdateAccessKeyInput,
);

names!(
    user_name:
    DeleteUserInput,
    DeleteUserPermissionsBoundaryInput,
    DeleteUserPolicyInput,
    GetUserPolicyInput,
    ListAttachedUserPoliciesInput,
    ListGroupsForUserInput,
    ListUserPoliciesInput,
    ListUserTagsInput,
    PutUserPolicyInput,
    UpdateUserInput,
);

names!(
    group_name:
    AddUserToGroupInput,
    CreateGroupInput,
    DeleteGroupInput,
    DeleteGroupPolicyInput,
    GetGroupInput,
    GetGroupPolicyInput,
    ListAttachedGroupPoliciesInput,
    ListGroupPoliciesInput,
    PutGroupPolicyInput,
    RemoveUserFromGroupInput,
    UpdateGroupInput,
);

names!(
    role_name:
    DeleteRoleInput,
    DeleteRolePermissionsBoundaryInput,
    DeleteRolePolicyInput,
    DeleteServiceLinkedRoleInput,
    GetRoleInput,
    GetRolePolicyInput,
    ListAttachedRolePoliciesInput,
    ListInstanceProfilesForRoleInput,
    ListRolePoliciesInput,
    ListRoleTagsInput,
    PutRolePolicyInput,
    UpdateAssumeRolePolicyInput,
    UpdateRoleDescriptionInput,
    UpdateRoleInput,
);

names!(
    instance_profile_name:
    DeleteInstanceProfileInput,
    GetInstanceProfileInput,
    ListInstanceProfileTagsInput,
    RemoveRoleFromInstanceProfileInput,
);

names!(
    policy_arn:
    CreatePolicyVersionInput,
    DeletePolicyInput,
    DeletePolicyVersionInput,
    GetPolicyInput,
    GetPolicyVersionInput,
    ListEntitiesForPolicyInput,
    ListPolicyTagsInput,
    ListPolicyVersionsInput,
    SetDefaultPolicyVersionInput,
);

names!(policy_source_arn: GetContextKeysForPrincipalPolicyInput, SimulatePrincipalPolicyInput);
names!(arn: ListPoliciesGrantingServiceAccessInput);

// What attaches and detaches.
names!(user_name, |given| policy(&given.policy_arn); AttachUserPolicyInput, DetachUserPolicyInput);
names!(group_name, |given| policy(&given.policy_arn); AttachGroupPolicyInput, DetachGroupPolicyInput);
names!(role_name, |given| policy(&given.policy_arn); AttachRolePolicyInput, DetachRolePolicyInput);

// What sets a boundary.
names!(user_name, |given| bounds(Some(&given.permissions_boundary), None); PutUserPermissionsBoundaryInput);
names!(role_name, |given| bounds(Some(&given.permissions_boundary), None); PutRolePermissionsBoundaryInput);
names!(user_name, |given| bounds(given.permissions_boundary.as_ref(), given.tags.as_ref()); CreateUserInput);
names!(role_name, |given| bounds(given.permissions_boundary.as_ref(), given.tags.as_ref()); CreateRoleInput);

// What sets and removes tags.
names!(instance_profile_name, |given| bounds(None, given.tags.as_ref()); CreateInstanceProfileInput);
names!(policy_name, |given| bounds(None, given.tags.as_ref()); CreatePolicyInput);
names!(user_name, |given| bounds(None, Some(&given.tags)); TagUserInput);
names!(role_name, |given| bounds(None, Some(&given.tags)); TagRoleInput);
names!(policy_arn, |given| bounds(None, Some(&given.tags)); TagPolicyInput);
names!(instance_profile_name, |given| bounds(None, Some(&given.tags)); TagInstanceProfileInput);
names!(user_name, |given| removes(&given.tag_keys); UntagUserInput);
names!(role_name, |given| removes(&given.tag_keys); UntagRoleInput);
names!(policy_arn, |given| removes(&given.tag_keys); UntagPolicyInput);
names!(instance_profile_name, |given| removes(&given.tag_keys); UntagInstanceProfileInput);

fn policy(arn: &str) -> Extra<'_> {
    Extra { policy_arn: Some(arn), ..Extra::default() }
}

fn bounds<'a>(boundary: Option<&'a String>, tags: Option<&'a Vec<Tag>>) -> Extra<'a> {
    let tags = tags.map_or(&[][..], Vec::as_slice);
    Extra { boundary: boundary.map(String::as_str), tags, ..Extra::default() }
}

fn removes(keys: &[String]) -> Extra<'_> {
    Extra { tag_keys: Some(keys), ..Extra::default() }
}
