//! The service in process.

#![allow(dead_code)]

use kernel::{Arn, Call, Principal, PrincipalKind};
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::{ACCOUNT, Kit};
use wire::{CommonError, Fault, Protocol, ServiceError, View};

pub const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
/// A policy of an identity.
pub const ALLOW: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#;
/// A role's policy.
pub const TRUST_EC2: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub fn kit() -> Kit {
    Kit::new(|deps| vec![iam::service(deps.clone())])
}

/// An ARN of IAM in the test's account.
pub fn arn(resource: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{resource}")
}

/// A call by this user.
pub fn by_user(kit: &Kit, name: &str) -> Call {
    let arn: Arn = arn(&format!("user/{name}")).parse().expect("an ARN");
    let principal = Principal {
        kind: PrincipalKind::User,
        arn,
        user_id: "AIDATEST".into(),
        ..Principal::root(ACCOUNT, "AKIATEST")
    };
    Call { principal, ..kit.call() }
}

/// A call by a session of this role.
pub fn by_role(kit: &Kit, name: &str) -> Call {
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session").parse().expect("an ARN");
    let principal =
        Principal { kind: PrincipalKind::AssumedRole, arn, ..Principal::root(ACCOUNT, "ASIATEST") };
    Call { principal, ..kit.call() }
}

pub async fn user(kit: &Kit, name: &str) -> User {
    let input = CreateUserInput { user_name: name.into(), ..Default::default() };
    kit.run(CreateUser, input).await.expect("a user").user.expect("a user")
}

/// Code for the query protocol, and text.
pub fn refusal<T>(result: Result<T, Error>) -> (String, String) {
    let Err(error) = result else { panic!("it was not refused") };
    match error.fault() {
        Fault::Modelled(structure) => {
            let schema = structure.schema();
            let code = schema.error.expect("an error").query_code().to_owned();
            let at = schema.members.iter().position(|member| member.name == "message").expect("a message");
            match structure.get(at).view() {
                View::Text(text) => (code, text.to_owned()),
                _ => panic!("{code} without a text"),
            }
        }
        Fault::Common(CommonError::Coded { query_code, code, message, .. }) => {
            (query_code.map_or_else(|| code.to_string(), str::to_owned), message.clone())
        }
        Fault::Common(other) => {
            let resolved = other.resolve(Protocol::Query);
            (resolved.code.to_owned(), resolved.message.into_owned())
        }
    }
}

#[track_caller]
pub fn refused<T>(result: Result<T, Error>, code: &str, text: &str) {
    assert_eq!(refusal(result), (code.to_owned(), text.to_owned()));
}

pub fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}
