//! AssumeRoleWithWebIdentity: tokens as those of GitHub's workflows, from an issuer on a loopback address.

// Tokens are made of claims of any shape, and their issuer is a server of its own.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod common;
#[path = "../../../crates/oidc/tests/common/mod.rs"]
mod issuer;

use common::*;
use identity::{keys, records};
use issuer::{Issuer, Keys, encode};
use kernel::{Call, Principal, PrincipalKind};
use model_sts::ops::{AssumeRole, AssumeRoleWithWebIdentity};
use model_sts::types::*;
use serde_json::{Value, json};
use store::Record as _;

const INVALID_TOKEN: &str = "InvalidIdentityToken";
const DENIED: (&str, &str) = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");

/// A role for the workflows of one repository on one branch, and an issuer of their tokens.
struct GitHub {
    world: World,
    issuer: Issuer,
    role: String,
}

impl GitHub {
    async fn new() -> Self {
        let (world, issuer) = (World::new(), Issuer::start().await);
        let provider = records::OidcProvider {
            url: issuer.url.clone(),
            client_ids: vec!["sts.amazonaws.com".into()],
            thumbprints: Vec::new(),
            created_ms: 0,
            tags: Default::default(),
        };
        world.put(keys::oidc_provider(ACCOUNT, issuer.name()), provider.encode()).await;
        let name = issuer.name();
        let trust = trust(
            name,
            r#"["sts:AssumeRoleWithWebIdentity"]"#,
            json!({"StringEquals": {
                format!("{name}:aud"): "sts.amazonaws.com",
                format!("{name}:sub"): "repo:octo/app:ref:refs/heads/main",
            }}),
        );
        let role = world.role(ACCOUNT, "/", "deploy", &trust, |_| {}).await;
        Self { world, issuer, role }
    }

    fn claims(&self) -> Value {
        let now = self.world.clock().host_now().secs();
        json!({
            "iss": self.issuer.url,
            "sub": "repo:octo/app:ref:refs/heads/main",
            "aud": "sts.amazonaws.com",
            "ref": "refs/heads/main",
            "repository": "octo/app",
            "repository_owner": "octo",
            "actor": "ann",
            "workflow": "deploy",
            "run_id": "42",
            "jti": "one",
            "iat": now,
            "nbf": now - 5,
            "exp": now + 300,
        })
    }

    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        self.issuer.keys.token("RS256", "rsa", &claims)
    }

    fn nobody(&self) -> Call {
        Call { account: ACCOUNT.into(), ..self.world.call(Principal::anonymous()) }
    }

    fn input(&self, token: &str) -> AssumeRoleWithWebIdentityInput {
        AssumeRoleWithWebIdentityInput {
            role_arn: self.role.as_str().into(),
            role_session_name: "run".into(),
            web_identity_token: token.into(),
            ..Default::default()
        }
    }

    async fn run(
        &self,
        input: AssumeRoleWithWebIdentityInput,
    ) -> Result<AssumeRoleWithWebIdentityOutput, (String, String)> {
        let answer = self.world.run(&self.nobody(), AssumeRoleWithWebIdentity, input).await;
        answer.map_err(|error| refusal::<()>(Err(error)))
    }

    async fn refused(&self, token: &str) -> (String, String) {
        self.run(self.input(token)).await.expect_err("it is not refused")
    }
}

fn trust(provider: &str, actions: &str, condition: Value) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions},"Condition":{condition},
        "Principal":{{"Federated":"arn:aws:iam::123456789012:oidc-provider/{provider}"}}}}}}"#
    )
}

#[tokio::test]
async fn the_right_token_is_accepted() {
    let github = GitHub::new().await;
    let elliptic = github.issuer.keys.token("ES256", "ec", &github.claims());
    for token in [github.token(|_| {}), elliptic] {
        let output = github.run(github.input(&token)).await.unwrap();
        let provider = format!("arn:aws:iam::123456789012:oidc-provider/{}", github.issuer.name());
        assert_eq!(output.provider.as_deref(), Some(&*provider));
        assert_eq!(output.audience.as_deref(), Some("sts.amazonaws.com"));
        assert_eq!(
            output.subject_from_web_identity_token.as_deref(),
            Some("repo:octo/app:ref:refs/heads/main")
        );
        let user = output.assumed_role_user.unwrap();
        assert_eq!(user.arn.as_deref(), Some("arn:aws:sts::123456789012:assumed-role/deploy/run"));
        let session = github.world.as_session(&output.credentials.unwrap());
        assert_eq!(session.principal.kind, PrincipalKind::AssumedRole);
        let held = session.principal.session.unwrap();
        assert_eq!((held.issuer_arn.as_str(), held.provider.as_deref()), (&*github.role, Some(&*provider)));
        assert_eq!(
            held.claims[&format!("{}:sub", github.issuer.name())],
            ["repo:octo/app:ref:refs/heads/main"]
        );
        assert!(!held.chained);
    }
}

#[tokio::test]
async fn another_ref_or_repository_is_refused() {
    let github = GitHub::new().await;
    for sub in [
        "repo:octo/app:ref:refs/heads/dev",
        "repo:octo/app:ref:refs/tags/main",
        "repo:octo/app:pull_request",
        "repo:octo/other:ref:refs/heads/main",
        "repo:evil/app:ref:refs/heads/main",
        "repo:octo/app:ref:refs/heads/main ",
        "REPO:octo/app:ref:refs/heads/main",
    ] {
        let (code, text) = github.refused(&github.token(|claims| claims["sub"] = json!(sub))).await;
        assert_eq!((code.as_str(), text.as_str()), DENIED, "{sub}");
    }
}

#[tokio::test]
async fn another_audience_issuer_or_time_is_refused() {
    let github = GitHub::new().await;
    let now = github.world.clock().host_now().secs();
    type Change = Box<dyn Fn(&mut Value)>;
    let set =
        |name: &'static str, value: Value| -> Change { Box::new(move |claims| claims[name] = value.clone()) };
    let cases: [(Change, &str, &str); 9] = [
        (set("aud", json!("https://github.com/octo")), INVALID_TOKEN, "Incorrect token audience"),
        (set("aud", json!(["a", "b"])), INVALID_TOKEN, "Incorrect token audience"),
        (set("azp", json!("another-app")), INVALID_TOKEN, "Incorrect token audience"),
        (
            set("iss", json!("https://token.actions.githubusercontent.com")),
            INVALID_TOKEN,
            "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
        ),
        (
            set("iss", json!(format!("{}/", github.issuer.url))),
            INVALID_TOKEN,
            "No OpenIDConnect provider found",
        ),
        (
            set("iss", json!(github.issuer.url.replace("http:", "https:"))),
            INVALID_TOKEN,
            "No OpenIDConnect provider found",
        ),
        (set("exp", json!(now)), "ExpiredTokenException", "Token expired: current date/time"),
        (set("nbf", json!(now + 300)), INVALID_TOKEN, "not valid yet"),
        (set("sub", json!(null)), INVALID_TOKEN, "Missing a required claim: sub"),
    ];
    for (change, code, text) in cases {
        let token = github.token(|claims| change(claims));
        let (own_code, own_text) = github.refused(&token).await;
        assert!(own_code == code && own_text.contains(text), "{own_code}: {own_text}");
    }
}

#[tokio::test]
async fn another_signature_is_refused() {
    let github = GitHub::new().await;
    let right = github.token(|_| {});
    let parts: Vec<&str> = right.split('.').collect();
    let mut forged = github.claims();
    forged["sub"] = json!("repo:octo/app:ref:refs/heads/main");
    forged["exp"] = json!(github.world.clock().host_now().secs() + 9999);
    let forged = encode(forged.to_string().as_bytes());
    let keys = &github.issuer.keys;
    for bad in [
        Keys::generate().token("RS256", "rsa", &github.claims()),
        Keys::generate().token("ES256", "ec", &github.claims()),
        keys.token("none", "rsa", &github.claims()),
        keys.token("HS256", "rsa", &github.claims()),
        keys.token("RS256", "unknown", &github.claims()),
        keys.token("RS256", "ec", &github.claims()),
        format!("{}.{forged}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", encode(br#"{"alg":"none"}"#), parts[1], parts[2]),
        format!("{}.{}.{}", encode(br#"{"alg":"NONE"}"#), parts[1], parts[2]),
        "not a token".to_owned(),
    ] {
        let (code, text) = github.refused(&bad).await;
        assert_eq!(code, INVALID_TOKEN, "{bad}: {text}");
    }
    assert!(github.run(github.input(&right)).await.is_ok());
}

#[tokio::test]
async fn roles_that_do_not_trust_the_provider() {
    let github = GitHub::new().await;
    let token = github.token(|_| {});
    let actions = r#"["sts:AssumeRoleWithWebIdentity"]"#;
    let world = &github.world;
    let elsewhere =
        world.role(ACCOUNT, "/", "elsewhere", &trust("example.com", actions, json!({})), |_| {}).await;
    let by_account = world.role(ACCOUNT, "/", "account", TRUST_ACCOUNT, |_| {}).await;
    let anybody = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",
        "Action":"sts:AssumeRoleWithWebIdentity"}}"#;
    let anybody = world.role(ACCOUNT, "/", "anybody", anybody, |_| {}).await;
    let missing = github.role.replace("deploy", "missing");
    for role in [elsewhere, by_account, anybody, missing] {
        let input = AssumeRoleWithWebIdentityInput { role_arn: role.as_str().into(), ..github.input(&token) };
        let (code, text) = github.run(input).await.err().unwrap();
        assert_eq!((code.as_str(), text.as_str()), DENIED, "{role}");
    }
    // Another account has no such provider.
    let there =
        world.role(OTHER, "/", "deploy", &trust(github.issuer.name(), actions, json!({})), |_| {}).await;
    let input = AssumeRoleWithWebIdentityInput { role_arn: there.into(), ..github.input(&token) };
    assert_eq!(github.run(input).await.err().unwrap().0, INVALID_TOKEN);
}

#[tokio::test]
async fn tags_and_source_identity_of_a_token_are_permissions_of_their_own() {
    let github = GitHub::new().await;
    let token = github.token(|claims| {
        claims["https://aws.amazon.com/tags"] =
            json!({"principal_tags": {"Team": ["red"]}, "transitive_tag_keys": ["Team"]});
        claims["https://aws.amazon.com/source_identity"] = json!("ann");
    });
    let (code, text) = github.refused(&token).await;
    assert_eq!((code.as_str(), text.as_str()), ("AccessDenied", "Not authorized to perform sts:TagSession"));
    let all = r#"["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]"#;
    let condition = json!({"StringEquals": {"aws:RequestTag/Team": "red", "sts:SourceIdentity": "ann"}});
    let trust = trust(github.issuer.name(), all, condition);
    let role = github.world.role(ACCOUNT, "/", "tagged", &trust, |_| {}).await;
    let input = |token: &str| AssumeRoleWithWebIdentityInput {
        role_arn: role.as_str().into(),
        ..github.input(token)
    };
    let output = github.run(input(&token)).await.unwrap();
    assert_eq!(output.source_identity.as_deref(), Some("ann"));
    let held = github.world.as_session(&output.credentials.unwrap()).principal.session.unwrap();
    assert_eq!((held.tags["Team"].as_str(), held.transitive.as_slice()), ("red", &["Team".to_owned()][..]));
    assert!(github.run(input(&github.token(|_| {}))).await.is_err());
    let broken = github.token(|claims| claims["https://aws.amazon.com/tags"] = json!("x"));
    assert_eq!(github.refused(&broken).await.0, "IDPRejectedClaim");
}

#[tokio::test]
async fn durations_policies_and_chains() {
    let github = GitHub::new().await;
    let token = github.token(|_| {});
    let long = AssumeRoleWithWebIdentityInput { duration_seconds: Some(3601), ..github.input(&token) };
    let (code, text) = github.run(long).await.err().unwrap();
    assert_eq!(code, "ValidationError");
    assert_eq!(text, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    let broken = AssumeRoleWithWebIdentityInput { policy: Some("{}".into()), ..github.input(&token) };
    assert_eq!(github.run(broken).await.err().unwrap().0, "MalformedPolicyDocument");
    // A role that trusts those whom the provider vouched for, whatever role they have now.
    let name = github.issuer.name();
    let condition = json!({"StringEquals": {format!("{name}:sub"): "repo:octo/app:ref:refs/heads/main"}});
    let chained = TRUST_ACCOUNT.replace(r#""Action""#, &format!(r#""Condition":{condition},"Action""#));
    let chained = github.world.role(ACCOUNT, "/", "chained", &chained, |_| {}).await;
    let output = github.run(github.input(&token)).await.unwrap();
    let session = github.world.as_session(&output.credentials.unwrap());
    let input =
        AssumeRoleInput { role_arn: chained.into(), role_session_name: "next".into(), ..Default::default() };
    assert!(github.world.run(&session, AssumeRole, input.clone()).await.is_ok());
    let ann = github.world.user("ann", ADMIN).await;
    assert!(github.world.run(&ann, AssumeRole, input).await.is_err());
}

#[tokio::test]
async fn an_issuer_that_is_away() {
    let github = GitHub::new().await;
    let token = github.token(|_| {});
    let GitHub { world, issuer, role } = github;
    drop(issuer);
    let input = AssumeRoleWithWebIdentityInput {
        role_arn: role.into(),
        role_session_name: "run".into(),
        web_identity_token: token.as_str().into(),
        ..Default::default()
    };
    let nobody = Call { account: ACCOUNT.into(), ..world.call(Principal::anonymous()) };
    let (code, _) = refusal(world.run(&nobody, AssumeRoleWithWebIdentity, input).await);
    assert_eq!(code, "IDPCommunicationError");
}
