//! Policies of tables and streams, as they are given.

use model_dynamodb::Error;
use policy::{Effect, Policy, PolicyKind, Statement};

use crate::error::validation;
use crate::limits::POLICY_BYTES_MAX;

/// Condition keys that, in a statement about everybody, let in only some: those by which access is limited to accounts,
/// organisations, networks or known callers ("Blocking public access with resource-based policies in DynamoDB").
const NARROWING: [&str; 14] = [
    "aws:calledvia",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpcsourceip",
];

/// Reads a policy that a table or stream is to have.
///
/// # Errors
/// `ValidationException` for what is none, is too long, or lets everybody in.
pub fn read(document: &str) -> Result<Policy, Error> {
    if document.len() > POLICY_BYTES_MAX {
        return Err(validation(format!(
            "Resource-based policy size exceeds the maximum of {POLICY_BYTES_MAX} bytes"
        )));
    }
    let policy = Policy::parse(document.as_bytes(), PolicyKind::Resource)
        .map_err(|error| validation(format!("Invalid policy document: {error}")))?;
    if policy.statements().iter().any(is_public) {
        return Err(validation("Resource-based policies that grant public access are not allowed"));
    }
    Ok(policy)
}

fn is_public(statement: &Statement) -> bool {
    let everybody = statement.is_not_principal() || statement.principals().any(|(_, name)| name == "*");
    let narrowed = statement
        .condition_keys()
        .any(|key| NARROWING.iter().any(|narrowing| key.eq_ignore_ascii_case(narrowing)));
    statement.effect() == Effect::Allow && everybody && !narrowed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(principal: &str, condition: &str) -> String {
        let document = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},
                "Action":"dynamodb:GetItem","Resource":"*"{condition}}}]}}"#
        );
        read(&document).map_or_else(|error| format!("{error:?}"), |_| "good".to_owned())
    }

    #[test]
    fn everybody_is_not_let_in() {
        assert!(said(r#""*""#, "").contains("public access"));
        assert!(said(r#"{"AWS":["arn:aws:iam::123456789012:root","*"]}"#, "").contains("public access"));
        assert_eq!(said(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, ""), "good");
        assert_eq!(said(r#""*""#, r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#), "good");
        assert!(
            said(r#""*""#, r#","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}"#)
                .contains("public access")
        );
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let text = |document: &str| format!("{:?}", read(document).unwrap_err());
        assert!(text("{").contains("Invalid policy document"));
        assert!(text(&" ".repeat(POLICY_BYTES_MAX + 1)).contains("exceeds the maximum"));
    }
}
