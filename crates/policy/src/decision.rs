//! What an evaluation answers.

use std::fmt;

use crate::policy::PolicyKind;

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The statement that decided, where one did.
    pub by: Option<StatementRef<'a>>,
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request may go on.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
}

/// Why the answer is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A statement of a policy of this kind grants it, and whatever may limit that does not.
    Granted(PolicyKind),
    /// The root user in its own account.
    Root,
    /// The resource's access control list grants it.
    Acl,
    /// A statement of a policy of this kind denies it.
    Denied(PolicyKind),
    /// No policy of this kind allows it, and one had to.
    NotAllowed(PolicyKind),
    /// The action is not `service:Name`, so that no policy can speak of it.
    NoAction,
}

/// A statement, for messages and for `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatementRef<'a> {
    /// The policy's name as the caller gave it.
    pub policy: &'a str,
    /// The part it plays here.
    pub kind: PolicyKind,
    /// The statement's place in it, from 0.
    pub index: usize,
    /// The statement's `Sid`.
    pub sid: Option<&'a str>,
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// The end of a refusal's message: `because no identity-based policy allows the sqs:SendMessage action`, or
    /// `with an explicit deny in a resource-based policy`. Empty where the request is allowed.
    pub fn because(self, action: &str) -> impl fmt::Display {
        Because { reason: self.reason, action }
    }

    /// The whole message of a refusal. `who` is the principal's ARN; `resource` is left out where the action has
    /// none (`*`).
    pub fn message(self, who: &str, action: &str, resource: &str) -> String {
        let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
        let because = self.because(action).to_string();
        let space = if because.is_empty() { "" } else { " " };
        format!("User: {who} is not authorized to perform: {action}{on}{space}{because}")
    }
}

struct Because<'t> {
    reason: Reason,
    action: &'t str,
}

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Granted(_) | Reason::Root | Reason::Acl | Reason::NoAction => Ok(()),
            Reason::Denied(PolicyKind::Trust) => {
                f.write_str("with an explicit deny in the role trust policy")
            }
            Reason::Denied(PolicyKind::Identity) => {
                f.write_str("with an explicit deny in an identity-based policy")
            }
            Reason::Denied(kind) => write!(f, "with an explicit deny in a {}", name(kind)),
            Reason::NotAllowed(kind) => {
                write!(f, "because no {} allows the {} action", name(kind), self.action)
            }
        }
    }
}

fn name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity-based policy",
        PolicyKind::Resource => "resource-based policy",
        PolicyKind::Trust => "role trust policy",
        PolicyKind::Scp => "service control policy",
        PolicyKind::Session => "session policy",
        PolicyKind::Boundary => "permissions boundary",
    }
}
