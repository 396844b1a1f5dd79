//! Which policies of somebody grant access to a service.

use std::sync::Arc;

use kernel::Call;
use model_iam::types::*;
use policy::{Effect, Policy, Statement as PolicyStatement};
use service::Allowed;

use crate::error::Error;
use crate::iam::Iam;
use crate::page::Wanted;
use crate::simulate::source::{self, Origin, Source};

impl Iam {
    pub async fn list_policies_granting_service_access(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListPoliciesGrantingServiceAccessInput,
    ) -> Result<ListPoliciesGrantingServiceAccessOutput, Error> {
        let wanted = Wanted::new(None, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let holder = source::holder(&mut snapshot, &call.account, &input.arn)?;
        let sources = holder.sources(&mut snapshot, &call.account)?;
        let part = wanted.by_place(input.service_namespaces.into_inner())?;
        let entry = |namespace: String| {
            let granting = sources.iter().filter(|source| grants(&source.policy, &namespace));
            ListPoliciesGrantingServiceAccessEntry {
                policies: Some(granting.map(show).collect()),
                service_namespace: Some(namespace),
            }
        };
        Ok(ListPoliciesGrantingServiceAccessOutput {
            is_truncated: part.truncated(),
            policies_granting_service_access: Some(part.entries.into_iter().map(entry).collect()),
            marker: part.marker,
        })
    }
}

fn show(source: &Source) -> PolicyGrantingServiceAccess {
    match &source.origin {
        Origin::Inline(kind, holder, name) => PolicyGrantingServiceAccess {
            policy_name: Some(name.clone()),
            policy_type: Some(PolicyType::Inline.into()),
            policy_arn: None,
            entity_type: Some(owner(kind).into()),
            entity_name: Some(holder.clone()),
        },
        Origin::Managed(arn) => PolicyGrantingServiceAccess {
            policy_name: Some(source.name.clone()),
            policy_type: Some(PolicyType::Managed.into()),
            policy_arn: Some(arn.clone()),
            entity_type: None,
            entity_name: None,
        },
        // Nothing is given with this request.
        Origin::Given => PolicyGrantingServiceAccess::default(),
    }
}

fn owner(kind: &str) -> PolicyOwnerEntityType {
    match kind {
        "user" => PolicyOwnerEntityType::User,
        "group" => PolicyOwnerEntityType::Group,
        _ => PolicyOwnerEntityType::Role,
    }
}

/// Whether any statement allows any action of the service.
pub fn grants(policy: &Policy, namespace: &str) -> bool {
    let mut statements = policy.statements().iter();
    statements.any(|statement| statement.effect() == Effect::Allow && covers(statement, namespace))
}

fn covers(statement: &PolicyStatement, namespace: &str) -> bool {
    if statement.is_not_action() {
        // All but what is named: nothing of the service is left only where all of it is named.
        return !statement.actions().any(|action| match action.split_once(':') {
            None => action == "*",
            Some((service, name)) => service.eq_ignore_ascii_case(namespace) && name == "*",
        });
    }
    statement.actions().any(|action| match action.split_once(':') {
        None => action == "*",
        Some((service, _)) => service.eq_ignore_ascii_case(namespace),
    })
}

#[cfg(test)]
mod tests {
    use policy::PolicyKind;

    use super::*;

    fn grants_s3(effect: &str, actions: &str) -> bool {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}",{actions},"Resource":"*"}}]}}"#
        );
        grants(&Policy::parse(document.as_bytes(), PolicyKind::Identity).unwrap(), "s3")
    }

    #[test]
    fn what_grants() {
        assert!(grants_s3("Allow", r#""Action":"s3:Get*""#));
        assert!(grants_s3("Allow", r#""Action":"*""#));
        assert!(grants_s3("Allow", r#""NotAction":"sqs:*""#));
        assert!(grants_s3("Allow", r#""NotAction":"s3:Get*""#));
        assert!(!grants_s3("Allow", r#""NotAction":["sqs:*","S3:*"]"#));
        assert!(!grants_s3("Allow", r#""Action":"s3-outposts:*""#));
        assert!(!grants_s3("Deny", r#""Action":"s3:*""#));
    }
}
