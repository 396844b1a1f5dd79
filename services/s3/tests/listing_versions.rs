//! ListObjectVersions.

mod common;

use common::{create, refused, refused_as, world};
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

const BUCKET: &str = "bucket";

async fn versioned() -> Kit {
    let kit = world();
    create(&kit, BUCKET).await;
    set(&kit, BucketVersioningStatus::Enabled).await;
    kit
}

async fn set(kit: &Kit, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration { status: Some(status.into()), ..Default::default() };
    let input = PutBucketVersioningInput {
        bucket: BUCKET.into(),
        versioning_configuration: configuration.into(),
        ..Default::default()
    };
    kit.run(PutBucketVersioning, input).await.expect("versioning");
}

/// Its version id.
async fn put(kit: &Kit, key: &str) -> String {
    let input = PutObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    kit.run(PutObject, input).await.expect("an object").version_id.unwrap_or_else(|| "null".into())
}

async fn delete(kit: &Kit, key: &str, version: Option<&str>) -> Option<String> {
    let input = DeleteObjectInput {
        bucket: BUCKET.into(),
        key: key.into(),
        version_id: version.map(str::to_owned),
        ..Default::default()
    };
    kit.run(DeleteObject, input).await.expect("a deletion").version_id
}

fn list() -> ListObjectVersionsInput {
    ListObjectVersionsInput { bucket: BUCKET.into(), ..Default::default() }
}

type Entry = (String, String, bool, bool);

/// Key, version, whether it is the latest, whether it is a delete marker; in the list's order within each kind.
fn entries(output: &ListObjectVersionsOutput) -> Vec<Entry> {
    let versions = output
        .versions
        .iter()
        .flatten()
        .map(|version| (version.key.clone(), version.version_id.clone(), version.is_latest, false));
    let markers = output
        .delete_markers
        .iter()
        .flatten()
        .map(|marker| (marker.key.clone(), marker.version_id.clone(), marker.is_latest, true));
    versions
        .chain(markers)
        .map(|(key, version, latest, marker)| (key.unwrap(), version.unwrap(), latest.unwrap(), marker))
        .collect()
}

#[tokio::test]
async fn versions_and_markers_newest_first() {
    let kit = versioned().await;
    let (first, second) = (put(&kit, "a").await, put(&kit, "a").await);
    let gone = put(&kit, "b").await;
    let marker = delete(&kit, "b", None).await.unwrap();
    let output = kit.run(ListObjectVersions, list()).await.unwrap();
    let entry =
        |key: &str, version: &str, latest, marker| (key.to_owned(), version.to_owned(), latest, marker);
    assert_eq!(
        entries(&output),
        [
            entry("a", &second, true, false),
            entry("a", &first, false, false),
            entry("b", &gone, false, false),
            entry("b", &marker, true, true),
        ]
    );
    assert_eq!((output.key_marker.as_deref(), output.version_id_marker.as_deref()), (Some(""), Some("")));
    assert_eq!(output.is_truncated, Some(false));
    // What a delete marker hides comes back with it.
    delete(&kit, "b", Some(&marker)).await;
    let output = kit.run(ListObjectVersions, list()).await.unwrap();
    assert!(entries(&output).contains(&entry("b", &gone, true, false)));
    assert!(output.delete_markers.is_none());
}

#[tokio::test]
async fn versions_from_before_versioning_are_null() {
    let kit = world();
    create(&kit, BUCKET).await;
    put(&kit, "k").await;
    set(&kit, BucketVersioningStatus::Enabled).await;
    let version = put(&kit, "k").await;
    let ids: Vec<String> = entries(&kit.run(ListObjectVersions, list()).await.unwrap())
        .into_iter()
        .map(|entry| entry.1)
        .collect();
    assert_eq!(ids, [version.clone(), "null".to_owned()]);
    set(&kit, BucketVersioningStatus::Suspended).await;
    put(&kit, "k").await;
    let found = entries(&kit.run(ListObjectVersions, list()).await.unwrap());
    assert_eq!(found[0], ("k".to_owned(), "null".to_owned(), true, false));
    assert_eq!(found[1], ("k".to_owned(), version, false, false));
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn pages_of_one_go_through_everything_once() {
    let kit = versioned().await;
    for key in ["a", "b", "b", "b", "c/x", "c/y", "d"] {
        put(&kit, key).await;
    }
    delete(&kit, "b", None).await;
    let whole =
        kit.run(ListObjectVersions, ListObjectVersionsInput { delimiter: Some("/".into()), ..list() });
    let whole = whole.await.unwrap();
    let (mut found, mut prefixes) = (Vec::new(), Vec::new());
    let (mut key, mut version) = (None, None);
    for _ in 0..20 {
        let input = ListObjectVersionsInput {
            delimiter: Some("/".into()),
            max_keys: Some(1),
            key_marker: key.clone(),
            version_id_marker: version.clone(),
            ..list()
        };
        let page = kit.run(ListObjectVersions, input).await.unwrap();
        found.extend(entries(&page));
        prefixes.extend(page.common_prefixes.iter().flatten().filter_map(|found| found.prefix.clone()));
        if page.is_truncated == Some(false) {
            assert!(page.next_key_marker.is_none() && page.next_version_id_marker.is_none());
            break;
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
    assert_eq!(prefixes, ["c/"]);
    let mut expected = entries(&whole);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!(found.iter().filter(|entry| entry.2).count(), 3);
}

#[tokio::test]
async fn a_page_that_begins_where_a_version_was() {
    let kit = versioned().await;
    let (first, second) = (put(&kit, "k").await, put(&kit, "k").await);
    let third = put(&kit, "k").await;
    let after = |version: &str| ListObjectVersionsInput {
        key_marker: Some("k".into()),
        version_id_marker: Some(version.into()),
        ..list()
    };
    let ids = |output: &ListObjectVersionsOutput| -> Vec<(String, bool)> {
        entries(output).into_iter().map(|entry| (entry.1, entry.2)).collect()
    };
    let output = kit.run(ListObjectVersions, after(&third)).await.unwrap();
    assert_eq!(ids(&output), [(second.clone(), false), (first.clone(), false)]);
    delete(&kit, "k", Some(&second)).await;
    let output = kit.run(ListObjectVersions, after(&second)).await.unwrap();
    assert_eq!(ids(&output), [(first, false)]);
    let marker_only = ListObjectVersionsInput { key_marker: Some("k".into()), ..list() };
    assert!(entries(&kit.run(ListObjectVersions, marker_only).await.unwrap()).is_empty());
}

#[tokio::test]
async fn markers_that_make_no_sense() {
    let kit = versioned().await;
    let version = put(&kit, "k").await;
    let alone = ListObjectVersionsInput { version_id_marker: Some(version), ..list() };
    let text = "A version-id marker cannot be specified without a key marker.";
    refused(kit.run(ListObjectVersions, alone).await, "InvalidArgument", text);
    let unknown = ListObjectVersionsInput {
        key_marker: Some("k".into()),
        version_id_marker: Some("no version".into()),
        ..list()
    };
    refused_as(kit.run(ListObjectVersions, unknown).await, "InvalidArgument");
    let none = ListObjectVersionsInput { max_keys: Some(0), ..list() };
    let none = kit.run(ListObjectVersions, none).await.unwrap();
    assert_eq!((entries(&none).len(), none.is_truncated), (0, Some(false)));
}
