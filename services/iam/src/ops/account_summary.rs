//! How many there are of everything, and how many there may be.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::keys;
use identity::records::{ManagedPolicy, MfaDevice, User};
use kernel::Call;
use model_iam::types::*;
use policy::limits::{INLINE_GROUP, INLINE_ROLE, INLINE_USER, MANAGED_POLICY, TRUST_POLICY};
use service::Allowed;
use store::{KeyRange, Record as _};

use crate::error::Error;
use crate::iam::Iam;
use crate::limits::*;
use crate::read::Reader;
use crate::{find, quota};

impl Iam {
    pub async fn get_account_summary(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetAccountSummaryInput,
    ) -> Result<GetAccountSummaryOutput, Error> {
        let account = &call.account;
        let mut snapshot = self.store.snapshot();
        let of_account = find::account(&mut snapshot, account)?;
        let versions = versions_in_use(&mut snapshot, account)?;
        let (devices, enabled, root_device) = devices(&mut snapshot, account)?;
        let rows = |snapshot: &mut _, kind| rows(snapshot, account, kind);
        let providers = rows(&mut snapshot, "oidc")? + rows(&mut snapshot, "saml")?;
        let certificates = rows(&mut snapshot, "server-cert")?;
        let mut signing = 0;
        snapshot.visit(KeyRange::prefix(keys::belongings(account, "signing", "root")), |_, _| {
            signing += 1;
            Ok(true)
        })?;
        let mut count = |kind| quota::count(&mut snapshot, account, kind);
        let map = [
            ("Users", count("user")?),
            ("UsersQuota", USERS),
            ("Groups", count("group")?),
            ("GroupsQuota", GROUPS),
            ("Roles", count("role")?),
            ("RolesQuota", ROLES),
            ("Policies", count("policy")?),
            ("PoliciesQuota", POLICIES),
            ("InstanceProfiles", count("profile")?),
            ("InstanceProfilesQuota", INSTANCE_PROFILES),
            ("PolicyVersionsInUse", versions),
            ("PolicyVersionsInUseQuota", POLICY_VERSIONS_IN_USE),
            ("VersionsPerPolicyQuota", POLICY_VERSIONS),
            ("PolicySizeQuota", MANAGED_POLICY),
            ("UserPolicySizeQuota", INLINE_USER),
            ("GroupPolicySizeQuota", INLINE_GROUP),
            ("RolePolicySizeQuota", INLINE_ROLE),
            ("AssumeRolePolicySizeQuota", TRUST_POLICY),
            ("GroupsPerUserQuota", GROUPS_PER_USER),
            ("AttachedPoliciesPerUserQuota", ATTACHED_POLICIES),
            ("AttachedPoliciesPerGroupQuota", ATTACHED_POLICIES),
            ("AttachedPoliciesPerRoleQuota", ATTACHED_POLICIES),
            ("AccessKeysPerUserQuota", ACCESS_KEYS_PER_USER),
            ("SigningCertificatesPerUserQuota", SIGNING_CERTIFICATES_PER_USER),
            ("ServerCertificates", certificates),
            ("ServerCertificatesQuota", SERVER_CERTIFICATES),
            ("Providers", providers),
            ("MFADevices", devices),
            ("MFADevicesInUse", enabled),
            ("AccountMFAEnabled", usize::from(root_device)),
            ("AccountAccessKeysPresent", of_account.access_keys.len()),
            ("AccountSigningCertificatesPresent", signing),
            // A root user here has keys and no password.
            ("AccountPasswordPresent", 0),
            ("GlobalEndpointTokenVersion", usize::from(of_account.token_version.max(1))),
        ];
        let map: BTreeMap<String, i32> = map
            .into_iter()
            .map(|(name, value)| (name.to_owned(), i32::try_from(value).unwrap_or(i32::MAX)))
            .collect();
        Ok(GetAccountSummaryOutput { summary_map: Some(map) })
    }
}

/// How many rows there are of a kind; quotas bound them.
fn rows(from: &mut impl Reader, account: &str, kind: &str) -> Result<usize, Error> {
    let mut count = 0;
    from.visit(KeyRange::prefix(keys::all(account, kind)), |_, _| {
        count += 1;
        Ok(true)
    })?;
    Ok(count)
}

fn versions_in_use(from: &mut impl Reader, account: &str) -> Result<usize, Error> {
    let policies: Vec<ManagedPolicy> = from.records(&keys::all(account, "policy"))?;
    Ok(policies.iter().map(|policy| policy.versions.len()).sum())
}

/// How many devices there are, how many of them are enabled, and whether one is for the root user.
fn devices(from: &mut impl Reader, account: &str) -> Result<(usize, usize, bool), Error> {
    let (mut all, mut enabled) = (0, 0);
    from.visit(KeyRange::prefix(keys::all(account, "mfa")), |_, bytes| {
        all += 1;
        enabled += usize::from(MfaDevice::decode(bytes)?.enabled.is_some());
        Ok(true)
    })?;
    let mut of_users = 0;
    from.visit(KeyRange::prefix(keys::all(account, "user")), |_, bytes| {
        of_users += User::decode(bytes)?.mfa.len();
        Ok(true)
    })?;
    Ok((all, enabled, enabled > of_users))
}
