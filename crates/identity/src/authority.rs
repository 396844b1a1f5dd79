//! The decision: what the gateway asks for every operation of every service.

use std::sync::Arc;

use kernel::{Arn, Call, Principal, PrincipalKind, Session};
use policy::{Context, Gathered, Policies, Policy, PolicyKind, PolicyRef, Request, Value};
use service::{Authorizer, Decision, Question, ResourcePolicy};

use crate::context;
use crate::directory::{Directory, Identity};
use crate::documents::Documents;

/// Decides from the policies of identities, sessions and resources. Whatever cannot be told is not allowed.
pub struct Authority {
    directory: Arc<Directory>,
    documents: Arc<Documents>,
}

/// Why somebody may do nothing, before any policy is asked.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("because its identity no longer exists")]
    Gone,
    #[error("because a policy of its identity cannot be read")]
    Broken,
    #[error("because a policy of its session cannot be read")]
    BrokenSession,
}

impl Authority {
    /// Decides by the identities of `directory`.
    pub fn new(directory: Arc<Directory>, documents: Arc<Documents>) -> Self {
        Self { directory, documents }
    }

    fn ask(&self, call: &Call, question: &Question<'_>) -> Result<Decision, Refusal> {
        let who = Who::find(self, &call.principal)?;
        let tell = || context::told(question.later.map_or_else(Vec::new, |tell| tell()));
        let keys = Gathered::by(|| {
            let mut keys = Context::with_capacity(32);
            context::fill(&mut keys, call, who.tags(), question.target);
            if question.later.is_some()
                && let Some(colon) = question.action.find(':')
            {
                keys.tell_later(&question.action[..=colon], &tell);
            }
            keys
        });
        let target = question.target;
        let policy = match &target.policy {
            None => None,
            Some(ResourcePolicy::Parsed(policy)) => Some(policy.clone()),
            Some(ResourcePolicy::Document(document)) => {
                let parsed = self.documents.parse(document, PolicyKind::Resource);
                if parsed.is_none() {
                    // What it denies is not known either.
                    return Ok(Decision::Deny("because the resource's policy cannot be read".to_owned()));
                }
                parsed
            }
        };
        let identity: Vec<PolicyRef<'_>> = who.policies();
        let session: Vec<PolicyRef<'_>> =
            who.session.iter().map(|(name, policy)| PolicyRef { name, policy }).collect();
        let policies = Policies {
            identity: &identity,
            boundary: who.boundary(),
            session: &session,
            resource: policy.as_deref().map(|policy| PolicyRef { name: target.arn.as_str(), policy }),
            scps: &[],
        };
        let resource = if question.on_resources { target.arn.as_str() } else { "*" };
        let mut request = Request::new(who.principal(call), question.action, resource, &keys);
        let owner = target.owner.as_deref().unwrap_or_else(|| target.arn.account());
        if !owner.is_empty() {
            request = request.owned_by(owner);
        }
        request = request.granted_by_acl(target.acl);
        if let Some(id) = &target.caller_id {
            request = request.as_canonical_user(id);
        }
        if target.policy_required {
            request = request.with_resource_policy_required();
        }
        let decision = policy::evaluate(&request, &policies);
        if decision.is_allowed() {
            return Ok(Decision::Allow);
        }
        tracing::debug!(
            principal = %call.principal.arn, action = question.action, resource = %target.arn, ?decision, "denied"
        );
        Ok(Decision::Deny(decision.because(question.action).to_string()))
    }
}

impl Authorizer for Authority {
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision {
        match self.ask(call, question) {
            Ok(decision) => decision,
            Err(refusal) => {
                tracing::error!(
                    principal = %call.principal.arn, action = question.action, %refusal, "denied for an error"
                );
                Decision::Deny(match refusal {
                    Refusal::Store(_) => "because the policies cannot be read".to_owned(),
                    known => known.to_string(),
                })
            }
        }
    }
}

/// The caller with its policies.
struct Who<'a> {
    caller: &'a Principal,
    /// The user or role behind the caller.
    identity: Option<Arc<Identity>>,
    /// Policies of the session.
    session: Vec<(String, Arc<Policy>)>,
}

impl<'a> Who<'a> {
    fn find(authority: &Authority, caller: &'a Principal) -> Result<Self, Refusal> {
        let directory = &authority.directory;
        let account = &caller.account;
        let identity = match (caller.kind, &caller.session) {
            (PrincipalKind::User, _) => {
                Some(current(directory.user(account, name_of(&caller.arn))?, &caller.user_id)?)
            }
            (PrincipalKind::AssumedRole, Some(session)) => {
                let arn: Arn = session.issuer_arn.parse().map_err(|_| Refusal::Gone)?;
                Some(current(directory.role(account, name_of(&arn))?, &session.issuer_id)?)
            }
            (PrincipalKind::AssumedRole, None) => return Err(Refusal::Gone),
            (PrincipalKind::FederatedUser, Some(session)) => {
                let arn: Arn = session.issuer_arn.parse().map_err(|_| Refusal::Gone)?;
                match arn.resource() {
                    "root" => None,
                    _ => Some(current(directory.user(account, name_of(&arn))?, &session.issuer_id)?),
                }
            }
            (PrincipalKind::FederatedUser, None) => return Err(Refusal::Gone),
            (PrincipalKind::Root | PrincipalKind::Service | PrincipalKind::Anonymous, _) => None,
        };
        if identity.as_ref().is_some_and(|identity| identity.broken.is_some()) {
            return Err(Refusal::Broken);
        }
        let session = match &caller.session {
            Some(session) => session_policies(authority, account, session)?,
            None => Vec::new(),
        };
        Ok(Self { caller, identity, session })
    }

    fn policies(&self) -> Vec<PolicyRef<'_>> {
        let own = self.identity.iter().flat_map(|identity| &identity.policies);
        own.map(|(name, policy)| PolicyRef { name, policy }).collect()
    }

    fn boundary(&self) -> Option<PolicyRef<'_>> {
        let (name, policy) = self.identity.as_ref()?.boundary.as_ref()?;
        Some(PolicyRef { name, policy })
    }

    fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.identity.iter().flat_map(|identity| &identity.tags);
        own.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    fn principal(&'a self, call: &'a Call) -> policy::Principal<'a> {
        let caller = self.caller;
        let account = caller.account.as_str();
        let session = caller.session.as_deref();
        let issuer = session.map_or("", |session| session.issuer_arn.as_str());
        match caller.kind {
            PrincipalKind::Root => policy::Principal::Root { account },
            PrincipalKind::User => {
                policy::Principal::User { account, arn: caller.arn.as_str(), id: Some(&caller.user_id) }
            }
            PrincipalKind::AssumedRole => policy::Principal::RoleSession {
                account,
                role_arn: issuer,
                session_arn: caller.arn.as_str(),
                role_id: session.map(|session| session.issuer_id.as_str()),
            },
            PrincipalKind::FederatedUser => {
                policy::Principal::FederatedUser { account, arn: caller.arn.as_str(), parent_arn: issuer }
            }
            PrincipalKind::Service => policy::Principal::Service { name: &call.principal.user_id },
            PrincipalKind::Anonymous => policy::Principal::Anonymous,
        }
    }
}

/// The identity, if it is still the one that the credentials were made for.
fn current(found: Option<Arc<Identity>>, id: &str) -> Result<Arc<Identity>, Refusal> {
    found.filter(|identity| identity.id == id).ok_or(Refusal::Gone)
}

/// The name in a user's or role's ARN, which is its last part.
pub(crate) fn name_of(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

fn session_policies(
    authority: &Authority,
    account: &str,
    session: &Session,
) -> Result<Vec<(String, Arc<Policy>)>, Refusal> {
    let mut policies = Vec::with_capacity(session.policies.len() + session.policy_arns.len());
    for document in &session.policies {
        let parsed = authority.documents.parse(document, PolicyKind::Session);
        policies.push(("session policy".to_owned(), parsed.ok_or(Refusal::BrokenSession)?));
    }
    for arn in &session.policy_arns {
        let found = authority.directory.managed(account, arn)?;
        policies.push((arn.clone(), found.ok_or(Refusal::BrokenSession)?));
    }
    Ok(policies)
}

/// A value that may live as long as the call.
pub(crate) fn shared<'a>(value: &'a Value<'static>) -> Value<'a> {
    match value {
        Value::Text(text) => Value::from(text.as_ref()),
        Value::Binary(bytes) => Value::Binary(bytes.as_ref().into()),
        other => other.clone(),
    }
}
