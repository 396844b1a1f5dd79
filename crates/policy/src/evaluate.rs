//! The decision about one request.

use crate::action::Action;
use crate::context::Keys;
use crate::decision::{Decision, Reason, StatementRef, Verdict};
use crate::policy::{Policy, PolicyKind};
use crate::principal::{Naming, Principal};
use crate::statement::{Effect, Question};

/// One question: may this principal do this to this resource?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub principal: Principal<'a>,
    /// `service:Name`
    pub action: &'a str,
    /// The resource's ARN, or `*` where the action has none.
    pub resource: &'a str,
    /// The account that owns the resource; nothing where it is the principal's own.
    pub resource_account: Option<&'a str>,
    /// The condition keys.
    pub keys: &'a dyn Keys,
    /// The canonical user id of the principal's account, where the service knows such ids.
    pub canonical_user: Option<&'a str>,
    /// Whether the resource's own policy must take part even within an account, as with keys of KMS and with
    /// roles: an identity's policy counts only as far as the resource's policy lets the account decide.
    pub resource_policy_required: bool,
    /// What the resource's access control list gives the principal for this action, beside its policy.
    pub acl: AclGrant,
}

/// What an access control list gives to a principal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AclGrant {
    /// Nothing.
    #[default]
    Nothing,
    /// It names the principal's account, which decides what its identities may make of that.
    Account,
    /// It names everybody.
    Everybody,
}

impl<'a> Request<'a> {
    /// A request about a resource of the principal's own account.
    pub fn new(principal: Principal<'a>, action: &'a str, resource: &'a str, keys: &'a dyn Keys) -> Self {
        Self {
            principal,
            action,
            resource,
            resource_account: None,
            keys,
            canonical_user: None,
            resource_policy_required: false,
            acl: AclGrant::Nothing,
        }
    }

    /// The same about a resource that belongs to this account.
    pub fn owned_by(self, account: &'a str) -> Self {
        Self { resource_account: Some(account), ..self }
    }

    /// The same with what the resource's access control list gives.
    pub fn granted_by_acl(self, acl: AclGrant) -> Self {
        Self { acl, ..self }
    }

    /// The same with the principal's account known by this canonical user id.
    pub fn as_canonical_user(self, id: &'a str) -> Self {
        Self { canonical_user: Some(id), ..self }
    }

    /// The same with the resource's own policy taking part in any case.
    pub fn with_resource_policy_required(self) -> Self {
        Self { resource_policy_required: true, ..self }
    }
}

/// A policy and the name to report it by.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRef<'a> {
    /// Its ARN, or the name of an inline policy.
    pub name: &'a str,
    /// The policy.
    pub policy: &'a Policy,
}

/// The policies that may have a say. Those that do not exist are left empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// Of the user, its groups, or the role.
    pub identity: &'a [PolicyRef<'a>],
    /// The permissions boundary.
    pub boundary: Option<PolicyRef<'a>>,
    /// Given when the session began; any of them may allow.
    pub session: &'a [PolicyRef<'a>],
    /// Of the resource; for a role, its trust policy.
    pub resource: Option<PolicyRef<'a>>,
    /// Service control policies by level, from the root to the account: each level must allow.
    pub scps: &'a [&'a [PolicyRef<'a>]],
}

/// What a set of policies says.
#[derive(Clone, Copy)]
struct Finding<'a> {
    naming: Naming,
    allow: Option<StatementRef<'a>>,
    deny: Option<StatementRef<'a>>,
}

/// Decides. The order is the documented one: any explicit deny, service control policies, the resource's policy,
/// the identity's policies, the boundary, the session's policies; between accounts both sides must allow.
pub fn evaluate<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    let Some(action) = Action::parse(request.action) else {
        return Decision { verdict: Verdict::ImplicitDeny, reason: Reason::NoAction, by: None };
    };
    let question = Question {
        principal: request.principal,
        canonical_user: request.canonical_user,
        has_boundary: policies.boundary.is_some(),
        action,
        resource: request.resource,
        keys: request.keys,
    };
    // Service control policies bind the members of an account, and nobody who has none.
    let scps = if request.principal.account().is_some() { policies.scps } else { &[] };
    let mut scp_silent = false;
    for level in scps {
        let found = look(PolicyKind::Scp, level, &question);
        if let Some(by) = found.deny {
            return denied(by);
        }
        scp_silent |= found.allow.is_none();
    }
    let resource = look(resource_kind(policies), policies.resource.as_slice(), &question);
    let identity = look(PolicyKind::Identity, policies.identity, &question);
    let boundary = look(PolicyKind::Boundary, policies.boundary.as_slice(), &question);
    let session = look(PolicyKind::Session, policies.session, &question);
    if let Some(by) = resource.deny.or(identity.deny).or(boundary.deny).or(session.deny) {
        return denied(by);
    }
    if scp_silent {
        return not_allowed(PolicyKind::Scp);
    }
    let side = Side { request, policies, resource, identity, boundary, session };
    match request.principal.account() {
        None => side.without_account(),
        Some(account) if request.resource_account.is_none_or(|owner| owner == account) => side.same_account(),
        Some(_) => side.cross_account(),
    }
}

/// Whether a principal may assume a role, whose trust policy is `policies.resource`. As with every role, the trust
/// policy must take part.
pub fn evaluate_trust<'a>(request: &Request<'_>, policies: &Policies<'a>) -> Decision<'a> {
    evaluate(&request.with_resource_policy_required(), policies)
}

/// All findings of a request that nothing denies.
struct Side<'r, 'a> {
    request: &'r Request<'r>,
    policies: &'r Policies<'a>,
    resource: Finding<'a>,
    identity: Finding<'a>,
    boundary: Finding<'a>,
    session: Finding<'a>,
}

impl<'a> Side<'_, 'a> {
    /// Services, strangers and those whom only a provider knows: the resource's policy alone decides.
    fn without_account(&self) -> Decision<'a> {
        match self.resource.allow {
            Some(by) => granted(by),
            None if self.request.acl == AclGrant::Everybody => by_acl(),
            None => self.resource_silent(),
        }
    }

    fn same_account(&self) -> Decision<'a> {
        match (self.resource.naming, self.resource.allow) {
            // A grant to the user or session itself, or to everybody, needs nothing else and is limited by
            // nothing else.
            (Naming::Itself | Naming::Everybody, Some(by)) => return granted(by),
            // A grant to the role behind a session, or to the user behind a federated one, stands for the
            // identity's policy only.
            (Naming::Behind, Some(by)) => {
                return self.limits().unwrap_or_else(|| granted(by));
            }
            _ if self.request.acl == AclGrant::Everybody => return by_acl(),
            (Naming::None, _) if self.request.resource_policy_required => return self.resource_silent(),
            _ => {}
        }
        self.identity_side()
    }

    fn cross_account(&self) -> Decision<'a> {
        let own = self.identity_side();
        if !own.is_allowed() {
            return own;
        }
        match self.resource.allow {
            Some(by) => granted(by),
            None if self.request.acl != AclGrant::Nothing => by_acl(),
            None => self.resource_silent(),
        }
    }

    /// What the principal's own account says.
    fn identity_side(&self) -> Decision<'a> {
        let allowed = match self.identity.allow {
            Some(by) => granted(by),
            None if self.request.principal.is_root() => {
                Decision { verdict: Verdict::Allow, reason: Reason::Root, by: None }
            }
            None => return not_allowed(PolicyKind::Identity),
        };
        self.limits().unwrap_or(allowed)
    }

    /// What the boundary and the session's policies take away.
    fn limits(&self) -> Option<Decision<'a>> {
        if self.policies.boundary.is_some() && self.boundary.allow.is_none() {
            return Some(not_allowed(PolicyKind::Boundary));
        }
        // A federated user has what its session policies give, and without any has nothing.
        let federated = matches!(self.request.principal, Principal::FederatedUser { .. });
        if (federated || !self.policies.session.is_empty()) && self.session.allow.is_none() {
            return Some(not_allowed(PolicyKind::Session));
        }
        None
    }

    fn resource_silent(&self) -> Decision<'a> {
        not_allowed(resource_kind(self.policies))
    }
}

/// A role's trust policy has a name of its own.
fn resource_kind(policies: &Policies<'_>) -> PolicyKind {
    match policies.resource {
        Some(found) if found.policy.kind() == PolicyKind::Trust => PolicyKind::Trust,
        _ => PolicyKind::Resource,
    }
}

fn granted(by: StatementRef<'_>) -> Decision<'_> {
    Decision { verdict: Verdict::Allow, reason: Reason::Granted(by.kind), by: Some(by) }
}

fn by_acl<'a>() -> Decision<'a> {
    Decision { verdict: Verdict::Allow, reason: Reason::Acl, by: None }
}

fn denied(by: StatementRef<'_>) -> Decision<'_> {
    Decision { verdict: Verdict::ExplicitDeny, reason: Reason::Denied(by.kind), by: Some(by) }
}

fn not_allowed<'a>(kind: PolicyKind) -> Decision<'a> {
    Decision { verdict: Verdict::ImplicitDeny, reason: Reason::NotAllowed(kind), by: None }
}

/// Finds the first denial, or else the first of the most direct grants. `kind` is the part the policies play here:
/// one managed policy may be an identity's and somebody's boundary.
fn look<'a>(kind: PolicyKind, policies: &[PolicyRef<'a>], question: &Question<'_>) -> Finding<'a> {
    let mut found = Finding { naming: Naming::None, allow: None, deny: None };
    for PolicyRef { name, policy } in policies {
        if !policy.may_cover(&question.action) {
            continue;
        }
        for (index, statement) in policy.statements().iter().enumerate() {
            // Once the most direct grant is found, only denials matter. A policy of a resource grants nothing to
            // principals it does not name.
            let nameless = kind.has_principals() && statement.principals.is_none();
            if statement.effect == Effect::Allow && (found.naming == Naming::Itself || nameless) {
                continue;
            }
            let naming = statement.applies(question);
            if naming == Naming::None {
                continue;
            }
            let by = StatementRef { policy: name, kind, index, sid: statement.sid() };
            match statement.effect {
                Effect::Deny => return Finding { deny: Some(by), ..found },
                Effect::Allow if naming > found.naming => {
                    found.naming = naming;
                    found.allow = Some(by);
                }
                Effect::Allow => {}
            }
        }
    }
    found
}
