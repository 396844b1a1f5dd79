//! Buckets: making, finding, listing and deleting them, and their simple properties.

mod common;

use common::*;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::ACCOUNT;
use wire::Open;

fn constrained(name: &str, constraint: &str) -> CreateBucketInput {
    use wire::Enum as _;
    let constraint = BucketLocationConstraint::parse(constraint)
        .map_or_else(|| Open::Unknown(constraint.to_owned()), Open::Known);
    let configuration =
        CreateBucketConfiguration { location_constraint: Some(constraint), ..Default::default() };
    CreateBucketInput { create_bucket_configuration: Some(configuration), ..create_input(name) }
}

fn tagged(name: &str, tags: &[(&str, &str)]) -> CreateBucketInput {
    let tags = tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() }).collect();
    let configuration = CreateBucketConfiguration { tags: Some(tags), ..Default::default() };
    CreateBucketInput { create_bucket_configuration: Some(configuration), ..create_input(name) }
}

#[tokio::test]
async fn a_bucket_is_made_and_found() {
    let kit = world();
    let made = kit.run(CreateBucket, create_input("docs")).await.unwrap();
    assert_eq!(made.location.as_deref(), Some("/docs"));
    assert_eq!(made.bucket_arn.as_deref(), Some("arn:aws:s3:::docs"));
    let head =
        kit.run(HeadBucket, HeadBucketInput { bucket: "docs".into(), ..Default::default() }).await.unwrap();
    assert_eq!(head.bucket_region.as_deref(), Some("us-east-1"));
    assert_eq!(head.bucket_arn.as_deref(), Some("arn:aws:s3:::docs"));
    let missing = HeadBucketInput { bucket: "other".into(), ..Default::default() };
    refused_as(kit.run(HeadBucket, missing).await, "NoSuchBucket");
    let text = "The specified bucket is not valid.";
    refused(kit.run(CreateBucket, create_input("Docs")).await, "InvalidBucketName", text);
    let namespace = Some(Open::Known(BucketNamespace::AccountRegional));
    let input = CreateBucketInput { bucket_namespace: namespace, ..create_input("docs2") };
    refused_as(kit.run(CreateBucket, input).await, "NotImplemented");
}

#[tokio::test]
async fn expected_owners() {
    let kit = world();
    create(&kit, "docs").await;
    let input = |owner: &str| GetBucketVersioningInput {
        bucket: "docs".into(),
        expected_bucket_owner: Some(owner.into()),
    };
    assert!(kit.run(GetBucketVersioning, input(ACCOUNT)).await.is_ok());
    refused(kit.run(GetBucketVersioning, input("111111111111")).await, "AccessDenied", "Access Denied");
    let text = "The value of the expected bucket owner parameter must be an AWS Account ID... [abcd]";
    refused(kit.run(GetBucketVersioning, input("abcd")).await, "InvalidBucketOwnerAWSAccountID", text);
}

/// Fidelity: in us-east-1 making one's own bucket again succeeds, elsewhere it does not.
#[tokio::test]
async fn making_a_bucket_again() {
    let kit = world();
    create(&kit, "docs").await;
    create(&kit, "docs").await;
    kit.run(CreateBucket, constrained("west", "us-west-2")).await.unwrap();
    refused_as(kit.run(CreateBucket, constrained("west", "us-west-2")).await, "BucketAlreadyOwnedByYou");
    let mut there = kit.call();
    there.region = "us-west-2".to_owned();
    let again = constrained("west", "us-west-2");
    refused_as(kit.run_as(there, CreateBucket, again).await, "BucketAlreadyOwnedByYou");
    refused_as(kit.run_as(other(&kit), CreateBucket, create_input("docs")).await, "BucketAlreadyExists");
}

/// Fidelity: with tags it does not, even if they are the same; and those that were there stay.
#[tokio::test]
async fn making_a_bucket_again_with_tags() {
    let kit = world();
    kit.run(CreateBucket, tagged("docs", &[("a", "1")])).await.unwrap();
    for tags in [&[("a", "1")], &[("b", "2")]] {
        refused_as(kit.run(CreateBucket, tagged("docs", tags)).await, "BucketAlreadyOwnedByYou");
    }
    create(&kit, "docs").await;
    let input = GetBucketTaggingInput { bucket: "docs".into(), ..Default::default() };
    let found = kit.run(GetBucketTagging, input).await.unwrap().tag_set.unwrap();
    assert_eq!(
        found.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect::<Vec<_>>(),
        [("a", "1")]
    );
    refused_as(kit.run(CreateBucket, tagged("docs3", &[("aws:x", "1")])).await, "InvalidTag");
    refused_as(kit.run(CreateBucket, tagged("docs3", &[("a", "1,2")])).await, "InvalidTag");
}

/// Fidelity: the first region's location is empty.
#[tokio::test]
async fn locations() {
    let kit = world();
    let location = async |name: &str| {
        let input = GetBucketLocationInput { bucket: name.into(), ..Default::default() };
        kit.run(GetBucketLocation, input).await.unwrap().location_constraint.unwrap().as_str().to_owned()
    };
    create(&kit, "first").await;
    assert_eq!(location("first").await, "");
    let made = kit.run(CreateBucket, constrained("west", "us-west-2")).await.unwrap();
    assert_eq!(made.location.as_deref(), Some("http://west.localhost:4566/"));
    assert_eq!(location("west").await, "us-west-2");
    kit.run(CreateBucket, constrained("older", "EU")).await.unwrap();
    assert_eq!(location("older").await, "EU");
    for wrong in ["us-east-1", "nowhere"] {
        let text = "The specified location-constraint is not valid";
        refused(kit.run(CreateBucket, constrained("bad", wrong)).await, "InvalidLocationConstraint", text);
    }
    let mut there = kit.call();
    there.region = "eu-central-1".to_owned();
    let text = "The us-west-2 location constraint is incompatible for the region specific endpoint this request was \
                sent to.";
    let elsewhere = kit.run_as(there.clone(), CreateBucket, constrained("bad", "us-west-2")).await;
    refused(elsewhere, "IllegalLocationConstraintException", text);
    let text = "The unspecified location constraint is incompatible for the region specific endpoint this request was \
                sent to.";
    for input in [create_input("central"), tagged("central", &[])] {
        let without = kit.run_as(there.clone(), CreateBucket, input).await;
        refused(without, "IllegalLocationConstraintException", text);
    }
    kit.run_as(there, CreateBucket, constrained("central", "eu-central-1")).await.unwrap();
    assert_eq!(location("central").await, "eu-central-1");
}

#[tokio::test]
async fn lists_go_by_pages_prefixes_and_regions() {
    let kit = world();
    for name in ["b-two", "a-one", "b-one"] {
        create(&kit, name).await;
    }
    kit.run(CreateBucket, constrained("b-west", "us-west-2")).await.unwrap();
    kit.run_as(other(&kit), CreateBucket, create_input("not-mine")).await.unwrap();
    let list = async |input: ListBucketsInput| {
        let output = kit.run(ListBuckets, input).await.unwrap();
        let names =
            output.buckets.unwrap().into_iter().map(|bucket| bucket.name.unwrap()).collect::<Vec<_>>();
        (names, output.continuation_token)
    };
    let all = ["a-one", "b-one", "b-two", "b-west"];
    assert_eq!(list(ListBucketsInput::default()).await, (all.map(str::to_owned).to_vec(), None));
    let (mut token, mut found) = (None, Vec::new());
    loop {
        let input =
            ListBucketsInput { max_buckets: Some(1), continuation_token: token, ..Default::default() };
        let (names, next) = list(input).await;
        assert_eq!(names.len(), 1);
        found.extend(names);
        token = next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
    let input = ListBucketsInput { prefix: Some("b-".into()), ..Default::default() };
    assert_eq!(list(input).await.0, all[1..]);
    let input = ListBucketsInput { bucket_region: Some("us-west-2".into()), ..Default::default() };
    assert_eq!(list(input).await.0, ["b-west"]);
    let input = ListBucketsInput { bucket_region: Some("eu-east-1".into()), ..Default::default() };
    let text = "Argument value eu-east-1 is not a valid AWS Region";
    refused(kit.run(ListBuckets, input).await, "InvalidArgument", text);
    for wrong in [0, 10_001] {
        let input = ListBucketsInput { max_buckets: Some(wrong), ..Default::default() };
        refused_as(kit.run(ListBuckets, input).await, "InvalidArgument");
    }
    let input = ListBucketsInput { continuation_token: Some("?".into()), ..Default::default() };
    refused_as(kit.run(ListBuckets, input).await, "InvalidArgument");
}

#[tokio::test]
async fn only_empty_buckets_go() {
    let kit = world();
    let delete = async |name: &str| {
        kit.run(DeleteBucket, DeleteBucketInput { bucket: name.into(), ..Default::default() }).await
    };
    refused_as(delete("docs").await, "NoSuchBucket");
    create(&kit, "docs").await;
    let rows = rows(&kit);
    put_website(&kit, "docs").await;
    delete("docs").await.unwrap();
    assert_eq!(self::rows(&kit), rows - 2, "nothing is left of it");
    refused_as(delete("docs").await, "NoSuchBucket");
    // The name is free for anybody.
    kit.run_as(other(&kit), CreateBucket, create_input("docs")).await.unwrap();
}

/// Fidelity: a bucket in which only versions and markers are left says so in other words.
#[tokio::test]
async fn what_is_not_empty_says_what_is_left() {
    let kit = world();
    create(&kit, "docs").await;
    let status = Some(Open::Known(BucketVersioningStatus::Enabled));
    let input = PutBucketVersioningInput {
        bucket: "docs".into(),
        versioning_configuration: VersioningConfiguration { status, ..Default::default() }.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.unwrap();
    let delete = async || {
        kit.run(DeleteBucket, DeleteBucketInput { bucket: "docs".into(), ..Default::default() }).await
    };
    let version = objects::put(&kit, "docs", "k", "x").await.version_id.unwrap();
    refused(delete().await, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    let marker = kit.run(DeleteObject, objects::delete_input("docs", "k")).await.unwrap().version_id.unwrap();
    let text = "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
    refused(delete().await, "BucketNotEmpty", text);
    for version in [version, marker] {
        refused_as(delete().await, "BucketNotEmpty");
        let input = DeleteObjectInput { version_id: Some(version), ..objects::delete_input("docs", "k") };
        kit.run(DeleteObject, input).await.unwrap();
    }
    delete().await.unwrap();
}

#[tokio::test]
async fn uploads_go_with_their_bucket() {
    let kit = world();
    let empty = rows(&kit);
    create(&kit, "docs").await;
    let input = CreateMultipartUploadInput { bucket: "docs".into(), key: "k".into(), ..Default::default() };
    let upload = kit.run(CreateMultipartUpload, input).await.unwrap().upload_id.unwrap();
    for number in 1..=3 {
        let input = UploadPartInput {
            bucket: "docs".into(),
            key: "k".into(),
            upload_id: upload.as_str().into(),
            part_number: number.into(),
            body: Some(b"part".to_vec().into()),
            ..Default::default()
        };
        kit.run(UploadPart, input).await.unwrap();
    }
    assert!(rows(&kit) > empty + 3);
    kit.run(DeleteBucket, DeleteBucketInput { bucket: "docs".into(), ..Default::default() }).await.unwrap();
    assert_eq!(rows(&kit), empty, "nothing is left of it");
}

#[tokio::test]
async fn many_uploads_go_in_many_rounds() {
    let kit = world();
    let empty = rows(&kit);
    create(&kit, "docs").await;
    // One more than two rounds take.
    for number in 0..1_001 {
        let key = format!("{number}");
        let input =
            CreateMultipartUploadInput { bucket: "docs".into(), key: key.into(), ..Default::default() };
        kit.run(CreateMultipartUpload, input).await.unwrap();
    }
    kit.run(DeleteBucket, DeleteBucketInput { bucket: "docs".into(), ..Default::default() }).await.unwrap();
    assert_eq!(rows(&kit), empty, "nothing is left of it");
}

#[tokio::test]
async fn versioning() {
    let kit = world();
    create(&kit, "docs").await;
    let status = async || {
        let input = GetBucketVersioningInput { bucket: "docs".into(), ..Default::default() };
        kit.run(GetBucketVersioning, input).await.unwrap().status.map(|status| status.as_str().to_owned())
    };
    let put = async |configuration: VersioningConfiguration| {
        let input = PutBucketVersioningInput {
            bucket: "docs".into(),
            versioning_configuration: configuration.into(),
            ..Default::default()
        };
        kit.run(PutBucketVersioning, input).await
    };
    let with = |status| VersioningConfiguration { status: Some(status), ..Default::default() };
    assert_eq!(status().await, None);
    for known in [BucketVersioningStatus::Suspended, BucketVersioningStatus::Enabled] {
        put(with(Open::Known(known))).await.unwrap();
        assert_eq!(status().await.unwrap(), Open::Known(known).as_str());
    }
    for wrong in ["enabled", "Disabled"] {
        refused_as(put(with(Open::Unknown(wrong.into()))).await, "MalformedXML");
    }
    let empty = put(VersioningConfiguration::default()).await;
    refused(empty, "IllegalVersioningConfigurationException", "The Versioning element must be specified");
    let mfa = VersioningConfiguration {
        mfa_delete: Some(Open::Known(MfaDelete::Enabled)),
        ..with(Open::Known(BucketVersioningStatus::Enabled))
    };
    refused_as(put(mfa).await, "NotImplemented");
}

#[tokio::test]
async fn object_lock() {
    let kit = world();
    let locked = CreateBucketInput { object_lock_enabled_for_bucket: Some(true), ..create_input("locked") };
    kit.run(CreateBucket, locked).await.unwrap();
    create(&kit, "plain").await;
    let get = async |name: &str| {
        let input = GetObjectLockConfigurationInput { bucket: name.into(), ..Default::default() };
        kit.run(GetObjectLockConfiguration, input)
            .await
            .map(|output| output.object_lock_configuration.unwrap())
    };
    let put = async |name: &str, rule: Option<DefaultRetention>| {
        let rule = rule.map(|default| ObjectLockRule { default_retention: Some(default) });
        let enabled = Some(Open::Known(ObjectLockEnabled::Enabled));
        let input = PutObjectLockConfigurationInput {
            bucket: name.into(),
            object_lock_configuration: Some(ObjectLockConfiguration { object_lock_enabled: enabled, rule }),
            ..Default::default()
        };
        kit.run(PutObjectLockConfiguration, input).await
    };
    let retention = |days, years| DefaultRetention {
        mode: Some(Open::Known(ObjectLockRetentionMode::Governance)),
        days,
        years,
        ..Default::default()
    };
    assert!(get("locked").await.unwrap().rule.is_none());
    refused_as(get("plain").await, "ObjectLockConfigurationNotFoundError");
    put("locked", Some(retention(Some(1), None))).await.unwrap();
    let rule = get("locked").await.unwrap().rule.unwrap().default_retention.unwrap();
    assert_eq!((rule.days, rule.years), (Some(1), None));
    put("locked", None).await.unwrap();
    assert!(get("locked").await.unwrap().rule.is_none());
    refused_as(put("plain", None).await, "InvalidBucketState");
    refused_as(put("locked", Some(retention(Some(0), None))).await, "InvalidRetentionPeriod");
    refused_as(put("locked", Some(retention(None, Some(-1)))).await, "InvalidRetentionPeriod");
    refused_as(put("locked", Some(retention(Some(1), Some(1)))).await, "MalformedXML");
    let suspended = VersioningConfiguration {
        status: Some(Open::Known(BucketVersioningStatus::Suspended)),
        ..Default::default()
    };
    let input = PutBucketVersioningInput {
        bucket: "locked".into(),
        versioning_configuration: suspended.into(),
        ..Default::default()
    };
    refused_as(kit.run(PutBucketVersioning, input).await, "InvalidBucketState");
}

/// Fidelity: there is always a default encryption.
#[tokio::test]
async fn default_encryption() {
    let kit = world();
    create(&kit, "docs").await;
    let get = async || {
        let input = GetBucketEncryptionInput { bucket: "docs".into(), ..Default::default() };
        let found = kit.run(GetBucketEncryption, input).await.unwrap();
        let rule = found.server_side_encryption_configuration.unwrap().rules[0].clone();
        let default = rule.apply_server_side_encryption_by_default.unwrap();
        (default.sse_algorithm.as_str().to_owned(), default.kms_master_key_id, rule.bucket_key_enabled)
    };
    let put = async |algorithm: ServerSideEncryption, key: Option<&str>| {
        let default = ServerSideEncryptionByDefault {
            sse_algorithm: Open::Known(algorithm).into(),
            kms_master_key_id: key.map(str::to_owned),
        };
        let rule = ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(default),
            bucket_key_enabled: Some(true),
            ..Default::default()
        };
        let input = PutBucketEncryptionInput {
            bucket: "docs".into(),
            server_side_encryption_configuration: ServerSideEncryptionConfiguration {
                rules: vec![rule].into(),
            }
            .into(),
            ..Default::default()
        };
        kit.run(PutBucketEncryption, input).await
    };
    let standard = ("AES256".to_owned(), None, Some(false));
    assert_eq!(get().await, standard);
    put(ServerSideEncryption::AwsKms, Some("alias/mine")).await.unwrap();
    assert_eq!(get().await, ("aws:kms".to_owned(), Some("alias/mine".to_owned()), Some(true)));
    refused_as(put(ServerSideEncryption::Aes256, Some("alias/mine")).await, "InvalidArgument");
    refused_as(put(ServerSideEncryption::AwsKmsDsse, None).await, "NotImplemented");
    for _ in 0..2 {
        let input = DeleteBucketEncryptionInput { bucket: "docs".into(), ..Default::default() };
        kit.run(DeleteBucketEncryption, input).await.unwrap();
        assert_eq!(get().await, standard);
    }
    let none = ServerSideEncryptionConfiguration { rules: Vec::new().into() };
    let input = PutBucketEncryptionInput {
        bucket: "docs".into(),
        server_side_encryption_configuration: none.into(),
        ..Default::default()
    };
    refused_as(kit.run(PutBucketEncryption, input).await, "MalformedXML");
}

#[tokio::test]
async fn payment_acceleration_and_tags() {
    let kit = world();
    create(&kit, "docs.b").await;
    let get = GetBucketRequestPaymentInput { bucket: "docs.b".into(), ..Default::default() };
    let payer = kit.run(GetBucketRequestPayment, get.clone()).await.unwrap().payer.unwrap();
    assert_eq!(payer.as_str(), "BucketOwner");
    let configuration = RequestPaymentConfiguration { payer: Open::Known(Payer::Requester).into() };
    let input = PutBucketRequestPaymentInput {
        bucket: "docs.b".into(),
        request_payment_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketRequestPayment, input).await.unwrap();
    let payer = kit.run(GetBucketRequestPayment, get).await.unwrap().payer.unwrap();
    assert_eq!(payer.as_str(), "Requester");

    let accelerate = |name: &str| PutBucketAccelerateConfigurationInput {
        bucket: name.into(),
        accelerate_configuration: AccelerateConfiguration {
            status: Some(Open::Known(BucketAccelerateStatus::Enabled)),
        }
        .into(),
        ..Default::default()
    };
    refused_as(kit.run(PutBucketAccelerateConfiguration, accelerate("docs.b")).await, "InvalidRequest");
    create(&kit, "plain").await;
    let get = || GetBucketAccelerateConfigurationInput { bucket: "plain".into(), ..Default::default() };
    assert!(kit.run(GetBucketAccelerateConfiguration, get()).await.unwrap().status.is_none());
    kit.run(PutBucketAccelerateConfiguration, accelerate("plain")).await.unwrap();
    let status = kit.run(GetBucketAccelerateConfiguration, get()).await.unwrap().status.unwrap();
    assert_eq!(status.as_str(), "Enabled");

    let get = || GetBucketTaggingInput { bucket: "plain".into(), ..Default::default() };
    refused(kit.run(GetBucketTagging, get()).await, "NoSuchTagSet", "The TagSet does not exist");
    let put = async |tags: &[(&str, &str)]| {
        let tags = tags.iter().map(|(key, value)| Tag { key: (*key).into(), value: (*value).into() });
        let tagging = Tagging { tag_set: tags.collect::<Vec<_>>().into() };
        let input =
            PutBucketTaggingInput { bucket: "plain".into(), tagging: tagging.into(), ..Default::default() };
        kit.run(PutBucketTagging, input).await
    };
    put(&[("k", "v"), ("ä b", "")]).await.unwrap();
    assert_eq!(kit.run(GetBucketTagging, get()).await.unwrap().tag_set.unwrap().len(), 2);
    refused(
        put(&[("k", "1"), ("k", "2")]).await,
        "InvalidTag",
        "Cannot provide multiple Tags with the same key",
    );
    refused(put(&[("k,l", "1")]).await, "InvalidTag", "The TagKey you have provided is invalid");
    refused(put(&[("k", "1,2")]).await, "InvalidTag", "The TagValue you have provided is invalid");
    let text = "System tags cannot be added/updated by requester";
    refused(put(&[("aws:prefixed", "1")]).await, "InvalidTag", text);
    let many: Vec<String> = (0..51).map(|i| format!("k{i}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "v")).collect();
    refused_as(put(&many).await, "BadRequest");
    put(&many[..50]).await.unwrap();
    let input = DeleteBucketTaggingInput { bucket: "plain".into(), ..Default::default() };
    kit.run(DeleteBucketTagging, input).await.unwrap();
    refused_as(kit.run(GetBucketTagging, get()).await, "NoSuchTagSet");
}
