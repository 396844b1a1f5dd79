//! AssumeRole, with the decision that the program makes.

mod common;

use common::*;
use kernel::{Call, Principal, PrincipalKind};
use model_sts::ops::{AssumeRole, GetCallerIdentity, GetSessionToken};
use model_sts::types::*;

fn input(role: &str) -> AssumeRoleInput {
    AssumeRoleInput { role_arn: role.into(), role_session_name: "one".into(), ..Default::default() }
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: key.into(), value: value.into() }
}

const DENIED: &str = "AccessDenied";
const INVALID: &str = "ValidationError";

async fn assume(world: &World, call: &Call, input: AssumeRoleInput) -> AssumeRoleOutput {
    match world.run(call, AssumeRole, input).await {
        Ok(output) => output,
        Err(error) => panic!("{:?}", refusal::<()>(Err(error))),
    }
}

#[tokio::test]
async fn a_session_of_the_role() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/ops/", "deploy", TRUST_ACCOUNT, |_| {}).await;
    let output = assume(&world, &ann, input(&role)).await;
    let user = output.assumed_role_user.unwrap();
    assert_eq!(user.arn.as_deref(), Some("arn:aws:sts::123456789012:assumed-role/deploy/one"));
    assert_eq!(user.assumed_role_id.as_deref(), Some("AROAAAAAAAAAAAADEPLOY:one"));
    assert_eq!(output.packed_policy_size, None);
    let credentials = output.credentials.unwrap();
    let token = credentials.session_token.as_deref().unwrap();
    assert_eq!(output.session_token_size, i32::try_from(token.len()).ok());
    assert_eq!(credentials.expiration.unwrap().since(world.clock().now()).as_secs(), 3600);

    let session = world.as_session(&credentials);
    assert_eq!(session.principal.kind, PrincipalKind::AssumedRole);
    let held = session.principal.session.clone().unwrap();
    assert_eq!(held.issuer_arn, role);
    assert_eq!(held.issuer_id, "AROAAAAAAAAAAAADEPLOY");
    assert!(!held.chained && held.mfa.is_none());
    let who = world.run(&session, GetCallerIdentity, Default::default()).await.ok().unwrap();
    assert_eq!(who.arn, user.arn);
    assert_eq!(who.user_id, user.assumed_role_id);
}

#[tokio::test]
async fn both_sides_must_allow_between_accounts_and_one_within() {
    let world = World::new();
    let nobody = world.user("nobody", "").await;
    let ann = world.user("ann", ADMIN).await;
    let trust = |principal: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{principal}"}}}}}}"#
        )
    };
    let named = trust("arn:aws:iam::123456789012:user/nobody");
    let here = world.role(ACCOUNT, "/", "named", &named, |_| {}).await;
    let by_account = world.role(ACCOUNT, "/", "account", TRUST_ACCOUNT, |_| {}).await;
    let there = world.role(OTHER, "/", "there", &trust(ACCOUNT), |_| {}).await;
    let closed = world.role(OTHER, "/", "closed", &trust(OTHER), |_| {}).await;

    assert!(world.run(&nobody, AssumeRole, input(&here)).await.is_ok());
    assert!(world.run(&ann, AssumeRole, input(&here)).await.is_err());
    let (code, text) = refusal(world.run(&nobody, AssumeRole, input(&by_account)).await);
    assert_eq!(code, DENIED);
    assert_eq!(
        text,
        "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: sts:AssumeRole on resource: \
         arn:aws:iam::123456789012:role/account because no identity-based policy allows the sts:AssumeRole action"
    );
    assert!(world.run(&ann, AssumeRole, input(&by_account)).await.is_ok());
    assert!(world.run(&ann, AssumeRole, input(&there)).await.is_ok());
    assert!(world.run(&nobody, AssumeRole, input(&there)).await.is_err());
    assert!(world.run(&ann, AssumeRole, input(&closed)).await.is_err());
}

#[tokio::test]
async fn a_role_that_is_not_there_is_like_one_that_does_not_trust() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let stranger = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"Service":"lambda.amazonaws.com"}}}"#;
    for account in [ACCOUNT, OTHER] {
        let exists = world.role(account, "/", "exists", stranger, |_| {}).await;
        let (code, text) = refusal(world.run(&ann, AssumeRole, input(&exists)).await);
        assert_eq!(code, DENIED);
        for other in ["missing", "Exists", "path/exists"] {
            let missing = exists.replace("exists", other);
            let (code, other) = refusal(world.run(&ann, AssumeRole, input(&missing)).await);
            assert_eq!((code.as_str(), other), (DENIED, text.replace(&exists, &missing)));
        }
    }
    let broken = world.role(ACCOUNT, "/", "broken", "{", |_| {}).await;
    assert_eq!(refusal(world.run(&ann, AssumeRole, input(&broken)).await).0, DENIED);
}

#[tokio::test]
async fn those_who_cannot_have_roles() {
    let world = World::new();
    let role = world.role(ACCOUNT, "/", "deploy", TRUST_ACCOUNT, |_| {}).await;
    let root = world.call(Principal::root(ACCOUNT, "AKIAROOT"));
    let (code, text) = refusal(world.run(&root, AssumeRole, input(&role)).await);
    assert_eq!((code.as_str(), text.as_str()), (DENIED, "Roles may not be assumed by root accounts."));
    let federated = world.call(Principal { kind: PrincipalKind::FederatedUser, ..root.principal.clone() });
    assert_eq!(refusal(world.run(&federated, AssumeRole, input(&role)).await).0, DENIED);
    let service = world.call(Principal::service("lambda", ACCOUNT));
    assert_eq!(refusal(world.run(&service, AssumeRole, input(&role)).await).0, DENIED);
    let trust = TRUST_ACCOUNT.replace(r#""AWS":"123456789012""#, r#""Service":"lambda.amazonaws.com""#);
    let role = world.role(ACCOUNT, "/", "function", &trust, |_| {}).await;
    assert!(world.run(&service, AssumeRole, input(&role)).await.is_ok());
}

#[tokio::test]
async fn what_trust_may_depend_on() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let with = |condition: &str, actions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions},
            "Principal":{{"AWS":"123456789012"}},"Condition":{condition}}}}}"#
        )
    };
    let all = r#"["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]"#;
    let given = AssumeRoleInput {
        external_id: Some("customer-7".into()),
        source_identity: Some("Ann".into()),
        tags: Some(vec![tag("Team", "red"), tag("Env", "dev")]),
        transitive_tag_keys: Some(vec!["Team".into()]),
        ..input("")
    };
    for (condition, right) in [
        (r#"{"StringEquals":{"sts:ExternalId":"customer-7"}}"#, true),
        (r#"{"StringEquals":{"sts:ExternalId":"customer-8"}}"#, false),
        (r#"{"StringEquals":{"sts:RoleSessionName":"one"}}"#, true),
        (r#"{"StringEquals":{"sts:RoleSessionName":"${aws:username}"}}"#, false),
        (r#"{"StringLike":{"sts:SourceIdentity":"A*"}}"#, true),
        (r#"{"StringLike":{"sts:SourceIdentity":"B*"}}"#, false),
        (r#"{"StringEquals":{"aws:RequestTag/Team":["red","blue"]}}"#, true),
        (r#"{"StringEquals":{"aws:RequestTag/Team":"blue"}}"#, false),
        (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["Team","Env"]}}"#, true),
        (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}"#, false),
        (r#"{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"Team"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"Env"}}"#, false),
        (r#"{"StringEquals":{"aws:ResourceTag/Owner":"ops"}}"#, true),
        (r#"{"StringEquals":{"iam:ResourceTag/Owner":"dev"}}"#, false),
        (r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#, false),
    ] {
        let trust = with(condition, all);
        let tagged = |role: &mut identity::records::Role| {
            role.tags.insert("Owner".into(), "ops".into());
        };
        let role = world.role(ACCOUNT, "/", "r", &trust, tagged).await;
        let asked = AssumeRoleInput { role_arn: role.as_str().into(), ..given.clone() };
        let answer = world.run(&ann, AssumeRole, asked).await;
        assert_eq!(answer.is_ok(), right, "{condition}");
    }
    // Tags and a source identity are permissions of their own.
    for (actions, named, right) in [
        (r#"["sts:AssumeRole"]"#, "sts:TagSession", false),
        (r#"["sts:AssumeRole","sts:TagSession"]"#, "sts:SetSourceIdentity", false),
        (all, "", true),
    ] {
        let role = world.role(ACCOUNT, "/", "r", &with("{}", actions), |_| {}).await;
        let asked = AssumeRoleInput { role_arn: role.as_str().into(), ..given.clone() };
        let answer = world.run(&ann, AssumeRole, asked).await;
        assert_eq!(answer.is_ok(), right, "{actions}");
        if let Err(error) = answer {
            assert!(refusal::<()>(Err(error)).1.contains(named));
        }
    }
}

#[tokio::test]
async fn how_long() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/", "long", TRUST_ACCOUNT, |role| role.max_session_secs = 7200).await;
    let lasting = |secs| AssumeRoleInput { duration_seconds: Some(secs), ..input(&role) };
    let output = assume(&world, &ann, lasting(7200)).await;
    let (code, text) = refusal(world.run(&ann, AssumeRole, lasting(7201)).await);
    assert_eq!(code, INVALID);
    assert_eq!(text, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    for secs in [899, 43_201] {
        assert_eq!(refusal(world.run(&ann, AssumeRole, lasting(secs)).await).0, INVALID);
    }
    let session = world.as_session(&output.credentials.unwrap());
    let chained = assume(&world, &session, lasting(3600)).await;
    let (code, text) = refusal(world.run(&session, AssumeRole, lasting(3601)).await);
    assert_eq!(code, INVALID);
    assert_eq!(
        text,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    );
    let chained = world.as_session(&chained.credentials.unwrap());
    assert!(chained.principal.session.as_ref().unwrap().chained);
    // Credentials of GetSessionToken are temporary too.
    let output = world.run(&ann, GetSessionToken, Default::default()).await.ok().unwrap();
    let session = world.as_session(&output.credentials.unwrap());
    assert_eq!(refusal(world.run(&session, AssumeRole, lasting(3601)).await).0, INVALID);
    let again = assume(&world, &session, lasting(3600)).await;
    assert!(!world.as_session(&again.credentials.unwrap()).principal.session.unwrap().chained);
}

#[tokio::test]
async fn what_passes_on_in_a_chain() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let open = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},
        "Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}}"#;
    let first = world.role(ACCOUNT, "/", "first", open, |_| {}).await;
    let second = world.role(ACCOUNT, "/", "second", open, |_| {}).await;
    let plain = world.role(ACCOUNT, "/", "plain", TRUST_ACCOUNT, |_| {}).await;
    let asked = AssumeRoleInput {
        tags: Some(vec![tag("Team", "red"), tag("Env", "dev")]),
        transitive_tag_keys: Some(vec!["team".into()]),
        source_identity: Some("Ann".into()),
        ..input(&first)
    };
    let output = assume(&world, &ann, asked).await;
    assert_eq!(output.source_identity.as_deref(), Some("Ann"));
    assert!(output.packed_policy_size.is_some_and(|percent| percent > 0));
    let session = world.as_session(&output.credentials.unwrap());
    assert_eq!(refusal(world.run(&session, AssumeRole, input(&plain)).await).0, DENIED);
    let again = AssumeRoleInput { tags: Some(vec![tag("TEAM", "blue")]), ..input(&second) };
    assert_eq!(refusal(world.run(&session, AssumeRole, again).await).0, INVALID);
    let other = AssumeRoleInput { source_identity: Some("Bob".into()), ..input(&second) };
    assert_eq!(refusal(world.run(&session, AssumeRole, other).await).0, DENIED);
    let output = assume(&world, &session, input(&second)).await;
    assert_eq!(output.source_identity.as_deref(), Some("Ann"));
    let held = world.as_session(&output.credentials.unwrap()).principal.session.unwrap();
    assert_eq!(held.tags.iter().collect::<Vec<_>>(), [(&"Team".to_owned(), &"red".to_owned())]);
    assert_eq!(held.transitive, ["Team"]);
    assert!(held.chained);
}

#[tokio::test]
async fn policies_limit_the_session() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/", "r", TRUST_ACCOUNT, |_| {}).await;
    let arn = |arn: &str| PolicyDescriptorType { arn: Some(arn.into()) };
    let limited = |policy: &str| AssumeRoleInput { policy: Some(policy.into()), ..input(&role) };
    let only_queues =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}"#;
    let asked = AssumeRoleInput {
        policy_arns: Some(vec![arn("arn:aws:iam::aws:policy/ReadOnlyAccess")]),
        ..limited(only_queues)
    };
    let output = assume(&world, &ann, asked).await;
    assert!(output.packed_policy_size.is_some_and(|percent| (1..20).contains(&percent)));
    let held = world.as_session(&output.credentials.unwrap()).principal.session.unwrap();
    assert_eq!(held.policies, [only_queues]);
    assert_eq!(held.policy_arns, ["arn:aws:iam::aws:policy/ReadOnlyAccess"]);

    for bad in
        ["{", r#"{"Statement":[]}"#, &only_queues.replace(r#""Effect""#, r#""Principal":"*","Effect""#)]
    {
        let (code, _) = refusal(world.run(&ann, AssumeRole, limited(bad)).await);
        assert_eq!(code, "MalformedPolicyDocument", "{bad}");
    }
    let long = format!("{only_queues}{}", " ".repeat(2048));
    assert_eq!(refusal(world.run(&ann, AssumeRole, limited(&long)).await).0, INVALID);
    for arns in [
        vec![arn("arn:aws:iam::123456789012:policy/missing")],
        vec![arn("arn:aws:iam::210987654321:policy/theirs")],
        vec![arn("arn:aws:iam::123456789012:role/not-a-policy")],
        vec![arn("not an ARN of anything")],
        vec![arn("arn:aws:iam::aws:policy/ReadOnlyAccess"); 11],
    ] {
        let asked = AssumeRoleInput { policy_arns: Some(arns), ..input(&role) };
        assert_eq!(refusal(world.run(&ann, AssumeRole, asked).await).0, INVALID);
    }
}

#[tokio::test]
async fn too_much_does_not_fit() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let open = TRUST_ACCOUNT.replace(r#""sts:AssumeRole""#, r#"["sts:AssumeRole","sts:TagSession"]"#);
    let role = world.role(ACCOUNT, "/", "r", &open, |_| {}).await;
    let noise = |len| kernel::Ids.hex(len);
    let tags = (0..50).map(|n| tag(&format!("{n}{}", noise(100)), &noise(256))).collect();
    let asked = AssumeRoleInput { tags: Some(tags), ..input(&role) };
    let (code, text) = refusal(world.run(&ann, AssumeRole, asked).await);
    assert_eq!(code, "PackedPolicyTooLarge");
    assert!(text.starts_with("Packed policy consumes ") && text.contains("% of allotted space"), "{text}");
}

#[tokio::test]
async fn a_second_factor() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let serial = world.device("ann").await;
    let trust = TRUST_ACCOUNT.replace(
        r#""Action""#,
        r#""Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}},"Action""#,
    );
    let role = world.role(ACCOUNT, "/", "r", &trust, |_| {}).await;
    let shown = |serial: &str, code: &str| AssumeRoleInput {
        serial_number: Some(serial.into()),
        token_code: Some(code.into()),
        ..input(&role)
    };
    assert_eq!(refusal(world.run(&ann, AssumeRole, input(&role)).await).0, DENIED);
    let code = world.code();
    let output = assume(&world, &ann, shown(&serial, &code)).await;
    assert_eq!(world.as_session(&output.credentials.unwrap()).principal.session.unwrap().mfa, None);
    let (denied, text) = refusal(world.run(&ann, AssumeRole, shown(&serial, &code)).await);
    assert_eq!(denied, DENIED);
    assert_eq!(text, "MultiFactorAuthentication failed with invalid MFA one time pass code. ");
    let (_, text) =
        refusal(world.run(&ann, AssumeRole, shown("arn:aws:iam::123456789012:mfa/x", &code)).await);
    assert!(text.contains("verify your MFA serial number"), "{text}");
    let half = AssumeRoleInput { serial_number: Some(serial.clone()), ..input(&role) };
    let (_, text) = refusal(world.run(&ann, AssumeRole, half).await);
    assert!(text.contains("must provide both"), "{text}");
    // Wrong codes are counted even though the request is refused.
    world.advance(60);
    for _ in 0..5 {
        assert_eq!(refusal(world.run(&ann, AssumeRole, shown(&serial, "000000")).await).0, DENIED);
    }
    let (_, text) = refusal(world.run(&ann, AssumeRole, shown(&serial, &world.code())).await);
    assert!(text.contains("invalid MFA"), "{text}");
    // What was shown for the caller's own session counts as long as it is young enough.
    world.advance(60);
    let asked = GetSessionTokenInput {
        serial_number: Some(serial.clone()),
        token_code: Some(world.code()),
        ..Default::default()
    };
    let output = world.run(&ann, GetSessionToken, asked).await.ok().unwrap();
    let session = world.as_session(&output.credentials.unwrap());
    assert!(world.run(&session, AssumeRole, input(&role)).await.is_ok());
    world.advance(300);
    assert!(world.run(&session, AssumeRole, input(&role)).await.is_err());
}

#[tokio::test]
async fn names_and_arns_that_cannot_be() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/", "r", TRUST_ACCOUNT, |_| {}).await;
    for name in ["a", "with space", "sl/ash", &"x".repeat(65)] {
        let asked = AssumeRoleInput { role_session_name: name.into(), ..input(&role) };
        assert_eq!(refusal(world.run(&ann, AssumeRole, asked).await).0, INVALID, "{name}");
    }
    let (code, text) = refusal(world.run(&ann, AssumeRole, input("arn:aws:iam::123456789012:user/u")).await);
    assert_eq!((code.as_str(), text.as_str()), (INVALID, "Request ARN is invalid"));
}

#[tokio::test]
async fn a_token_of_the_size_that_was_asked_for() {
    let world = World::new();
    let ann = world.user("ann", ADMIN).await;
    let role = world.role(ACCOUNT, "/", "r", TRUST_ACCOUNT, |_| {}).await;
    let asked = AssumeRoleInput { minimum_session_token_size: Some(4096), ..input(&role) };
    let output = assume(&world, &ann, asked).await;
    assert_eq!((output.session_token_size, output.session_token_utilization), (Some(4096), Some(100)));
}
