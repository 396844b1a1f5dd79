//! The policy of a table itself, which says who else may use it.

use std::sync::Arc;

use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use policy::Policy;
use service::{Allowed, Decision, Question};
use store::Record as _;

use crate::access_policy;
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, validation};
use crate::records::Policy as Record;
use crate::resource::Named;

/// What stands for the revision where there must be no policy yet ("PutResourcePolicy", ExpectedRevisionId).
const NO_POLICY: &str = "NO_POLICY";

impl DynamoDb {
    pub async fn put_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: PutResourcePolicyInput,
    ) -> Result<PutResourcePolicyOutput, Error> {
        let parsed = access_policy::read(&input.policy)?;
        let table = named.described()?;
        if input.confirm_remove_self_resource_access != Some(true) && self.locks_out(&call, &named, parsed) {
            return Err(validation(
                "The policy would keep you from changing it again. Confirm that with ConfirmRemoveSelfResourceAccess.",
            ));
        }
        let expected = input.expected_revision_id.as_deref();
        let revision = self
            .transact(|tx| {
                let table = self.current(tx, table)?;
                let mut record = table.record.clone();
                let known = record.policy.as_ref().map(|policy| policy.revision.as_str());
                if expected.is_some_and(|expected| expected != known.unwrap_or(NO_POLICY)) {
                    return Err(other_revision(&input.resource_arn).into());
                }
                // The same again is the same revision.
                if let Some(policy) = record.policy.as_ref().filter(|policy| policy.document == *input.policy)
                {
                    return Ok(policy.revision.clone());
                }
                let policy = Record::new(&input.policy, record.policy.as_ref(), call.now.millis());
                let revision = policy.revision.clone();
                record.policy = Some(policy);
                tx.put(table.row.clone(), record.encode());
                Ok::<_, Failure>(revision)
            })
            .await?;
        Ok(PutResourcePolicyOutput { revision_id: Some(revision) })
    }

    pub async fn get_resource_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: GetResourcePolicyInput,
    ) -> Result<GetResourcePolicyOutput, Error> {
        let policy = named.described()?.record.policy.clone().ok_or_else(|| none(&input.resource_arn))?;
        Ok(GetResourcePolicyOutput { policy: Some(policy.document), revision_id: Some(policy.revision) })
    }

    /// A table without a policy is left without one, unless the request says which was expected.
    pub async fn delete_resource_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: DeleteResourcePolicyInput,
    ) -> Result<DeleteResourcePolicyOutput, Error> {
        let table = named.described()?;
        let expected = input.expected_revision_id.as_deref();
        let revision = self
            .transact(|tx| {
                let table = self.current(tx, table)?;
                let mut record = table.record.clone();
                let Some(policy) = record.policy.take() else {
                    return match expected {
                        Some(_) => Err(none(&input.resource_arn).into()),
                        None => Ok(None),
                    };
                };
                if expected.is_some_and(|expected| expected != policy.revision) {
                    return Err(other_revision(&input.resource_arn).into());
                }
                tx.put(table.row.clone(), record.encode());
                Ok::<_, Failure>(Some(policy.revision))
            })
            .await?;
        Ok(DeleteResourcePolicyOutput { revision_id: revision })
    }

    /// Whether the caller may change the policy now, and could not under the new one.
    fn locks_out(&self, call: &Call, named: &Named, policy: Policy) -> bool {
        let Some(authorizer) = self.cloud.authorizer() else { return false };
        let may = |target: &service::Target| {
            let action = "dynamodb:PutResourcePolicy";
            authorizer.decide(call, &Question { action, on_resources: true, target }) == Decision::Allow
        };
        may(&named.target(None)) && !may(&named.target(None).with_parsed_policy(Arc::new(policy)))
    }
}

fn none(arn: &str) -> Error {
    Error::policy_not_found_exception(format!(
        "Resource-based policy not found for the provided ResourceArn: {arn}"
    ))
}

fn other_revision(arn: &str) -> Error {
    Error::policy_not_found_exception(format!(
        "Resource-based policy with the expected revision not found for the provided ResourceArn: {arn}"
    ))
}
