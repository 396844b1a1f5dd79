//! What is open to everybody.

use policy::{Effect, Policy};

use crate::records::{Acl, Grantee};

/// Whether a policy makes its bucket public: some statement allows something to everybody without a condition.
pub fn policy_is_public(policy: &Policy) -> bool {
    policy.statements().iter().any(|statement| {
        statement.effect() == Effect::Allow
            && statement.principals().any(|(_, name)| name == "*")
            && statement.condition_keys().next().is_none()
    })
}

/// Whether a list gives anything to everybody.
pub fn acl_is_public(acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| matches!(grant.grantee, Grantee::AllUsers | Grantee::AuthenticatedUsers))
}
