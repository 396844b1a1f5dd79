//! The whole keyspace of identities. Every key but those of access keys begins with the account, an empty region (IAM is
//! global) and `"iam"`. Names of users, groups, roles, policies and instance profiles are unique without regard to
//! case: keys hold them in lower case, records as they were given.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"user"` name | [`User`](crate::records::User) |
//! | `"group"` name | [`Group`](crate::records::Group) |
//! | `"role"` name | [`Role`](crate::records::Role) |
//! | `"policy"` name | [`ManagedPolicy`](crate::records::ManagedPolicy) |
//! | `"profile"` name | [`InstanceProfile`](crate::records::InstanceProfile) |
//! | `"member"` group, user | nothing: the user is in the group |
//! | `"attached"` policy ARN, kind, name | nothing: `"user"`, `"group"`, `"role"` or `"boundary-user"`, `"boundary-role"` has the policy |
//! | `"oidc"` URL without scheme | [`OidcProvider`](crate::records::OidcProvider) |
//! | `"saml"` name | [`SamlProvider`](crate::records::SamlProvider) |
//! | `"mfa"` name | [`MfaDevice`](crate::records::MfaDevice), by its virtual device's name |
//! | `"saml-keys"` name | [`SamlKeys`](crate::records::SamlKeys): how assertions are decrypted |
//! | `"server-cert"` name | [`ServerCertificate`](crate::records::ServerCertificate) |
//! | `"ssh"` user's id, key's id | [`SshPublicKey`](crate::records::SshPublicKey) |
//! | `"signing"` user's id or `"root"`, certificate's id | [`SigningCertificate`](crate::records::SigningCertificate) |
//! | `"service-cred"` user's id, credential's id | [`ServiceCredential`](crate::records::ServiceCredential) |
//! | `"access-report"` job id | [`AccessReport`](crate::records::AccessReport) |
//! | `"report"` number | [`CredentialReport`](crate::records::CredentialReport), in pieces |
//! | `"account"` | [`Account`](crate::records::Account) |
//! | `"count"` kind | how many records of a kind there are, a counter |
//! | `"deletion"` task id | [`DeletionTask`](crate::records::DeletionTask): a service-linked role that was deleted |
//!
//! Beside these, so that they do not count as changes of identities: account, an empty region and `"iam-used"`, then the
//! unique id of a user or role and a service → [`LastAccessed`](crate::records::LastAccessed).
//!
//! Access keys are found by their id alone, before the account is known: `"iam"`, `"access-key"`, id →
//! [`AccessKey`](crate::records::AccessKey), and `"iam"`, `"access-key-used"`, id → when and for what it was last used,
//! written now and then. `"iam"`, `"alias"`, alias → the account that has it: aliases are unique everywhere. `"iam"`,
//! `"id"`, unique id (`AIDA…`, `AROA…`) → [`Identity`](crate::records::Identity): the user or role that has it now.

use bytes::Bytes;
use store::KeyWriter;

fn account_of(account: &str) -> KeyWriter {
    KeyWriter::new().str(account).str("").str("iam")
}

fn named(account: &str, kind: &str, name: &str) -> Bytes {
    account_of(account).str(kind).str(&name.to_ascii_lowercase()).finish()
}

/// Everything of an account's identities.
pub fn everything(account: &str) -> Bytes {
    account_of(account).finish()
}

/// All records of a kind (`"user"`, …) in an account.
pub fn all(account: &str, kind: &str) -> Bytes {
    account_of(account).str(kind).finish()
}

/// A user.
pub fn user(account: &str, name: &str) -> Bytes {
    named(account, "user", name)
}

/// A group.
pub fn group(account: &str, name: &str) -> Bytes {
    named(account, "group", name)
}

/// A role.
pub fn role(account: &str, name: &str) -> Bytes {
    named(account, "role", name)
}

/// A policy of the account's own.
pub fn policy(account: &str, name: &str) -> Bytes {
    named(account, "policy", name)
}

/// An instance profile.
pub fn instance_profile(account: &str, name: &str) -> Bytes {
    named(account, "profile", name)
}

/// That a user is in a group.
pub fn member(account: &str, group: &str, user: &str) -> Bytes {
    let lower = user.to_ascii_lowercase();
    account_of(account).str("member").str(&group.to_ascii_lowercase()).str(&lower).finish()
}

/// All users of a group.
pub fn members(account: &str, group: &str) -> Bytes {
    named(account, "member", group)
}

/// That an identity of this kind has a policy; the name is that of the user, group or role.
pub fn attached(account: &str, policy_arn: &str, kind: &str, name: &str) -> Bytes {
    account_of(account).str("attached").str(policy_arn).str(kind).str(&name.to_ascii_lowercase()).finish()
}

/// All that have a policy.
pub fn attachments(account: &str, policy_arn: &str) -> Bytes {
    account_of(account).str("attached").str(policy_arn).finish()
}

/// An OpenID Connect provider, by its URL without the scheme, as its ARN names it.
pub fn oidc_provider(account: &str, url: &str) -> Bytes {
    account_of(account).str("oidc").str(url).finish()
}

/// A SAML provider.
pub fn saml_provider(account: &str, name: &str) -> Bytes {
    account_of(account).str("saml").str(name).finish()
}

/// A virtual MFA device.
pub fn mfa_device(account: &str, name: &str) -> Bytes {
    account_of(account).str("mfa").str(name).finish()
}

/// The keys by which assertions for a SAML provider are decrypted.
pub fn saml_keys(account: &str, name: &str) -> Bytes {
    account_of(account).str("saml-keys").str(name).finish()
}

/// A server certificate.
pub fn server_certificate(account: &str, name: &str) -> Bytes {
    named(account, "server-cert", name)
}

/// Something of a kind (`"ssh"`, `"signing"`, `"service-cred"`) that a user has: the user by its unique id, which stays
/// when it is renamed.
pub fn belonging(account: &str, kind: &str, owner: &str, id: &str) -> Bytes {
    account_of(account).str(kind).str(owner).str(id).finish()
}

/// Everything of a kind that a user has.
pub fn belongings(account: &str, kind: &str, owner: &str) -> Bytes {
    account_of(account).str(kind).str(owner).finish()
}

/// When a user or role, by its unique id, last used a service.
pub fn accessed(account: &str, id: &str, service: &str) -> Bytes {
    KeyWriter::new().str(account).str("").str("iam-used").str(id).str(service).finish()
}

/// The services that a user or role has used.
pub fn all_accessed(account: &str, id: &str) -> Bytes {
    KeyWriter::new().str(account).str("").str("iam-used").str(id).finish()
}

/// A report of who last used what, by its job.
pub fn access_report(account: &str, job: &str) -> Bytes {
    account_of(account).str("access-report").str(job).finish()
}

/// All pieces of the credential report.
pub fn credential_report(account: &str) -> Bytes {
    account_of(account).str("report").finish()
}

/// A piece of the credential report.
pub fn credential_report_piece(account: &str, number: u64) -> Bytes {
    account_of(account).str("report").u64(number).finish()
}

/// What an account itself has.
pub fn account(account: &str) -> Bytes {
    account_of(account).str("account").finish()
}

/// How many records of a kind (`"user"`, …) there are: a counter of 8 bytes, little-endian.
pub fn count(account: &str, kind: &str) -> Bytes {
    account_of(account).str("count").str(kind).finish()
}

/// A service-linked role that was deleted, by its task's id.
pub fn deletion(account: &str, task: &str) -> Bytes {
    account_of(account).str("deletion").str(task).finish()
}

/// The user or role that has a unique id.
pub fn unique_id(id: &str) -> Bytes {
    KeyWriter::new().str("iam").str("id").str(id).finish()
}

/// An access key, by its id.
pub fn access_key(id: &str) -> Bytes {
    KeyWriter::new().str("iam").str("access-key").str(id).finish()
}

/// All access keys.
pub fn access_keys() -> Bytes {
    KeyWriter::new().str("iam").str("access-key").finish()
}

/// When an access key was last used.
pub fn access_key_used(id: &str) -> Bytes {
    KeyWriter::new().str("iam").str("access-key-used").str(id).finish()
}

/// The account that has an alias.
pub fn account_alias(alias: &str) -> Bytes {
    KeyWriter::new().str("iam").str("alias").str(alias).finish()
}
