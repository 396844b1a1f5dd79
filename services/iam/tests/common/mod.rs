//! The service in process.

#![allow(dead_code)]

use kernel::{Arn, Call, Principal, PrincipalKind};
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::{ACCOUNT, Kit};
use wire::Protocol;

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

testkit::refusals!(Error, Protocol::Query, query codes);

pub fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

pub async fn group(kit: &Kit, name: &str) -> Group {
    let input = CreateGroupInput { group_name: name.into(), ..Default::default() };
    kit.run(CreateGroup, input).await.expect("a group").group.expect("a group")
}

pub async fn role(kit: &Kit, name: &str) -> Role {
    try_role(kit, name, TRUST_EC2).await.expect("a role")
}

pub async fn try_role(kit: &Kit, name: &str, trust: &str) -> Result<Role, Error> {
    let input = CreateRoleInput {
        role_name: name.into(),
        assume_role_policy_document: trust.into(),
        ..Default::default()
    };
    kit.run(CreateRole, input).await.map(|output| output.role.expect("a role"))
}

pub async fn policy(kit: &Kit, name: &str) -> String {
    let input =
        CreatePolicyInput { policy_name: name.into(), policy_document: ALLOW.into(), ..Default::default() };
    kit.run(CreatePolicy, input).await.expect("a policy").policy.expect("a policy").arn.expect("an ARN")
}

pub async fn attach_to_user(kit: &Kit, user: &str, arn: &str) -> Result<(), Error> {
    let input = AttachUserPolicyInput { user_name: user.into(), policy_arn: arn.into() };
    kit.run(AttachUserPolicy, input).await.map(drop)
}

pub async fn put_user_policy(kit: &Kit, user: &str, name: &str, document: &str) -> Result<(), Error> {
    let input = PutUserPolicyInput {
        user_name: user.into(),
        policy_name: name.into(),
        policy_document: document.into(),
    };
    kit.run(PutUserPolicy, input).await.map(drop)
}

pub async fn join(kit: &Kit, user: &str, group: &str) -> Result<(), Error> {
    let input = AddUserToGroupInput { group_name: group.into(), user_name: user.into() };
    kit.run(AddUserToGroup, input).await.map(drop)
}

/// Undoes the percent-encoding of a document.
pub fn decoded(document: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = document.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
            rest = &after[2..];
        } else {
            assert!(first.is_ascii_alphanumeric() || b"-._~".contains(first), "{first} is not encoded");
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

pub const TAKEN: &str = "EntityAlreadyExists";
pub const ABSENT: &str = "NoSuchEntity";
pub const CONFLICT: &str = "DeleteConflict";
pub const LIMIT: &str = "LimitExceeded";
pub const MALFORMED: &str = "MalformedPolicyDocument";
pub const INPUT: &str = "InvalidInput";
pub const VALIDATION: &str = "ValidationError";
