//! Sessions of users, and the operations that explain credentials.

mod common;

use common::*;
use identity::{keys, records, token};
use kernel::{Principal, PrincipalKind};
use model_sts::ops::*;
use model_sts::types::*;
use store::Record as _;

const DENIED: &str = "AccessDenied";
const INVALID: &str = "ValidationError";

#[tokio::test]
async fn a_session_is_the_user_itself() {
    let world = World::new();
    // Needs no permission.
    let ann = world.user("ann", "").await;
    for (wanted, lasts) in [(None, 43_200), (Some(900), 900), (Some(129_600), 129_600)] {
        let asked = GetSessionTokenInput { duration_seconds: wanted, ..Default::default() };
        let output = world.run(&ann, GetSessionToken, asked).await.ok().unwrap();
        let credentials = output.credentials.unwrap();
        assert_eq!(credentials.expiration.unwrap().since(world.clock().now()).as_secs(), lasts);
        let session = world.as_session(&credentials).principal;
        assert_eq!(
            (session.kind, &session.arn, &session.user_id),
            (PrincipalKind::User, &ann.principal.arn, &ann.principal.user_id)
        );
        let held = session.session.unwrap();
        assert_eq!(
            (held.issuer_arn.as_str(), &held.issuer_id),
            (ann.principal.arn.as_str(), &ann.principal.user_id)
        );
        assert_eq!(held.mfa, None);
    }
    for secs in [899, 129_601] {
        let asked = GetSessionTokenInput { duration_seconds: Some(secs), ..Default::default() };
        assert_eq!(refusal(world.run(&ann, GetSessionToken, asked).await).0, INVALID);
    }
}

#[tokio::test]
async fn the_root_user_gets_an_hour() {
    let world = World::new();
    let root = world.call(Principal::root(ACCOUNT, "AKIAROOT"));
    for (wanted, lasts) in [(None, 3600), (Some(900), 900), (Some(129_600), 3600)] {
        let asked = GetSessionTokenInput { duration_seconds: wanted, ..Default::default() };
        let credentials = world.run(&root, GetSessionToken, asked).await.ok().unwrap().credentials.unwrap();
        assert_eq!(credentials.expiration.unwrap().since(world.clock().now()).as_secs(), lasts);
        let session = world.as_session(&credentials).principal;
        assert_eq!(session.kind, PrincipalKind::Root);
        assert_eq!(session.session.unwrap().issuer_arn, "arn:aws:iam::123456789012:root");
        let asked =
            GetFederationTokenInput { name: "Bob".into(), duration_seconds: wanted, ..Default::default() };
        let credentials =
            world.run(&root, GetFederationToken, asked).await.ok().unwrap().credentials.unwrap();
        assert_eq!(credentials.expiration.unwrap().since(world.clock().now()).as_secs(), lasts);
    }
}

#[tokio::test]
async fn a_code_makes_a_session_with_a_second_factor() {
    let world = World::new();
    let ann = world.user("ann", "").await;
    let serial = world.device("ann").await;
    let shown = |code: &str| GetSessionTokenInput {
        serial_number: Some(serial.clone()),
        token_code: Some(code.into()),
        ..Default::default()
    };
    let wrong = if world.code() == "000000" { "000001" } else { "000000" };
    let (code, text) = refusal(world.run(&ann, GetSessionToken, shown(wrong)).await);
    assert_eq!(
        (code.as_str(), text.as_str()),
        (DENIED, "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    );
    let output = world.run(&ann, GetSessionToken, shown(&world.code())).await.ok().unwrap();
    let held = world.as_session(&output.credentials.unwrap()).principal.session.unwrap();
    assert_eq!(held.mfa, Some(world.clock().now()));
    // Twice is once too often.
    assert_eq!(refusal(world.run(&ann, GetSessionToken, shown(&world.code())).await).0, DENIED);
    let bob = world.user("bob", "").await;
    world.advance(60);
    assert_eq!(refusal(world.run(&bob, GetSessionToken, shown(&world.code())).await).0, DENIED);
}

#[tokio::test]
async fn sessions_begin_no_sessions() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/", "r", TRUST_ACCOUNT, |_| {}).await;
    let output = world.run(&ann, GetSessionToken, Default::default()).await.ok().unwrap();
    let of_user = world.as_session(&output.credentials.unwrap());
    let asked =
        AssumeRoleInput { role_arn: role.into(), role_session_name: "one".into(), ..Default::default() };
    let output = world.run(&ann, AssumeRole, asked).await.ok().unwrap();
    let of_role = world.as_session(&output.credentials.unwrap());
    for session in [of_user, of_role] {
        let (code, text) = refusal(world.run(&session, GetSessionToken, Default::default()).await);
        assert_eq!(
            (code.as_str(), text.as_str()),
            (DENIED, "Cannot call GetSessionToken with session credentials")
        );
        let asked = GetFederationTokenInput { name: "Bob".into(), ..Default::default() };
        let (code, text) = refusal(world.run(&session, GetFederationToken, asked).await);
        assert_eq!(
            (code.as_str(), text.as_str()),
            (DENIED, "Cannot call GetFederationToken with session credentials")
        );
    }
}

#[tokio::test]
async fn a_federated_user() {
    let world = World::new();
    let nobody = world.user("nobody", "").await;
    let ann = world.user("ann", ADMIN).await;
    let tag = Tag { key: "Team".into(), value: "red".into() };
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
    let asked = GetFederationTokenInput {
        name: "Bob".into(),
        policy: Some(policy.into()),
        tags: Some(vec![tag]),
        ..Default::default()
    };
    let (code, text) = refusal(world.run(&nobody, GetFederationToken, asked.clone()).await);
    assert_eq!(code, DENIED);
    assert!(
        text.contains("sts:GetFederationToken on resource: arn:aws:sts::123456789012:federated-user/Bob"),
        "{text}"
    );
    let untagged = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetFederationToken","Resource":"*"}}"#;
    let cat = world.user("cat", untagged).await;
    assert!(refusal(world.run(&cat, GetFederationToken, asked.clone()).await).1.contains("sts:TagSession"));

    let output = world.run(&ann, GetFederationToken, asked.clone()).await.ok().unwrap();
    let user = output.federated_user.unwrap();
    assert_eq!(user.arn.as_deref(), Some("arn:aws:sts::123456789012:federated-user/Bob"));
    assert_eq!(user.federated_user_id.as_deref(), Some("123456789012:Bob"));
    assert!(output.packed_policy_size.is_some());
    let credentials = output.credentials.unwrap();
    assert_eq!(credentials.expiration.unwrap().since(world.clock().now()).as_secs(), 43_200);
    let session = world.as_session(&credentials);
    assert_eq!(session.principal.kind, PrincipalKind::FederatedUser);
    let held = session.principal.session.clone().unwrap();
    assert_eq!(
        (held.issuer_arn.as_str(), held.policies.as_slice()),
        (ann.principal.arn.as_str(), &[policy.to_owned()][..])
    );
    assert_eq!(held.tags["Team"], "red");
    let who = world.run(&session, GetCallerIdentity, Default::default()).await.ok().unwrap();
    assert_eq!(who.arn, user.arn);
    let role = world.role(ACCOUNT, "/", "r", TRUST_ACCOUNT, |_| {}).await;
    let role =
        AssumeRoleInput { role_arn: role.into(), role_session_name: "one".into(), ..Default::default() };
    assert_eq!(refusal(world.run(&session, AssumeRole, role).await).0, DENIED);

    let bad = GetFederationTokenInput { policy: Some("{".into()), ..asked };
    assert_eq!(refusal(world.run(&ann, GetFederationToken, bad).await).0, "MalformedPolicyDocument");
}

#[tokio::test]
async fn messages_open_for_those_who_may() {
    let world = World::new();
    let (ann, nobody) = (world.user("ann", ADMIN).await, world.user("nobody", "").await);
    let text = r#"{"allowed":false}"#;
    let sealed = token::seal_message(&world.deps.vault, ACCOUNT, text).unwrap();
    let asked = |message: &str| DecodeAuthorizationMessageInput { encoded_message: message.into() };
    let output = world.run(&ann, DecodeAuthorizationMessage, asked(&sealed)).await.ok().unwrap();
    assert_eq!(output.decoded_message.as_deref(), Some(text));
    assert_eq!(refusal(world.run(&nobody, DecodeAuthorizationMessage, asked(&sealed)).await).0, DENIED);
    let others = token::seal_message(&world.deps.vault, OTHER, text).unwrap();
    for bad in ["x", &sealed[1..], &others] {
        let (code, _) = refusal(world.run(&ann, DecodeAuthorizationMessage, asked(bad)).await);
        assert_eq!(code, "InvalidAuthorizationMessageException");
    }
}

#[tokio::test]
async fn whose_access_key() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let key = records::AccessKey {
        account: OTHER.into(),
        user: None,
        sealed_secret: Vec::new(),
        active: false,
        created_ms: 0,
    };
    world.put(keys::access_key("AKIAIOSFODNN7EXAMPLE"), key.encode()).await;
    let credentials = world.run(&ann, GetSessionToken, Default::default()).await.ok().unwrap().credentials;
    let temporary = credentials.unwrap().access_key_id.unwrap();
    let asked = |id: &str| GetAccessKeyInfoInput { access_key_id: id.into() };
    for (id, account) in [("AKIAIOSFODNN7EXAMPLE", OTHER), (&temporary, ACCOUNT)] {
        let output = world.run(&ann, GetAccessKeyInfo, asked(id)).await.ok().unwrap();
        assert_eq!(output.account.as_deref(), Some(account));
    }
    let elsewhere = token::new_key_id(kernel::Ids, "ASIA", "000000000007");
    for id in ["AKIAIOSFODNN7EXAMPLF", &elsewhere, "ASIA0000000000000000", "short"] {
        assert_eq!(refusal(world.run(&ann, GetAccessKeyInfo, asked(id)).await).0, INVALID, "{id}");
    }
    let nobody = world.user("nobody", "").await;
    assert_eq!(refusal(world.run(&nobody, GetAccessKeyInfo, asked(&temporary)).await).0, DENIED);
}
