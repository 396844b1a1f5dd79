//! Policies of keys: the only root of trust of a key.

use kernel::{Call, PrincipalKind};
use model_kms::Error;
use policy::{Context, Policies, Policy, PolicyKind, PolicyRef, Principal, Request, evaluate};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::limits::POLICY_BYTES_MAX;

/// The policy of a key that is made without one: the account decides by its identities' policies.
pub fn default(account: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// The policy of the key that a service uses for its customers: everybody in the account may use it through that
/// service, and look at it.
pub fn of_service(account: &str, region: &str, service: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "auto-{service}-2",
  "Statement" : [ {{
    "Sid" : "Allow access through {service} for all principals in the account that are authorized to use {service}",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "*"
    }},
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {{
      "StringEquals" : {{
        "kms:CallerAccount" : "{account}",
        "kms:ViaService" : "{service}.{region}.amazonaws.com"
      }}
    }}
  }}, {{
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// Checks a policy, and unless `bypass` that whoever sets it may set another.
pub fn check(call: &Call, arn: &str, document: &str, bypass: bool) -> Result<(), Error> {
    if document.len() > POLICY_BYTES_MAX {
        return Err(Error::limit_exceeded_exception(format!(
            "The key policy is larger than the limit of {POLICY_BYTES_MAX} bytes."
        )));
    }
    let parsed = Policy::parse(document.as_bytes(), PolicyKind::Resource)
        .map_err(|error| Error::malformed_policy_document_exception(error.message()))?;
    if bypass || may_replace(call, arn, &parsed) {
        return Ok(());
    }
    Err(Error::malformed_policy_document_exception(
        "The new key policy will not allow you to update the key policy in the future.",
    ))
}

/// A policy of an identity that may do everything: what is asked is whether the key's policy would stand in the way.
const EVERYTHING: &[u8] =
    br#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

fn may_replace(call: &Call, arn: &str, parsed: &Policy) -> bool {
    let Ok(everything) = Policy::parse(EVERYTHING, PolicyKind::Identity) else { return false };
    let mut context = Context::new();
    context.set("kms:CallerAccount", &*call.principal.account);
    context.set("aws:PrincipalArn", call.principal.arn.as_str());
    context.set("aws:PrincipalAccount", &*call.principal.account);
    let request = Request::new(principal(call), "kms:PutKeyPolicy", arn, &context)
        .owned_by(&call.account)
        .with_resource_policy_required();
    let identity = [PolicyRef { name: "everything", policy: &everything }];
    let resource = Some(PolicyRef { name: "key", policy: parsed });
    evaluate(&request, &Policies { identity: &identity, resource, ..Policies::default() }).is_allowed()
}

fn principal(call: &Call) -> Principal<'_> {
    let caller = &call.principal;
    let (account, arn) = (&*caller.account, caller.arn.as_str());
    let issuer = caller.session.as_ref().map_or(arn, |session| &*session.issuer_arn);
    match caller.kind {
        PrincipalKind::Root => Principal::Root { account },
        PrincipalKind::User => Principal::User { account, arn, id: None },
        PrincipalKind::AssumedRole => {
            Principal::RoleSession { account, role_arn: issuer, session_arn: arn, role_id: None }
        }
        PrincipalKind::FederatedUser => Principal::FederatedUser { account, arn, parent_arn: issuer },
        PrincipalKind::Service => Principal::Service { name: &caller.user_id },
        PrincipalKind::Anonymous => Principal::Anonymous,
    }
}

/// A document with its statements as they are written.
#[derive(Deserialize)]
struct Document<'d> {
    #[serde(rename = "Version")]
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    #[serde(borrow, rename = "Statement")]
    statements: &'d RawValue,
}

/// The same policy with more statements, parsed. `None` if the document cannot be read.
pub fn with_statements(document: &str, more: &[String]) -> Option<Policy> {
    let read: Document<'_> = serde_json::from_str(document).ok()?;
    let own = read.statements.get().trim();
    let own = own.strip_prefix('[').and_then(|own| own.strip_suffix(']')).unwrap_or(own);
    let version = read.version.as_deref().unwrap_or("2008-10-17");
    let combined = format!(r#"{{"Version":"{version}","Statement":[{own},{}]}}"#, more.join(","));
    Policy::parse(combined.as_bytes(), PolicyKind::Resource).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Arn, Timestamp};

    const ARN: &str = "arn:aws:kms:us-east-1:123456789012:key/k";

    fn user() -> Call {
        let mut call = testkit::call(Timestamp::from_secs(0));
        call.principal.kind = PrincipalKind::User;
        call.principal.arn = Arn::aws("iam", "", "123456789012", "user/ann");
        call
    }

    fn allowing(principal: &str, action: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"{action}","Resource":"*"}}}}"#
        )
    }

    #[test]
    fn own_policies_are_policies() {
        for document in [default("123456789012"), of_service("123456789012", "us-east-1", "ssm")] {
            assert!(Policy::parse(document.as_bytes(), PolicyKind::Resource).is_ok(), "{document}");
        }
    }

    #[test]
    fn nobody_locks_himself_out() {
        let refused = |document: &str| check(&user(), ARN, document, false).unwrap_err();
        check(&user(), ARN, &default("123456789012"), false).unwrap();
        check(&user(), ARN, &allowing("arn:aws:iam::123456789012:user/ann", "kms:Put*"), false).unwrap();
        let other = allowing("arn:aws:iam::123456789012:user/bob", "kms:*");
        assert!(matches!(refused(&other), Error::MalformedPolicyDocumentException(_)));
        check(&user(), ARN, &other, true).unwrap();
        let read_only = allowing("arn:aws:iam::123456789012:root", "kms:Decrypt");
        assert!(matches!(refused(&read_only), Error::MalformedPolicyDocumentException(_)));
        assert!(matches!(refused("{}"), Error::MalformedPolicyDocumentException(_)));
        let long = format!("{}{}", " ".repeat(POLICY_BYTES_MAX), default("123456789012"));
        assert!(matches!(refused(&long), Error::LimitExceededException(_)));
    }

    #[test]
    fn statements_are_added() {
        let more =
            [r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:Decrypt","Resource":"*"}"#
                .to_owned()];
        for (document, n) in [(default("123456789012"), 2), (allowing("*", "kms:*"), 2)] {
            assert_eq!(with_statements(&document, &more).unwrap().statements().len(), n);
        }
        assert!(with_statements("nonsense", &more).is_none());
    }
}
