//! The operations: each checks, runs its transaction, and answers.

pub mod access_keys;
pub mod account_summary;
pub mod aliases;
pub mod attachments;
pub mod authorization_details;
pub mod boundaries;
pub mod entities;
pub mod granting;
pub mod groups;
pub mod inline;
pub mod instance_profiles;
pub mod policies;
pub mod policy_versions;
pub mod roles;
pub mod service_linked_roles;
pub mod simulate;
pub mod tags;
pub mod users;
