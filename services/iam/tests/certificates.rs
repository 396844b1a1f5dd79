//! Server certificates and signing certificates.

mod common;

use common::*;
use identity::keys;
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use store::Record as _;
use testkit::{ACCOUNT, Kit};

/// A certificate in PEM, and its key.
struct Issued {
    body: String,
    key: String,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn self_signed(name: &str) -> Issued {
    let key = KeyPair::generate().unwrap();
    Issued { body: params(name).self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
}

/// A certificate and that of the authority that signed it.
fn signed() -> (Issued, Issued) {
    let mut authority = params("authority.example.com");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let above = Issued { body: authority.self_signed(&key).unwrap().pem(), key: key.serialize_pem() };
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let body = params("www.example.com").signed_by(&key, &issuer).unwrap().pem();
    (Issued { body, key: key.serialize_pem() }, above)
}

async fn upload(
    kit: &Kit,
    name: &str,
    body: &str,
    key: &str,
    chain: Option<&str>,
) -> Result<ServerCertificateMetadata, Error> {
    let input = UploadServerCertificateInput {
        server_certificate_name: name.into(),
        path: Some("/web/".into()),
        certificate_body: body.into(),
        private_key: key.into(),
        certificate_chain: chain.map(str::to_owned),
        tags: Some(vec![tag("team", "a")]),
    };
    kit.run(UploadServerCertificate, input)
        .await
        .map(|output| output.server_certificate_metadata.expect("metadata"))
}

async fn get(kit: &Kit, name: &str) -> Result<ServerCertificate, Error> {
    let input = GetServerCertificateInput { server_certificate_name: name.into() };
    kit.run(GetServerCertificate, input).await.map(|output| output.server_certificate.expect("a certificate"))
}

#[tokio::test]
async fn a_server_certificate_from_beginning_to_end() {
    let kit = kit();
    let (leaf, above) = signed();
    let made = upload(&kit, "www", &leaf.body, &leaf.key, Some(&above.body)).await.unwrap();
    assert_eq!(made.arn, Some(arn("server-certificate/web/www")));
    assert!(made.server_certificate_id.as_ref().unwrap().starts_with("ASCA"));
    assert!(made.expiration.unwrap() > kit.call().now);
    let text = "The Server Certificate with name www already exists.";
    refused(upload(&kit, "www", &leaf.body, &leaf.key, None).await, "EntityAlreadyExists", text);

    let shown = get(&kit, "www").await.unwrap();
    assert_eq!(
        (shown.certificate_body.as_deref(), shown.certificate_chain.as_deref()),
        (Some(leaf.body.trim()), Some(above.body.trim()))
    );
    let bytes = kit.deps().store.snapshot().get(&keys::server_certificate(ACCOUNT, "www")).unwrap().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(leaf.key.lines().nth(1).unwrap()));
    let kept = identity::records::ServerCertificate::decode(&bytes).unwrap();
    let key = kit.deps().vault.open("iam.server-certificate", &kept.id, &kept.sealed_key).unwrap();
    assert_eq!(key.as_slice(), leaf.key.as_bytes());

    kit.asked();
    let input = UpdateServerCertificateInput {
        server_certificate_name: "www".into(),
        new_path: Some("/old/".into()),
        new_server_certificate_name: Some("www-2".into()),
    };
    kit.run(UpdateServerCertificate, input).await.unwrap();
    let asked: Vec<String> = kit.asked().iter().map(|ask| ask.target.arn.to_string()).collect();
    assert_eq!(asked, [arn("server-certificate/web/www"), arn("server-certificate/old/www-2")]);
    let absent = "The Server Certificate with name www cannot be found.";
    refused(get(&kit, "www").await, "NoSuchEntity", absent);

    let input = ListServerCertificatesInput { path_prefix: Some("/old/".into()), ..Default::default() };
    let all = kit.run(ListServerCertificates, input).await.unwrap().server_certificate_metadata_list.unwrap();
    assert_eq!(all[0].server_certificate_name.as_deref(), Some("www-2"));
    let input = TagServerCertificateInput {
        server_certificate_name: "www-2".into(),
        tags: vec![tag("x", "y")].into(),
    };
    kit.run(TagServerCertificate, input).await.unwrap();
    let input = UntagServerCertificateInput {
        server_certificate_name: "www-2".into(),
        tag_keys: vec!["team".to_owned()].into(),
    };
    kit.run(UntagServerCertificate, input).await.unwrap();
    let input =
        ListServerCertificateTagsInput { server_certificate_name: "www-2".into(), ..Default::default() };
    let tags = kit.run(ListServerCertificateTags, input).await.unwrap().tags.unwrap();
    assert_eq!((tags.len(), tags[0].key.as_str()), (1, "x"));

    let delete = || DeleteServerCertificateInput { server_certificate_name: "www-2".into() };
    kit.run(DeleteServerCertificate, delete()).await.unwrap();
    let absent = "The Server Certificate with name www-2 cannot be found.";
    refused(kit.run(DeleteServerCertificate, delete()).await, "NoSuchEntity", absent);
}

#[tokio::test]
async fn keys_of_every_form_match() {
    let kit = kit();
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let body = params("www.example.com").self_signed(&key).unwrap().pem();
    upload(&kit, "ec", &body, &key.serialize_pem(), None).await.unwrap();
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let pem = pem_rfc7468::encode_string("PRIVATE KEY", pem_rfc7468::LineEnding::LF, der.as_ref()).unwrap();
    let key = KeyPair::from_pem(&pem).unwrap();
    let body = params("www.example.com").self_signed(&key).unwrap().pem();
    upload(&kit, "rsa", &body, &pem, None).await.unwrap();
}

#[tokio::test]
async fn server_certificates_that_are_refused() {
    let kit = kit();
    let ((leaf, above), other) = (signed(), self_signed("other.example.com"));
    let unreadable = "Unable to parse certificate. Please ensure the certificate is in PEM format.";
    let twice = format!("{}{}", leaf.body, leaf.body);
    let cut = leaf.body.replace("-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    for body in ["certificate", leaf.key.as_str(), &twice, &cut] {
        refused(upload(&kit, "www", body, &leaf.key, None).await, "MalformedCertificate", unreadable);
    }
    assert_eq!(refusal(upload(&kit, "www", &leaf.body, "key", None).await).0, "MalformedCertificate");
    let locked = leaf.key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    assert_eq!(refusal(upload(&kit, "www", &leaf.body, &locked, None).await).0, "MalformedCertificate");
    assert_eq!(refusal(upload(&kit, "www", &leaf.body, &other.key, None).await).0, "KeyPairMismatch");
    let chain = |index: usize| {
        format!(
            "Unable to validate certificate chain. The certificate chain must start with the immediate signing \
             certificate, followed by any intermediaries in order. The index within the chain of the invalid \
             certificate is: {index}"
        )
    };
    let result = upload(&kit, "www", &leaf.body, &leaf.key, Some(&other.body)).await;
    refused(result, "MalformedCertificate", &chain(0));
    let both = format!("{}{}", above.body, other.body);
    let result = upload(&kit, "www", &leaf.body, &leaf.key, Some(&both)).await;
    refused(result, "MalformedCertificate", &chain(1));
    assert!(upload(&kit, "www", &leaf.body, &leaf.key, Some("none")).await.is_err());
}

#[tokio::test]
async fn a_signing_certificate_from_beginning_to_end() {
    let kit = kit();
    user(&kit, "ann").await;
    let upload = |issued: &Issued, user: &str| {
        let input = UploadSigningCertificateInput {
            user_name: Some(user.into()),
            certificate_body: issued.body.clone().into(),
        };
        kit.run(UploadSigningCertificate, input)
    };
    let one = self_signed("a.example.com");
    let made = upload(&one, "ann").await.unwrap().certificate.unwrap();
    let id = made.certificate_id.clone().unwrap();
    assert_eq!((id.len(), made.status.unwrap().as_str()), (32, "Active"));
    assert_eq!(made.certificate_body, Some(one.body.clone()), "as it was sent, to the last line break");
    assert_eq!(refusal(upload(&one, "ann").await).0, "DuplicateCertificate");
    upload(&self_signed("b.example.com"), "ann").await.unwrap();
    let third = upload(&self_signed("c.example.com"), "ann").await;
    refused(third, "LimitExceeded", "Cannot exceed quota for CertificatesPerUser: 2");
    let broken = Issued { body: "x".into(), key: String::new() };
    assert_eq!(refusal(upload(&broken, "ann").await).0, "MalformedCertificate");
    let key = KeyPair::generate().unwrap();
    let mut old = params("old.example.com");
    (old.not_before, old.not_after) = (rcgen::date_time_ymd(2001, 1, 1), rcgen::date_time_ymd(2002, 1, 1));
    let old = Issued { body: old.self_signed(&key).unwrap().pem(), key: String::new() };
    assert_eq!(refusal(upload(&old, "ann").await).0, "InvalidCertificate");

    let input = UpdateSigningCertificateInput {
        user_name: Some("ann".into()),
        certificate_id: id.clone().into(),
        status: wire::Open::from(StatusType::Inactive).into(),
    };
    kit.run(UpdateSigningCertificate, input).await.unwrap();
    let list = || ListSigningCertificatesInput { user_name: Some("ann".into()), ..Default::default() };
    let all = kit.run(ListSigningCertificates, list()).await.unwrap().certificates.unwrap();
    let found = all.iter().find(|found| found.certificate_id.as_ref() == Some(&id)).unwrap();
    assert_eq!((all.len(), found.status.as_ref().unwrap().as_str()), (2, "Inactive"));
    let input = DeleteUserInput { user_name: "ann".into() };
    let text = "Cannot delete entity, must delete signing certificates first.";
    refused(kit.run(DeleteUser, input).await, "DeleteConflict", text);
    let delete =
        || DeleteSigningCertificateInput { user_name: Some("ann".into()), certificate_id: id.clone().into() };
    kit.run(DeleteSigningCertificate, delete()).await.unwrap();
    let absent = format!("The Certificate with id {id} cannot be found.");
    refused(kit.run(DeleteSigningCertificate, delete()).await, "NoSuchEntity", &absent);
    // The root user has its own.
    let input = UploadSigningCertificateInput { user_name: None, certificate_body: one.body.clone().into() };
    let of_root = kit.run(UploadSigningCertificate, input).await.unwrap().certificate.unwrap();
    assert_eq!(of_root.user_name, None);
}
