//! The operations: each checks, runs its transaction, and answers.

pub mod access_keys;
pub mod aliases;
pub mod attachments;
pub mod boundaries;
pub mod groups;
pub mod inline;
pub mod instance_profiles;
pub mod policies;
pub mod policy_versions;
pub mod roles;
pub mod tags;
pub mod users;
