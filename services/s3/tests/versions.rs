//! Versions and delete markers.

mod common;

use common::objects::*;
use common::*;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

async fn read(kit: &Kit, version: &str) -> Result<bytes::Bytes, model_s3::Error> {
    let input = GetObjectInput { version_id: Some(version.to_owned()), ..get_input("bucket", "key") };
    get(kit, input).await.map(|(output, body)| {
        assert_eq!(output.version_id.as_deref(), Some(version));
        body
    })
}

async fn delete(kit: &Kit, version: Option<&str>) -> DeleteObjectOutput {
    let version_id = version.map(str::to_owned);
    kit.run(DeleteObject, DeleteObjectInput { version_id, ..delete_input("bucket", "key") }).await.unwrap()
}

#[tokio::test]
async fn older_versions_stay() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let first = put(&kit, "bucket", "key", "one").await.version_id.unwrap();
    let second = put(&kit, "bucket", "key", some_bytes(LONG)).await.version_id.unwrap();
    assert_ne!(first, second);
    assert_eq!(body(&kit, "bucket", "key").await, some_bytes(LONG));
    assert_eq!(read(&kit, &first).await.unwrap(), "one");
    assert_eq!(read(&kit, &second).await.unwrap(), some_bytes(LONG));
    // The newest goes: the one before is current again.
    let output = delete(&kit, Some(&second)).await;
    assert_eq!((output.version_id, output.delete_marker), (Some(second.clone()), None));
    assert_eq!(body(&kit, "bucket", "key").await, "one");
    let error = read(&kit, &second).await.unwrap_err();
    assert_eq!(member(&error, "VersionId"), Some(second));
    refused::<()>(Err(error), "NoSuchVersion", "The specified version does not exist.");
}

#[tokio::test]
async fn delete_markers() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let version = put(&kit, "bucket", "key", "one").await.version_id.unwrap();
    let output = delete(&kit, None).await;
    assert_eq!(output.delete_marker, Some(true));
    let marker = output.version_id.unwrap();
    let error = kit.run(GetObject, get_input("bucket", "key")).await.unwrap_err();
    assert_eq!(header(&error, "x-amz-delete-marker").as_deref(), Some("true"));
    assert_eq!(header(&error, "x-amz-version-id"), Some(marker.clone()));
    refused_as::<()>(Err(error), "NoSuchKey");
    let error = read(&kit, &marker).await.unwrap_err();
    assert_eq!(member(&error, "ResourceType").as_deref(), Some("DeleteMarker"));
    assert_eq!(member(&error, "Method").as_deref(), Some("GET"));
    assert_eq!(header(&error, "x-amz-delete-marker").as_deref(), Some("true"));
    refused_as::<()>(Err(error), "MethodNotAllowed");
    assert_eq!(read(&kit, &version).await.unwrap(), "one");
    // Without the marker the object is there again.
    let output = delete(&kit, Some(&marker)).await;
    assert_eq!((output.delete_marker, output.version_id), (Some(true), Some(marker)));
    assert_eq!(body(&kit, "bucket", "key").await, "one");
}

#[tokio::test]
async fn the_version_null() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "before").await;
    set_versioning(&kit, "bucket", BucketVersioningStatus::Enabled).await;
    assert_eq!(read(&kit, "null").await.unwrap(), "before");
    let version = put(&kit, "bucket", "key", "kept").await.version_id.unwrap();
    set_versioning(&kit, "bucket", BucketVersioningStatus::Suspended).await;
    let output = put(&kit, "bucket", "key", "after").await;
    assert_eq!(output.version_id, None);
    assert_eq!(read(&kit, "null").await.unwrap(), "after", "there is one null version only");
    assert_eq!(read(&kit, &version).await.unwrap(), "kept");
    let output = delete(&kit, None).await;
    assert_eq!((output.delete_marker, output.version_id.as_deref()), (Some(true), Some("null")));
    let error = read(&kit, "null").await.unwrap_err();
    refused_as::<()>(Err(error), "MethodNotAllowed");
    delete(&kit, Some("null")).await;
    assert_eq!(body(&kit, "bucket", "key").await, "kept");
}

#[tokio::test]
async fn versions_have_actions_of_their_own() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let version = put(&kit, "bucket", "key", "one").await.version_id.unwrap();
    kit.asked();
    read(&kit, &version).await.unwrap();
    delete(&kit, Some(&version)).await;
    let asked = kit.asked();
    let actions: Vec<&str> = asked.iter().map(|ask| ask.action.as_str()).collect();
    assert_eq!(actions, ["s3:GetObjectVersion", "s3:DeleteObjectVersion"]);
    assert!(asked[0].target.keys.iter().any(|(name, _)| name == "s3:VersionId"));
}

#[tokio::test]
async fn many_versions_are_deleted_at_once() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let version = put(&kit, "bucket", "key", "one").await.version_id.unwrap();
    let marker = delete(&kit, None).await.version_id.unwrap();
    let one = |version: &str| ObjectIdentifier {
        key: "key".into(),
        version_id: Some(version.to_owned()),
        ..Default::default()
    };
    let objects =
        vec![one(&version), one(&marker), ObjectIdentifier { key: "none".into(), ..Default::default() }];
    let input = DeleteObjectsInput {
        bucket: "bucket".into(),
        delete: Delete { objects: objects.into(), quiet: None }.into(),
        ..Default::default()
    };
    let deleted = kit.run(DeleteObjects, input).await.unwrap().deleted.unwrap();
    assert_eq!((deleted[0].version_id.as_deref(), deleted[0].delete_marker), (Some(version.as_str()), None));
    assert_eq!(deleted[1].delete_marker_version_id.as_deref(), Some(marker.as_str()));
    assert_eq!(deleted[2].delete_marker, Some(true), "a marker is made even where nothing was");
}
