//! Sessions of roles: what is the same however a role is assumed.

use std::time::Duration;

use kernel::{Call, Session};
use model_sts::Error;
use model_sts::types::AssumedRoleUser;

use crate::policies::SessionPolicies;
use crate::role::Role;
use crate::tags::SessionTags;
use crate::{error, limits};

/// What a session of a role is made of.
pub struct Begin {
    pub name: String,
    pub secs: i32,
    pub policies: SessionPolicies,
    pub tags: SessionTags,
    pub source_identity: Option<String>,
}

/// How long a session of a role lasts.
pub fn seconds(role: &Role, wanted: Option<i32>, chained: bool) -> Result<i32, Error> {
    let secs = wanted.unwrap_or(limits::ROLE_SECS);
    if chained && secs > limits::CHAINED_SECS_MAX {
        return Err(error::invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    if i64::from(secs) > i64::from(role.record.max_session_secs) {
        return Err(error::invalid(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(secs)
}

/// A session of a role, as of now.
pub fn begin(call: &Call, role: &Role, begin: Begin) -> Session {
    Session {
        issuer_arn: role.arn.to_string(),
        issuer_id: role.record.id.clone(),
        name: begin.name,
        issued: call.now,
        expires: ends(call, begin.secs),
        // A second factor counts for the role's trust policy, not within the session (documented).
        mfa: None,
        tags: begin.tags.all(),
        transitive: begin.tags.transitive(),
        source_identity: begin.source_identity,
        policies: begin.policies.documents,
        policy_arns: begin.policies.arns,
        ..Session::default()
    }
}

/// When a session of so many seconds ends.
pub fn ends(call: &Call, secs: i32) -> kernel::Timestamp {
    // What callers ask for is 900 at least, by the model; a provider's own session may end sooner.
    let secs = u64::from(secs.max(0).unsigned_abs());
    // Answers show whole seconds.
    kernel::Timestamp::from_secs(call.now.secs()).plus(Duration::from_secs(secs))
}

/// A session of a role, as answers show it.
pub fn assumed_role_user(principal: &kernel::Principal) -> AssumedRoleUser {
    AssumedRoleUser { assumed_role_id: Some(principal.user_id.clone()), arn: Some(principal.arn.to_string()) }
}
