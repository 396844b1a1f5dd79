//! Policies of secrets: reading them, and telling which let everybody in.

use model_secretsmanager::Error;
use policy::{Effect, Policy, PolicyKind, Statement};

use crate::error::invalid;
use crate::limits::POLICY_CHARS_MAX;

/// The only policy a secret has.
pub const DEFAULT_NAME: &str = "default";

/// Conditions that keep a grant to everybody from being one: each ties it to callers, networks or resources that are
/// known, as the user guides on public access list them.
const NARROWING: [&str; 15] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpcsourceip",
    "aws:calledvia",
];

/// Reads a policy.
pub fn read(document: &str) -> Result<Policy, Error> {
    if document.chars().count() > POLICY_CHARS_MAX {
        return Err(invalid(format!(
            "The resource policy can't be longer than {POLICY_CHARS_MAX} characters."
        )));
    }
    Policy::parse(document.as_bytes(), PolicyKind::Resource).map_err(|error| {
        tracing::debug!(place = error.place(), "a resource policy is refused: {error}");
        let text = if error.place().contains("rincipal") {
            "This resource policy contains an unsupported principal."
        } else {
            "This policy has invalid syntax."
        };
        Error::malformed_policy_document_exception(text)
    })
}

/// Checks the name of a policy, where one is given.
pub fn check_name(name: Option<&str>) -> Result<(), Error> {
    match name {
        None | Some(DEFAULT_NAME) => Ok(()),
        Some(_) => Err(invalid("The policy name must be default.")),
    }
}

/// Whether a policy lets everybody in.
pub fn is_public(policy: &Policy) -> bool {
    policy.statements().iter().any(is_public_statement)
}

fn is_public_statement(statement: &Statement) -> bool {
    let everybody = statement.is_not_principal() || statement.principals().any(|(_, name)| name == "*");
    let narrowed =
        statement.condition_keys().any(|key| NARROWING.contains(&key.to_ascii_lowercase().as_str()));
    statement.effect() == Effect::Allow && everybody && !narrowed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(principal: &str, condition: &str) -> String {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},
                "Action":"secretsmanager:GetSecretValue","Resource":"*"{condition}}}]}}"#
        )
    }

    #[test]
    fn everybody_is_told_from_somebody() {
        let public =
            |principal: &str, condition: &str| is_public(&read(&policy(principal, condition)).unwrap());
        assert!(public(r#""*""#, ""));
        assert!(public(r#"{"AWS":["arn:aws:iam::123456789012:root","*"]}"#, ""));
        assert!(!public(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, ""));
        assert!(!public(r#""*""#, r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#));
        assert!(public(
            r#""*""#,
            r#","Condition":{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}"#
        ));
        let denied = policy(r#""*""#, "").replace("Allow", "Deny");
        assert!(!is_public(&read(&denied).unwrap()));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let text = |document: &str| crate::error::code_and_text(&read(document).unwrap_err());
        assert_eq!(text("{").1, "This policy has invalid syntax.");
        assert_eq!(text("{").0, "MalformedPolicyDocumentException");
        assert_eq!(
            text(&policy(r#"{"AWS":"ann"}"#, "")).1,
            "This resource policy contains an unsupported principal."
        );
        let long = format!("{}{}", " ".repeat(POLICY_CHARS_MAX), "{}");
        assert_eq!(text(&long).0, "InvalidParameterException");
    }
}
