//! AssumeRole.

use std::sync::Arc;

use kernel::{Arn, Call, PrincipalKind};
use model_sts::Error;
use model_sts::types::{AssumeRoleInput, AssumeRoleOutput};
use service::{Allowed, Resource, Target};

use crate::role::{self, Role};
use crate::session::{self, Begin};
use crate::sts::{Answer, Sts};
use crate::tags::SessionTags;
use crate::{error, policies};

/// What a caller who may have the role asked for.
pub struct Asked {
    arn: Arn,
    role: Option<Role>,
    tags: SessionTags,
    /// Who is behind the session: given now, or by the session before.
    source_identity: Option<String>,
    /// Whether a second factor was shown with the request.
    second_factor: bool,
}

/// The role, with whom it trusts and everything that trust may depend on.
pub fn resolve(sts: &Sts, call: &Call, input: &AssumeRoleInput) -> Result<Resource<Asked>, Error> {
    let caller = &call.principal;
    match caller.kind {
        PrincipalKind::Root => return Err(error::denied("Roles may not be assumed by root accounts.")),
        PrincipalKind::FederatedUser => return Err(error::not_with_session(caller, call.operation)),
        _ => {}
    }
    let arn = role::parse_arn(&input.role_arn)?;
    let before = caller.session.as_deref();
    let tags = SessionTags::of_input(input.tags.as_deref(), input.transitive_tag_keys.as_deref(), before)?;
    let source_identity = source_identity(input, before)?;
    let second_factor =
        sts.second_factor_now(call, input.serial_number.as_deref(), input.token_code.as_deref())?;
    let role = role::find(&sts.deps.store.snapshot(), &arn)?;
    let asked = Asked { arn: arn.clone(), role, tags, source_identity, second_factor };
    Ok(Resource::new(target(arn, &asked, input), asked))
}

fn target(arn: Arn, asked: &Asked, input: &AssumeRoleInput) -> Target {
    let mut actions = vec!["sts:AssumeRole"];
    if asked.tags.any() {
        actions.push("sts:TagSession");
    }
    if asked.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let mut target = Target::new(arn)
        .for_actions(actions)
        .with_parsed_policy(role::trust(asked.role.as_ref()))
        .policy_required()
        .with_key("sts:RoleSessionName", input.role_session_name.to_string())
        .with_request_tags(asked.tags.given());
    if let Some(role) = &asked.role {
        target = target.with_tags(role.record.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        for (key, value) in &role.record.tags {
            target = target.with_key(format!("iam:ResourceTag/{key}"), value.clone());
        }
    }
    if let Some(id) = &input.external_id {
        target = target.with_key("sts:ExternalId", id.clone());
    }
    if let Some(identity) = &asked.source_identity {
        target = target.with_key("sts:SourceIdentity", identity.clone());
    }
    if !asked.tags.given_transitive.is_empty() {
        target = target.with_keys("sts:TransitiveTagKeys", asked.tags.given_transitive.clone());
    }
    // What is shown now stands for what was shown when the caller's own session began.
    if asked.second_factor {
        target = target.with_key("aws:MultiFactorAuthPresent", true).with_key("aws:MultiFactorAuthAge", 0);
    }
    target
}

/// Said once, it stays the same through every session that follows.
fn source_identity(
    input: &AssumeRoleInput,
    before: Option<&kernel::Session>,
) -> Result<Option<String>, Error> {
    let set = before.and_then(|session| session.source_identity.clone());
    match (set, input.source_identity.clone()) {
        (Some(set), Some(given)) if set != given => {
            Err(error::denied("The source identity of a session cannot be changed."))
        }
        (set, given) => Ok(set.or(given)),
    }
}

impl Sts {
    pub async fn assume_role(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: AssumeRoleInput,
    ) -> Result<AssumeRoleOutput, Error> {
        let Asked { arn, role, tags, source_identity, .. } = asked.into_inner();
        let Some(role) = role else { return Err(error::may_not_assume(&call, &arn)) };
        let before = call.principal.session.as_deref();
        let secs = session::seconds(&role, input.duration_seconds, before.is_some())?;
        let snapshot = self.deps.store.snapshot();
        let policies = policies::check(&snapshot, arn.account(), input.policy, input.policy_arns)?;
        let name = input.role_session_name.into_inner();
        let principal = role.principal(&name);
        let mut session = session::begin(&call, &role, Begin { name, secs, policies, tags, source_identity });
        session.chained = call.principal.kind == PrincipalKind::AssumedRole;
        let user = session::assumed_role_user(&principal);
        let source_identity = session.source_identity.clone();
        let Answer { credentials, packed_policy_size, session_token_size, session_token_utilization } =
            self.issue(principal, session, input.minimum_session_token_size)?;
        Ok(AssumeRoleOutput {
            credentials,
            assumed_role_user: Some(user),
            packed_policy_size,
            source_identity,
            session_token_utilization,
            session_token_size,
        })
    }
}
