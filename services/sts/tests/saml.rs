//! AssumeRoleWithSAML: assertions of a provider whose key the test has.

mod common;
#[path = "../../../crates/saml/tests/common/mod.rs"]
mod provider;

use std::time::Duration;

use common::*;
use identity::{keys, records};
use kernel::{Call, Principal, PrincipalKind};
use model_sts::ops::AssumeRoleWithSAML;
use model_sts::types::*;
use provider::{ENDPOINT, ENTITY, Idp, PROVIDER, Says, packed, response};
use store::Record as _;

const INVALID: &str = "InvalidIdentityToken";
const DENIED: (&str, &str) = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML");
const ONLY: &str = r#"["sts:AssumeRoleWithSAML"]"#;

/// A role for the staff, and a provider that is registered.
struct Corp {
    world: World,
    idp: Idp,
    role: String,
}

impl Corp {
    async fn new() -> Self {
        let (world, idp) = (World::new(), Idp::new());
        let provider = records::SamlProvider {
            name: "corp".into(),
            uuid: String::new(),
            metadata: idp.metadata(),
            created_ms: 0,
            tags: Default::default(),
        };
        world.put(keys::saml_provider(ACCOUNT, "corp"), provider.encode()).await;
        let condition = format!(
            r#"{{"StringEquals":{{"saml:aud":"{ENDPOINT}","saml:iss":"{ENTITY}","saml:sub":"ann@example.com",
            "saml:sub_type":"persistent","saml:doc":"123456789012/corp"}}}}"#
        );
        let role = world.role(ACCOUNT, "/", "staff", &trust(ONLY, &condition), |_| {}).await;
        Self { world, idp, role }
    }

    fn says(&self) -> Says {
        Says::new(self.world.clock().host_now())
    }

    fn input(&self, xml: &str) -> AssumeRoleWithSAMLInput {
        AssumeRoleWithSAMLInput {
            role_arn: self.role.as_str().into(),
            principal_arn: PROVIDER.into(),
            saml_assertion: packed(xml).into(),
            ..Default::default()
        }
    }

    async fn run(
        &self,
        input: AssumeRoleWithSAMLInput,
    ) -> Result<AssumeRoleWithSAMLOutput, (String, String)> {
        let nobody = Call { account: ACCOUNT.into(), ..self.world.call(Principal::anonymous()) };
        let answer = self.world.run(&nobody, AssumeRoleWithSAML, input).await;
        answer.map_err(|error| refusal::<()>(Err(error)))
    }

    async fn refused(&self, input: AssumeRoleWithSAMLInput) -> (String, String) {
        self.run(input).await.expect_err("it is not refused")
    }
}

fn trust(actions: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions},"Condition":{condition},
        "Principal":{{"Federated":"{PROVIDER}"}}}}}}"#
    )
}

#[tokio::test]
async fn the_right_assertion_is_accepted() {
    let corp = Corp::new().await;
    for xml in [corp.idp.response(&corp.says()), corp.idp.signed_response(&corp.says())] {
        let output = corp.run(corp.input(&xml)).await.unwrap();
        assert_eq!(output.subject.as_deref(), Some("ann@example.com"));
        assert_eq!(output.subject_type.as_deref(), Some("persistent"));
        assert_eq!(output.issuer.as_deref(), Some(ENTITY));
        assert_eq!(output.audience.as_deref(), Some(ENDPOINT));
        // printf %s https://idp.example.com/saml123456789012/corp | openssl sha1 -binary | base64
        assert_eq!(output.name_qualifier.as_deref(), Some("HahBW48oNiXLlr28VT6/xduH27c="));
        let user = output.assumed_role_user.unwrap();
        assert_eq!(user.arn.as_deref(), Some("arn:aws:sts::123456789012:assumed-role/staff/ann"));
        let session = corp.world.as_session(&output.credentials.unwrap());
        assert_eq!(session.principal.kind, PrincipalKind::AssumedRole);
        let held = session.principal.session.unwrap();
        assert_eq!((held.issuer_arn.as_str(), held.provider.as_deref()), (&*corp.role, Some(PROVIDER)));
        assert_eq!(held.claims["saml:sub"], ["ann@example.com"]);
        assert!(!held.claims.contains_key("saml:aud"));
    }
}

#[tokio::test]
async fn others_are_refused() {
    let corp = Corp::new().await;
    let (idp, now) = (&corp.idp, corp.world.clock().host_now());
    let past = now.minus(Duration::from_secs(900));
    let right = idp.response(&corp.says());
    let evil = Says { subject: "root@example.com".into(), ..corp.says() };
    let side_by_side =
        response(&format!("{}{}", evil.assertion("_e", ""), idp.signed_assertion(&corp.says())), "");
    let of = |says: Says| idp.response(&says);
    let cases = [
        (Idp::new().response(&corp.says()), INVALID, "Response signature invalid"),
        (response(&corp.says().assertion("_a", ""), ""), INVALID, "Response signature invalid"),
        (right.replace("ann@", "bob@"), INVALID, "Response signature invalid"),
        (side_by_side, INVALID, "invalid SAML response"),
        (format!("<!DOCTYPE a>{right}"), INVALID, "invalid SAML response"),
        ("no response".to_owned(), INVALID, "invalid SAML response"),
        (right.replace("status:Success", "status:Requester"), "IDPRejectedClaim", "status:Requester"),
        (of(Says { audience: "other".into(), ..corp.says() }), INVALID, "required audience"),
        (of(Says { recipient: "other".into(), ..corp.says() }), INVALID, "sign-in endpoint"),
        (
            of(Says { issuer: "other".into(), ..corp.says() }),
            INVALID,
            "Issuer not present in specified provider",
        ),
        (
            of(Says { issued: past, not_after: past, ..corp.says() }),
            "ExpiredTokenException",
            "Response has expired",
        ),
        (
            of(Says { not_before: now.plus(Duration::from_secs(900)), ..corp.says() }),
            INVALID,
            "not valid yet",
        ),
        (
            of(corp.says().with_own("RoleSessionName", &[])),
            INVALID,
            "RoleSessionName is required in AuthnResponse",
        ),
        (
            of(corp.says().with_own("RoleSessionName", &["a b"])),
            INVALID,
            "RoleSessionName in AuthnResponse must match",
        ),
        (of(corp.says().with_own("SourceIdentity", &["aws:x"])), INVALID, "Source Identity must match"),
        // A user whom the provider does not give this role, or by another provider.
        (
            of(corp.says().with_own("Role", &[&format!("arn:aws:iam::{ACCOUNT}:role/other,{PROVIDER}")])),
            DENIED.0,
            DENIED.1,
        ),
        (of(corp.says().with_own("Role", &[&format!("{},{PROVIDER}2", corp.role)])), DENIED.0, DENIED.1),
        // A user whom the trust policy does not mean.
        (of(evil.clone()), DENIED.0, DENIED.1),
    ];
    for (xml, code, text) in cases {
        let (own_code, own_text) = corp.refused(corp.input(&xml)).await;
        assert!(own_code == code && own_text.contains(text), "{own_code}: {own_text}; expected {text}");
    }
    assert!(corp.run(corp.input(&right)).await.is_ok());
}

#[tokio::test]
async fn other_providers_and_roles_are_refused() {
    let corp = Corp::new().await;
    let missing = corp.role.replace("staff", "missing");
    let trusting = |name: &'static str, trust: String| {
        let world = &corp.world;
        async move { world.role(ACCOUNT, "/", name, &trust, |_| {}).await }
    };
    let by_account = trusting("account", TRUST_ACCOUNT.to_owned()).await;
    let other = trusting("other", trust(ONLY, "{}").replace("/corp", "/other")).await;
    for role in [missing, by_account, other] {
        let says = corp.says().with_own("Role", &[&format!("{PROVIDER},{role}")]);
        let input = AssumeRoleWithSAMLInput {
            role_arn: role.as_str().into(),
            ..corp.input(&corp.idp.response(&says))
        };
        let (code, text) = corp.refused(input).await;
        assert_eq!((code.as_str(), text.as_str()), DENIED, "{role}");
    }
    for (arn, code) in [
        ("arn:aws:iam::123456789012:saml-provider/nobody", INVALID),
        ("arn:aws:iam::210987654321:saml-provider/corp", INVALID),
        ("arn:aws:iam::123456789012:oidc-provider/corp", "ValidationError"),
        ("this is no name of anything", "ValidationError"),
    ] {
        let input = AssumeRoleWithSAMLInput {
            principal_arn: arn.into(),
            ..corp.input(&corp.idp.response(&corp.says()))
        };
        assert_eq!(corp.refused(input).await.0, code, "{arn}");
    }
    let keys_of = records::SamlKeys { required: true, keys: Vec::new() };
    corp.world.put(keys::saml_keys(ACCOUNT, "corp"), keys_of.encode()).await;
    let (code, text) = corp.refused(corp.input(&corp.idp.response(&corp.says()))).await;
    assert!(code == INVALID && text.contains("encrypted"), "{text}");
}

#[tokio::test]
async fn tags_and_source_identity_are_permissions_of_their_own() {
    let corp = Corp::new().await;
    let tagged = |role: &str| {
        corp.says()
            .with_own("Role", &[&format!("{role},{PROVIDER}")])
            .with_own("PrincipalTag:Team", &["red"])
            .with_own("TransitiveTagKeys", &["Team"])
            .with_own("SourceIdentity", &["ann"])
    };
    let (code, text) = corp.refused(corp.input(&corp.idp.response(&tagged(&corp.role)))).await;
    assert_eq!((code.as_str(), text.as_str()), ("AccessDenied", "Not authorized to perform sts:TagSession"));
    let all = r#"["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"]"#;
    let condition = r#"{"StringEquals":{"aws:RequestTag/Team":"red","sts:SourceIdentity":"ann"}}"#;
    let role = corp.world.role(ACCOUNT, "/", "tagged", &trust(all, condition), |_| {}).await;
    let input = |says: Says| AssumeRoleWithSAMLInput {
        role_arn: role.as_str().into(),
        ..corp.input(&corp.idp.response(&says))
    };
    let output = corp.run(input(tagged(&role))).await.unwrap();
    assert_eq!(output.source_identity.as_deref(), Some("ann"));
    let held = corp.world.as_session(&output.credentials.unwrap()).principal.session.unwrap();
    assert_eq!((held.tags["Team"].as_str(), held.transitive.as_slice()), ("red", &["Team".to_owned()][..]));
    let blue = tagged(&role).with_own("PrincipalTag:Team", &["blue"]);
    assert_eq!(corp.refused(input(blue)).await.0, "AccessDenied");
}

#[tokio::test]
async fn how_long_a_session_lasts() {
    let corp = Corp::new().await;
    let now = corp.world.clock().host_now();
    let right = corp.idp.response(&corp.says());
    let long = AssumeRoleWithSAMLInput { duration_seconds: Some(3601), ..corp.input(&right) };
    let (code, text) = corp.refused(long).await;
    assert_eq!(code, "ValidationError");
    assert_eq!(text, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    let secs = |output: AssumeRoleWithSAMLOutput| {
        output.credentials.unwrap().expiration.unwrap().secs() - corp.world.clock().now().secs()
    };
    let short = AssumeRoleWithSAMLInput { duration_seconds: Some(900), ..corp.input(&right) };
    assert!((890..=900).contains(&secs(corp.run(short).await.unwrap())));
    // The provider's own session ends sooner than the shortest that may be asked for.
    let says = Says { session_ends: Some(now.plus(Duration::from_secs(600))), ..corp.says() };
    let output = corp.run(corp.input(&corp.idp.response(&says))).await.unwrap();
    assert!((1..=600).contains(&secs(output)));
    let over = Says { session_ends: Some(now), ..corp.says() };
    assert_eq!(corp.refused(corp.input(&corp.idp.response(&over))).await.0, "ExpiredTokenException");
}
