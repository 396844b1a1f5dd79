//! Tags of objects.

mod common;

use common::objects::*;
use common::*;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;

fn tags(list: &[(&str, &str)]) -> Tagging {
    let tag = |(key, value): &(&str, &str)| Tag { key: (*key).into(), value: (*value).into() };
    Tagging { tag_set: list.iter().map(tag).collect::<Vec<_>>().into() }
}

async fn set(kit: &Kit, list: &[(&str, &str)]) -> Result<PutObjectTaggingOutput, model_s3::Error> {
    let input = PutObjectTaggingInput {
        bucket: "bucket".into(),
        key: "key".into(),
        tagging: tags(list).into(),
        ..Default::default()
    };
    kit.run(PutObjectTagging, input).await
}

async fn tags_of(kit: &Kit, version: Option<&str>) -> Vec<(String, String)> {
    let input = GetObjectTaggingInput {
        bucket: "bucket".into(),
        key: "key".into(),
        version_id: version.map(str::to_owned),
        ..Default::default()
    };
    let output = kit.run(GetObjectTagging, input).await.unwrap();
    output.tag_set.unwrap().into_iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn tags_are_put_read_and_deleted() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    assert_eq!(tags_of(&kit, None).await, []);
    set(&kit, &[("a", "1"), ("b", "")]).await.unwrap();
    assert_eq!(tags_of(&kit, None).await, pairs(&[("a", "1"), ("b", "")]));
    set(&kit, &[("c", "3")]).await.unwrap();
    assert_eq!(tags_of(&kit, None).await, pairs(&[("c", "3")]), "all are replaced");
    let input = DeleteObjectTaggingInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
    kit.run(DeleteObjectTagging, input).await.unwrap();
    assert_eq!(tags_of(&kit, None).await, []);
    assert_eq!(body(&kit, "bucket", "key").await, "x");
}

#[tokio::test]
async fn versions_have_their_own() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let input = PutObjectInput { tagging: Some("a=1".into()), ..put_input("bucket", "key", "x") };
    let first = kit.run(PutObject, input).await.unwrap().version_id.unwrap();
    let second = put(&kit, "bucket", "key", "y").await.version_id.unwrap();
    assert_eq!(set(&kit, &[("b", "2")]).await.unwrap().version_id, Some(second));
    assert_eq!(tags_of(&kit, Some(&first)).await, pairs(&[("a", "1")]));
    assert_eq!(tags_of(&kit, None).await, pairs(&[("b", "2")]));
    let input = PutObjectTaggingInput {
        bucket: "bucket".into(),
        key: "key".into(),
        version_id: Some(first.clone()),
        tagging: tags(&[("c", "3")]).into(),
        ..Default::default()
    };
    kit.run(PutObjectTagging, input).await.unwrap();
    assert_eq!(tags_of(&kit, Some(&first)).await, pairs(&[("c", "3")]));
    assert_eq!(tags_of(&kit, None).await, pairs(&[("b", "2")]));
    assert_eq!(body(&kit, "bucket", "key").await, "y", "it is still the older one");
}

#[tokio::test]
async fn what_tags_may_be() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let error = set(&kit, &[("a", "1"), ("a", "2")]).await.unwrap_err();
    assert_eq!(member(&error, "TagKey").as_deref(), Some("a"));
    refused::<()>(Err(error), "InvalidTag", "Cannot provide multiple Tags with the same key");
    let text = "Your TagKey cannot be prefixed with aws:";
    refused(set(&kit, &[("aws:x", "1")]).await, "InvalidTag", text);
    refused(set(&kit, &[("a,b", "1")]).await, "InvalidTag", "The TagKey you have provided is invalid");
    refused(set(&kit, &[("a", "1,2")]).await, "InvalidTag", "The TagValue you have provided is invalid");
    let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    refused(set(&kit, &many).await, "BadRequest", "Object tags cannot be greater than 10");
    set(&kit, &many[1..]).await.unwrap();
    let input = PutObjectInput { tagging: Some("a=1&a=2".into()), ..put_input("bucket", "key", "x") };
    let error = kit.run(PutObject, input).await.unwrap_err();
    assert_eq!(member(&error, "ArgumentName").as_deref(), Some("x-amz-tagging"));
    refused_as::<()>(Err(error), "InvalidArgument");
}
