//! The policy of a queue as a document: checked for its shape, and extended by permissions.

use std::collections::BTreeMap;

use model_sqs::Error;
use policy::{Policy, PolicyKind};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{bad_attribute, invalid};
use crate::limits::*;

/// A policy; statements are kept as they were written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version", skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    #[serde(rename = "Id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "Statement")]
    statements: Statements,
}

#[derive(Deserialize, Serialize, Clone, Copy)]
enum Version {
    #[serde(rename = "2008-10-17")]
    First,
    #[serde(rename = "2012-10-17")]
    Second,
}

/// The statements, raw: a statement or a list of them. Raw values cannot be told apart by trying, so the first character
/// decides.
#[derive(Serialize)]
#[serde(transparent)]
struct Statements(Vec<Box<RawValue>>);

impl<'de> Deserialize<'de> for Statements {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('[') {
            serde_json::from_str(raw.get()).map(Self).map_err(serde::de::Error::custom)
        } else {
            Ok(Self(vec![raw]))
        }
    }
}

/// One value or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Few<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    principal: Option<Principal>,
    not_principal: Option<Principal>,
    action: Option<Few<String>>,
    not_action: Option<Few<String>>,
    resource: Option<Few<String>>,
    not_resource: Option<Few<String>>,
    condition: Option<BTreeMap<String, BTreeMap<String, Few<Scalar>>>>,
}

#[derive(Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Principal {
    Star(String),
    ByKind(BTreeMap<String, Few<String>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(#[allow(dead_code)] String),
    Bool(#[allow(dead_code)] bool),
    Number(#[allow(dead_code)] serde_json::Number),
}

/// How many statements are too many is said differently by the two operations that set a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Setter {
    Create,
    Set,
}

fn parse(text: &str) -> Option<Document> {
    (text.len() <= POLICY_BYTES_MAX).then(|| serde_json::from_str(text).ok())?
}

/// Checks the shape of a policy; what it means is for whoever decides by it.
pub fn check(text: &str, setter: Setter) -> Result<(), Error> {
    let bad = || bad_attribute("Policy");
    let document = parse(text).ok_or_else(bad)?;
    let n = document.statements.0.len();
    if n > POLICY_STATEMENTS_MAX {
        let text = format!("{n} statements were found in the submitted policy, max allowed is 20");
        return Err(if setter == Setter::Set { Error::over_limit(text) } else { invalid(text) });
    }
    let mut sizes = Sizes::default();
    for statement in &document.statements.0 {
        let statement: Statement = serde_json::from_str(statement.get()).map_err(|_| bad())?;
        if !statement.has_valid_shape(&mut sizes) {
            return Err(bad());
        }
    }
    if n == 0 || sizes.principals > POLICY_PRINCIPALS_MAX || sizes.conditions > POLICY_CONDITIONS_MAX {
        return Err(bad());
    }
    // What the one who decides by it cannot read would allow nothing.
    Policy::parse(text.as_bytes(), PolicyKind::Resource).map(drop).map_err(|_| bad())
}

#[derive(Default)]
struct Sizes {
    principals: usize,
    conditions: usize,
}

impl Statement {
    fn has_valid_shape(&self, sizes: &mut Sizes) -> bool {
        let principal = match (&self.principal, &self.not_principal) {
            (Some(principal), None) | (None, Some(principal)) => principal,
            _ => return false,
        };
        let principals = match principal {
            Principal::Star(star) => (star == "*").then_some(1),
            Principal::ByKind(kinds) => kinds.iter().try_fold(0, |sum, (kind, names)| {
                let names = names.as_slice();
                names.iter().all(|name| is_principal(kind, name)).then_some(sum + names.len())
            }),
        };
        sizes.principals += principals.unwrap_or(0);
        sizes.conditions +=
            self.condition.as_ref().map_or(0, |condition| condition.values().map(BTreeMap::len).sum());
        let actions = match (&self.action, &self.not_action) {
            (Some(actions), None) | (None, Some(actions)) => actions.as_slice(),
            _ => return false,
        };
        // `Resource` may be left out: it is the queue then.
        let resources = !(self.resource.is_some() && self.not_resource.is_some());
        let has_effect = matches!(self.effect, Effect::Allow | Effect::Deny);
        principals.is_some_and(|n| n > 0)
            && (1..=POLICY_ACTIONS_MAX).contains(&actions.len())
            && actions.iter().all(|action| is_action(action))
            && resources
            && has_effect
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_principal(kind: &str, name: &str) -> bool {
    match kind {
        "AWS" => name == "*" || is_account(name) || name.starts_with("arn:aws"),
        "Service" => name.ends_with(".amazonaws.com"),
        "Federated" | "CanonicalUser" => !name.is_empty(),
        _ => false,
    }
}

fn is_action(action: &str) -> bool {
    let prefixed = action.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sqs:"));
    action == "*" || (prefixed && action.len() > 4)
}

/// Whether two policies are the same document, however they are written.
pub fn same(a: &str, b: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Json>(text).ok();
    a == b || read(a).is_some_and(|a| read(b) == Some(a))
}

/// Any JSON, for comparing: the order of members does not matter. The parser bounds its depth.
#[derive(Deserialize, PartialEq)]
#[serde(untagged)]
enum Json {
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
    Null(()),
}

/// Why a label cannot be added or removed.
#[derive(Debug, PartialEq, Eq)]
pub enum LabelError {
    Exists,
    TooMany(usize),
    Unreadable,
    NotFound,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewStatement<'a> {
    sid: &'a str,
    effect: &'static str,
    principal: NewPrincipal,
    action: OneOrList,
    resource: &'a str,
}

#[derive(Serialize)]
struct NewPrincipal {
    #[serde(rename = "AWS")]
    aws: OneOrList,
}

/// One value stands alone, several are a list.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrList {
    One(String),
    List(Vec<String>),
}

impl From<Vec<String>> for OneOrList {
    fn from(mut list: Vec<String>) -> Self {
        if list.len() == 1 { Self::One(list.swap_remove(0)) } else { Self::List(list) }
    }
}

fn sid(statement: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlySid {
        #[serde(rename = "Sid")]
        sid: Option<String>,
    }
    serde_json::from_str::<OnlySid>(statement.get()).ok()?.sid
}

/// Adds a statement that allows `accounts` to do `actions`.
pub fn add_permission(
    policy: Option<&str>,
    label: &str,
    accounts: &[String],
    actions: &[String],
    arn: &str,
) -> Result<String, LabelError> {
    let mut document = match policy {
        Some(text) => parse(text).ok_or(LabelError::Unreadable)?,
        None => Document {
            version: Some(Version::First),
            id: Some(format!("{arn}/SQSDefaultPolicy")),
            statements: Statements(Vec::new()),
        },
    };
    if document.statements.0.iter().any(|statement| sid(statement).as_deref() == Some(label)) {
        return Err(LabelError::Exists);
    }
    let n = document.statements.0.len() + 1;
    if n > POLICY_STATEMENTS_MAX {
        return Err(LabelError::TooMany(n));
    }
    let accounts: Vec<String> =
        accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
    let actions: Vec<String> = actions.iter().map(|action| format!("SQS:{action}")).collect();
    let statement = NewStatement {
        sid: label,
        effect: "Allow",
        principal: NewPrincipal { aws: accounts.into() },
        action: actions.into(),
        resource: arn,
    };
    let raw = serde_json::value::to_raw_value(&statement).map_err(|_| LabelError::Unreadable)?;
    document.statements.0.push(raw);
    serde_json::to_string(&document).map_err(|_| LabelError::Unreadable)
}

/// Removes the statement of this label; `None` when no statement is left.
pub fn remove_permission(policy: &str, label: &str) -> Result<Option<String>, LabelError> {
    let mut document = parse(policy).ok_or(LabelError::Unreadable)?;
    let before = document.statements.0.len();
    document.statements.0.retain(|statement| sid(statement).as_deref() != Some(label));
    match document.statements.0.len() {
        after if after == before => Err(LabelError::NotFound),
        0 => Ok(None),
        _ => serde_json::to_string(&document).map(Some).map_err(|_| LabelError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sqs:us-east-1:123456789012:q";

    #[test]
    fn shapes() {
        let good = [
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"SQS:*"}}"#,
            r#"{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Deny","Principal":{"AWS":["123456789012","*"]},
                "Action":["sqs:SendMessage"],"Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::b"}}}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
                "Condition":{"Bool":{"aws:SecureTransport":true}}}]}"#,
        ];
        for text in good {
            assert!(check(text, Setter::Set).is_ok(), "{text}");
        }
        let bad = [
            "",
            "x",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Version":"2020","Statement":{"Effect":"Allow","Principal":"*","Action":"SQS:*"}}"#,
            r#"{"Statement":{"Effect":"Maybe","Principal":"*","Action":"SQS:*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":"me","Action":"SQS:*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"nobody"},"Action":"SQS:*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Action":"SQS:*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":"*"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"é"}}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"SQS:*","Extra":1}}"#,
        ];
        for text in bad {
            assert!(check(text, Setter::Set).is_err(), "{text}");
        }
        assert!(check(&format!("{}{}", " ".repeat(POLICY_BYTES_MAX), good[0]), Setter::Set).is_err());
    }

    #[test]
    fn permissions_come_and_go() {
        let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let one = add_permission(None, "a", &names(&["1"]), &names(&["ReceiveMessage"]), ARN).unwrap();
        let expected = format!(
            "{{\"Version\":\"2008-10-17\",\"Id\":\"{ARN}/SQSDefaultPolicy\",\"Statement\":[{{\"Sid\":\"a\",\"Effect\":\"Allow\",\
             \"Principal\":{{\"AWS\":\"arn:aws:iam::1:root\"}},\"Action\":\"SQS:ReceiveMessage\",\"Resource\":\"{ARN}\"}}]}}"
        );
        assert_eq!(one, expected);
        let two =
            add_permission(Some(&one), "b", &names(&["1", "2"]), &names(&["*", "SendMessage"]), ARN).unwrap();
        assert!(two.contains(r#""AWS":["arn:aws:iam::1:root","arn:aws:iam::2:root"]"#), "{two}");
        assert_eq!(add_permission(Some(&two), "b", &[], &[], ARN), Err(LabelError::Exists));
        assert_eq!(remove_permission(&two, "c"), Err(LabelError::NotFound));
        assert_eq!(remove_permission(&two, "b"), Ok(Some(one.clone())));
        assert_eq!(remove_permission(&one, "a"), Ok(None));
    }

    #[test]
    fn the_same_document_written_differently() {
        assert!(
            same(r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#) && !same("{}", "[]") && !same("x", "y")
        );
    }
}
