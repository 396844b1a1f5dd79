//! What is open to everybody ("The meaning of public").

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::Detailed;

use crate::error::access_denied;
use crate::records::{Acl, Grantee, PublicAccess};

/// Condition keys that, held to fixed values, keep a statement from being public.
const NARROWING: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Ranges of addresses wider than these are everybody's (bits of the prefix, for IPv4 and IPv6).
const PREFIX_MIN: [u8; 2] = [8, 32];

/// A policy, as far as this question needs it.
#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Statement")]
    statements: Many<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: String,
    principal: Option<Principal>,
    not_principal: Option<Principal>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Many<Scalar>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Principal {
    Text(String),
    Named(BTreeMap<String, Many<String>>),
}

/// What JSON of policies writes as one or as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Many<T> {
    List(Vec<T>),
    One(T),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    /// Numbers and truth values: never a pattern.
    Other(serde::de::IgnoredAny),
}

impl<T> Many<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::List(list) => list,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

/// Whether a policy makes its bucket public: some statement allows something to everybody, and no condition holds it to
/// fixed values of what tells callers apart. What cannot be read counts as public.
pub fn policy_is_public(document: &str) -> bool {
    match serde_json::from_str::<Document>(document) {
        Ok(document) => document.statements.as_slice().iter().any(Statement::is_public),
        Err(_) => true,
    }
}

impl Statement {
    fn is_public(&self) -> bool {
        if self.effect != "Allow" {
            return false;
        }
        let everybody = match &self.principal {
            _ if self.not_principal.is_some() => true,
            Some(Principal::Text(name)) => name == "*",
            Some(Principal::Named(map)) => {
                map.values().any(|names| names.as_slice().iter().any(|n| n == "*"))
            }
            None => false,
        };
        everybody && !self.condition.iter().any(|(operator, keys)| narrows(operator, keys))
    }
}

/// Whether the keys under an operator hold a statement to fixed values.
fn narrows(operator: &str, keys: &BTreeMap<String, Many<Scalar>>) -> bool {
    let operator = operator.to_ascii_lowercase();
    // Negations and presence tell nobody apart; a key that need not be there holds to nothing.
    let open = operator.contains("not") || operator.ends_with("ifexists") || operator == "null";
    let vacuous = operator.starts_with("forallvalues:");
    !open
        && !vacuous
        && keys.iter().any(|(key, values)| {
            let key = key.to_ascii_lowercase();
            NARROWING.contains(&key.as_str()) && values.as_slice().iter().all(|value| is_fixed(&key, value))
        })
}

fn is_fixed(key: &str, value: &Scalar) -> bool {
    let text = match value {
        Scalar::Text(text) => text.as_str(),
        Scalar::Other(_) => return true,
    };
    match key {
        "aws:sourceip" => is_narrow_range(text),
        // Of a session's id, the role's part tells who it is.
        "aws:userid" => {
            !text.contains("${") && !text.split(':').next().unwrap_or_default().contains(['*', '?'])
        }
        // An ARN is fixed where its account is.
        "aws:sourcearn" | "aws:principalarn" | "s3:dataaccesspointarn" => {
            let account = text.split(':').nth(4).unwrap_or_default();
            let whole = account.is_empty() && !text.contains(['*', '?']);
            !text.contains("${") && (whole || (!account.is_empty() && !account.contains(['*', '?'])))
        }
        _ => !text.contains(['*', '?']) && !text.contains("${"),
    }
}

fn is_narrow_range(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<std::net::IpAddr>() else { return false };
    let least = if address.is_ipv4() { PREFIX_MIN[0] } else { PREFIX_MIN[1] };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits >= least))
}

/// Refuses to give a bucket, or an object in it, a list that is open to everybody where such lists are blocked.
///
/// # Errors
/// `AccessDenied`.
pub fn check_acl(access: PublicAccess, acl: &Acl) -> Result<(), Detailed> {
    if access.block_acls && acl_is_public(acl) { Err(access_denied()) } else { Ok(()) }
}

/// Whether a list gives anything to everybody.
pub fn acl_is_public(acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| matches!(grant.grantee, Grantee::AllUsers | Grantee::AuthenticatedUsers))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(principal: &str, condition: &str) -> bool {
        policy_is_public(&format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {principal},
                "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": {{{condition}}}}}]}}"#
        ))
    }

    #[test]
    fn everybody_is_public() {
        let everybody =
            [r#""Principal": "*""#, r#""Principal": {"AWS": "*"}"#, r#""Principal": {"AWS": ["1", "*"]}"#];
        for principal in everybody {
            assert!(public(principal, ""), "{principal}");
        }
        assert!(public(r#""NotPrincipal": {"AWS": "111122223333"}"#, ""));
        assert!(!public(r#""Principal": {"AWS": "111122223333"}"#, ""));
        assert!(!public(r#""Principal": {"Service": "logging.s3.amazonaws.com"}"#, ""));
    }

    #[test]
    fn conditions_narrow_by_fixed_values() {
        let table = [
            (r#""IpAddress": {"aws:SourceIp": "10.0.0.0/32"}"#, false),
            (r#""IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}"#, false),
            (r#""IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}"#, true),
            (r#""IpAddress": {"aws:SourceIp": "0.0.0.0/1"}"#, true),
            (r#""NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}"#, true),
            (r#""StringEquals": {"aws:SourceVpc": "vpc-91237329"}"#, false),
            (r#""StringLike": {"aws:SourceVpc": "vpc-*"}"#, true),
            (r#""StringLike": {"aws:SourceVpc": "vpc-91237329"}"#, false),
            (r#""StringEqualsIfExists": {"aws:SourceVpc": "vpc-91237329"}"#, true),
            (r#""StringEquals": {"aws:PrincipalOrgID": "o-1"}"#, false),
            (r#""StringLike": {"aws:userid": "AROAEXAMPLE:*"}"#, false),
            (r#""StringLike": {"aws:userid": "*:session"}"#, true),
            (r#""ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}"#, false),
            (r#""ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:t"}"#, true),
            (r#""ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}"#, true),
            (r#""StringEquals": {"aws:PrincipalAccount": "${aws:username}"}"#, true),
            (r#""Bool": {"aws:SecureTransport": "true"}"#, true),
            (r#""StringEquals": {"aws:Referer": "x"}"#, true),
        ];
        for (condition, expected) in table {
            assert_eq!(public(r#""Principal": "*""#, condition), expected, "{condition}");
        }
    }

    #[test]
    fn denials_open_nothing_and_the_unreadable_is_public() {
        assert!(!policy_is_public(r#"{"Statement": {"Effect": "Deny", "Principal": "*"}}"#));
        assert!(policy_is_public("not json"));
    }
}
