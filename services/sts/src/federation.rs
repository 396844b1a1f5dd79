//! Sessions of roles for those whom a provider vouches for: the role's trust policy alone decides.

use kernel::{Call, Session};
use model_sts::Error;
use policy::{Context, Policies, Policy, PolicyRef, Principal, Request, Value};

use crate::error;
use crate::role::{self, Role};
use crate::tags::SessionTags;

/// What a provider's proof says.
pub struct Proof {
    /// The provider's ARN.
    pub provider: String,
    /// Condition keys that it sets, with their values.
    pub keys: Vec<(String, Vec<String>)>,
    /// Those of them that the session keeps.
    pub kept: Vec<String>,
    pub tags: SessionTags,
    pub source_identity: Option<String>,
}

impl Proof {
    /// Lets through whom the role trusts to do `action` with this proof, as a session of this name.
    pub fn check(&self, call: &Call, role: Option<&Role>, action: &str, name: &str) -> Result<(), Error> {
        let policy = role::trust(role);
        let denied = || error::denied(format!("Not authorized to perform {action}"));
        let role = role.ok_or_else(denied)?;
        let context = self.context(call, role, name);
        let mut actions = vec![action];
        if self.tags.any() {
            actions.push("sts:TagSession");
        }
        if self.source_identity.is_some() {
            actions.push("sts:SetSourceIdentity");
        }
        for action in actions {
            self.ask(&policy, role, action, &context)?;
        }
        Ok(())
    }

    fn ask(&self, policy: &Policy, role: &Role, action: &str, context: &Context<'_>) -> Result<(), Error> {
        let who = Principal::Federated { provider: &self.provider };
        let request = Request::new(who, action, role.arn.as_str(), context).owned_by(role.arn.account());
        let resource = Some(PolicyRef { name: role.arn.as_str(), policy });
        let decision = policy::evaluate_trust(&request, &Policies { resource, ..Policies::default() });
        if decision.is_allowed() {
            return Ok(());
        }
        tracing::debug!(provider = self.provider, action, role = %role.arn, ?decision, "denied");
        Err(error::denied(format!("Not authorized to perform {action}")))
    }

    fn context<'a>(&'a self, call: &'a Call, role: &'a Role, name: &'a str) -> Context<'a> {
        let mut context = Context::with_capacity(32);
        context.set("aws:CurrentTime", Value::Time(call.now.millis()));
        context.set("aws:EpochTime", call.now.secs());
        context.set("aws:RequestedRegion", call.region.as_str());
        context.set("aws:SecureTransport", call.endpoint.scheme == "https");
        context.set("aws:PrincipalIsAWSService", false);
        context.set("aws:ResourceAccount", role.arn.account());
        if let Some(address) = call.source_ip {
            context.set("aws:SourceIp", address);
        }
        if let Some(agent) = &call.user_agent {
            context.set("aws:UserAgent", agent.as_str());
        }
        context.set("aws:FederatedProvider", self.provider.as_str());
        context.set("sts:RoleSessionName", name);
        if let Some(identity) = &self.source_identity {
            context.set("sts:SourceIdentity", identity.as_str());
        }
        for (key, value) in self.tags.given() {
            context.set_under("aws:RequestTag/", key, value);
        }
        context.set_many("aws:TagKeys", self.tags.given().map(|(key, _)| key));
        context.set_many("sts:TransitiveTagKeys", self.tags.given_transitive.iter().map(String::as_str));
        for (key, value) in &role.record.tags {
            context.set_under("aws:ResourceTag/", key.as_str(), value.as_str());
            context.set_under("iam:ResourceTag/", key.as_str(), value.as_str());
        }
        // Last, though none of them has a name of those above: they begin with the provider's.
        for (key, values) in &self.keys {
            context.set_many(key.as_str(), values.iter().map(String::as_str));
        }
        context
    }

    /// The session, knowing who vouched for it.
    pub fn mark(&self, session: Session) -> Session {
        let kept = self.keys.iter().filter(|(key, _)| self.kept.contains(key)).cloned();
        Session { provider: Some(self.provider.clone()), claims: kept.collect(), ..session }
    }
}
