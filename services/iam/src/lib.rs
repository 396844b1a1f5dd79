//! AWS Identity and Access Management.
//!
//! Records and keys are those of the crate `identity`, by which STS and the gateway find what is written here. IAM is
//! global: everything is kept under no region, whatever region a call was signed for.

mod arn;
mod attach;
mod belongings;
pub mod bootstrap;
mod certificate;
mod check;
mod encode;
mod error;
mod find;
mod holder;
mod iam;
mod json;
mod limits;
mod namespaces;
mod oidc;
mod ops;
mod page;
mod password;
mod qr;
mod quota;
mod read;
mod resource;
mod saml;
mod service_linked;
mod shape;
mod simulate;
mod ssh;
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
        // Passwords.
        .op(ChangePassword, resource::own_password, Iam::change_password)
        .op(CreateLoginProfile, resource::self_or_user, Iam::create_login_profile)
        .op(DeleteAccountPasswordPolicy, resource::account, Iam::delete_account_password_policy)
        .op(DeleteLoginProfile, resource::self_or_user, Iam::delete_login_profile)
        .op(GetAccountPasswordPolicy, resource::account, Iam::get_account_password_policy)
        .op(GetLoginProfile, resource::self_or_user, Iam::get_login_profile)
        .op(UpdateAccountPasswordPolicy, resource::account, Iam::update_account_password_policy)
        .op(UpdateLoginProfile, resource::user, Iam::update_login_profile)
        // MFA devices.
        .op(CreateVirtualMFADevice, resource::new_device, Iam::create_virtual_mfa_device)
        .op(DeactivateMFADevice, resource::self_or_user, Iam::deactivate_mfa_device)
        .op(DeleteVirtualMFADevice, resource::device, Iam::delete_virtual_mfa_device)
        .op(EnableMFADevice, resource::user, Iam::enable_mfa_device)
        .op(GetMFADevice, resource::self_or_user, Iam::get_mfa_device)
        .op(ListMFADeviceTags, resource::device, Iam::list_mfa_device_tags)
        .op(ListMFADevices, resource::self_or_user, Iam::list_mfa_devices)
        .op(ListVirtualMFADevices, resource::account, Iam::list_virtual_mfa_devices)
        .op(ResyncMFADevice, resource::user, Iam::resync_mfa_device)
        .op(TagMFADevice, resource::device, Iam::tag_mfa_device)
        .op(UntagMFADevice, resource::device, Iam::untag_mfa_device)
        // Identity providers.
        .op(
            AddClientIDToOpenIDConnectProvider,
            resource::oidc_provider,
            Iam::add_client_id_to_open_id_connect_provider,
        )
        .op(CreateOpenIDConnectProvider, resource::new_oidc_provider, Iam::create_open_id_connect_provider)
        .op(CreateSAMLProvider, resource::new_saml_provider, Iam::create_saml_provider)
        .op(DeleteOpenIDConnectProvider, resource::oidc_provider, Iam::delete_open_id_connect_provider)
        .op(DeleteSAMLProvider, resource::saml_provider, Iam::delete_saml_provider)
        .op(GetOpenIDConnectProvider, resource::oidc_provider, Iam::get_open_id_connect_provider)
        .op(GetSAMLProvider, resource::saml_provider, Iam::get_saml_provider)
        .op(ListOpenIDConnectProviderTags, resource::oidc_provider, Iam::list_open_id_connect_provider_tags)
        .op(ListOpenIDConnectProviders, resource::account, Iam::list_open_id_connect_providers)
        .op(ListSAMLProviderTags, resource::saml_provider, Iam::list_saml_provider_tags)
        .op(ListSAMLProviders, resource::account, Iam::list_saml_providers)
        .op(
            RemoveClientIDFromOpenIDConnectProvider,
            resource::oidc_provider,
            Iam::remove_client_id_from_open_id_connect_provider,
        )
        .op(TagOpenIDConnectProvider, resource::oidc_provider, Iam::tag_open_id_connect_provider)
        .op(TagSAMLProvider, resource::saml_provider, Iam::tag_saml_provider)
        .op(UntagOpenIDConnectProvider, resource::oidc_provider, Iam::untag_open_id_connect_provider)
        .op(UntagSAMLProvider, resource::saml_provider, Iam::untag_saml_provider)
        .op(
            UpdateOpenIDConnectProviderThumbprint,
            resource::oidc_provider,
            Iam::update_open_id_connect_provider_thumbprint,
        )
        .op(UpdateSAMLProvider, resource::saml_provider, Iam::update_saml_provider)
        // Certificates, and what users have for single services.
        .op(
            CreateServiceSpecificCredential,
            resource::new_service_credential,
            Iam::create_service_specific_credential,
        )
        .op(DeleteSSHPublicKey, resource::user, Iam::delete_ssh_public_key)
        .op(DeleteServerCertificate, resource::server_certificate, Iam::delete_server_certificate)
        .op(
            DeleteServiceSpecificCredential,
            resource::service_credential,
            Iam::delete_service_specific_credential,
        )
        .op(DeleteSigningCertificate, resource::self_or_user, Iam::delete_signing_certificate)
        .op(GetSSHPublicKey, resource::user, Iam::get_ssh_public_key)
        .op(GetServerCertificate, resource::server_certificate, Iam::get_server_certificate)
        .op(ListSSHPublicKeys, resource::self_or_user, Iam::list_ssh_public_keys)
        .op(ListServerCertificateTags, resource::server_certificate, Iam::list_server_certificate_tags)
        .op(ListServerCertificates, resource::account, Iam::list_server_certificates)
        .op(
            ListServiceSpecificCredentials,
            resource::service_credentials,
            Iam::list_service_specific_credentials,
        )
        .op(ListSigningCertificates, resource::self_or_user, Iam::list_signing_certificates)
        .op(
            ResetServiceSpecificCredential,
            resource::service_credential,
            Iam::reset_service_specific_credential,
        )
        .op(TagServerCertificate, resource::server_certificate, Iam::tag_server_certificate)
        .op(UntagServerCertificate, resource::server_certificate, Iam::untag_server_certificate)
        .op(UpdateSSHPublicKey, resource::user, Iam::update_ssh_public_key)
        .op(UpdateServerCertificate, resource::renamed_server_certificate, Iam::update_server_certificate)
        .op(
            UpdateServiceSpecificCredential,
            resource::service_credential,
            Iam::update_service_specific_credential,
        )
        .op(UpdateSigningCertificate, resource::self_or_user, Iam::update_signing_certificate)
        .op(UploadSSHPublicKey, resource::user, Iam::upload_ssh_public_key)
        .op(UploadServerCertificate, resource::new_server_certificate, Iam::upload_server_certificate)
        .op(UploadSigningCertificate, resource::self_or_user, Iam::upload_signing_certificate)
        // Reports and preferences.
        .op(GenerateCredentialReport, resource::account, Iam::generate_credential_report)
        .op(
            GenerateServiceLastAccessedDetails,
            resource::reported,
            Iam::generate_service_last_accessed_details,
        )
        .op(GetCredentialReport, resource::account, Iam::get_credential_report)
        .op(GetServiceLastAccessedDetails, resource::account, Iam::get_service_last_accessed_details)
        .op(
            GetServiceLastAccessedDetailsWithEntities,
            resource::account,
            Iam::get_service_last_accessed_details_with_entities,
        )
        .op(
            SetSecurityTokenServicePreferences,
            resource::account,
            Iam::set_security_token_service_preferences,
        )
        .build()
}
