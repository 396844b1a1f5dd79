//! The policy of a table or stream itself, which says who else may use it.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use policy::Policy;
use service::{Allowed, Decision, Question};

use crate::access_policy;
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation};
use crate::records::Policy as Record;
use crate::resource::Governed;

/// What stands for the revision where there must be no policy yet ("PutResourcePolicy", ExpectedRevisionId).
const NO_POLICY: &str = "NO_POLICY";

impl DynamoDb {
    pub async fn put_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        governed: Allowed<Governed>,
        input: PutResourcePolicyInput,
    ) -> Result<PutResourcePolicyOutput, Error> {
        let parsed = access_policy::read(&input.policy)?;
        governed.policy()?;
        if input.confirm_remove_self_resource_access != Some(true) && self.locks_out(&call, &governed, parsed)
        {
            return Err(validation(
                "The policy would keep you from changing it again. Confirm that with ConfirmRemoveSelfResourceAccess.",
            ));
        }
        let expected = input.expected_revision_id.as_deref();
        let revision = self
            .transact(|tx| {
                let (row, mut holder) = governed.holder(self.as_ref(), tx)?;
                let held = holder.policy();
                let known = held.as_ref().map(|policy| policy.revision.as_str());
                if let Some(expected) = expected
                    && expected != known.unwrap_or(NO_POLICY)
                {
                    return Err(other_revision(&governed, expected, known).into());
                }
                // The same again is the same revision.
                if let Some(policy) = held.as_ref().filter(|policy| policy.document == *input.policy) {
                    return Ok(policy.revision.clone());
                }
                let policy = Record::new(&input.policy, held.as_ref(), call.now.millis());
                let revision = policy.revision.clone();
                *held = Some(policy);
                tx.put(row, holder.encode());
                Ok::<_, Failure>(revision)
            })
            .await?;
        Ok(PutResourcePolicyOutput { revision_id: Some(revision) })
    }

    pub async fn get_resource_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        governed: Allowed<Governed>,
        input: GetResourcePolicyInput,
    ) -> Result<GetResourcePolicyOutput, Error> {
        let policy = governed.policy()?.cloned().ok_or_else(|| none(&input.resource_arn))?;
        Ok(GetResourcePolicyOutput { policy: Some(policy.document), revision_id: Some(policy.revision) })
    }

    /// What has no policy is left without one, unless the request says which was expected.
    pub async fn delete_resource_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        governed: Allowed<Governed>,
        input: DeleteResourcePolicyInput,
    ) -> Result<DeleteResourcePolicyOutput, Error> {
        let expected = input.expected_revision_id.as_deref();
        let revision = self
            .transact(|tx| {
                let (row, mut holder) = governed.holder(self.as_ref(), tx)?;
                let Some(policy) = holder.policy().take() else {
                    return match expected {
                        Some(_) => Err(none(&input.resource_arn).into()),
                        None => Ok(None),
                    };
                };
                if let Some(expected) = expected
                    && expected != policy.revision
                {
                    return Err(other_revision(&governed, expected, Some(&policy.revision)).into());
                }
                tx.put(row, holder.encode());
                Ok::<_, Failure>(Some(policy.revision))
            })
            .await?;
        Ok(DeleteResourcePolicyOutput { revision_id: revision })
    }

    /// Whether the caller may change the policy now, and could not under the new one.
    fn locks_out(&self, call: &Call, governed: &Governed, policy: Policy) -> bool {
        let Some(authorizer) = self.cloud.authorizer() else { return false };
        let may = |target: &service::Target| {
            let action = "dynamodb:PutResourcePolicy";
            authorizer.decide(call, &Question::new(action, target)) == Decision::Allow
        };
        may(&governed.target()) && !may(&governed.target().with_parsed_policy(Arc::new(policy)))
    }
}

/// There is no such policy: of what, or why.
fn none(of: &str) -> Error {
    Error::policy_not_found_exception(format!(
        "Resource-based policy not found for the provided ResourceArn: {of}"
    ))
}

/// The policy is not of the revision that the request expects.
fn other_revision(governed: &Governed, expected: &str, known: Option<&str>) -> Error {
    let target = governed.shown();
    let text = match known {
        Some(known) if expected == NO_POLICY => format!(
            "Requested policy update expecting none to be present for {target}, but a policy exists with revision id {known}."
        ),
        Some(known) => format!(
            "Requested update for policy with revision id {expected}, but the policy associated to target {target} has revision id {known}."
        ),
        None => {
            format!("Requested update for policy with revision id {expected}, but {target} has no policy.")
        }
    };
    none(&text)
}
