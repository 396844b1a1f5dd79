//! Policies that a session is given to limit it.

use identity::keys;
use kernel::Arn;
use model_sts::Error;
use model_sts::types::PolicyDescriptorType;
use policy::{Policy, PolicyKind};
use store::Snapshot;

use crate::{error, limits};

/// Policies of a session, checked.
#[derive(Clone, Debug, Default)]
pub struct SessionPolicies {
    pub documents: Vec<String>,
    pub arns: Vec<String>,
}

/// Checks the policies for a session in `account`.
pub fn check(
    snapshot: &Snapshot,
    account: &str,
    document: Option<String>,
    arns: Option<Vec<PolicyDescriptorType>>,
) -> Result<SessionPolicies, Error> {
    if let Some(document) = &document {
        if document.chars().count() > policy::limits::SESSION_POLICY {
            return Err(error::too_long(document, "policy", policy::limits::SESSION_POLICY));
        }
        Policy::parse(document.as_bytes(), PolicyKind::Session)
            .map_err(|error| Error::malformed_policy_document_exception(error.message()))?;
    }
    let arns = arns.unwrap_or_default();
    if arns.len() > limits::POLICY_ARNS_MAX {
        return Err(error::too_long("[...]", "policyArns", limits::POLICY_ARNS_MAX));
    }
    let arns = arns.into_iter().filter_map(|descriptor| descriptor.arn);
    let arns = arns.map(|arn| managed(snapshot, account, arn)).collect::<Result<_, _>>()?;
    Ok(SessionPolicies { documents: document.into_iter().collect(), arns })
}

/// A managed policy that exists: one of AWS's, or of the account's own.
fn managed(snapshot: &Snapshot, account: &str, text: String) -> Result<String, Error> {
    let invalid = || error::invalid(format!("ARN {text} is not valid."));
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let name = arn.resource().strip_prefix("policy/").and_then(|name| name.rsplit('/').next());
    let name = name.filter(|name| !name.is_empty() && arn.service() == "iam").ok_or_else(invalid)?;
    let exists = match arn.account() {
        "aws" => true,
        own if own == account => snapshot.get(&keys::policy(account, name))?.is_some(),
        _ => return Err(invalid()),
    };
    if !exists {
        return Err(error::invalid(format!("Policy {text} does not exist or is not attachable.")));
    }
    Ok(text)
}
