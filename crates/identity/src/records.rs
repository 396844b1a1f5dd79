//! What is stored of identities, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable. Times are milliseconds since 1970.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Policies that an identity has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Documents by the names of the inline policies, as they were given.
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies, in the order in which they were attached.
    pub attached: Vec<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    /// `/` or `/…/`.
    pub path: String,
    /// `AIDA…`
    pub id: String,
    pub created_ms: i64,
    pub policies: Policies,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Names of its groups.
    pub groups: Vec<String>,
    /// Ids of its access keys, in the order in which they were made.
    pub access_keys: Vec<String>,
    pub login: Option<Login>,
    pub password_used_ms: Option<i64>,
    /// Serial numbers (ARNs) of its MFA devices.
    pub mfa: Vec<String>,
}
store::record!(User, kind = 0x0201);

/// A user's password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub created_ms: i64,
    /// When the password was set.
    pub changed_ms: i64,
    /// Its hash, in the PHC string format, and those before it, as far as reuse is to be prevented; newest first.
    pub hashes: Vec<String>,
    pub reset_required: bool,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub name: String,
    pub path: String,
    /// `AGPA…`
    pub id: String,
    pub created_ms: i64,
    pub policies: Policies,
}
store::record!(Group, kind = 0x0202);

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub path: String,
    /// `AROA…`
    pub id: String,
    pub created_ms: i64,
    /// Its trust policy, as it was given but for the ARNs of users and roles among its principals: in their places
    /// stand the unique ids that they had, so that another of the same name is not trusted.
    pub trust: String,
    pub description: Option<String>,
    /// Longest session, in seconds.
    pub max_session_secs: u32,
    pub policies: Policies,
    pub boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// When and in which region it was last used.
    pub used: Option<(i64, String)>,
    /// The service that it is linked to, as in `ecs.amazonaws.com`.
    pub linked_to: Option<String>,
}
store::record!(Role, kind = 0x0203);

/// A managed policy of the account's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    pub name: String,
    pub path: String,
    /// `ANPA…`
    pub id: String,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// The number of the version in force: 1 is `v1`.
    pub default_version: u32,
    /// The number that the next version gets; numbers are not used again.
    pub next_version: u32,
    pub versions: Vec<PolicyVersion>,
}
store::record!(ManagedPolicy, kind = 0x0204);

/// A version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    pub number: u32,
    pub created_ms: i64,
    pub document: String,
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    pub name: String,
    pub path: String,
    /// `AIPA…`
    pub id: String,
    pub created_ms: i64,
    pub tags: BTreeMap<String, String>,
    /// The name of its role.
    pub role: Option<String>,
}
store::record!(InstanceProfile, kind = 0x0205);

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    pub account: String,
    /// The user's name; none for the root user.
    pub user: Option<String>,
    /// The secret, sealed by the vault for the purpose `iam.access-key` and the key's id.
    pub sealed_secret: Vec<u8>,
    pub active: bool,
    pub created_ms: i64,
}
store::record!(AccessKey, kind = 0x0206);

/// When an access key was last used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKeyUsed {
    pub used_ms: i64,
    /// The service, as in `sqs`.
    pub service: String,
    pub region: String,
}
store::record!(AccessKeyUsed, kind = 0x0207);

/// An OpenID Connect provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// With its scheme, `https://` (or `http://` for an issuer on this machine, in local mode).
    pub url: String,
    pub client_ids: Vec<String>,
    pub thumbprints: Vec<String>,
    pub created_ms: i64,
    pub tags: BTreeMap<String, String>,
}
store::record!(OidcProvider, kind = 0x0208);

/// A SAML provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlProvider {
    pub name: String,
    /// A random UUID, which `GetSAMLProvider` shows.
    pub uuid: String,
    /// The metadata document.
    pub metadata: String,
    pub created_ms: i64,
    pub tags: BTreeMap<String, String>,
}
store::record!(SamlProvider, kind = 0x0209);

/// A virtual MFA device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaDevice {
    pub name: String,
    pub path: String,
    /// The seed, sealed by the vault for the purpose `iam.mfa` and the device's ARN.
    pub sealed_seed: Vec<u8>,
    pub created_ms: i64,
    pub tags: BTreeMap<String, String>,
    /// The user it is enabled for, and since when.
    pub enabled: Option<(String, i64)>,
    /// The last time step a code of which was accepted: a code works once.
    pub last_step: u64,
    /// How many time steps its clock is ahead of ours.
    pub drift: i64,
    /// Wrong codes since the last right one.
    pub failures: u32,
    /// When the last wrong code was given.
    pub failed_ms: i64,
}
store::record!(MfaDevice, kind = 0x020a);

/// What an account itself has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// When its first record was written.
    pub created_ms: Option<i64>,
    pub alias: Option<String>,
    /// Ids of the root user's access keys, in the order in which they were made.
    pub access_keys: Vec<String>,
    pub password_policy: Option<PasswordPolicy>,
    /// Whether tokens of the global endpoint are good in all regions: 1 or 2.
    pub token_version: u8,
}
store::record!(Account, kind = 0x020b);

/// The rules for passwords.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordPolicy {
    pub min_length: u32,
    pub symbols: bool,
    pub numbers: bool,
    pub uppercase: bool,
    pub lowercase: bool,
    pub may_change: bool,
    pub max_age_days: Option<u32>,
    pub reuse_prevention: Option<u32>,
    pub hard_expiry: Option<bool>,
}

/// The user or role that has a unique id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub account: String,
    /// Otherwise a user.
    pub is_role: bool,
    pub name: String,
}
store::record!(Identity, kind = 0x020c);

/// The deletion of a service-linked role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionTask {
    pub role: String,
    pub deleted_ms: i64,
}
store::record!(DeletionTask, kind = 0x020d);

/// The keys by which assertions for a SAML provider are decrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlKeys {
    /// Whether assertions must be encrypted.
    pub required: bool,
    pub keys: Vec<SamlKey>,
}
store::record!(SamlKeys, kind = 0x0210);

/// A key by which assertions are decrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlKey {
    pub id: String,
    pub added_ms: i64,
    /// In PEM, sealed by the vault for the purpose `iam.saml-key` and the key's id.
    pub sealed: Vec<u8>,
}

/// A server certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCertificate {
    pub name: String,
    pub path: String,
    /// `ASCA…`
    pub id: String,
    pub uploaded_ms: i64,
    pub expires_ms: i64,
    /// In PEM.
    pub body: String,
    /// In PEM, the issuer first.
    pub chain: Option<String>,
    /// The private key in PEM, sealed by the vault for the purpose `iam.server-certificate` and the certificate's id.
    pub sealed_key: Vec<u8>,
    pub tags: BTreeMap<String, String>,
}
store::record!(ServerCertificate, kind = 0x0211);

/// A user's public SSH key; always RSA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshPublicKey {
    /// `APKA…`
    pub id: String,
    /// As the SSH protocol writes it.
    pub blob: Vec<u8>,
    pub active: bool,
    pub uploaded_ms: i64,
}
store::record!(SshPublicKey, kind = 0x0212);

/// A user's X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningCertificate {
    pub id: String,
    /// In PEM.
    pub body: String,
    pub active: bool,
    pub uploaded_ms: i64,
}
store::record!(SigningCertificate, kind = 0x0213);

/// A user's name and password for one service, or its key for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCredential {
    /// `ACCA…`
    pub id: String,
    /// The user's unique id.
    pub owner: String,
    /// As in `codecommit.amazonaws.com`.
    pub service: String,
    /// The name that goes with the password or the key.
    pub login: String,
    /// The password or key, sealed by the vault for the purpose `iam.service-credential` and the credential's id.
    pub sealed_secret: Vec<u8>,
    pub active: bool,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
}
store::record!(ServiceCredential, kind = 0x0214);

/// When a user or role last used a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastAccessed {
    pub used_ms: i64,
    pub region: String,
}
store::record!(LastAccessed, kind = 0x0215);

/// A report of who last used what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessReport {
    /// What it is about.
    pub arn: String,
    pub created_ms: i64,
    /// Whether actions were asked for, not services alone.
    pub by_action: bool,
}
store::record!(AccessReport, kind = 0x0216);

/// A piece of the credential report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialReport {
    pub made_ms: i64,
    pub text: String,
}
store::record!(CredentialReport, kind = 0x0217);

impl User {
    /// A user that has nothing yet.
    pub fn new(name: &str, path: &str, id: String, created_ms: i64) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            id,
            created_ms,
            policies: Policies::default(),
            boundary: None,
            tags: BTreeMap::new(),
            groups: Vec::new(),
            access_keys: Vec::new(),
            login: None,
            password_used_ms: None,
            mfa: Vec::new(),
        }
    }
}
