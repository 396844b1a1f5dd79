//! Making keys, finding them, and what they are like.

mod common;

use common::*;
use model_kms::ops::*;
use model_kms::types::*;

fn usage(usage: KeyUsageType) -> Option<wire::Open<KeyUsageType>> {
    Some(usage.into())
}

#[tokio::test]
async fn a_plain_key() {
    let kit = kit();
    let input = CreateKeyInput { description: Some("for tests".into()), ..CreateKeyInput::default() };
    let made = create(&kit, input).await;
    let id = made.key_id.clone().unwrap();
    let now = kit.deps().clock.now();
    let known = describe(&kit, &id).await.unwrap();
    assert_eq!(format!("{made:?}"), format!("{known:?}"));
    assert_eq!(made.arn.as_deref(), Some(&*arn(&id)));
    assert_eq!(made.aws_account_id.as_deref(), Some(ACCOUNT));
    assert_eq!((made.creation_date, made.enabled, made.multi_region), (Some(now), Some(true), Some(false)));
    assert_eq!(made.description.as_deref(), Some("for tests"));
    let texts = [
        made.key_usage.unwrap().as_str().to_owned(),
        made.key_state.unwrap().as_str().to_owned(),
        made.origin.unwrap().as_str().to_owned(),
        made.key_manager.unwrap().as_str().to_owned(),
        made.key_spec.unwrap().as_str().to_owned(),
        made.customer_master_key_spec.unwrap().as_str().to_owned(),
        made.encryption_algorithms.unwrap()[0].as_str().to_owned(),
    ];
    assert_eq!(
        texts,
        [
            "ENCRYPT_DECRYPT",
            "Enabled",
            "AWS_KMS",
            "CUSTOMER",
            "SYMMETRIC_DEFAULT",
            "SYMMETRIC_DEFAULT",
            "SYMMETRIC_DEFAULT"
        ]
    );
    assert_eq!(made.current_key_material_id.unwrap().len(), 64);
}

#[tokio::test]
async fn kinds_and_usages_that_do_not_fit() {
    let kit = kit();
    let make = |spec: &str, usage: Option<KeyUsageType>| {
        let spec: wire::Open<KeySpec> =
            <KeySpec as wire::Enum>::parse(spec).map_or_else(|| wire::Open::Unknown(spec.into()), Into::into);
        kit.run(
            CreateKey,
            CreateKeyInput {
                key_spec: Some(spec),
                key_usage: usage.map(Into::into),
                ..CreateKeyInput::default()
            },
        )
    };
    assert_eq!(
        refusal(make("HMAC_256", None).await).1,
        "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    );
    assert_eq!(
        refusal(make("RSA_2048", Some(KeyUsageType::KeyAgreement)).await).1,
        "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"
    );
    refused_as(make("SYMMETRIC_DEFAULT", Some(KeyUsageType::SignVerify)).await, "ValidationException");
    refused_as(make("HMAC_random", Some(KeyUsageType::SignVerify)).await, "ValidationException");
    refused_as(make("SM2", Some(KeyUsageType::SignVerify)).await, "UnsupportedOperationException");
    let both = CreateKeyInput {
        key_spec: Some(KeySpec::Rsa2048.into()),
        customer_master_key_spec: Some(CustomerMasterKeySpec::Rsa2048.into()),
        key_usage: usage(KeyUsageType::SignVerify),
        ..CreateKeyInput::default()
    };
    refused_as(kit.run(CreateKey, both).await, "ValidationException");
    let older = CreateKeyInput {
        customer_master_key_spec: Some(CustomerMasterKeySpec::EccNistP256.into()),
        key_usage: usage(KeyUsageType::SignVerify),
        ..CreateKeyInput::default()
    };
    assert_eq!(create(&kit, older).await.signing_algorithms.unwrap()[0].as_str(), "ECDSA_SHA_256");
    let store = CreateKeyInput { custom_key_store_id: Some("cks-1".into()), ..CreateKeyInput::default() };
    refused_as(kit.run(CreateKey, store).await, "CustomKeyStoreNotFoundException");
    let hsm = CreateKeyInput { origin: Some(OriginType::AwsCloudhsm.into()), ..CreateKeyInput::default() };
    refused_as(kit.run(CreateKey, hsm).await, "UnsupportedOperationException");
}

#[tokio::test]
async fn keys_that_are_not_there() {
    let kit = kit();
    let id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    let gone = |arn: &str| ("NotFoundException".to_owned(), format!("Key '{arn}' does not exist"));
    assert_eq!(refusal(describe(&kit, id).await), gone(&arn(id)));
    assert_eq!(refusal(describe(&kit, &arn(id)).await), gone(&arn(id)));
    assert_eq!(refusal(describe(&kit, "fake-key-id").await).1, "Invalid keyId 'fake-key-id'");
    assert_eq!(
        refusal(describe(&kit, &arn(id).replace("us-east-1", "eu-west-1")).await).1,
        "Invalid arn eu-west-1"
    );
    refused_as(describe(&kit, "arn:aws:sqs:us-east-1:123456789012:q").await, "InvalidArnException");
    let alias = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/x");
    assert_eq!(
        refusal(describe(&kit, "alias/x").await),
        ("NotFoundException".into(), format!("Alias {alias} is not found."))
    );
    let input = EnableKeyInput { key_id: "alias/x".into() };
    assert_eq!(refusal(kit.run(EnableKey, input).await).1, "Invalid keyId 'alias/x'");
    // Who may not ask learns nothing.
    kit.deny("kms:DescribeKey");
    for name in [id, "fake-key-id", "alias/x"] {
        assert_eq!(refusal(describe(&kit, name).await).0, "AccessDeniedException", "{name}");
    }
}

#[tokio::test]
async fn keys_are_listed_in_pages() {
    let kit = kit();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(symmetric(&kit).await);
    }
    ids.sort();
    let mut found = Vec::new();
    let mut marker = None;
    for n in [2, 2, 1] {
        let input = ListKeysInput { limit: Some(2), marker, resource_owners: None };
        let out = kit.run(ListKeys, input).await.unwrap();
        let keys = out.keys.unwrap();
        assert_eq!(keys.len(), n);
        assert_eq!(keys[0].key_arn.as_deref(), Some(&*arn(keys[0].key_id.as_deref().unwrap())));
        assert_eq!(out.truncated, Some(out.next_marker.is_some()));
        found.extend(keys.into_iter().map(|key| key.key_id.unwrap()));
        marker = out.next_marker;
    }
    assert_eq!((found, marker), (ids, None));
    let shared = vec![ResourceOwnerType::OtherAccountsViaRam.into()];
    let input = ListKeysInput { resource_owners: Some(shared), ..ListKeysInput::default() };
    assert_eq!(kit.run(ListKeys, input).await.unwrap().keys.unwrap().len(), 0);
    let input = ListKeysInput { marker: Some("?".into()), ..ListKeysInput::default() };
    refused_as(kit.run(ListKeys, input).await, "InvalidMarkerException");
    let mut elsewhere = kit.call();
    elsewhere.region = "eu-west-1".into();
    assert_eq!(
        kit.run_as(elsewhere, ListKeys, ListKeysInput::default()).await.unwrap().keys.unwrap().len(),
        0
    );
}

fn tags(pairs: &[(&str, &str)]) -> Vec<Tag> {
    pairs.iter().map(|(key, value)| Tag { tag_key: (*key).into(), tag_value: (*value).into() }).collect()
}

#[tokio::test]
async fn tags_come_and_go() {
    let kit = kit();
    let input = CreateKeyInput { tags: Some(tags(&[("a", "1"), ("b", "2")])), ..CreateKeyInput::default() };
    let id = create(&kit, input).await.key_id.unwrap();
    let tag = |pairs: &[(&str, &str)]| {
        kit.run(TagResource, TagResourceInput { key_id: id.as_str().into(), tags: tags(pairs).into() })
    };
    tag(&[("b", "3"), ("c", "4")]).await.unwrap();
    let keys = vec!["a".to_owned(), "x".to_owned()];
    kit.run(UntagResource, UntagResourceInput { key_id: id.as_str().into(), tag_keys: keys.into() })
        .await
        .unwrap();
    let list = |limit, marker| ListResourceTagsInput { key_id: id.as_str().into(), limit, marker };
    let out = kit.run(ListResourceTags, list(Some(1), None)).await.unwrap();
    assert_eq!((&**out.tags.unwrap()[0].tag_value, out.truncated), ("3", Some(true)));
    let out = kit.run(ListResourceTags, list(None, out.next_marker)).await.unwrap();
    assert_eq!((&**out.tags.unwrap()[0].tag_key, out.truncated), ("c", Some(false)));
    refused_as(kit.run(ListResourceTags, list(Some(51), None)).await, "ValidationException");
    let refused = |text: &str| ("TagException".to_owned(), text.to_owned());
    assert_eq!(refusal(tag(&[("a", ""), ("a", "")]).await), refused("Duplicate tag keys"));
    assert_eq!(refusal(tag(&[("aws:a", "")]).await), refused("Tags beginning with aws: are reserved"));
    let names: Vec<String> = (0..50).map(|n| format!("k{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
    assert_eq!(refusal(tag(&many).await), refused("Too many tags"));
    // Policies see the tags there are and the tags that are set.
    kit.asked();
    tag(&[("d", "5")]).await.unwrap();
    let asked = kit.asked().remove(0).target.keys;
    for key in ["aws:ResourceTag/b", "aws:RequestTag/d", "aws:TagKeys"] {
        assert!(asked.iter().any(|(name, _)| name == key), "{key}");
    }
}

#[tokio::test]
async fn descriptions_policies_and_their_limits() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let input = UpdateKeyDescriptionInput { key_id: id.as_str().into(), description: "new".into() };
    kit.run(UpdateKeyDescription, input).await.unwrap();
    assert_eq!(describe(&kit, &id).await.unwrap().description.as_deref(), Some("new"));
    let get = |name: Option<&str>| {
        kit.run(
            GetKeyPolicy,
            GetKeyPolicyInput { key_id: id.as_str().into(), policy_name: name.map(Into::into) },
        )
    };
    let own = get(None).await.unwrap();
    assert_eq!(own.policy_name.as_deref(), Some("default"));
    assert!(own.policy.as_ref().unwrap().contains("Enable IAM User Permissions"));
    assert_eq!(
        refusal(get(Some("other")).await),
        ("NotFoundException".into(), "No such policy exists".into())
    );
    let put = |policy: &str, bypass| {
        kit.run(
            PutKeyPolicy,
            PutKeyPolicyInput {
                key_id: id.as_str().into(),
                policy_name: None,
                policy: policy.into(),
                bypass_policy_lockout_safety_check: bypass,
            },
        )
    };
    refused_as(put("{}", None).await, "MalformedPolicyDocumentException");
    let other = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Action":"kms:*","Resource":"*"}}"#;
    assert_eq!(
        refusal(put(other, None).await),
        (
            "MalformedPolicyDocumentException".into(),
            "The new key policy will not allow you to update the key policy in the future.".into()
        )
    );
    put(other, Some(true)).await.unwrap();
    assert_eq!(get(Some("default")).await.unwrap().policy.as_deref(), Some(other));
    let long = format!("{}{other}", " ".repeat(32_768));
    refused_as(put(&long, Some(true)).await, "LimitExceededException");
    let input = ListKeyPoliciesInput { key_id: id.as_str().into(), limit: None, marker: None };
    assert_eq!(kit.run(ListKeyPolicies, input).await.unwrap().policy_names.unwrap(), ["default"]);
    let input = CreateKeyInput { policy: Some(other.into()), ..CreateKeyInput::default() };
    refused_as(kit.run(CreateKey, input).await, "MalformedPolicyDocumentException");
}

#[tokio::test]
async fn aliases_are_names_of_keys() {
    let kit = kit();
    let (one, two) = (symmetric(&kit).await, symmetric(&kit).await);
    let make = |name: &str, target: &str| {
        kit.run(CreateAlias, CreateAliasInput { alias_name: name.into(), target_key_id: target.into() })
    };
    make("alias/a", &one).await.unwrap();
    make("alias/b", &arn(&two)).await.unwrap();
    let alias_arn = format!("arn:aws:kms:{REGION}:{ACCOUNT}:alias/a");
    let blob = encrypt(&kit, "alias/a", b"x").await.unwrap();
    assert_eq!(decrypt(&kit, &blob).await.unwrap(), "x");
    assert_eq!(describe(&kit, &alias_arn).await.unwrap().key_id.as_deref(), Some(&*one));
    assert_eq!(
        refusal(make("alias/a", &two).await),
        ("AlreadyExistsException".into(), format!("An alias with the name {alias_arn} already exists"))
    );
    for (name, target, answer) in [
        ("a", &*one, "ValidationException"),
        ("alias/", &one, "InvalidAliasNameException"),
        ("alias/aws/x", &one, "NotAuthorizedException"),
        ("alias/a:b", &one, "ValidationException"),
        ("alias/a b", &one, "ValidationException"),
        ("alias/c", "alias/a", "ValidationException"),
        ("alias/c", "1234abcd-12ab-34cd-56ef-1234567890ab", "NotFoundException"),
    ] {
        assert_eq!(refusal(make(name, target).await).0, answer, "{name} {target}");
    }
    let list = |key: Option<&str>, limit, marker| {
        kit.run(ListAliases, ListAliasesInput { key_id: key.map(Into::into), limit, marker })
    };
    let out = list(None, Some(1), None).await.unwrap();
    assert_eq!(out.aliases.unwrap()[0].alias_arn.as_deref(), Some(&*alias_arn));
    let out = list(None, None, out.next_marker).await.unwrap();
    assert_eq!((out.aliases.unwrap()[0].target_key_id.as_deref(), out.truncated), (Some(&*two), Some(false)));
    refused_as(list(None, Some(101), None).await, "ValidationException");
    // Moving.
    let update = |name: &str, target: &str| {
        kit.run(UpdateAlias, UpdateAliasInput { alias_name: name.into(), target_key_id: target.into() })
    };
    update("alias/a", &two).await.unwrap();
    assert_eq!(describe(&kit, "alias/a").await.unwrap().key_id.as_deref(), Some(&*two));
    assert_eq!(list(Some(&two), None, None).await.unwrap().aliases.unwrap().len(), 2);
    assert_eq!(list(Some(&one), None, None).await.unwrap().aliases.unwrap().len(), 0);
    refused_as(update("alias/none", &two).await, "NotFoundException");
    let hmac = key(&kit, KeySpec::Hmac256, KeyUsageType::GenerateVerifyMac).await;
    refused_as(update("alias/a", &hmac).await, "ValidationException");
    // Policies see both names and the key.
    kit.asked();
    encrypt(&kit, "alias/a", b"x").await.unwrap();
    let asked = kit.asked().remove(0).target.keys;
    let values = |name: &str| asked.iter().find(|(key, _)| key == name).map(|(_, values)| values.len());
    assert_eq!((values("kms:RequestAlias"), values("kms:ResourceAliases")), (Some(1), Some(2)));
    let delete = |name: &str| kit.run(DeleteAlias, DeleteAliasInput { alias_name: name.into() });
    delete("alias/a").await.unwrap();
    refused_as(delete("alias/a").await, "NotFoundException");
    let asked: Vec<_> = kit.asked().into_iter().map(|ask| ask.target.arn.to_string()).collect();
    assert_eq!(asked, [alias_arn.clone(), arn(&two), alias_arn]);
}

#[tokio::test]
async fn of_many_who_make_an_alias_at_once_one_does() {
    let kit = kit();
    let mut ids = Vec::new();
    for _ in 0..12 {
        ids.push(symmetric(&kit).await);
    }
    let calls = ids.iter().map(|id| {
        kit.run(
            CreateAlias,
            CreateAliasInput { alias_name: "alias/one".into(), target_key_id: id.as_str().into() },
        )
    });
    let outcomes = futures::future::join_all(calls).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for refused in outcomes.into_iter().filter(Result::is_err) {
        refused_as(refused, "AlreadyExistsException");
    }
}

#[tokio::test]
async fn fifty_aliases_are_enough() {
    let kit = kit();
    let id = symmetric(&kit).await;
    for n in 0..=50 {
        let input =
            CreateAliasInput { alias_name: format!("alias/{n}").into(), target_key_id: id.as_str().into() };
        let outcome = kit.run(CreateAlias, input).await;
        if n < 50 { outcome.map(drop).unwrap() } else { refused_as(outcome, "LimitExceededException") }
    }
}

#[tokio::test]
async fn the_last_use_is_known_and_written() {
    let kit = kit();
    let id = symmetric(&kit).await;
    let ask = || kit.run(GetKeyLastUsage, GetKeyLastUsageInput { key_id: id.as_str().into() });
    let before = ask().await.unwrap();
    assert!(before.key_last_usage.unwrap().operation.is_none());
    assert_eq!(before.tracking_start_date, before.key_creation_date);
    kit.advance(std::time::Duration::from_secs(5));
    let used = kit.deps().clock.now();
    encrypt(&kit, &id, b"x").await.unwrap();
    for wait in [0, 120] {
        kit.advance(std::time::Duration::from_secs(wait));
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let data = ask().await.unwrap().key_last_usage.unwrap();
        assert_eq!((data.operation.unwrap().as_str(), data.timestamp), ("Encrypt", Some(used)));
        assert!(data.kms_request_id.is_some());
    }
}
