//! The policy of a secret.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::{Allowed, Decision, Question, Target};

use crate::access_policy::{check_name, is_public, read};
use crate::error::not_found;
use crate::resource::{Named, of_secret};
use crate::secrets::{Found, Secrets};

impl Secrets {
    pub async fn put_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: PutResourcePolicyInput,
    ) -> Result<PutResourcePolicyOutput, Error> {
        check_name(input.policy_name.as_deref())?;
        let found = named.writable()?;
        let policy = read(&input.resource_policy)?;
        if input.block_public_policy == Some(true) && is_public(&policy) {
            return Err(Error::public_policy_exception(
                "The resource policy grants broad access to the secret, which BlockPublicPolicy does not allow.",
            ));
        }
        self.set_policy(&call, found, Some(&input.resource_policy)).await?;
        let (arn, name) = shown(found);
        Ok(PutResourcePolicyOutput { arn, name, policy_name: None })
    }

    pub async fn get_resource_policy(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: GetResourcePolicyInput,
    ) -> Result<GetResourcePolicyOutput, Error> {
        check_name(input.policy_name.as_deref())?;
        let found = named.live()?;
        let (arn, name) = shown(found);
        Ok(GetResourcePolicyOutput {
            arn,
            name,
            resource_policy: found.secret.policy.clone(),
            policy_name: None,
        })
    }

    pub async fn delete_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: DeleteResourcePolicyInput,
    ) -> Result<DeleteResourcePolicyOutput, Error> {
        check_name(input.policy_name.as_deref())?;
        let found = named.writable()?;
        self.set_policy(&call, found, None).await?;
        let (arn, name) = shown(found);
        Ok(DeleteResourcePolicyOutput { arn, name, policy_name: None })
    }

    pub async fn validate_resource_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Option<Named>>,
        input: ValidateResourcePolicyInput,
    ) -> Result<ValidateResourcePolicyOutput, Error> {
        let found = match named.into_inner() {
            Some(named) => Some(named.found.ok_or_else(not_found)?),
            None => None,
        };
        if let Some(found) = &found {
            found.live()?;
        }
        let policy = Arc::new(read(&input.resource_policy)?);
        let mut errors = Vec::new();
        if is_public(&policy) {
            errors.push(finding(
                "PUBLIC_ACCESS",
                "The resource policy grants broad access to the secret: name the principals, or limit them by a \
                 condition.",
            ));
        }
        if let Some(found) = &found
            && self.locks_out(&call, found, policy)
        {
            errors.push(finding(
                "LOCK_OUT",
                "With this resource policy you could no longer change the resource policy of the secret.",
            ));
        }
        Ok(ValidateResourcePolicyOutput {
            policy_validation_passed: Some(errors.is_empty()),
            validation_errors: Some(errors),
        })
    }

    async fn set_policy(&self, call: &Call, found: &Found, policy: Option<&str>) -> Result<(), Error> {
        self.change(found, call.now, |_, found| {
            found.secret.policy = policy.map(str::to_owned);
            Ok(())
        })
        .await
    }

    /// Whether the caller may change the policy now, and could not under the new one.
    fn locks_out(&self, call: &Call, found: &Found, policy: Arc<policy::Policy>) -> bool {
        let Some(authorizer) = self.cloud.authorizer() else { return false };
        let may = |target: &Target| {
            let action = "secretsmanager:PutResourcePolicy";
            authorizer.decide(call, &Question::new(action, target)) == Decision::Allow
        };
        may(&of_secret(found)) && !may(&of_secret(found).with_parsed_policy(policy))
    }
}

fn shown(found: &Found) -> (Option<String>, Option<String>) {
    (Some(found.arn().as_str().to_owned()), Some(found.secret.name.clone()))
}

fn finding(check: &str, text: &str) -> ValidationErrorsEntry {
    ValidationErrorsEntry { check_name: Some(check.to_owned()), error_message: Some(text.to_owned()) }
}
