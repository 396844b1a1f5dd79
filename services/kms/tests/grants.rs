//! Grants: their lives, and what they allow when the policies are really asked.

mod common;

use std::sync::Arc;

use common::*;
use kernel::{Arn, Call, PrincipalKind, Session};
use model_kms::Error;
use model_kms::ops::*;
use model_kms::types::*;
use policy::{Context, Policies, PolicyRef, Principal, Request, evaluate};
use service::ResourcePolicy;
use testkit::Ask;

const ANN: &str = "arn:aws:iam::123456789012:user/ann";
const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const ROLE: &str = "arn:aws:iam::123456789012:role/app";

/// Whether the key's policy and grants alone allow what was asked, to a principal without policies of its own.
fn is_allowed(ask: &Ask) -> bool {
    let policy = match ask.target.policy.as_ref().unwrap() {
        ResourcePolicy::Parsed(policy) => policy.clone(),
        ResourcePolicy::Document(text) => {
            Arc::new(policy::Policy::parse(text.as_bytes(), policy::PolicyKind::Resource).unwrap())
        }
    };
    assert!(ask.target.policy_required);
    let caller = &ask.call.principal;
    let (account, arn) = (&*caller.account, caller.arn.as_str());
    let principal = match caller.kind {
        PrincipalKind::User => Principal::User { account, arn, id: None },
        PrincipalKind::Service => Principal::Service { name: &caller.user_id },
        PrincipalKind::AssumedRole => {
            let role_arn = &*caller.session.as_ref().unwrap().issuer_arn;
            Principal::RoleSession { account, role_arn, session_arn: arn, role_id: None }
        }
        _ => Principal::Root { account },
    };
    let mut context = Context::new();
    for (name, values) in &ask.target.keys {
        context.set_many(name.to_string(), values.iter().cloned());
    }
    let request = Request::new(principal, &ask.action, ask.target.arn.as_str(), &context)
        .owned_by(ask.target.arn.account())
        .with_resource_policy_required();
    let resource = Some(PolicyRef { name: "key", policy: &policy });
    evaluate(&request, &Policies { resource, ..Policies::default() }).is_allowed()
}

fn grant(id: &str, operations: &[GrantOperation]) -> CreateGrantInput {
    CreateGrantInput {
        key_id: id.into(),
        grantee_principal: Some(ANN.into()),
        operations: operations.iter().map(|operation| (*operation).into()).collect::<Vec<_>>().into(),
        ..CreateGrantInput::default()
    }
}

fn session(kit: &Kit) -> Call {
    let mut call = user(kit, "x");
    call.principal.kind = PrincipalKind::AssumedRole;
    call.principal.arn = Arn::aws("sts", "", ACCOUNT, "assumed-role/app/one");
    call.principal.session = Some(Arc::new(Session { issuer_arn: ROLE.into(), ..Session::default() }));
    call
}

/// Encrypts as somebody, and says whether policies allow it.
async fn may_encrypt(kit: &Kit, call: Call, id: &str, pairs: &[(&str, &str)]) -> bool {
    kit.asked();
    let input = EncryptInput { encryption_context: context(pairs), ..encrypt_input(id, b"x") };
    kit.run_as(call, Encrypt, input).await.unwrap();
    is_allowed(&kit.asked().remove(0))
}

async fn list(kit: &Kit, input: ListGrantsInput) -> Vec<GrantListEntry> {
    kit.run(ListGrants, input).await.unwrap().grants.unwrap()
}

fn all(id: &str) -> ListGrantsInput {
    ListGrantsInput { key_id: id.into(), ..ListGrantsInput::default() }
}

#[tokio::test]
async fn a_grant_allows_its_grantee_its_operations() {
    let kit = kit();
    let id = symmetric(&kit).await;
    assert!(!may_encrypt(&kit, user(&kit, "ann"), &id, &[]).await);
    let made = kit.run(CreateGrant, grant(&id, &[GrantOperation::Encrypt])).await.unwrap();
    assert!(may_encrypt(&kit, user(&kit, "ann"), &id, &[]).await);
    assert!(!may_encrypt(&kit, user(&kit, "bob"), &id, &[]).await);
    let blob = encrypt(&kit, &id, b"x").await.unwrap();
    kit.asked();
    kit.run_as(user(&kit, "ann"), Decrypt, decrypt_input(&blob)).await.unwrap();
    assert!(!is_allowed(&kit.asked().remove(0)));
    let revoke = RevokeGrantInput {
        key_id: id.as_str().into(),
        grant_id: made.grant_id.unwrap().into(),
        dry_run: None,
    };
    kit.run(RevokeGrant, revoke).await.unwrap();
    assert!(!may_encrypt(&kit, user(&kit, "ann"), &id, &[]).await);
}

#[tokio::test]
async fn roles_services_and_strangers_can_be_grantees() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let to = |principal: &str| CreateGrantInput {
        grantee_principal: Some(principal.into()),
        ..grant(&id, &[GrantOperation::Encrypt])
    };
    assert!(!may_encrypt(&kit, session(&kit), &id, &[]).await);
    kit.run(CreateGrant, to(ROLE)).await.unwrap();
    assert!(may_encrypt(&kit, session(&kit), &id, &[]).await);
    let mut service = kit.call();
    service.principal = kernel::Principal::service("sns", ACCOUNT);
    assert!(!may_encrypt(&kit, service.clone(), &id, &[]).await);
    let by_service = CreateGrantInput {
        grantee_principal: None,
        grantee_service_principal: Some("sns.amazonaws.com".into()),
        ..to(ROLE)
    };
    kit.run(CreateGrant, by_service).await.unwrap();
    assert!(may_encrypt(&kit, service, &id, &[]).await);
    assert!(!may_encrypt(&kit, stranger(&kit), &arn(&id), &[]).await);
    kit.run(CreateGrant, to("arn:aws:iam::999999999999:root")).await.unwrap();
    assert!(may_encrypt(&kit, stranger(&kit), &arn(&id), &[]).await);
}

#[tokio::test]
async fn constraints_bind_grants_to_contexts() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let constraints =
        GrantConstraints { encryption_context_subset: context(&[("a", "1")]), ..Default::default() };
    let input = CreateGrantInput { constraints: Some(constraints), ..grant(&id, &[GrantOperation::Encrypt]) };
    kit.run(CreateGrant, input).await.unwrap();
    assert!(may_encrypt(&kit, user(&kit, "ann"), &id, &[("a", "1"), ("b", "2")]).await);
    assert!(!may_encrypt(&kit, user(&kit, "ann"), &id, &[("b", "2")]).await);
    let two = symmetric(&kit).await;
    let constraints =
        GrantConstraints { encryption_context_equals: context(&[("a", "1")]), ..Default::default() };
    let input =
        CreateGrantInput { constraints: Some(constraints), ..grant(&two, &[GrantOperation::Encrypt]) };
    kit.run(CreateGrant, input).await.unwrap();
    assert!(may_encrypt(&kit, user(&kit, "ann"), &two, &[("a", "1")]).await);
    assert!(!may_encrypt(&kit, user(&kit, "ann"), &two, &[("a", "1"), ("b", "2")]).await);
}

#[tokio::test]
async fn a_denial_in_the_policy_stands() {
    let kit = kit();
    let id = symmetric(&kit).await;
    kit.run(CreateGrant, grant(&id, &[GrantOperation::Encrypt])).await.unwrap();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},"Action":"kms:*","Resource":"*"}},
            {{"Effect":"Deny","Principal":{{"AWS":"{ANN}"}},"Action":"kms:Encrypt","Resource":"*"}}]}}"#
    );
    let input = PutKeyPolicyInput { key_id: id.as_str().into(), policy: policy.into(), ..Default::default() };
    kit.run(PutKeyPolicy, input).await.unwrap();
    assert!(!may_encrypt(&kit, user(&kit, "ann"), &id, &[]).await);
}

#[tokio::test]
async fn whoever_has_only_a_grant_passes_on_no_more() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let own = [GrantOperation::CreateGrant, GrantOperation::Encrypt];
    kit.run(CreateGrant, grant(&id, &own)).await.unwrap();
    let may_grant = async |operations: &[GrantOperation]| {
        kit.asked();
        let input = CreateGrantInput { grantee_principal: Some(BOB.into()), ..grant(&id, operations) };
        kit.run_as(user(&kit, "ann"), CreateGrant, input).await.unwrap();
        is_allowed(&kit.asked().remove(0))
    };
    assert!(may_grant(&[GrantOperation::Encrypt]).await);
    assert!(!may_grant(&[GrantOperation::Encrypt, GrantOperation::Decrypt]).await);
}

#[tokio::test]
async fn the_same_request_again_is_the_same_grant() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let named = CreateGrantInput { name: Some("n".into()), ..grant(&id, &[GrantOperation::Encrypt]) };
    let one = kit.run(CreateGrant, named.clone()).await.unwrap();
    kit.advance(std::time::Duration::from_secs(9));
    let two = kit.run(CreateGrant, named.clone()).await.unwrap();
    assert_eq!(one.grant_id, two.grant_id);
    assert_ne!(one.grant_token, two.grant_token);
    let other = CreateGrantInput { operations: vec![GrantOperation::Decrypt.into()].into(), ..named };
    assert_ne!(kit.run(CreateGrant, other).await.unwrap().grant_id, one.grant_id);
    assert_eq!(list(&kit, all(&id)).await.len(), 2);
    let nameless = grant(&id, &[GrantOperation::Encrypt]);
    kit.run(CreateGrant, nameless.clone()).await.unwrap();
    kit.run(CreateGrant, nameless).await.unwrap();
    assert_eq!(list(&kit, all(&id)).await.len(), 4);
}

#[tokio::test]
async fn what_no_grant_can_be() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let hmac = key(&kit, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    let encrypt = [GrantOperation::Encrypt];
    let constraint = || context(&[("a", "1")]);
    let both = GrantConstraints {
        encryption_context_equals: constraint(),
        encryption_context_subset: constraint(),
        source_arn: None,
    };
    let one = GrantConstraints { encryption_context_equals: constraint(), ..Default::default() };
    let long = GrantConstraints {
        encryption_context_equals: context(&[("a", &"x".repeat(384))]),
        ..Default::default()
    };
    let cases = [
        (CreateGrantInput { grantee_principal: None, ..grant(&id, &encrypt) }, "ValidationException"),
        (
            CreateGrantInput {
                grantee_service_principal: Some("sns.amazonaws.com".into()),
                ..grant(&id, &encrypt)
            },
            "ValidationException",
        ),
        (
            CreateGrantInput { grantee_principal: Some("ann".into()), ..grant(&id, &encrypt) },
            "InvalidArnException",
        ),
        (
            CreateGrantInput {
                grantee_principal: Some("arn:aws:s3:::bucket".into()),
                ..grant(&id, &encrypt)
            },
            "InvalidArnException",
        ),
        (CreateGrantInput { constraints: Some(both), ..grant(&id, &encrypt) }, "ValidationException"),
        (CreateGrantInput { constraints: Some(long), ..grant(&id, &encrypt) }, "ValidationException"),
        (
            CreateGrantInput { constraints: Some(one), ..grant(&hmac, &[GrantOperation::GenerateMac]) },
            "ValidationException",
        ),
        (grant(&id, &[]), "ValidationException"),
        (grant(&id, &[GrantOperation::Sign]), "ValidationException"),
        (grant(&hmac, &encrypt), "ValidationException"),
        (
            CreateGrantInput { grant_tokens: Some(vec!["x".into()]), ..grant(&id, &encrypt) },
            "InvalidGrantTokenException",
        ),
        (CreateGrantInput { dry_run: Some(true), ..grant(&id, &encrypt) }, "DryRunOperationException"),
    ];
    for (input, answer) in cases {
        let shown = format!("{input:?}");
        assert_eq!(refusal(kit.run(CreateGrant, input).await).0, answer, "{shown}");
    }
    assert_eq!(list(&kit, all(&id)).await.len(), 0);
}

#[tokio::test]
async fn grants_are_listed() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let constraints =
        GrantConstraints { encryption_context_subset: context(&[("a", "1")]), ..Default::default() };
    for (name, grantee) in [("one", ANN), ("two", ANN), ("three", BOB)] {
        let input = CreateGrantInput {
            name: Some(name.into()),
            grantee_principal: Some(grantee.into()),
            retiring_principal: Some(ROLE.into()),
            constraints: Some(constraints.clone()),
            ..grant(&id, &[GrantOperation::Decrypt, GrantOperation::Encrypt])
        };
        kit.run(CreateGrant, input).await.unwrap();
    }
    let of_bob = list(&kit, ListGrantsInput { grantee_principal: Some(BOB.into()), ..all(&id) }).await;
    assert_eq!(of_bob.len(), 1);
    let entry = &of_bob[0];
    assert_eq!(entry.name.as_deref(), Some("three"));
    assert_eq!(entry.key_id.as_deref(), Some(&*arn(&id)));
    assert_eq!(entry.issuing_account.as_deref(), Some("arn:aws:iam::123456789012:root"));
    assert_eq!(entry.retiring_principal.as_deref(), Some(ROLE));
    assert_eq!(entry.operations.as_ref().unwrap().len(), 2);
    assert_eq!(entry.constraints.as_ref().unwrap().encryption_context_subset, context(&[("a", "1")]));
    let by_id = list(&kit, ListGrantsInput { grant_id: entry.grant_id.clone(), ..all(&id) }).await;
    assert_eq!(by_id.len(), 1);
    for retirable in [false, true] {
        let (mut marker, mut found) = (None, Vec::new());
        loop {
            let out = if retirable {
                let input = ListRetirableGrantsInput {
                    limit: Some(1),
                    marker,
                    retiring_principal: Some(ROLE.into()),
                    ..ListRetirableGrantsInput::default()
                };
                kit.run(ListRetirableGrants, input).await.unwrap()
            } else {
                kit.run(ListGrants, ListGrantsInput { limit: Some(1), marker, ..all(&id) }).await.unwrap()
            };
            let page = out.grants.unwrap();
            assert_eq!(page.len(), 1);
            found.extend(page.into_iter().map(|entry| entry.name.unwrap()));
            marker = out.next_marker;
            if marker.is_none() {
                break;
            }
        }
        found.sort();
        assert_eq!(found, ["one", "three", "two"]);
    }
    let wrong = ListRetirableGrantsInput {
        marker: Some("?".into()),
        retiring_principal: Some(ROLE.into()),
        ..Default::default()
    };
    refused_as(kit.run(ListRetirableGrants, wrong).await, "InvalidMarkerException");
    refused_as(
        kit.run(ListRetirableGrants, ListRetirableGrantsInput::default()).await,
        "ValidationException",
    );
}

#[tokio::test]
async fn grants_are_retired_by_those_who_may() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let make = async |operations: &[GrantOperation]| {
        let input = CreateGrantInput { retiring_principal: Some(BOB.into()), ..grant(&id, operations) };
        kit.run(CreateGrant, input).await.unwrap()
    };
    let by_token =
        |token: Option<String>| RetireGrantInput { grant_token: token, ..RetireGrantInput::default() };
    // The grantee may if the grant says so, the retiring principal always, others never.
    for (name, operations, allowed) in [
        ("ann", &[GrantOperation::Encrypt][..], false),
        ("ann", &[GrantOperation::Encrypt, GrantOperation::RetireGrant][..], true),
        ("bob", &[GrantOperation::Encrypt][..], true),
        ("eve", &[GrantOperation::RetireGrant][..], false),
    ] {
        let made = make(operations).await;
        kit.asked();
        kit.run_as(user(&kit, name), RetireGrant, by_token(made.grant_token)).await.unwrap();
        let ask = kit.asked().remove(0);
        assert_eq!((&*ask.action, is_allowed(&ask)), ("kms:RetireGrant", allowed), "{name}");
    }
    assert_eq!(list(&kit, all(&id)).await.len(), 0);
    let made = make(&[GrantOperation::Encrypt]).await;
    let by_id = |grant_id: Option<String>, dry_run| RetireGrantInput {
        key_id: Some(arn(&id)),
        grant_id,
        dry_run,
        ..RetireGrantInput::default()
    };
    refused_as(
        kit.run(RetireGrant, by_id(made.grant_id.clone(), Some(true))).await,
        "DryRunOperationException",
    );
    kit.run(RetireGrant, by_id(made.grant_id.clone(), None)).await.unwrap();
    refused_as(kit.run(RetireGrant, by_id(made.grant_id.clone(), None)).await, "NotFoundException");
    refused_as(kit.run(RetireGrant, by_token(made.grant_token)).await, "NotFoundException");
    refused_as(kit.run(RetireGrant, by_token(Some("x".into()))).await, "InvalidGrantTokenException");
    refused_as(kit.run(RetireGrant, by_id(Some("x".into()), None)).await, "InvalidGrantIdException");
    let nothing: Result<_, Error> = kit.run(RetireGrant, RetireGrantInput::default()).await;
    assert_eq!(
        refusal(nothing),
        ("ValidationException".into(), "Grant token OR (grant ID, key ID) must be specified".into())
    );
    let revoke = |grant_id: &str| RevokeGrantInput {
        key_id: id.as_str().into(),
        grant_id: grant_id.into(),
        dry_run: None,
    };
    refused_as(kit.run(RevokeGrant, revoke("x")).await, "InvalidGrantIdException");
    refused_as(kit.run(RevokeGrant, revoke(&made.grant_id.unwrap())).await, "NotFoundException");
}

#[tokio::test]
async fn policies_are_told_what_a_grant_would_be() {
    let kit = kit();
    let id = symmetric(&kit).await;
    kit.asked();
    let constraints =
        GrantConstraints { encryption_context_equals: context(&[("a", "1")]), ..Default::default() };
    let input = CreateGrantInput { constraints: Some(constraints), ..grant(&id, &[GrantOperation::Decrypt]) };
    kit.run_as(via(&kit, "ssm"), CreateGrant, input).await.unwrap();
    let keys = kit.asked().remove(0).target.keys;
    let value = |name: &str| {
        keys.iter()
            .find(|(key, _)| key == name)
            .map(|(_, values)| format!("{:?}", values[0]))
            .unwrap_or_default()
    };
    for (name, part) in [
        ("kms:GrantOperations", "Decrypt"),
        ("kms:GranteePrincipal", ANN),
        ("kms:GrantConstraintType", "EncryptionContextEquals"),
        ("kms:GrantIsForAWSResource", "true"),
        ("kms:EncryptionContext:a", "1"),
        ("kms:EncryptionContextKeys", "a"),
        ("kms:ViaService", "ssm.us-east-1.amazonaws.com"),
        ("kms:CallerAccount", ACCOUNT),
    ] {
        assert!(value(name).contains(part), "{name}: {}", value(name));
    }
}
