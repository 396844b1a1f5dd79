//! AWS Identity and Access Management.
//!
//! Records and keys are those of the crate `identity`, by which STS and the gateway find what is written here. IAM is
//! global: everything is kept under no region, whatever region a call was signed for.

mod arn;
mod attach;
pub mod bootstrap;
mod check;
mod encode;
mod error;
mod find;
mod holder;
mod iam;
mod json;
mod limits;
mod ops;
mod page;
mod quota;
mod read;
mod resource;
mod service_linked;
mod shape;
mod simulate;
mod trust;
mod validation;

use std::sync::Arc;

use model_iam::ops::*;
use service::{Deps, Service};

use crate::iam::Iam;

/// The service.
pub fn service(deps: Deps) -> Service {
    let iam = Arc::new(Iam::new(deps));
    Service::builder(&model_iam::SERVICE, iam)
        .validation(validation::DIALECT)
        // Users.
        .op(CreateUser, resource::new_user, Iam::create_user)
        .op(DeleteUser, resource::user, Iam::delete_user)
        .op(GetUser, resource::self_or_user, Iam::get_user)
        .op(ListUsers, resource::account, Iam::list_users)
        .op(UpdateUser, resource::user, Iam::update_user)
        // Groups.
        .op(AddUserToGroup, resource::group, Iam::add_user_to_group)
        .op(CreateGroup, resource::new_group, Iam::create_group)
        .op(DeleteGroup, resource::group, Iam::delete_group)
        .op(GetGroup, resource::group, Iam::get_group)
        .op(ListGroups, resource::account, Iam::list_groups)
        .op(ListGroupsForUser, resource::user, Iam::list_groups_for_user)
        .op(RemoveUserFromGroup, resource::group, Iam::remove_user_from_group)
        .op(UpdateGroup, resource::group, Iam::update_group)
        // Roles and instance profiles.
        .op(AddRoleToInstanceProfile, resource::profile_and_role, Iam::add_role_to_instance_profile)
        .op(CreateInstanceProfile, resource::new_instance_profile, Iam::create_instance_profile)
        .op(CreateRole, resource::new_role, Iam::create_role)
        .op(DeleteInstanceProfile, resource::instance_profile, Iam::delete_instance_profile)
        .op(DeleteRole, resource::role, Iam::delete_role)
        .op(GetInstanceProfile, resource::instance_profile, Iam::get_instance_profile)
        .op(GetRole, resource::role, Iam::get_role)
        .op(ListInstanceProfiles, resource::account, Iam::list_instance_profiles)
        .op(ListInstanceProfilesForRole, resource::role, Iam::list_instance_profiles_for_role)
        .op(ListRoles, resource::account, Iam::list_roles)
        .op(RemoveRoleFromInstanceProfile, resource::instance_profile, Iam::remove_role_from_instance_profile)
        .op(UpdateAssumeRolePolicy, resource::role, Iam::update_assume_role_policy)
        .op(UpdateRole, resource::role, Iam::update_role)
        .op(UpdateRoleDescription, resource::role, Iam::update_role_description)
        // Managed policies.
        .op(CreatePolicy, resource::new_policy, Iam::create_policy)
        .op(CreatePolicyVersion, resource::policy, Iam::create_policy_version)
        .op(DeletePolicy, resource::policy, Iam::delete_policy)
        .op(DeletePolicyVersion, resource::policy, Iam::delete_policy_version)
        .op(GetPolicy, resource::policy, Iam::get_policy)
        .op(GetPolicyVersion, resource::policy, Iam::get_policy_version)
        .op(ListPolicies, resource::account, Iam::list_policies)
        .op(ListPolicyVersions, resource::policy, Iam::list_policy_versions)
        .op(SetDefaultPolicyVersion, resource::policy, Iam::set_default_policy_version)
        // What users, groups and roles have of them, and inline.
        .op(AttachGroupPolicy, resource::group, Iam::attach_group_policy)
        .op(AttachRolePolicy, resource::role, Iam::attach_role_policy)
        .op(AttachUserPolicy, resource::user, Iam::attach_user_policy)
        .op(DeleteGroupPolicy, resource::group, Iam::delete_group_policy)
        .op(DeleteRolePermissionsBoundary, resource::role, Iam::delete_role_permissions_boundary)
        .op(DeleteRolePolicy, resource::role, Iam::delete_role_policy)
        .op(DeleteUserPermissionsBoundary, resource::user, Iam::delete_user_permissions_boundary)
        .op(DeleteUserPolicy, resource::user, Iam::delete_user_policy)
        .op(DetachGroupPolicy, resource::group, Iam::detach_group_policy)
        .op(DetachRolePolicy, resource::role, Iam::detach_role_policy)
        .op(DetachUserPolicy, resource::user, Iam::detach_user_policy)
        .op(GetGroupPolicy, resource::group, Iam::get_group_policy)
        .op(GetRolePolicy, resource::role, Iam::get_role_policy)
        .op(GetUserPolicy, resource::user, Iam::get_user_policy)
        .op(ListAttachedGroupPolicies, resource::group, Iam::list_attached_group_policies)
        .op(ListAttachedRolePolicies, resource::role, Iam::list_attached_role_policies)
        .op(ListAttachedUserPolicies, resource::user, Iam::list_attached_user_policies)
        .op(ListGroupPolicies, resource::group, Iam::list_group_policies)
        .op(ListRolePolicies, resource::role, Iam::list_role_policies)
        .op(ListUserPolicies, resource::user, Iam::list_user_policies)
        .op(PutGroupPolicy, resource::group, Iam::put_group_policy)
        .op(PutRolePermissionsBoundary, resource::role, Iam::put_role_permissions_boundary)
        .op(PutRolePolicy, resource::role, Iam::put_role_policy)
        .op(PutUserPermissionsBoundary, resource::user, Iam::put_user_permissions_boundary)
        .op(PutUserPolicy, resource::user, Iam::put_user_policy)
        // Tags.
        .op(ListInstanceProfileTags, resource::instance_profile, Iam::list_instance_profile_tags)
        .op(ListPolicyTags, resource::policy, Iam::list_policy_tags)
        .op(ListRoleTags, resource::role, Iam::list_role_tags)
        .op(ListUserTags, resource::user, Iam::list_user_tags)
        .op(TagInstanceProfile, resource::instance_profile, Iam::tag_instance_profile)
        .op(TagPolicy, resource::policy, Iam::tag_policy)
        .op(TagRole, resource::role, Iam::tag_role)
        .op(TagUser, resource::user, Iam::tag_user)
        .op(UntagInstanceProfile, resource::instance_profile, Iam::untag_instance_profile)
        .op(UntagPolicy, resource::policy, Iam::untag_policy)
        .op(UntagRole, resource::role, Iam::untag_role)
        .op(UntagUser, resource::user, Iam::untag_user)
        // Access keys and the account.
        .op(CreateAccessKey, resource::self_or_user, Iam::create_access_key)
        .op(CreateAccountAlias, resource::account, Iam::create_account_alias)
        .op(DeleteAccessKey, resource::self_or_user, Iam::delete_access_key)
        .op(DeleteAccountAlias, resource::account, Iam::delete_account_alias)
        .op(GetAccessKeyLastUsed, resource::access_key_owner, Iam::get_access_key_last_used)
        .op(ListAccessKeys, resource::self_or_user, Iam::list_access_keys)
        .op(ListAccountAliases, resource::account, Iam::list_account_aliases)
        .op(UpdateAccessKey, resource::self_or_user, Iam::update_access_key)
        // Simulations, service-linked roles, and what is said of all at once.
        .op(CreateServiceLinkedRole, resource::new_service_linked_role, Iam::create_service_linked_role)
        .op(DeleteServiceLinkedRole, resource::role, Iam::delete_service_linked_role)
        .op(GetAccountAuthorizationDetails, resource::account, Iam::get_account_authorization_details)
        .op(GetAccountSummary, resource::account, Iam::get_account_summary)
        .op(GetContextKeysForCustomPolicy, resource::account, Iam::get_context_keys_for_custom_policy)
        .op(GetContextKeysForPrincipalPolicy, resource::by_arn, Iam::get_context_keys_for_principal_policy)
        .op(
            GetServiceLinkedRoleDeletionStatus,
            resource::deleted_role,
            Iam::get_service_linked_role_deletion_status,
        )
        .op(ListEntitiesForPolicy, resource::policy, Iam::list_entities_for_policy)
        .op(ListPoliciesGrantingServiceAccess, resource::by_arn, Iam::list_policies_granting_service_access)
        .op(SimulateCustomPolicy, resource::account, Iam::simulate_custom_policy)
        .op(SimulatePrincipalPolicy, resource::by_arn, Iam::simulate_principal_policy)
        // Passwords, devices, providers, certificates and reports.
        .build()
}
