//! Values, versions and their labels.

mod common;

use common::*;
use model_secretsmanager::ops::*;
use model_secretsmanager::types::*;
use testkit::{ACCOUNT, REGION};

const EXISTS: &str = "ResourceExistsException";

#[tokio::test]
async fn a_value_is_read_by_name_and_arn() {
    let kit = kit();
    let created = create(&kit, "app/db", "s3cret").await;
    let arn = created.arn.unwrap();
    let head = format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app/db");
    assert_eq!(arn.len(), head.len() + 7);
    assert!(arn.starts_with(&head), "{arn}");
    assert_eq!(created.name.as_deref(), Some("app/db"));
    assert!(created.replication_status.is_none());
    for id in ["app/db", &arn, &head] {
        let read = read(&kit, id).await;
        assert_eq!(read.secret_string.as_deref(), Some("s3cret"));
        assert_eq!(read.secret_binary, None);
        assert_eq!(read.version_id, created.version_id);
        assert_eq!(read.version_stages.unwrap(), ["AWSCURRENT"]);
        assert_eq!(read.created_date, Some(kit.call().now));
        assert_eq!(read.arn.as_deref(), Some(&*arn));
    }
    let other = format!("{head}-aaaaaa");
    for id in ["app", "nothing", &other, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db"] {
        refused(kit.run(GetSecretValue, get(id)).await, NOT_FOUND, NO_SECRET);
    }
    let text = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    refused(kit.run(GetSecretValue, get("Inv Name")).await, "ValidationException", text);
    refused(kit.run(CreateSecret, new_secret("Inv*", "x")).await, "ValidationException", text);
}

#[tokio::test]
async fn bytes_stay_bytes() {
    let kit = kit();
    let bytes = wire::Bytes::from_static(b"\x00\x01\xff");
    let input =
        CreateSecretInput { secret_string: None, secret_binary: Some(bytes.clone()), ..new_secret("b", "") };
    kit.run(CreateSecret, input).await.unwrap();
    let read = read(&kit, "b").await;
    assert_eq!((read.secret_binary, read.secret_string), (Some(bytes.clone()), None));
    let both = PutSecretValueInput {
        secret_id: "b".into(),
        client_request_token: token(),
        secret_binary: Some(bytes),
        secret_string: Some("x".into()),
        ..Default::default()
    };
    let text = "You can't specify both a binary secret value and a string secret value in the same secret.";
    refused(kit.run(PutSecretValue, both.clone()).await, INVALID_PARAMETER, text);
    let neither = PutSecretValueInput { secret_binary: None, secret_string: None, ..both };
    let text = "You must provide either SecretString or SecretBinary.";
    refused(kit.run(PutSecretValue, neither).await, INVALID_REQUEST, text);
}

#[tokio::test]
async fn values_have_at_most_65536_bytes() {
    let kit = kit();
    let most = "x".repeat(65_536);
    create(&kit, "big", &most).await;
    assert_eq!(value(&kit, "big").await, most);
    for long in ["x".repeat(65_537), "é".repeat(32_769)] {
        let (code, text) = told(kit.run(CreateSecret, new_secret("bigger", &long)).await);
        assert_eq!(code, "ValidationException");
        assert!(text.ends_with("Member must have length less than or equal to 65536"), "{text}");
        assert!(!text.contains(&long[..10]), "the value is not told");
    }
}

#[tokio::test]
async fn a_secret_without_a_value() {
    let kit = kit();
    let input =
        CreateSecretInput { name: "empty".into(), description: Some(String::new()), ..Default::default() };
    let created = kit.run(CreateSecret, input).await.unwrap();
    assert_eq!(created.version_id, None);
    let text = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
    refused(kit.run(GetSecretValue, get("empty")).await, NOT_FOUND, text);
    let described = describe(&kit, "empty").await;
    assert!(described.version_ids_to_stages.is_none() && described.description.is_none());
    assert!(
        described.tags.is_none() && described.last_accessed_date.is_none() && described.kms_key_id.is_none()
    );
    let first = put_with(&kit, "empty", "1", &["OWN"]).await;
    assert_eq!(versions(&kit, "empty", false).await, [(first, vec!["AWSCURRENT".into(), "OWN".into()])]);
}

#[tokio::test]
async fn tokens_make_writes_idempotent() {
    let kit = kit();
    let input = CreateSecretInput { client_request_token: Some(TOKEN.into()), ..new_secret("s", "one") };
    let created = kit.run(CreateSecret, input.clone()).await.unwrap();
    assert_eq!(created.version_id.as_deref(), Some(TOKEN));
    let again = kit.run(CreateSecret, input.clone()).await.unwrap();
    assert_eq!((again.arn, again.version_id), (created.arn.clone(), created.version_id));
    let taken = format!(
        "You can't use ClientRequestToken {TOKEN} because that value is already in use for a version of secret {}.",
        created.arn.as_ref().unwrap()
    );
    let other = CreateSecretInput { secret_string: Some("two".into()), ..input };
    refused(kit.run(CreateSecret, other).await, EXISTS, &taken);
    let text = "The operation failed because the secret s already exists.";
    refused(kit.run(CreateSecret, new_secret("s", "one")).await, EXISTS, text);

    let put = PutSecretValueInput {
        secret_id: "s".into(),
        client_request_token: Some(TOKEN.into()),
        secret_string: Some("one".into()),
        ..Default::default()
    };
    let output = kit.run(PutSecretValue, put.clone()).await.unwrap();
    assert_eq!(output.version_stages.unwrap(), ["AWSCURRENT"]);
    assert_eq!(versions(&kit, "s", true).await.len(), 1);
    let other = PutSecretValueInput { secret_string: Some("two".into()), ..put.clone() };
    refused(kit.run(PutSecretValue, other).await, EXISTS, &taken);
    let binary =
        PutSecretValueInput { secret_string: None, secret_binary: Some("one".into()), ..put.clone() };
    refused(kit.run(PutSecretValue, binary).await, EXISTS, &taken);
    let update = UpdateSecretInput {
        secret_id: "s".into(),
        client_request_token: Some(TOKEN.into()),
        secret_string: Some("two".into()),
        ..Default::default()
    };
    refused(kit.run(UpdateSecret, update).await, EXISTS, &taken);
    let text = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
    let none = PutSecretValueInput { client_request_token: None, ..put };
    refused(kit.run(PutSecretValue, none).await, INVALID_REQUEST, text);
}

#[tokio::test]
async fn current_becomes_previous_becomes_deprecated() {
    let kit = kit();
    let one = create(&kit, "s", "1").await.version_id.unwrap();
    kit.advance(std::time::Duration::from_secs(1));
    let two = put(&kit, "s", "2").await;
    assert_eq!(
        (staged(&kit, "s", "AWSCURRENT").await, staged(&kit, "s", "AWSPREVIOUS").await),
        ("2".into(), "1".into())
    );
    kit.advance(std::time::Duration::from_secs(1));
    let three = put(&kit, "s", "3").await;
    let labelled =
        [(two.clone(), vec!["AWSPREVIOUS".to_owned()]), (three.clone(), vec!["AWSCURRENT".to_owned()])];
    assert_eq!(versions(&kit, "s", false).await, labelled);
    assert_eq!(versions(&kit, "s", true).await[0], (one.clone(), vec![]));
    // A deprecated version can still be read by its id.
    let by_id = GetSecretValueInput { version_id: Some(one.clone()), ..get("s") };
    let read = kit.run(GetSecretValue, by_id.clone()).await.unwrap();
    assert_eq!((read.secret_string.as_deref(), read.version_stages), (Some("1"), None));
    let mismatch = GetSecretValueInput { version_stage: Some("AWSCURRENT".into()), ..by_id };
    let text = "You provided a VersionStage that is not associated to the provided VersionId.";
    refused(kit.run(GetSecretValue, mismatch).await, INVALID_REQUEST, text);
    let missing = GetSecretValueInput { version_id: Some(TOKEN.into()), ..get("s") };
    let text = format!("Secrets Manager can't find the specified secret value for VersionId: {TOKEN}");
    refused(kit.run(GetSecretValue, missing).await, NOT_FOUND, &text);
    let pending = GetSecretValueInput { version_stage: Some("AWSPENDING".into()), ..get("s") };
    let text = "Secrets Manager can't find the specified secret value for staging label: AWSPENDING";
    refused(kit.run(GetSecretValue, pending).await, NOT_FOUND, text);
}

fn stage(name: &str, label: &str, from: Option<&str>, to: Option<&str>) -> UpdateSecretVersionStageInput {
    UpdateSecretVersionStageInput {
        secret_id: name.into(),
        version_stage: label.into(),
        remove_from_version_id: from.map(str::to_owned),
        move_to_version_id: to.map(str::to_owned),
    }
}

#[tokio::test]
async fn labels_are_moved_on_request() {
    let kit = kit();
    let one = create(&kit, "s", "1").await.version_id.unwrap();
    let two = put_with(&kit, "s", "2", &["AWSPENDING"]).await;
    assert_eq!(value(&kit, "s").await, "1");
    let unsaid = stage("s", "AWSCURRENT", None, Some(&two));
    let text = format!(
        "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version \
         {one}, so you must explicitly reference that version in RemoveFromVersionId."
    );
    refused(kit.run(UpdateSecretVersionStage, unsaid).await, INVALID_PARAMETER, &text);
    kit.run(UpdateSecretVersionStage, stage("s", "AWSCURRENT", Some(&one), Some(&two))).await.unwrap();
    assert_eq!((value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await), ("2".into(), "1".into()));
    kit.run(UpdateSecretVersionStage, stage("s", "AWSPENDING", Some(&two), None)).await.unwrap();
    let stages = describe(&kit, "s").await.version_ids_to_stages.unwrap();
    assert_eq!(stages[&two], ["AWSCURRENT"]);
    assert_eq!(stages[&one], ["AWSPREVIOUS"]);
    for (bad, text) in [
        (stage("s", "AWSCURRENT", Some(&two), None), "You can only move staging label AWSCURRENT to a different secret version. It can\u{2019}t be completely removed.".to_owned()),
        (stage("s", "X", None, Some(TOKEN)), format!("Not a valid version: {TOKEN}")),
        (stage("s", "X", Some(&one), None), format!("Version stage X not found in version {one}")),
    ] {
        refused(kit.run(UpdateSecretVersionStage, bad).await, INVALID_PARAMETER, &text);
    }
    let gone = stage("none", "X", Some(&one), None);
    refused(kit.run(UpdateSecretVersionStage, gone).await, NOT_FOUND, NO_SECRET);
}

#[tokio::test]
async fn updates_change_value_and_description() {
    let kit = kit();
    let one = create(&kit, "s", "1").await.version_id.unwrap();
    kit.advance(std::time::Duration::from_secs(60));
    let input = UpdateSecretInput {
        secret_id: "s".into(),
        client_request_token: token(),
        description: Some("words".into()),
        ..Default::default()
    };
    let output = kit.run(UpdateSecret, input.clone()).await.unwrap();
    assert_eq!(output.version_id, None, "no value, no version");
    let described = describe(&kit, "s").await;
    assert_eq!(described.description.as_deref(), Some("words"));
    assert_eq!(described.last_changed_date, Some(kit.call().now));
    assert_eq!(described.version_ids_to_stages.unwrap()[&one], ["AWSCURRENT"]);
    let input =
        UpdateSecretInput { secret_string: Some("2".into()), description: Some(String::new()), ..input };
    let output = kit.run(UpdateSecret, input.clone()).await.unwrap();
    assert_eq!(output.version_id, input.client_request_token);
    assert_eq!((value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await), ("2".into(), "1".into()));
    assert_eq!(describe(&kit, "s").await.description, None);
}

#[tokio::test]
async fn old_versions_are_removed_when_there_are_many() {
    let kit = kit();
    let first = create(&kit, "s", "0").await.version_id.unwrap();
    kit.advance(std::time::Duration::from_secs(1));
    put_with(&kit, "s", "kept", &["KEPT"]).await;
    for i in 0..118 {
        put(&kit, "s", &i.to_string()).await;
    }
    assert_eq!(versions(&kit, "s", false).await.len(), 3);
    let page = |max: Option<i32>, token: Option<String>| ListSecretVersionIdsInput {
        secret_id: "s".into(),
        include_deprecated: Some(true),
        max_results: max,
        next_token: token,
    };
    let one = kit.run(ListSecretVersionIds, page(None, None)).await.unwrap();
    let two = kit.run(ListSecretVersionIds, page(None, one.next_token)).await.unwrap();
    assert_eq!((one.versions.unwrap().len(), two.versions.unwrap().len()), (100, 20), "none is a day old");
    kit.advance(std::time::Duration::from_secs(86_401));
    put(&kit, "s", "later").await;
    put(&kit, "s", "latest").await;
    let left = versions(&kit, "s", true).await;
    assert_eq!(left.len(), 100);
    assert!(left.iter().all(|(id, _)| *id != first));
    assert_eq!(staged(&kit, "s", "KEPT").await, "kept", "what has a label stays");
    assert_eq!(
        (value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await),
        ("latest".into(), "later".into())
    );
    let bad = page(Some(2), Some("nonsense".into()));
    assert_eq!(told(kit.run(ListSecretVersionIds, bad).await).0, "InvalidNextTokenException");
}

#[tokio::test]
async fn writers_at_once_leave_one_current_and_one_previous() {
    let kit = std::sync::Arc::new(kit());
    create(&kit, "s", "0").await;
    let writers = (0..8).map(|i| {
        let kit = kit.clone();
        async move { put(&kit, "s", &i.to_string()).await }
    });
    let mut ids = futures::future::join_all(writers).await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8);
    assert_eq!(versions(&kit, "s", true).await.len(), 9);
    let labelled = versions(&kit, "s", false).await;
    assert_eq!(labelled.len(), 2, "{labelled:?}");
    assert_ne!(value(&kit, "s").await, staged(&kit, "s", "AWSPREVIOUS").await);
}

#[tokio::test]
async fn passwords_are_made_to_order() {
    let kit = kit();
    let one =
        kit.run(GetRandomPassword, GetRandomPasswordInput::default()).await.unwrap().random_password.unwrap();
    let two =
        kit.run(GetRandomPassword, GetRandomPasswordInput::default()).await.unwrap().random_password.unwrap();
    assert_eq!((one.len(), two.len()), (32, 32));
    assert_ne!(one, two);
    let input = GetRandomPasswordInput {
        password_length: Some(4096),
        exclude_punctuation: Some(true),
        exclude_numbers: Some(true),
        exclude_uppercase: Some(true),
        include_space: Some(true),
        exclude_characters: Some("aeiou".into()),
        ..Default::default()
    };
    let text = kit.run(GetRandomPassword, input.clone()).await.unwrap().random_password.unwrap();
    assert_eq!(text.len(), 4096);
    assert!(text.chars().all(|c| c == ' ' || (c.is_ascii_lowercase() && !"aeiou".contains(c))), "{text}");
    assert!(text.contains(' '));
    let short = GetRandomPasswordInput { password_length: Some(3), ..Default::default() };
    let text = "Password length is too short based on the required types.";
    refused(kit.run(GetRandomPassword, short).await, INVALID_PARAMETER, text);
    let long = GetRandomPasswordInput { password_length: Some(4097), ..input };
    assert_eq!(told(kit.run(GetRandomPassword, long).await).0, "ValidationException");
}
