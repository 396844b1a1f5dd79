//! Copies.

mod common;

use std::collections::BTreeMap;

use checksum::{Algorithm, Hasher};
use common::objects::*;
use common::*;
use kernel::Timestamp;
use model_s3::ops::*;
use model_s3::types::*;

fn metadata(value: &str) -> Option<BTreeMap<String, String>> {
    Some(BTreeMap::from([("name".to_owned(), value.to_owned())]))
}

#[tokio::test]
async fn a_copy_is_what_its_source_was() {
    let kit = world();
    create(&kit, "bucket").await;
    create(&kit, "other").await;
    for len in [0, 10, LONG] {
        let bytes = some_bytes(len);
        let input = PutObjectInput {
            metadata: metadata("value"),
            content_type: Some("text/plain".into()),
            tagging: Some("a=1".into()),
            storage_class: known(StorageClass::StandardIa),
            website_redirect_location: Some("/there".into()),
            ..put_input("bucket", "source", bytes.clone())
        };
        let source = kit.run(PutObject, input).await.unwrap();
        let copied = kit.run(CopyObject, copy_input("bucket/source", "other", "copy")).await.unwrap();
        let result = copied.copy_object_result.unwrap();
        assert_eq!(result.e_tag, source.e_tag);
        assert_eq!(result.checksum_crc64nvme, source.checksum_crc64nvme);
        // The copy stays when the source goes.
        kit.run(DeleteObject, delete_input("bucket", "source")).await.unwrap();
        let (copy, body) = get(&kit, get_input("other", "copy")).await.unwrap();
        assert_eq!(body, bytes);
        assert_eq!(copy.metadata, metadata("value"));
        assert_eq!((copy.content_type.as_deref(), copy.tag_count), (Some("text/plain"), Some(1)));
        assert_eq!(copy.storage_class, None, "the class is not copied");
        assert_eq!(copy.website_redirect_location, None, "nor is the redirect");
    }
}

#[tokio::test]
async fn a_copy_needs_no_file_of_its_own() {
    let kit = world();
    create(&kit, "bucket").await;
    let before = rows(&kit);
    put(&kit, "bucket", "source", some_bytes(LONG)).await;
    kit.run(CopyObject, copy_input("bucket/source", "bucket", "copy")).await.unwrap();
    assert_eq!(files(&kit).await, 1);
    kit.run(DeleteObject, delete_input("bucket", "source")).await.unwrap();
    assert_eq!(body(&kit, "bucket", "copy").await, some_bytes(LONG));
    kit.run(DeleteObject, delete_input("bucket", "copy")).await.unwrap();
    swept(&kit, before).await;
}

#[tokio::test]
async fn directives() {
    let kit = world();
    create(&kit, "bucket").await;
    let input = PutObjectInput {
        metadata: metadata("old"),
        tagging: Some("a=1".into()),
        content_type: Some("text/plain".into()),
        ..put_input("bucket", "source", "x")
    };
    kit.run(PutObject, input).await.unwrap();
    let copy = |metadata_directive, tagging_directive| CopyObjectInput {
        metadata: metadata("new"),
        tagging: Some("b=2&c=3".into()),
        metadata_directive,
        tagging_directive,
        ..copy_input("bucket/source", "bucket", "copy")
    };
    kit.run(CopyObject, copy(None, None)).await.unwrap();
    let head = kit.run(HeadObject, head_input("bucket", "copy")).await.unwrap();
    assert_eq!((head.metadata, head.content_type.as_deref()), (metadata("old"), Some("text/plain")));
    assert_eq!(head.tag_count, Some(1));
    let replace = copy(known(MetadataDirective::Replace), known(TaggingDirective::Replace));
    kit.run(CopyObject, replace).await.unwrap();
    let head = kit.run(HeadObject, head_input("bucket", "copy")).await.unwrap();
    assert_eq!(head.metadata, metadata("new"));
    assert_eq!(head.content_type.as_deref(), Some("binary/octet-stream"));
    assert_eq!(head.tag_count, Some(2));
}

#[tokio::test]
async fn onto_itself_something_has_to_change() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let copy = || copy_input("bucket/key", "bucket", "key");
    let text = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
    refused(kit.run(CopyObject, copy()).await, "InvalidRequest", text);
    for allowed in [
        CopyObjectInput { metadata_directive: known(MetadataDirective::Replace), ..copy() },
        CopyObjectInput { storage_class: known(StorageClass::Standard), ..copy() },
        CopyObjectInput { server_side_encryption: known(ServerSideEncryption::Aes256), ..copy() },
        CopyObjectInput { website_redirect_location: Some("/x".into()), ..copy() },
        CopyObjectInput { checksum_algorithm: known(ChecksumAlgorithm::Sha256), ..copy() },
    ] {
        kit.run(CopyObject, allowed).await.unwrap();
    }
    assert_eq!(body(&kit, "bucket", "key").await, "x");
}

#[tokio::test]
async fn the_source_is_decoded_once() {
    let kit = world();
    create(&kit, "bucket").await;
    let key = "a b+%2F?versionId=x ä";
    put(&kit, "bucket", key, "found").await;
    let source = "/bucket/a%20b%2B%252F%3FversionId%3Dx%20%C3%A4";
    kit.run(CopyObject, copy_input(source, "bucket", "copy")).await.unwrap();
    assert_eq!(body(&kit, "bucket", "copy").await, "found");
    let refused = kit.run(CopyObject, copy_input("bucket", "bucket", "copy")).await;
    refused_as(refused, "InvalidArgument");
}

#[tokio::test]
async fn versions_as_sources() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let first = put(&kit, "bucket", "key", "one").await.version_id.unwrap();
    put(&kit, "bucket", "key", "two").await;
    // An older version is brought back by copying it onto its key.
    let source = format!("bucket/key?versionId={first}");
    let output = kit.run(CopyObject, copy_input(&source, "bucket", "key")).await.unwrap();
    assert_eq!(output.copy_source_version_id, Some(first));
    assert!(output.version_id.is_some());
    assert_eq!(body(&kit, "bucket", "key").await, "one");
    let marker = kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap().version_id.unwrap();
    let refused = kit.run(CopyObject, copy_input("bucket/key", "bucket", "copy")).await;
    refused_as(refused, "NoSuchKey");
    let source = format!("bucket/key?versionId={marker}");
    let text = "The source of a copy request may not specifically refer to a delete marker by version id.";
    common::refused(kit.run(CopyObject, copy_input(&source, "bucket", "copy")).await, "InvalidRequest", text);
}

#[tokio::test]
async fn conditions_on_the_source_and_on_what_is_replaced() {
    let kit = world();
    create(&kit, "bucket").await;
    let etag = put(&kit, "bucket", "key", "x").await.e_tag.unwrap();
    let copy = || copy_input("bucket/key", "bucket", "copy");
    let then = Timestamp::from_secs(0);
    for (condition, input) in [
        ("If-Match", CopyObjectInput { copy_source_if_match: Some("x".into()), ..copy() }),
        ("If-None-Match", CopyObjectInput { copy_source_if_none_match: Some(etag.clone()), ..copy() }),
        ("If-Unmodified-Since", CopyObjectInput { copy_source_if_unmodified_since: Some(then), ..copy() }),
        (
            "If-Modified-Since",
            CopyObjectInput { copy_source_if_modified_since: Some(kit.deps().clock.now()), ..copy() },
        ),
    ] {
        let error = kit.run(CopyObject, input).await.unwrap_err();
        assert_eq!(member(&error, "Condition"), Some(format!("x-amz-copy-source-{condition}")));
        refused_as::<()>(Err(error), "PreconditionFailed");
    }
    let input =
        CopyObjectInput { copy_source_if_match: Some(etag), if_none_match: Some("*".into()), ..copy() };
    kit.run(CopyObject, input).await.unwrap();
    let input = CopyObjectInput { if_none_match: Some("*".into()), ..copy() };
    refused_as(kit.run(CopyObject, input).await, "PreconditionFailed");
}

#[tokio::test]
async fn another_checksum() {
    let kit = world();
    create(&kit, "bucket").await;
    for len in [10, LONG] {
        let bytes = some_bytes(len);
        let sha1 = Hasher::of(Algorithm::Sha1, &bytes).base64();
        let input =
            PutObjectInput { checksum_sha1: Some(sha1.clone()), ..put_input("bucket", "key", bytes.clone()) };
        kit.run(PutObject, input).await.unwrap();
        let copied = kit.run(CopyObject, copy_input("bucket/key", "bucket", "copy")).await.unwrap();
        assert_eq!(copied.copy_object_result.unwrap().checksum_sha1, Some(sha1), "the source's is kept");
        let checksum_algorithm = known(ChecksumAlgorithm::Crc32c);
        let input = CopyObjectInput { checksum_algorithm, ..copy_input("bucket/key", "bucket", "copy") };
        let result = kit.run(CopyObject, input).await.unwrap().copy_object_result.unwrap();
        assert_eq!(result.checksum_crc32c, Some(Hasher::of(Algorithm::Crc32c, &bytes).base64()));
        assert_eq!(result.checksum_sha1, None);
        assert_eq!(body(&kit, "bucket", "copy").await, bytes);
    }
}

#[tokio::test]
async fn what_is_asked_of_the_policies() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let version = put(&kit, "bucket", "key", "x").await.version_id.unwrap();
    kit.asked();
    kit.run(CopyObject, copy_input("bucket/key", "bucket", "copy")).await.unwrap();
    let source = format!("bucket/key?versionId={version}");
    kit.run(CopyObject, copy_input(&source, "bucket", "copy")).await.unwrap();
    let asked = kit.asked();
    let actions: Vec<&str> = asked.iter().map(|ask| ask.action.as_str()).collect();
    assert_eq!(actions, ["s3:PutObject", "s3:GetObject", "s3:PutObject", "s3:GetObjectVersion"]);
    let keys = &asked[0].target.keys;
    assert!(keys.iter().any(|(name, _)| name == "s3:x-amz-copy-source"));
    kit.deny("s3:GetObject");
    refused_as(kit.run(CopyObject, copy_input("bucket/key", "bucket", "copy")).await, "AccessDenied");
}
