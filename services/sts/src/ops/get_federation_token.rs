//! GetFederationToken.

use std::sync::Arc;

use kernel::{Arn, Call, Principal, PrincipalKind};
use model_sts::Error;
use model_sts::types::{FederatedUser, GetFederationTokenInput, GetFederationTokenOutput};
use service::{Allowed, Resource, Target};

use crate::ops::get_session_token::{of_user, seconds_of_user};
use crate::policies;
use crate::sts::{Answer, Sts};
use crate::tags::SessionTags;

/// What a caller who may name federated users asked for.
pub struct Asked {
    arn: Arn,
    tags: SessionTags,
    secs: i32,
}

/// The federated user.
pub fn resolve(_: &Sts, call: &Call, input: &GetFederationTokenInput) -> Result<Resource<Asked>, Error> {
    let secs = seconds_of_user(call, input.duration_seconds)?;
    let tags = SessionTags::of_input(input.tags.as_deref(), None, None)?;
    let name = &*input.name;
    let arn = Arn::aws("sts", "", &call.principal.account, &format!("federated-user/{name}"));
    let mut target = Target::new(arn.clone());
    if tags.any() {
        target =
            target.for_actions(["sts:GetFederationToken", "sts:TagSession"]).with_request_tags(tags.given());
    }
    Ok(Resource::new(target, Asked { arn, tags, secs }))
}

impl Sts {
    pub async fn get_federation_token(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetFederationTokenInput,
    ) -> Result<GetFederationTokenOutput, Error> {
        let Asked { arn, tags, secs } = asked.into_inner();
        let account = &call.principal.account;
        let policies =
            policies::check(&self.deps.store.snapshot(), account, input.policy, input.policy_arns)?;
        let name = input.name.into_inner();
        let mut session = of_user(&call, secs);
        (session.policies, session.policy_arns) = (policies.documents, policies.arns);
        session.tags = tags.all();
        session.name = name.clone();
        let principal = Principal {
            kind: PrincipalKind::FederatedUser,
            account: account.clone(),
            arn,
            user_id: format!("{account}:{name}"),
            access_key: String::new(),
            session: None,
        };
        let user = FederatedUser {
            federated_user_id: Some(principal.user_id.clone()),
            arn: Some(principal.arn.to_string()),
        };
        let Answer { credentials, packed_policy_size, session_token_size, session_token_utilization } =
            self.issue(principal, session, input.minimum_session_token_size)?;
        Ok(GetFederationTokenOutput {
            credentials,
            federated_user: Some(user),
            packed_policy_size,
            session_token_utilization,
            session_token_size,
        })
    }
}
