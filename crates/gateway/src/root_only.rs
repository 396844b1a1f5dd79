//! The policy until there are policies.

use kernel::{Call, PrincipalKind};
use service::{Authorizer, Decision, Question};

/// An account's root user may do everything to that account's resources; nobody else may do anything.
pub struct RootOnly;

impl Authorizer for RootOnly {
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision {
        let resource = &question.target.arn;
        let own = resource.account().is_empty() || resource.account() == call.principal.account;
        if call.principal.kind == PrincipalKind::Root && own {
            return Decision::Allow;
        }
        let policies = if own { "identity-based" } else { "resource-based" };
        Decision::Deny(format!("because no {policies} policy allows the {} action", question.action))
    }
}
