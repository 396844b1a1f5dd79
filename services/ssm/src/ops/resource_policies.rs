//! PutResourcePolicy, GetResourcePolicies and DeleteResourcePolicy. A parameter has one policy at most.

use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::*;
use policy::{Policy, PolicyKind};
use service::Allowed;
use sha2::{Digest as _, Sha256};
use store::Record as _;

use crate::error::Failure;
use crate::limits::RESOURCE_POLICY_BYTES_MAX;
use crate::name::Reference;
use crate::page_token;
use crate::records::{Parameter, ResourcePolicy, Tier};
use crate::resource::Shared;
use crate::ssm::Ssm;

impl Ssm {
    pub async fn put_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        shared: Allowed<Shared>,
        input: PutResourcePolicyInput,
    ) -> Result<PutResourcePolicyOutput, Error> {
        let document = input.policy.into_inner();
        check_document(&document)?;
        let reference = shared.reference.as_ref().ok_or_else(no_resource)?;
        let given = match (input.policy_id, input.policy_hash) {
            (None, None) => None,
            (Some(id), Some(hash)) => Some((id, hash)),
            (id, _) => {
                let missing = if id.is_none() { "PolicyId" } else { "PolicyHash" };
                return Err(bad_parameter(
                    missing,
                    "To update a policy, PolicyId and PolicyHash are required.",
                ));
            }
        };
        let new_id = self.ids.uuid();
        let policy = self
            .change_policy(&call, reference, |parameter| {
                if parameter.current.tier != Tier::Advanced {
                    return Err(bad_parameter(
                        "ResourceArn",
                        "Only parameters of the advanced-parameter tier can be shared.",
                    ));
                }
                let id = match &given {
                    Some((id, hash)) => existing(parameter, id, hash)?.id.clone(),
                    None if parameter.resource_policy.is_some() => return Err(one_only()),
                    None => new_id.clone(),
                };
                parameter.resource_policy =
                    Some(ResourcePolicy { id, hash: hash(&document), document: document.clone() });
                Ok(())
            })
            .await?;
        let (policy_id, policy_hash) = policy.map(|policy| (policy.id, policy.hash)).unzip();
        Ok(PutResourcePolicyOutput { policy_id, policy_hash })
    }

    pub async fn get_resource_policies(
        self: Arc<Self>,
        _: Arc<Call>,
        shared: Allowed<Shared>,
        input: GetResourcePoliciesInput,
    ) -> Result<GetResourcePoliciesOutput, Error> {
        let parameter = shared.into_inner().parameter.ok_or_else(no_resource)?;
        // One page always holds all there is, so no token is ever given out.
        let question = page_token::question(&["GetResourcePolicies", &input.resource_arn]);
        if page_token::read(input.next_token.as_deref(), &question).is_err() {
            return Err(bad_parameter("NextToken", "The specified token is not valid."));
        }
        let policies = parameter.resource_policy.map(|policy| GetResourcePoliciesResponseEntry {
            policy_id: Some(policy.id),
            policy_hash: Some(policy.hash),
            policy: Some(policy.document),
        });
        Ok(GetResourcePoliciesOutput { next_token: None, policies: Some(policies.into_iter().collect()) })
    }

    pub async fn delete_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        shared: Allowed<Shared>,
        input: DeleteResourcePolicyInput,
    ) -> Result<DeleteResourcePolicyOutput, Error> {
        let reference = shared.reference.as_ref().ok_or_else(no_resource)?;
        self.change_policy(&call, reference, |parameter| {
            existing(parameter, &input.policy_id, &input.policy_hash)?;
            parameter.resource_policy = None;
            Ok(())
        })
        .await?;
        Ok(DeleteResourcePolicyOutput {})
    }

    /// Changes a parameter, and says what its policy is then.
    async fn change_policy(
        &self,
        call: &Call,
        reference: &Reference,
        change: impl Fn(&mut Parameter) -> Result<(), Error>,
    ) -> Result<Option<ResourcePolicy>, Error> {
        let (place, name) = (reference.place(), reference.name.as_str());
        self.transact(|tx| -> Result<_, Failure> {
            let mut parameter = Self::current(tx, place, name, call.now)?.ok_or_else(no_resource)?;
            change(&mut parameter)?;
            tx.put(place.parameter(name), parameter.encode());
            Ok(parameter.resource_policy)
        })
        .await
    }
}

fn existing<'a>(parameter: &'a Parameter, id: &str, hash: &str) -> Result<&'a ResourcePolicy, Error> {
    let policy = parameter.resource_policy.as_ref().filter(|policy| policy.id == id).ok_or_else(|| {
        Error::resource_policy_not_found_exception("No policy with the specified policy ID could be found.")
    })?;
    if policy.hash != hash {
        return Err(Error::resource_policy_conflict_exception(
            "The policy hash doesn't match that of the current version of the policy.",
        ));
    }
    Ok(policy)
}

fn check_document(document: &str) -> Result<(), Error> {
    if document.len() > RESOURCE_POLICY_BYTES_MAX {
        return Err(limit(
            RESOURCE_POLICY_BYTES_MAX,
            "PolicySize",
            "A policy can't be greater than 1024 bytes in size.",
        ));
    }
    Policy::parse(document.as_bytes(), PolicyKind::Resource).map(drop).map_err(|error| {
        Error::malformed_resource_policy_document_exception(format!(
            "The policy document is malformed or invalid: {error}"
        ))
    })
}

fn one_only() -> Error {
    limit(1, "PolicyCount", "Only one policy can be attached to a resource.")
}

fn limit(limit: usize, kind: &str, message: &str) -> Error {
    ResourcePolicyLimitExceededException {
        limit: i32::try_from(limit).ok(),
        limit_type: Some(kind.to_owned()),
        message: Some(message.to_owned()),
    }
    .into()
}

fn bad_parameter(name: &str, message: &str) -> Error {
    ResourcePolicyInvalidParameterException {
        parameter_names: Some(vec![name.to_owned()]),
        message: Some(message.to_owned()),
    }
    .into()
}

fn no_resource() -> Error {
    Error::resource_not_found_exception("The specified parameter to be shared could not be found.")
}

fn hash(document: &str) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}
