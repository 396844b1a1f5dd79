//! Objects put, read, headed and deleted.

mod common;

use std::collections::BTreeMap;

use common::objects::*;
use common::*;
use model_s3::ops::*;
use model_s3::types::*;

#[tokio::test]
async fn bytes_come_back_whatever_their_length() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [0, 1, 32 * 1024, 32 * 1024 + 1, 65_536, LONG, 2_000_000] {
        let bytes = some_bytes(len);
        let put = put(&kit, "bucket", "key", bytes.clone()).await;
        assert_eq!(body(&kit, "bucket", "key").await, bytes, "{len}");
        let head = kit.run(HeadObject, head_input("bucket", "key")).await.unwrap();
        assert_eq!(head.content_length, Some(len as i64));
        assert_eq!(head.e_tag, put.e_tag);
    }
}

#[tokio::test]
async fn the_tag_is_the_md5_in_quotes() {
    let kit = world();
    create(&kit, "bucket").await;
    let output = put(&kit, "bucket", "key", "hello").await;
    assert_eq!(output.e_tag.as_deref(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(output.server_side_encryption, known(ServerSideEncryption::Aes256));
    assert_eq!(output.version_id, None);
}

#[tokio::test]
async fn what_was_said_of_an_object_is_answered() {
    let kit = world();
    create(&kit, "bucket").await;
    let input = PutObjectInput {
        cache_control: Some("no-store".into()),
        content_disposition: Some("attachment".into()),
        content_encoding: Some("gzip".into()),
        content_language: Some("de".into()),
        content_type: Some("text/plain".into()),
        expires: Some("whenever".into()),
        website_redirect_location: Some("/there".into()),
        storage_class: known(StorageClass::StandardIa),
        tagging: Some("a=1&b=2".into()),
        metadata: Some(BTreeMap::from([
            ("Name".into(), "value".into()),
            ("other".into(), "=?UTF-8?B?w6Q=?=".into()),
        ])),
        ..put_input("bucket", "key", "x")
    };
    kit.run(PutObject, input).await.unwrap();
    let (get, _) = get(&kit, get_input("bucket", "key")).await.unwrap();
    assert_eq!(get.cache_control.as_deref(), Some("no-store"));
    assert_eq!(get.content_disposition.as_deref(), Some("attachment"));
    assert_eq!(get.content_encoding.as_deref(), Some("gzip"));
    assert_eq!(get.content_language.as_deref(), Some("de"));
    assert_eq!(get.content_type.as_deref(), Some("text/plain"));
    assert_eq!(get.expires.as_deref(), Some("whenever"));
    assert_eq!(get.website_redirect_location.as_deref(), Some("/there"));
    assert_eq!(get.storage_class, known(StorageClass::StandardIa));
    assert_eq!(get.tag_count, Some(2));
    assert_eq!(get.accept_ranges.as_deref(), Some("bytes"));
    let metadata = get.metadata.unwrap();
    assert_eq!(metadata["name"], "value", "names are in lower case");
    assert_eq!(metadata["other"], "=?UTF-8?B?w6Q=?=");
    put(&kit, "bucket", "plain", "x").await;
    let head = kit.run(HeadObject, head_input("bucket", "plain")).await.unwrap();
    assert_eq!(head.content_type.as_deref(), Some("binary/octet-stream"));
    assert_eq!(head.storage_class, None, "STANDARD is not said");
}

#[tokio::test]
async fn limits_of_what_is_said() {
    let kit = world();
    create(&kit, "bucket").await;
    let with = |input: PutObjectInput| kit.run(PutObject, input);
    let metadata = |len: usize| Some(BTreeMap::from([("n".to_owned(), "v".repeat(len - 1))]));
    with(PutObjectInput { metadata: metadata(2048), ..put_input("bucket", "k", "") }).await.unwrap();
    let refused = with(PutObjectInput { metadata: metadata(2049), ..put_input("bucket", "k", "") }).await;
    refused_as(refused, "MetadataTooLarge");
    let class = Some(wire::Open::Unknown("OUTPOSTS".to_owned()));
    let refused = with(PutObjectInput { storage_class: class, ..put_input("bucket", "k", "") }).await;
    refused_as(refused, "InvalidStorageClass");
    let redirect = Some("there".to_owned());
    let refused =
        with(PutObjectInput { website_redirect_location: redirect, ..put_input("bucket", "k", "") }).await;
    refused_as(refused, "InvalidRedirectLocation");
    refused_as(with(put_input("bucket", &"k".repeat(1025), "")).await, "KeyTooLongError");
    with(put_input("bucket", &"k".repeat(1024), "")).await.unwrap();
    refused_as(with(put_input("nowhere", "k", "")).await, "NoSuchBucket");
}

#[tokio::test]
async fn keys_are_bytes_not_paths() {
    let kit = world();
    create(&kit, "bucket").await;
    let keys = [
        "a",
        "a/",
        "a/b",
        "/a",
        "//a",
        "a//b",
        "a+b",
        "a b",
        "a%20b",
        "ä",
        "a?b#c",
        "a/../b",
        "b",
        "a/b/../..",
    ];
    for key in keys {
        put(&kit, "bucket", key, key.to_owned()).await;
    }
    for key in keys {
        assert_eq!(body(&kit, "bucket", key).await, key);
    }
    for key in ["..", "../a", "a/../../b", "/.."] {
        refused_as(kit.run(PutObject, put_input("bucket", key, "")).await, "InvalidURI");
    }
}

#[tokio::test]
async fn ranges() {
    let kit = world();
    create(&kit, "bucket").await;
    for bytes in [some_bytes(1000), some_bytes(LONG)] {
        let len = bytes.len();
        put(&kit, "bucket", "key", bytes.clone()).await;
        for (text, range) in [
            ("bytes=0-9".to_owned(), 0..10),
            ("bytes=-5".to_owned(), len - 5..len),
            (format!("bytes={}-", len - 1), len - 1..len),
            (format!("bytes=10-{}", len * 2), 10..len),
        ] {
            let input = GetObjectInput { range: Some(text), ..get_input("bucket", "key") };
            let (output, body) = get(&kit, input).await.unwrap();
            assert_eq!(body, bytes.slice(range.clone()));
            let shown = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            assert_eq!(output.content_range, Some(shown));
        }
        for text in ["bytes=0-1,3-4", "bytes=5-1", "lines=1-2"] {
            let input = GetObjectInput { range: Some(text.to_owned()), ..get_input("bucket", "key") };
            let (output, body) = get(&kit, input).await.unwrap();
            assert_eq!((output.content_range, body.len()), (None, len), "{text}");
        }
    }
}

#[tokio::test]
async fn a_range_beyond_the_object_is_refused_with_its_size() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "12345678").await;
    let input = GetObjectInput { range: Some("bytes=1024-4096".into()), ..get_input("bucket", "key") };
    let error = kit.run(GetObject, input).await.unwrap_err();
    assert_eq!(member(&error, "ActualObjectSize").as_deref(), Some("8"));
    assert_eq!(member(&error, "RangeRequested").as_deref(), Some("bytes=1024-4096"));
    refused::<()>(Err(error), "InvalidRange", "The requested range is not satisfiable");
}

#[tokio::test]
async fn a_part_of_an_object_without_parts_is_the_whole() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "12345678").await;
    let part = |number| GetObjectInput { part_number: Some(number), ..get_input("bucket", "key") };
    let (output, body) = get(&kit, part(1)).await.unwrap();
    assert_eq!((output.content_range.as_deref(), &body[..]), (Some("bytes 0-7/8"), &b"12345678"[..]));
    assert_eq!(output.parts_count, None);
    let error = kit.run(GetObject, part(2)).await.unwrap_err();
    assert_eq!(member(&error, "ActualPartCount").as_deref(), Some("1"));
    refused_as::<()>(Err(error), "InvalidPartNumber");
    refused_as(kit.run(GetObject, part(0)).await, "InvalidArgument");
    let both = GetObjectInput { range: Some("bytes=0-1".into()), ..part(1) };
    refused_as(kit.run(GetObject, both).await, "InvalidRequest");
}

#[tokio::test]
async fn answers_say_what_the_request_wants_if_it_is_signed() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let input = || GetObjectInput {
        response_content_type: Some("text/html".into()),
        response_cache_control: Some("no-cache".into()),
        response_expires: Some(kernel::Timestamp::from_secs(0)),
        ..get_input("bucket", "key")
    };
    let (output, _) = get(&kit, input()).await.unwrap();
    assert_eq!(output.content_type.as_deref(), Some("text/html"));
    assert_eq!(output.cache_control.as_deref(), Some("no-cache"));
    assert_eq!(output.expires.as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
    refused_as(kit.run_as(anonymous(&kit), GetObject, input()).await, "InvalidRequest");
    let input = GetObjectInput { response_cache_control: Some("—".into()), ..get_input("bucket", "key") };
    let text = "Header value cannot be represented using ISO-8859-1.";
    refused(kit.run(GetObject, input).await, "InvalidArgument", text);
}

#[tokio::test]
async fn what_is_not_there() {
    let kit = world();
    create(&kit, "bucket").await;
    let error = kit.run(GetObject, get_input("bucket", "key")).await.unwrap_err();
    assert_eq!(member(&error, "Key").as_deref(), Some("key"));
    refused::<()>(Err(error), "NoSuchKey", "The specified key does not exist.");
    refused_as(kit.run(HeadObject, head_input("bucket", "key")).await, "NoSuchKey");
    let version = GetObjectInput { version_id: Some("not a version".into()), ..get_input("bucket", "key") };
    refused(kit.run(GetObject, version).await, "InvalidArgument", "Invalid version id specified");
    // Who may not list the bucket is not told.
    kit.deny("s3:ListBucket");
    refused_as(kit.run(GetObject, get_input("bucket", "key")).await, "AccessDenied");
    // Deleting what is not there is no error.
    kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap();
}

#[tokio::test]
async fn deleted_objects_leave_no_rows() {
    let kit = world();
    create(&kit, "bucket").await;
    let before = rows(&kit);
    put(&kit, "bucket", "short", some_bytes(100)).await;
    put(&kit, "bucket", "short", some_bytes(50)).await;
    assert_eq!(rows(&kit), before + 2, "the object and its bytes");
    kit.run(DeleteObject, delete_input("bucket", "short")).await.unwrap();
    assert_eq!(rows(&kit), before);
}

#[tokio::test]
async fn files_go_when_nobody_uses_them() {
    let kit = world();
    create(&kit, "bucket").await;
    let before = rows(&kit);
    put(&kit, "bucket", "long", some_bytes(LONG)).await;
    put(&kit, "bucket", "long", some_bytes(LONG + 1)).await;
    let read = kit.run(GetObject, get_input("bucket", "long")).await.unwrap();
    kit.run(DeleteObject, delete_input("bucket", "long")).await.unwrap();
    // What is being read can be read to its end.
    let bytes = read.body.unwrap().open().whole(1 << 20).await.unwrap().unwrap();
    assert_eq!(bytes, some_bytes(LONG + 1));
    swept(&kit, before).await;
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let kit = world();
    create(&kit, "bucket").await;
    let before = rows(&kit);
    for len in [10, LONG] {
        let refusal = wire::StreamError::Refused(wire::CommonError::coded("IncompleteBody", 400, "short"));
        let pieces = futures::stream::iter([Ok(some_bytes(len)), Err(refusal)]);
        let body = wire::ByteStream::of_bytes(None, pieces);
        let input = PutObjectInput { body: Some(body), ..put_input("bucket", "key", "") };
        refused(kit.run(PutObject, input).await, "IncompleteBody", "short");
        refused_as(kit.run(GetObject, get_input("bucket", "key")).await, "NoSuchKey");
    }
    swept(&kit, before).await;
}

#[tokio::test]
async fn archived_objects_cannot_be_read() {
    let kit = world();
    create(&kit, "bucket").await;
    let storage_class = known(StorageClass::DeepArchive);
    kit.run(PutObject, PutObjectInput { storage_class, ..put_input("bucket", "key", "x") }).await.unwrap();
    let error = kit.run(GetObject, get_input("bucket", "key")).await.unwrap_err();
    assert_eq!(member(&error, "StorageClass").as_deref(), Some("DEEP_ARCHIVE"));
    refused_as::<()>(Err(error), "InvalidObjectState");
    kit.run(HeadObject, head_input("bucket", "key")).await.unwrap();
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let kit = world();
    create(&kit, "bucket").await;
    for n in 0..150 {
        put(&kit, "bucket", &format!("k{n}"), "x").await;
    }
    let objects = |keys: Vec<String>| {
        keys.into_iter()
            .map(|key| ObjectIdentifier { key: key.into(), ..Default::default() })
            .collect::<Vec<_>>()
    };
    let delete = |keys: Vec<String>, quiet| DeleteObjectsInput {
        bucket: "bucket".into(),
        delete: Delete { objects: objects(keys).into(), quiet }.into(),
        ..Default::default()
    };
    let keys: Vec<String> = (0..150).map(|n| format!("k{n}")).chain(["absent".to_owned()]).collect();
    let output = kit.run(DeleteObjects, delete(keys.clone(), None)).await.unwrap();
    let deleted: Vec<String> = output.deleted.unwrap().into_iter().filter_map(|object| object.key).collect();
    assert_eq!(deleted, keys, "what was absent is listed as well");
    refused_as(kit.run(GetObject, get_input("bucket", "k7")).await, "NoSuchKey");
    put(&kit, "bucket", "a", "x").await;
    put(&kit, "bucket", "b", "x").await;
    kit.deny("arn:aws:s3:::bucket/b");
    let output = kit.run(DeleteObjects, delete(vec!["a".into(), "b".into()], Some(true))).await.unwrap();
    assert!(output.deleted.unwrap().is_empty(), "quiet");
    let errors = output.errors.unwrap();
    assert_eq!((errors.len(), errors[0].key.as_deref()), (1, Some("b")));
    assert_eq!(errors[0].code.as_deref(), Some("AccessDenied"));
    refused_as(kit.run(DeleteObjects, delete(vec![], None)).await, "MalformedXML");
    let many = (0..1001).map(|n| n.to_string()).collect();
    refused_as(kit.run(DeleteObjects, delete(many, None)).await, "MalformedXML");
}

#[tokio::test]
async fn attributes_are_those_asked_for() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "hello").await;
    let input = |wanted: Vec<ObjectAttributes>| GetObjectAttributesInput {
        bucket: "bucket".into(),
        key: "key".into(),
        object_attributes: wanted.into_iter().map(wire::Open::Known).collect::<Vec<_>>().into(),
        ..Default::default()
    };
    let output = kit.run(GetObjectAttributes, input(vec![ObjectAttributes::ObjectSize])).await.unwrap();
    assert_eq!((output.object_size, output.e_tag, output.storage_class), (Some(5), None, None));
    let all = vec![ObjectAttributes::ETag, ObjectAttributes::Checksum, ObjectAttributes::StorageClass];
    let output = kit.run(GetObjectAttributes, input(all)).await.unwrap();
    assert_eq!(output.e_tag.as_deref(), Some("5d41402abc4b2a76b9719d911017c592"), "without quotes");
    assert_eq!(output.storage_class, known(StorageClass::Standard));
    let checksum = output.checksum.unwrap();
    assert!(checksum.checksum_crc64nvme.is_some());
    assert_eq!(checksum.checksum_type, known(ChecksumType::FullObject));
}

#[tokio::test]
async fn the_policies_are_asked_for_what_is_done() {
    let kit = world();
    create(&kit, "bucket").await;
    kit.asked();
    let input = PutObjectInput {
        tagging: Some("team=red".into()),
        storage_class: known(StorageClass::StandardIa),
        if_match: None,
        ..put_input("bucket", "key", "x")
    };
    kit.run(PutObject, input).await.unwrap();
    let asked = kit.asked();
    let actions: Vec<&str> = asked.iter().map(|ask| ask.action.as_str()).collect();
    assert_eq!(actions, ["s3:PutObject", "s3:PutObjectTagging"]);
    assert!(asked.iter().all(|ask| ask.target.arn.as_str() == "arn:aws:s3:::bucket/key"));
    let keys: Vec<&str> = asked[0].target.keys.iter().map(|(name, _)| &**name).collect();
    for key in ["s3:RequestObjectTag/team", "s3:RequestObjectTagKeys", "s3:x-amz-storage-class"] {
        assert!(keys.contains(&key), "{key} in {keys:?}");
    }
    kit.run(GetObject, get_input("bucket", "key")).await.unwrap();
    let asked = kit.asked();
    assert_eq!(asked[0].action, "s3:GetObject");
    assert!(asked[0].target.keys.iter().any(|(name, _)| name == "s3:ExistingObjectTag/team"));
}

#[tokio::test]
async fn a_range_has_a_status_of_its_own() {
    use wire::OperationType as _;
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "12345678").await;
    let codec = wire::codec(wire::Protocol::RestXml);
    for (range, status) in [(None, 200), (Some("bytes=0-1".to_owned()), 206)] {
        let output =
            kit.run(GetObject, GetObjectInput { range, ..get_input("bucket", "key") }).await.unwrap();
        assert_eq!(codec.encode(GetObject::descriptor(), &output, "id").status, status);
    }
}

#[tokio::test]
async fn an_object_says_when_it_expires() {
    let kit = world();
    create(&kit, "bucket").await;
    let rule = LifecycleRule {
        id: Some("old".into()),
        expiration: Some(LifecycleExpiration { days: Some(1), ..Default::default() }),
        filter: Some(LifecycleRuleFilter { prefix: Some("tmp/".into()), ..Default::default() }),
        status: wire::Open::Known(ExpirationStatus::Enabled).into(),
        ..Default::default()
    };
    let input = PutBucketLifecycleConfigurationInput {
        bucket: "bucket".into(),
        lifecycle_configuration: Some(BucketLifecycleConfiguration { rules: vec![rule].into() }),
        ..Default::default()
    };
    kit.run(PutBucketLifecycleConfiguration, input).await.unwrap();
    // Put on 15 June 2025 in the afternoon: a day later, at the next midnight.
    let expected = Some("expiry-date=\"Tue, 17 Jun 2025 00:00:00 GMT\", rule-id=\"old\"".to_owned());
    assert_eq!(put(&kit, "bucket", "tmp/key", "x").await.expiration, expected);
    let head = kit.run(HeadObject, head_input("bucket", "tmp/key")).await.unwrap();
    assert_eq!(head.expiration, expected);
    let copy = kit.run(CopyObject, copy_input("bucket/tmp/key", "bucket", "key")).await.unwrap();
    assert_eq!(copy.expiration, None);
}

#[tokio::test]
async fn requesters_pay_where_they_have_to() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let configuration = RequestPaymentConfiguration { payer: wire::Open::Known(Payer::Requester).into() };
    let input = PutBucketRequestPaymentInput {
        bucket: "bucket".into(),
        request_payment_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketRequestPayment, input).await.unwrap();
    // The owner need not say so; others must.
    assert_eq!(kit.run(GetObject, get_input("bucket", "key")).await.unwrap().request_charged, None);
    refused_as(kit.run_as(other(&kit), GetObject, get_input("bucket", "key")).await, "AccessDenied");
    let input =
        || GetObjectInput { request_payer: known(RequestPayer::Requester), ..get_input("bucket", "key") };
    let output = kit.run_as(other(&kit), GetObject, input()).await.unwrap();
    assert_eq!(output.request_charged, known(RequestCharged::Requester));
    refused_as(kit.run_as(anonymous(&kit), GetObject, input()).await, "AccessDenied");
    // Who does not pay is told nothing, not even whether something has changed.
    let unchanged = GetObjectInput { if_none_match: Some("*".into()), ..get_input("bucket", "key") };
    refused_as(kit.run_as(other(&kit), GetObject, unchanged).await, "AccessDenied");
    let unchanged = HeadObjectInput { if_none_match: Some("*".into()), ..head_input("bucket", "key") };
    refused_as(kit.run_as(other(&kit), HeadObject, unchanged).await, "AccessDenied");
    let retention =
        GetObjectRetentionInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
    refused_as(kit.run_as(other(&kit), GetObjectRetention, retention.clone()).await, "AccessDenied");
    refused_as(kit.run(GetObjectRetention, retention).await, "InvalidRequest");
    let hold = GetObjectLegalHoldInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
    refused_as(kit.run_as(other(&kit), GetObjectLegalHold, hold.clone()).await, "AccessDenied");
    refused_as(kit.run(GetObjectLegalHold, hold).await, "InvalidRequest");
}
