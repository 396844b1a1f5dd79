//! OpenID Connect and SAML providers.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::*;
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::Kit;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const PRINT: &str = "6938fd4d98bab03faadb97b34396831e3780aea1";

fn github() -> CreateOpenIDConnectProviderInput {
    CreateOpenIDConnectProviderInput {
        url: GITHUB.into(),
        client_id_list: Some(vec!["sts.amazonaws.com".into()]),
        thumbprint_list: Some(vec![PRINT.into()]),
        tags: Some(vec![tag("team", "a")]),
    }
}

async fn get(kit: &Kit, arn: &str) -> Result<GetOpenIDConnectProviderOutput, Error> {
    let input = GetOpenIDConnectProviderInput { open_id_connect_provider_arn: arn.into() };
    kit.run(GetOpenIDConnectProvider, input).await
}

#[tokio::test]
async fn an_oidc_provider_from_beginning_to_end() {
    let kit = kit();
    let made = kit.run(CreateOpenIDConnectProvider, github()).await.unwrap();
    let arn = made.open_id_connect_provider_arn.unwrap();
    assert_eq!(arn, common::arn("oidc-provider/token.actions.githubusercontent.com"));
    let asked = kit.asked().pop().unwrap();
    assert_eq!(
        (asked.action.as_str(), asked.target.arn.as_str()),
        ("iam:CreateOpenIDConnectProvider", arn.as_str())
    );
    refused(
        kit.run(CreateOpenIDConnectProvider, github()).await,
        "EntityAlreadyExists",
        "Provider with url https://token.actions.githubusercontent.com already exists.",
    );
    let shown = get(&kit, &arn).await.unwrap();
    assert_eq!(shown.url.as_deref(), Some("token.actions.githubusercontent.com"));
    assert_eq!(shown.client_id_list.unwrap(), ["sts.amazonaws.com"]);
    assert_eq!(shown.thumbprint_list.unwrap(), [PRINT]);
    let all = kit.run(ListOpenIDConnectProviders, Default::default()).await.unwrap();
    assert_eq!(all.open_id_connect_provider_list.unwrap()[0].arn.as_deref(), Some(arn.as_str()));

    for _ in 0..2 {
        let input = AddClientIDToOpenIDConnectProviderInput {
            open_id_connect_provider_arn: arn.clone().into(),
            client_id: "other".into(),
        };
        kit.run(AddClientIDToOpenIDConnectProvider, input).await.unwrap();
    }
    for _ in 0..2 {
        let input = RemoveClientIDFromOpenIDConnectProviderInput {
            open_id_connect_provider_arn: arn.clone().into(),
            client_id: "sts.amazonaws.com".into(),
        };
        kit.run(RemoveClientIDFromOpenIDConnectProvider, input).await.unwrap();
    }
    let input = UpdateOpenIDConnectProviderThumbprintInput {
        open_id_connect_provider_arn: arn.clone().into(),
        thumbprint_list: vec!["a".repeat(40), "b".repeat(40)].into(),
    };
    kit.run(UpdateOpenIDConnectProviderThumbprint, input).await.unwrap();
    let shown = get(&kit, &arn).await.unwrap();
    assert_eq!(
        (shown.client_id_list.unwrap(), shown.thumbprint_list.unwrap().len()),
        (vec!["other".to_owned()], 2)
    );

    let delete = || DeleteOpenIDConnectProviderInput { open_id_connect_provider_arn: arn.clone().into() };
    kit.run(DeleteOpenIDConnectProvider, delete()).await.unwrap();
    kit.run(DeleteOpenIDConnectProvider, delete()).await.unwrap();
    let absent = format!("OpenIDConnect Provider not found for arn {arn}");
    refused(get(&kit, &arn).await, "NoSuchEntity", &absent);
}

#[tokio::test]
async fn oidc_providers_that_are_refused() {
    let kit = kit();
    for url in ["http://example.com", "https://example.com:8443", "example.com", "https://example.com?a=b"] {
        let input = CreateOpenIDConnectProviderInput { url: url.into(), ..github() };
        let text = "Invalid Open ID Connect Provider URL";
        refused(kit.run(CreateOpenIDConnectProvider, input).await, "ValidationError", text);
    }
    let many = CreateOpenIDConnectProviderInput { thumbprint_list: Some(vec![PRINT.into(); 6]), ..github() };
    let text = "Thumbprint list must contain fewer than 5 entries.";
    refused(kit.run(CreateOpenIDConnectProvider, many).await, "InvalidInput", text);
    let odd = CreateOpenIDConnectProviderInput { thumbprint_list: Some(vec!["x".repeat(40)]), ..github() };
    assert_eq!(refusal(kit.run(CreateOpenIDConnectProvider, odd).await).0, "InvalidInput");
    let ids = (0..101).map(|number| number.to_string()).collect();
    let many = CreateOpenIDConnectProviderInput { client_id_list: Some(ids), ..github() };
    let text = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100";
    refused(kit.run(CreateOpenIDConnectProvider, many).await, "LimitExceeded", text);
    for arn in ["not an ARN at all, but long", "arn:aws:iam::999999999999:oidc-provider/example.com"] {
        assert_eq!(refusal(get(&kit, arn).await).0, "InvalidInput");
    }
    let here = CreateOpenIDConnectProviderInput { url: "http://127.0.0.1:8080/issuer".into(), ..github() };
    let made = kit.run(CreateOpenIDConnectProvider, here).await.unwrap();
    assert_eq!(
        made.open_id_connect_provider_arn.unwrap(),
        common::arn("oidc-provider/127.0.0.1:8080/issuer")
    );
}

#[tokio::test]
async fn tags_of_providers() {
    let kit = kit();
    let arn =
        kit.run(CreateOpenIDConnectProvider, github()).await.unwrap().open_id_connect_provider_arn.unwrap();
    let input = TagOpenIDConnectProviderInput {
        open_id_connect_provider_arn: arn.clone().into(),
        tags: vec![tag("x", "y")].into(),
    };
    kit.run(TagOpenIDConnectProvider, input).await.unwrap();
    let input = UntagOpenIDConnectProviderInput {
        open_id_connect_provider_arn: arn.clone().into(),
        tag_keys: vec!["team".to_owned()].into(),
    };
    kit.run(UntagOpenIDConnectProvider, input).await.unwrap();
    let input =
        ListOpenIDConnectProviderTagsInput { open_id_connect_provider_arn: arn.into(), ..Default::default() };
    let tags = kit.run(ListOpenIDConnectProviderTags, input).await.unwrap().tags.unwrap();
    assert_eq!((tags.len(), tags[0].key.as_str()), (1, "x"));

    let arn = saml(&kit, "corp", &metadata("")).await.unwrap();
    let input =
        TagSAMLProviderInput { saml_provider_arn: arn.clone().into(), tags: vec![tag("x", "y")].into() };
    kit.run(TagSAMLProvider, input).await.unwrap();
    let list = || ListSAMLProviderTagsInput { saml_provider_arn: arn.clone().into(), ..Default::default() };
    assert_eq!(&*kit.run(ListSAMLProviderTags, list()).await.unwrap().tags.unwrap()[0].key, "x");
    let input = UntagSAMLProviderInput {
        saml_provider_arn: arn.clone().into(),
        tag_keys: vec!["x".to_owned()].into(),
    };
    kit.run(UntagSAMLProvider, input).await.unwrap();
    assert!(kit.run(ListSAMLProviderTags, list()).await.unwrap().tags.unwrap().is_empty());
}

/// The metadata of an identity provider with a certificate of its own.
fn metadata(attributes: &str) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["idp.example.com".to_owned()]).unwrap();
    let der = certificate.self_signed(&key).unwrap().der().to_vec();
    format!(
        r#"<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com/metadata" {attributes}>
 <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
  <KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
   <X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
  <NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</NameIDFormat>
  <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>
 </IDPSSODescriptor>
 <Organization><OrganizationName xml:lang="en">{}</OrganizationName></Organization>
</EntityDescriptor>"#,
        STANDARD.encode(der),
        // The shortest metadata that the model allows is of 1,000 characters.
        "x".repeat(600)
    )
}

async fn saml(kit: &Kit, name: &str, metadata: &str) -> Result<String, Error> {
    let input = CreateSAMLProviderInput {
        name: name.into(),
        saml_metadata_document: metadata.into(),
        ..Default::default()
    };
    kit.run(CreateSAMLProvider, input).await.map(|output| output.saml_provider_arn.expect("an ARN"))
}

#[tokio::test]
async fn a_saml_provider_from_beginning_to_end() {
    let kit = kit();
    let arn = saml(&kit, "corp", &metadata("")).await.unwrap();
    assert_eq!(arn, common::arn("saml-provider/corp"));
    let text = "SAMLProvider with name corp already exists.";
    refused(saml(&kit, "corp", &metadata("")).await, "EntityAlreadyExists", text);
    let get = || kit.run(GetSAMLProvider, GetSAMLProviderInput { saml_provider_arn: arn.clone().into() });
    let shown = get().await.unwrap();
    let (made, until) = (shown.create_date.unwrap(), shown.valid_until.unwrap());
    assert_eq!(until.since(made).as_secs(), 100 * 365 * 86_400);
    assert_eq!(
        (shown.private_key_list.is_none(), shown.saml_provider_uuid.map(|uuid| uuid.len())),
        (true, Some(36))
    );

    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let input = UpdateSAMLProviderInput {
        saml_provider_arn: arn.clone().into(),
        saml_metadata_document: Some(metadata(r#"validUntil="2031-02-03T04:05:06Z""#)),
        assertion_encryption_mode: Some(AssertionEncryptionModeType::Required.into()),
        add_private_key: Some(key.clone()),
        remove_private_key: None,
    };
    assert_eq!(kit.run(UpdateSAMLProvider, input).await.unwrap().saml_provider_arn.as_ref(), Some(&arn));
    let shown = get().await.unwrap();
    assert_eq!(shown.valid_until.unwrap().to_string(), "2031-02-03T04:05:06Z");
    assert_eq!(shown.assertion_encryption_mode.unwrap().as_str(), "Required");
    let id = shown.private_key_list.unwrap()[0].key_id.clone();
    let remove = UpdateSAMLProviderInput {
        saml_provider_arn: arn.clone().into(),
        remove_private_key: id,
        ..Default::default()
    };
    // The last key stays while assertions must be encrypted.
    assert_eq!(refusal(kit.run(UpdateSAMLProvider, remove).await).0, "InvalidInput");

    let all = kit.run(ListSAMLProviders, Default::default()).await.unwrap().saml_provider_list.unwrap();
    assert_eq!(all[0].arn.as_ref(), Some(&arn));
    let delete = || DeleteSAMLProviderInput { saml_provider_arn: arn.clone().into() };
    kit.run(DeleteSAMLProvider, delete()).await.unwrap();
    let absent = format!("SAML provider not found for arn {arn}");
    refused(kit.run(DeleteSAMLProvider, delete()).await, "NoSuchEntity", &absent);
    refused(get().await, "NoSuchEntity", &absent);
}

#[tokio::test]
async fn saml_metadata_that_is_refused() {
    let kit = kit();
    let good = metadata("");
    for (from, to) in [
        ("IDPSSODescriptor", "SPSSODescriptor"),
        ("SingleSignOnService", "SingleLogoutService"),
        ("<X509Certificate>", "<X509Certificate>AAAA"),
        ("entityID=\"https://idp.example.com/metadata\"", ""),
        ("use=\"signing\"", "use=\"encryption\""),
        ("</EntityDescriptor>", ""),
        ("urn:oasis:names:tc:SAML:2.0:metadata", "urn:other"),
    ] {
        let (code, text) = refusal(saml(&kit, "corp", &good.replace(from, to)).await);
        assert!(
            code == "InvalidInput" && text.starts_with("Could not parse metadata"),
            "{from}: {code} {text}"
        );
    }
    let input = CreateSAMLProviderInput {
        name: "corp".into(),
        saml_metadata_document: good.into(),
        assertion_encryption_mode: Some(AssertionEncryptionModeType::Required.into()),
        ..Default::default()
    };
    assert_eq!(refusal(kit.run(CreateSAMLProvider, input).await).0, "InvalidInput");
}
