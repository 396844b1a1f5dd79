//! Public SSH keys, and credentials for single services.

mod common;

use std::time::Duration;

use common::*;
use model_iam::Error;
use model_iam::ops::*;
use model_iam::types::*;
use testkit::{ACCOUNT, Kit};
use wire::Open;

/// A new public key, in the form of OpenSSH.
fn rsa(size: aws_lc_rs::rsa::KeySize) -> String {
    use aws_lc_rs::signature::KeyPair as _;
    use ssh_key::public::{KeyData, RsaPublicKey};
    use ssh_key::{Mpint, PublicKey};

    let pair = aws_lc_rs::rsa::KeyPair::generate(size).unwrap();
    let public = aws_lc_rs::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let (e, n) =
        (Mpint::from_positive_bytes(&public.e).unwrap(), Mpint::from_positive_bytes(&public.n).unwrap());
    PublicKey::new(KeyData::Rsa(RsaPublicKey { e, n }), "").to_openssh().unwrap()
}

async fn upload(kit: &Kit, user: &str, body: &str) -> Result<SshPublicKey, Error> {
    let input = UploadSSHPublicKeyInput { user_name: user.into(), ssh_public_key_body: body.into() };
    kit.run(UploadSSHPublicKey, input).await.map(|output| output.ssh_public_key.expect("a key"))
}

async fn get(kit: &Kit, user: &str, id: &str, encoding: EncodingType) -> Result<SshPublicKey, Error> {
    let input = GetSSHPublicKeyInput {
        user_name: user.into(),
        ssh_public_key_id: id.into(),
        encoding: Open::from(encoding).into(),
    };
    kit.run(GetSSHPublicKey, input).await.map(|output| output.ssh_public_key.expect("a key"))
}

#[tokio::test]
async fn an_ssh_key_from_beginning_to_end() {
    let kit = kit();
    let body = rsa(aws_lc_rs::rsa::KeySize::Rsa2048);
    refused(upload(&kit, "ann", &body).await, "NoSuchEntity", "The user with name ann cannot be found.");
    user(&kit, "ann").await;
    let made = upload(&kit, "ann", &body).await.unwrap();
    let id = made.ssh_public_key_id.unwrap();
    assert!(id.starts_with("APKA"));
    assert_eq!(
        (made.ssh_public_key_body.as_ref(), made.fingerprint.as_ref().map(String::len)),
        (Some(&body), Some(47))
    );
    let pem = get(&kit, "ann", &id, EncodingType::Pem).await.unwrap().ssh_public_key_body.unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"));
    // The same key in another form is the same key.
    for same in [&body, &pem, &format!("{body} ann@home\n")] {
        assert_eq!(refusal(upload(&kit, "ann", same).await).0, "DuplicateSSHPublicKey");
    }
    user(&kit, "bob").await;
    let of_bob = upload(&kit, "bob", &pem).await.unwrap();
    assert_eq!((of_bob.fingerprint, of_bob.ssh_public_key_body), (made.fingerprint, Some(body.clone())));
    let absent = format!("The Public Key with id {id} cannot be found.");
    refused(get(&kit, "bob", &id, EncodingType::Ssh).await, "NoSuchEntity", &absent);

    let update = |status: StatusType| UpdateSSHPublicKeyInput {
        user_name: "ann".into(),
        ssh_public_key_id: id.clone().into(),
        status: Open::from(status).into(),
    };
    kit.run(UpdateSSHPublicKey, update(StatusType::Inactive)).await.unwrap();
    assert_eq!(refusal(kit.run(UpdateSSHPublicKey, update(StatusType::Expired)).await).0, "ValidationError");
    let input = ListSSHPublicKeysInput { user_name: Some("ann".into()), ..Default::default() };
    let all = kit.run(ListSSHPublicKeys, input).await.unwrap().ssh_public_keys.unwrap();
    assert_eq!((all.len(), all[0].status.as_ref().unwrap().as_str()), (1, "Inactive"));

    // Belongings follow a user that is renamed.
    let input =
        UpdateUserInput { user_name: "ann".into(), new_user_name: Some("eve".into()), ..Default::default() };
    kit.run(UpdateUser, input).await.unwrap();
    assert_eq!(get(&kit, "eve", &id, EncodingType::Ssh).await.unwrap().user_name.as_deref(), Some("eve"));
    let text = "Cannot delete entity, must delete SSH public keys first.";
    refused(kit.run(DeleteUser, DeleteUserInput { user_name: "eve".into() }).await, "DeleteConflict", text);
    let delete = || DeleteSSHPublicKeyInput { user_name: "eve".into(), ssh_public_key_id: id.clone().into() };
    kit.run(DeleteSSHPublicKey, delete()).await.unwrap();
    refused(kit.run(DeleteSSHPublicKey, delete()).await, "NoSuchEntity", &absent);
    kit.run(DeleteUser, DeleteUserInput { user_name: "eve".into() }).await.unwrap();
}

#[tokio::test]
async fn ssh_keys_that_are_refused() {
    let kit = kit();
    user(&kit, "ann").await;
    let ed25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    for unknown in ["key", ed25519, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"] {
        assert_eq!(
            refusal(upload(&kit, "ann", unknown).await).0,
            "UnrecognizedPublicKeyEncoding",
            "{unknown}"
        );
    }
    // Well-formed, of 1,024 bits; and cut short.
    let small = ssh_key::PublicKey::new(
        ssh_key::public::KeyData::Rsa(ssh_key::public::RsaPublicKey {
            e: ssh_key::Mpint::from_positive_bytes(&[1, 0, 1]).unwrap(),
            n: ssh_key::Mpint::from_positive_bytes(&[0xc5; 128]).unwrap(),
        }),
        "",
    );
    for invalid in [small.to_openssh().unwrap().as_str(), "ssh-rsa AAAAB3NzaC1yc2E"] {
        assert_eq!(refusal(upload(&kit, "ann", invalid).await).0, "InvalidPublicKey", "{invalid}");
    }
    for _ in 0..5 {
        upload(&kit, "ann", &rsa(aws_lc_rs::rsa::KeySize::Rsa2048)).await.unwrap();
    }
    let sixth = upload(&kit, "ann", &rsa(aws_lc_rs::rsa::KeySize::Rsa2048)).await;
    refused(sixth, "LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 5");
}

async fn credential(kit: &Kit, service: &str, days: Option<i32>) -> Result<ServiceSpecificCredential, Error> {
    let input = CreateServiceSpecificCredentialInput {
        user_name: "ann".into(),
        service_name: service.into(),
        credential_age_days: days,
    };
    let made = kit.run(CreateServiceSpecificCredential, input).await;
    made.map(|output| output.service_specific_credential.expect("a credential"))
}

const GIT: &str = "codecommit.amazonaws.com";

#[tokio::test]
async fn a_service_credential_from_beginning_to_end() {
    let kit = kit();
    refused(credential(&kit, GIT, None).await, "NoSuchEntity", "The user with name ann cannot be found.");
    user(&kit, "ann").await;
    kit.asked();
    let made = credential(&kit, GIT, None).await.unwrap();
    let key = kit.asked().pop().unwrap().target.keys.pop().unwrap().0;
    assert_eq!(key, "iam:ServiceSpecificCredentialServiceName");
    let id = made.service_specific_credential_id.clone().unwrap();
    assert!(id.starts_with("ACCA") && made.service_password.as_ref().unwrap().len() == 44);
    assert_eq!(made.service_user_name, Some(format!("ann-at-{ACCOUNT}")));
    let second = credential(&kit, GIT, None).await.unwrap();
    assert_eq!(second.service_user_name, Some(format!("ann+1-at-{ACCOUNT}")));
    let text = "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2";
    refused(credential(&kit, GIT, None).await, "LimitExceeded", text);
    assert_eq!(refusal(credential(&kit, "sqs.amazonaws.com", None).await).0, "NotSupportedService");
    assert_eq!(refusal(credential(&kit, "cassandra.amazonaws.com", Some(1)).await).0, "ValidationError");

    let reset = || ResetServiceSpecificCredentialInput {
        user_name: Some("ann".into()),
        service_specific_credential_id: id.clone().into(),
    };
    let again =
        kit.run(ResetServiceSpecificCredential, reset()).await.unwrap().service_specific_credential.unwrap();
    assert_eq!(again.service_user_name, made.service_user_name);
    assert_ne!(again.service_password, made.service_password);
    let input = UpdateServiceSpecificCredentialInput {
        user_name: Some("ann".into()),
        service_specific_credential_id: id.clone().into(),
        status: Open::from(StatusType::Inactive).into(),
    };
    kit.run(UpdateServiceSpecificCredential, input).await.unwrap();
    let list = ListServiceSpecificCredentialsInput { all_users: Some(true), ..Default::default() };
    let all =
        kit.run(ListServiceSpecificCredentials, list).await.unwrap().service_specific_credentials.unwrap();
    let found = all.iter().find(|found| found.service_specific_credential_id.as_ref() == Some(&id)).unwrap();
    assert_eq!(
        (found.user_name.as_deref(), found.status.as_ref().unwrap().as_str()),
        (Some("ann"), "Inactive")
    );
    assert_eq!(all.len(), 2);

    let text = "Cannot delete entity, must delete service-specific credentials first.";
    refused(kit.run(DeleteUser, DeleteUserInput { user_name: "ann".into() }).await, "DeleteConflict", text);
    let delete = || DeleteServiceSpecificCredentialInput {
        user_name: Some("ann".into()),
        service_specific_credential_id: id.clone().into(),
    };
    kit.run(DeleteServiceSpecificCredential, delete()).await.unwrap();
    let absent = format!("Service Specific Credential {id} not found.");
    refused(kit.run(DeleteServiceSpecificCredential, delete()).await, "NoSuchEntity", &absent);
    refused(kit.run(ResetServiceSpecificCredential, reset()).await, "NoSuchEntity", &absent);
}

#[tokio::test]
async fn keys_for_a_service_end() {
    let kit = kit();
    user(&kit, "ann").await;
    let made = credential(&kit, "bedrock.amazonaws.com", Some(30)).await.unwrap();
    assert!(made.service_credential_secret.unwrap().starts_with("ABSK") && made.service_password.is_none());
    kit.advance(Duration::from_secs(30 * 86_400));
    let list = ListServiceSpecificCredentialsInput {
        user_name: Some("ann".into()),
        service_name: Some("bedrock.amazonaws.com".into()),
        ..Default::default()
    };
    let all =
        kit.run(ListServiceSpecificCredentials, list).await.unwrap().service_specific_credentials.unwrap();
    assert_eq!(all[0].status.as_ref().unwrap().as_str(), "Expired");
}
