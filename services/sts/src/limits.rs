//! Every limit of the service, each with its source. What the model says itself is checked before operations run.

/// Session of a role when nothing is said (API reference, AssumeRole).
pub const ROLE_SECS: i32 = 3600;
/// Longest session of a role that is begun with temporary credentials (API reference, AssumeRole).
pub const CHAINED_SECS_MAX: i32 = 3600;
/// Session of a user when nothing is said (API reference, GetSessionToken and GetFederationToken).
pub const USER_SECS: i32 = 43_200;
/// Session of the root user: longest, and when nothing is said (API reference, GetSessionToken).
pub const ROOT_SECS: i32 = 3600;
/// Managed policies of a session (API reference, AssumeRole).
pub const POLICY_ARNS_MAX: usize = 10;
/// Tags of a session, those included that it has from the session before (IAM user guide, "Passing session tags").
pub const TAGS_MAX: usize = 50;
