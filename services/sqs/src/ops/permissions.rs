//! AddPermission and RemovePermission.

use std::sync::Arc;

use kernel::Call;
use model_sqs::Error;
use model_sqs::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{bad_attribute, invalid_value, missing};
use crate::limits::{NAME_CHARS_MAX, POLICY_ACTIONS_MAX};
use crate::queue::policy::{self, LabelError};
use crate::records::{self, Attributes};
use crate::sqs::{Queue, Sqs};

impl Sqs {
    pub async fn add_permission(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: AddPermissionInput,
    ) -> Result<AddPermissionOutput, Error> {
        let label = input.label.as_str();
        check_label(label)?;
        check_actions(&input.actions)?;
        check_accounts(&input.aws_account_ids)?;
        self.transact(|tx, _| {
            let queue = self.current(tx, &queue)?;
            let before = queue.record.attributes.policy.as_deref();
            let policy = policy::add_permission(
                before,
                label,
                &input.aws_account_ids,
                &input.actions,
                queue.arn.as_str(),
            )
            .map_err(|error| match error {
                LabelError::Exists => invalid_value(label, "Label", "Already exists."),
                LabelError::TooMany(n) => {
                    Error::over_limit(format!("{n} Statements were found, maximum allowed is 20."))
                }
                _ => bad_attribute("Policy"),
            })?;
            put_policy(tx, &queue, Some(policy), &call);
            Ok(())
        })
        .await?;
        Ok(AddPermissionOutput {})
    }

    pub async fn remove_permission(
        self: Arc<Self>,
        call: Arc<Call>,
        queue: Allowed<Arc<Queue>>,
        input: RemovePermissionInput,
    ) -> Result<RemovePermissionOutput, Error> {
        let label = input.label.as_str();
        check_label(label)?;
        self.transact(|tx, _| {
            let queue = self.current(tx, &queue)?;
            let Some(before) = &queue.record.attributes.policy else {
                return Err(invalid_value(label, "Label", "can't find label.").into());
            };
            let policy = policy::remove_permission(before, label).map_err(|error| match error {
                LabelError::NotFound => invalid_value(label, "Label", "can't find label on existing policy."),
                _ => bad_attribute("Policy"),
            })?;
            put_policy(tx, &queue, policy, &call);
            Ok(())
        })
        .await?;
        Ok(RemovePermissionOutput {})
    }
}

fn put_policy(tx: &mut Tx, queue: &Queue, policy: Option<String>, call: &Call) {
    let attributes = Attributes { policy, ..queue.record.attributes.clone() };
    let record = records::Queue { attributes, modified_ms: call.now.millis(), ..queue.record.clone() };
    tx.put(queue.row.clone(), record.encode());
}

fn check_label(label: &str) -> Result<(), Error> {
    if label.is_empty() {
        return Err(missing("Label"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if label.len() > NAME_CHARS_MAX || !label.bytes().all(plain) {
        let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
        return Err(invalid_value(label, "Label", reason));
    }
    Ok(())
}

/// Actions that can be given to others.
const SHARED: [&str; 9] = [
    "*",
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
];

/// Actions that only the owner has.
const OWN: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

fn check_actions(actions: &[String]) -> Result<(), Error> {
    if actions.is_empty() {
        return Err(missing("Actions"));
    }
    if actions.len() > POLICY_ACTIONS_MAX {
        let n = actions.len();
        return Err(Error::over_limit(format!(
            "{n} Actions were found, maximum allowed is {POLICY_ACTIONS_MAX}."
        )));
    }
    for action in actions {
        let reason = match action.as_str() {
            action if SHARED.contains(&action) => continue,
            action if OWN.contains(&action) => "Only the queue owner is allowed to invoke this action.",
            _ => "Please refer to the appropriate WSDL for a list of valid actions.",
        };
        return Err(invalid_value(format_args!("SQS:{action}"), "ActionName", reason));
    }
    Ok(())
}

fn check_accounts(accounts: &[String]) -> Result<(), Error> {
    let is_account = |text: &String| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !accounts.is_empty() && accounts.iter().all(is_account) {
        return Ok(());
    }
    Err(invalid_value(format_args!("[{}]", accounts.join(", ")), "PrincipalId", "Unable to verify."))
}
