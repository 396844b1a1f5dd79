//! ListObjects and ListObjectsV2.

mod common;

use std::collections::BTreeSet;

use common::objects::member;
use common::{create, refused, refused_as, world};
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use proptest::prelude::*;
use testkit::Kit;
use wire::Open;

const BUCKET: &str = "bucket";

async fn with_keys(keys: &[&str]) -> Kit {
    let kit = world();
    create(&kit, BUCKET).await;
    for key in keys {
        put(&kit, key).await;
    }
    kit
}

async fn put(kit: &Kit, key: &str) {
    let input = PutObjectInput { bucket: BUCKET.into(), key: key.into(), ..Default::default() };
    kit.run(PutObject, input).await.expect("an object");
}

fn v1() -> ListObjectsInput {
    ListObjectsInput { bucket: BUCKET.into(), ..Default::default() }
}

fn v2() -> ListObjectsV2Input {
    ListObjectsV2Input { bucket: BUCKET.into(), ..Default::default() }
}

fn keys(contents: &Option<Vec<Object>>) -> Vec<&str> {
    contents.iter().flatten().filter_map(|object| object.key.as_deref()).collect()
}

fn prefixes(prefixes: &Option<Vec<CommonPrefix>>) -> Vec<&str> {
    prefixes.iter().flatten().filter_map(|prefix| prefix.prefix.as_deref()).collect()
}

#[tokio::test]
async fn what_a_list_says_of_an_object() {
    let kit = with_keys(&[]).await;
    let input = PutObjectInput {
        bucket: BUCKET.into(),
        key: "k".into(),
        body: Some(b"hello".to_vec().into()),
        storage_class: Some(StorageClass::StandardIa.into()),
        ..Default::default()
    };
    let written = kit.run(PutObject, input).await.unwrap();
    let listed = kit.run(ListObjects, v1()).await.unwrap();
    assert_eq!(listed.name.as_deref(), Some(BUCKET));
    assert_eq!(listed.prefix.as_deref(), Some(""));
    assert_eq!(listed.marker.as_deref(), Some(""));
    assert_eq!((listed.is_truncated, listed.max_keys), (Some(false), Some(1_000)));
    assert!(listed.delimiter.is_none() && listed.next_marker.is_none());
    let object = &listed.contents.as_ref().unwrap()[0];
    assert_eq!(object.e_tag, written.e_tag);
    assert_eq!(object.size, Some(5));
    assert_eq!(object.storage_class.as_ref().unwrap().as_str(), "STANDARD_IA");
    assert_eq!(object.last_modified.unwrap().millis() % 1_000, 0);
    assert_eq!(object.checksum_algorithm.as_ref().unwrap()[0].as_str(), "CRC64NVME");
    assert_eq!(object.checksum_type.as_ref().unwrap().as_str(), "FULL_OBJECT");
    assert!(object.owner.as_ref().unwrap().id.is_some());

    let listed = kit.run(ListObjectsV2, v2()).await.unwrap();
    assert_eq!(listed.key_count, Some(1));
    assert!(listed.contents.as_ref().unwrap()[0].owner.is_none());
    let listed =
        kit.run(ListObjectsV2, ListObjectsV2Input { fetch_owner: Some(true), ..v2() }).await.unwrap();
    assert!(listed.contents.as_ref().unwrap()[0].owner.is_some());
}

#[tokio::test]
async fn keys_are_bytes_and_sorted_as_such() {
    let odd = ["+", "/", "//", "/a", "a", "a b", "a+b", "a/", "a/b", "a//b", "b/./c", "é", "\u{1F600}"];
    let kit = with_keys(&odd).await;
    let mut sorted = odd.to_vec();
    sorted.sort_unstable();
    let listed = kit.run(ListObjectsV2, v2()).await.unwrap();
    assert_eq!(keys(&listed.contents), sorted);
}

#[tokio::test]
async fn delimiters() {
    let kit = with_keys(&["asdf", "b0b/x", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud"]).await;
    let delimited = |prefix: &str, delimiter: &str| ListObjectsInput {
        prefix: Some(prefix.into()),
        delimiter: Some(delimiter.into()),
        ..v1()
    };
    let listed = kit.run(ListObjects, delimited("", "/")).await.unwrap();
    assert_eq!(keys(&listed.contents), ["asdf"]);
    assert_eq!(prefixes(&listed.common_prefixes), ["b0b/", "boo/", "cquux/"]);
    assert_eq!(listed.delimiter.as_deref(), Some("/"));
    let listed = kit.run(ListObjects, delimited("boo/", "/")).await.unwrap();
    assert_eq!(keys(&listed.contents), ["boo/bar"]);
    assert_eq!(prefixes(&listed.common_prefixes), ["boo/baz/"]);
    let listed = kit.run(ListObjects, delimited("", "oo/b")).await.unwrap();
    assert_eq!(prefixes(&listed.common_prefixes), ["boo/b"]);
    let listed = kit.run(ListObjects, delimited("none", "/")).await.unwrap();
    assert!(listed.contents.is_none() && listed.common_prefixes.is_none());
    let listed = kit.run(ListObjects, delimited("", "")).await.unwrap();
    assert_eq!(keys(&listed.contents).len(), 6);
    assert!(listed.delimiter.is_none(), "an empty delimiter is none");
}

#[tokio::test]
async fn pages_count_prefixes_and_end_exactly() {
    let kit = with_keys(&["asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud"]).await;
    let page = |marker: &str, size| ListObjectsInput {
        delimiter: Some("/".into()),
        marker: Some(marker.into()),
        max_keys: Some(size),
        ..v1()
    };
    let first = kit.run(ListObjects, page("", 2)).await.unwrap();
    assert_eq!((first.is_truncated, first.next_marker.as_deref()), (Some(true), Some("boo/")));
    let second = kit.run(ListObjects, page("boo/", 1)).await.unwrap();
    assert_eq!(prefixes(&second.common_prefixes), ["cquux/"]);
    assert_eq!((second.is_truncated, second.next_marker), (Some(false), None));
    let all = kit.run(ListObjects, page("", 3)).await.unwrap();
    assert_eq!(all.is_truncated, Some(false));
    let none = kit.run(ListObjects, page("", 0)).await.unwrap();
    assert_eq!((none.is_truncated, none.max_keys), (Some(false), Some(0)));
    assert!(none.contents.is_none() && none.common_prefixes.is_none());
    // Without a delimiter the last key says where to go on.
    let first = kit.run(ListObjects, ListObjectsInput { max_keys: Some(1), ..v1() }).await.unwrap();
    assert_eq!((first.is_truncated, first.next_marker), (Some(true), None));
    let rest =
        kit.run(ListObjects, ListObjectsInput { marker: Some("cquux/bla".into()), ..v1() }).await.unwrap();
    assert_eq!(keys(&rest.contents), ["cquux/thud"]);
    let beyond = kit.run(ListObjects, ListObjectsInput { marker: Some("zzz".into()), ..v1() }).await.unwrap();
    assert!(beyond.contents.is_none());
}

#[tokio::test]
async fn limits_of_pages() {
    let kit = with_keys(&[]).await;
    let size = |size| ListObjectsV2Input { max_keys: Some(size), ..v2() };
    assert_eq!(kit.run(ListObjectsV2, size(5_000)).await.unwrap().max_keys, Some(1_000));
    // Lists say it in different words.
    let name = |error: &Error| member(error, "ArgumentName");
    let error = kit.run(ListObjectsV2, size(-1)).await.unwrap_err();
    assert_eq!(name(&error).as_deref(), Some("maxKeys"));
    let text = "Argument maxKeys must be an integer between 0 and 2147483647";
    refused::<()>(Err(error), "InvalidArgument", text);
    let versions =
        ListObjectVersionsInput { bucket: BUCKET.into(), max_keys: Some(-1), ..Default::default() };
    let error = kit.run(ListObjectVersions, versions).await.unwrap_err();
    assert_eq!(name(&error).as_deref(), Some("max-keys"));
    refused::<()>(Err(error), "InvalidArgument", "max-keys cannot be negative");
    let uploads =
        ListMultipartUploadsInput { bucket: BUCKET.into(), max_uploads: Some(-1), ..Default::default() };
    let error = kit.run(ListMultipartUploads, uploads).await.unwrap_err();
    assert_eq!(name(&error).as_deref(), Some("max-uploads"));
    let text = "Argument max-uploads must be an integer between 0 and 2147483647";
    refused::<()>(Err(error), "InvalidArgument", text);
}

#[tokio::test]
async fn names_are_encoded_where_asked_for() {
    let kit = with_keys(&["foo+1/bar", "foo/bar/xyzzy", "quux ab/thud", "asdf+b"]).await;
    let input = ListObjectsInput {
        delimiter: Some("/".into()),
        encoding_type: Some(EncodingType::Url.into()),
        ..v1()
    };
    let listed = kit.run(ListObjects, input).await.unwrap();
    assert_eq!(keys(&listed.contents), ["asdf%2Bb"]);
    assert_eq!(prefixes(&listed.common_prefixes), ["foo%2B1/", "foo/", "quux%20ab/"]);
    assert_eq!(listed.delimiter.as_deref(), Some("/"));
    let input = ListObjectsInput {
        delimiter: Some("%2F".into()),
        prefix: Some("é".into()),
        encoding_type: Some(EncodingType::Url.into()),
        ..v1()
    };
    let listed = kit.run(ListObjects, input).await.unwrap();
    assert_eq!(listed.delimiter.as_deref(), Some("%252F"));
    assert_eq!(listed.prefix.as_deref(), Some("%C3%A9"));
    let input = ListObjectsInput { encoding_type: Some(Open::Unknown("value".into())), ..v1() };
    let text = "Invalid Encoding Method specified in Request";
    refused(kit.run(ListObjects, input).await, "InvalidArgument", text);
}

#[tokio::test]
async fn tokens_are_of_one_bucket_and_not_to_be_changed() {
    let kit = with_keys(&["a", "b", "c"]).await;
    create(&kit, "another").await;
    let first = kit.run(ListObjectsV2, ListObjectsV2Input { max_keys: Some(1), ..v2() }).await.unwrap();
    let token = first.next_continuation_token.unwrap();
    let input = ListObjectsV2Input {
        continuation_token: Some(token.clone()),
        // Ignored once there is a token.
        start_after: Some("b".into()),
        ..v2()
    };
    let rest = kit.run(ListObjectsV2, input).await.unwrap();
    assert_eq!(keys(&rest.contents), ["b", "c"]);
    assert_eq!(rest.continuation_token, Some(token.clone()));
    assert_eq!(rest.start_after.as_deref(), Some("b"));
    let mut changed = token.clone().into_bytes();
    changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
    let text = "The continuation token provided is incorrect";
    for bad in [String::from_utf8(changed).unwrap(), "x".into(), String::new(), "A".repeat(5_000)] {
        let input = ListObjectsV2Input { continuation_token: Some(bad), ..v2() };
        refused(kit.run(ListObjectsV2, input).await, "InvalidArgument", text);
    }
    let input = ListObjectsV2Input {
        bucket: "another".into(),
        continuation_token: Some(token),
        ..Default::default()
    };
    refused_as(kit.run(ListObjectsV2, input).await, "InvalidArgument");
}

#[tokio::test]
async fn policies_know_what_is_listed() {
    let kit = with_keys(&[]).await;
    kit.asked();
    let input = ListObjectsV2Input {
        prefix: Some("home/".into()),
        delimiter: Some("/".into()),
        max_keys: Some(7),
        ..v2()
    };
    kit.run(ListObjectsV2, input).await.unwrap();
    let asked = kit.asked();
    assert_eq!(asked[0].action, "s3:ListBucket");
    let names: BTreeSet<&str> = asked[0].target.keys.iter().map(|(name, _)| name.as_ref()).collect();
    assert!(names.is_superset(&BTreeSet::from(["s3:prefix", "s3:delimiter", "s3:max-keys"])));
    kit.deny("s3:ListBucket");
    refused_as(kit.run(ListObjectsV2, v2()).await, "AccessDenied");
}

/// Everything that is listed, page by page: names of keys, and of prefixes with their slash.
async fn all_pages(kit: &Kit, prefix: &str, delimiter: Option<&str>, size: i32) -> Vec<String> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let input = ListObjectsV2Input {
            prefix: Some(prefix.into()),
            delimiter: delimiter.map(str::to_owned),
            max_keys: Some(size),
            continuation_token: token,
            ..v2()
        };
        let page = kit.run(ListObjectsV2, input).await.unwrap();
        let mut names: Vec<String> = keys(&page.contents).into_iter().map(str::to_owned).collect();
        names.extend(prefixes(&page.common_prefixes).into_iter().map(str::to_owned));
        assert_eq!(page.key_count, Some(names.len() as i32));
        assert!(names.len() <= size as usize);
        names.sort();
        all.extend(names);
        token = page.next_continuation_token;
        assert_eq!(page.is_truncated, Some(token.is_some()));
        if token.is_none() {
            return all;
        }
    }
}

fn naive(keys: &BTreeSet<String>, prefix: &str, delimiter: Option<&str>) -> Vec<String> {
    let name = |key: &String| {
        let at = delimiter.and_then(|delimiter| Some(key[prefix.len()..].find(delimiter)? + delimiter.len()));
        at.map_or_else(|| key.clone(), |at| key[..prefix.len() + at].to_owned())
    };
    let mut all: Vec<String> = keys.iter().filter(|key| key.starts_with(prefix)).map(name).collect();
    all.dedup();
    all
}

fn text(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "/", "+", "é", " "]), 0..=most)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pages_of_any_size_are_what_a_walk_through_all_keys_finds(
        keys in prop::collection::btree_set(text(6).prop_filter("a key is not empty", |key| !key.is_empty()), 0..40),
        prefix in text(2),
        delimiter in prop::option::of(prop::sample::select(vec!["/", "a", "é", "b/"])),
        size in 1..7i32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(async {
            let kit = with_keys(&keys.iter().map(String::as_str).collect::<Vec<_>>()).await;
            all_pages(&kit, &prefix, delimiter, size).await
        });
        prop_assert_eq!(found, naive(&keys, &prefix, delimiter));
    }
}
