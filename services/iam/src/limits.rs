//! Quotas and sizes, each with its source: the quotas page of IAM's documentation unless it says otherwise. Sizes of
//! policies are those of `policy::limits`.

/// Users in an account.
pub const USERS: usize = 5_000;
/// Groups in an account.
pub const GROUPS: usize = 300;
/// Roles in an account.
pub const ROLES: usize = 1_000;
/// Managed policies of an account's own.
pub const POLICIES: usize = 1_500;
/// Instance profiles in an account.
pub const INSTANCE_PROFILES: usize = 1_000;
/// Groups that a user may be in.
pub const GROUPS_PER_USER: usize = 10;
/// Managed policies attached to a user, group or role.
pub const ATTACHED_POLICIES: usize = 10;
/// Versions of a managed policy.
pub const POLICY_VERSIONS: usize = 5;
/// Access keys of a user, and of the root user.
pub const ACCESS_KEYS_PER_USER: usize = 2;
/// Tags of anything.
pub const TAGS: usize = 50;
/// Entries in an answer that does not say how many it wants (API reference, `MaxItems`).
pub const PAGE_DEFAULT: usize = 100;
/// Entries in an answer at most (API reference, `MaxItems`).
pub const PAGE_MAX: usize = 1_000;
/// The path of whatever is given none.
pub const PATH_DEFAULT: &str = "/";
/// The longest session of a role that says nothing of it, in seconds (API reference, `CreateRole`).
pub const SESSION_SECS_DEFAULT: u32 = 3_600;
/// How long the outcome of a service-linked role's deletion can be asked for, in milliseconds: a week, far longer than
/// anybody waits.
pub const DELETION_KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Roles in an instance profile.
pub const ROLES_PER_INSTANCE_PROFILE: usize = 1;
/// Pairs of action and resource that one answer of a simulation decides: at some microseconds each, a tenth of a second.
pub const SIMULATED_MAX: usize = 20_000;
/// Versions of all managed policies of an account together.
pub const POLICY_VERSIONS_IN_USE: usize = 10_000;
/// Server certificates in an account.
pub const SERVER_CERTIFICATES: usize = 20;
/// Signing certificates of a user, and of the root user.
pub const SIGNING_CERTIFICATES_PER_USER: usize = 2;
/// Characters of a password at least where the account's rules do not say (API reference, `UpdateAccountPasswordPolicy`).
pub const PASSWORD_CHARS_MIN: u32 = 6;
/// MFA devices of a user.
pub const MFA_DEVICES_PER_USER: usize = 8;
/// Virtual MFA devices in an account: as many as there may be users.
pub const MFA_DEVICES: usize = USERS;
/// OpenID Connect providers in an account.
pub const OIDC_PROVIDERS: usize = 100;
/// Client ids of an OpenID Connect provider.
pub const OIDC_CLIENT_IDS: usize = 100;
/// Thumbprints of an OpenID Connect provider (API reference, `CreateOpenIDConnectProvider`).
pub const OIDC_THUMBPRINTS: usize = 5;
/// SAML providers in an account.
pub const SAML_PROVIDERS: usize = 100;
/// Private keys of a SAML provider: the one in use and its successor (API reference, `UpdateSAMLProvider`).
pub const SAML_KEYS: usize = 2;
/// Public SSH keys of a user.
pub const SSH_KEYS_PER_USER: usize = 5;
/// Credentials of a user for one service (API reference, `CreateServiceSpecificCredential`).
pub const SERVICE_CREDENTIALS: usize = 2;
/// Reports of last accesses that are kept for an account: far more than anybody reads in a week.
pub const ACCESS_REPORTS: usize = 1_000;
/// How long such a report is kept, in milliseconds: a week, as AWS keeps them.
pub const ACCESS_REPORT_KEPT_MS: i64 = 7 * 24 * 3_600_000;
