//! Conditions: of reading, of writing, of deleting.

mod common;

use common::objects::*;
use common::*;
use kernel::Timestamp;
use model_s3::ops::*;
use model_s3::types::*;

const FAILED: &str = "At least one of the pre-conditions you specified did not hold";

#[tokio::test]
async fn reading() {
    let kit = world();
    create(&kit, "bucket").await;
    let etag = put(&kit, "bucket", "key", "x").await.e_tag.unwrap();
    let modified = kit.run(HeadObject, head_input("bucket", "key")).await.unwrap().last_modified.unwrap();
    let before = Timestamp::from_secs(modified.secs() - 1);
    let after = Timestamp::from_secs(modified.secs() + 1);
    let input = || get_input("bucket", "key");
    let some = |text: &str| Some(text.to_owned());
    for served in [
        GetObjectInput { if_match: Some(etag.clone()), ..input() },
        GetObjectInput { if_match: some("*"), ..input() },
        GetObjectInput { if_none_match: some("\"other\""), ..input() },
        GetObjectInput { if_modified_since: Some(before), ..input() },
        GetObjectInput { if_unmodified_since: Some(modified), ..input() },
        // A tag that matches outranks a time that does not, and the other way round.
        GetObjectInput { if_match: Some(etag.clone()), if_unmodified_since: Some(before), ..input() },
        GetObjectInput { if_none_match: some("x"), if_modified_since: Some(after), ..input() },
    ] {
        kit.run(GetObject, served).await.unwrap();
    }
    for (condition, failed) in [
        ("If-Match", GetObjectInput { if_match: some("\"other\""), ..input() }),
        ("If-Unmodified-Since", GetObjectInput { if_unmodified_since: Some(before), ..input() }),
    ] {
        let error = kit.run(GetObject, failed).await.unwrap_err();
        assert_eq!(member(&error, "Condition").as_deref(), Some(condition));
        refused::<()>(Err(error), "PreconditionFailed", FAILED);
    }
    for known in [
        GetObjectInput { if_none_match: Some(etag.clone()), ..input() },
        GetObjectInput { if_modified_since: Some(modified), ..input() },
    ] {
        let error = kit.run(GetObject, known).await.unwrap_err();
        assert_eq!(header(&error, "ETag"), Some(etag.clone()));
        refused::<()>(Err(error), "NotModified", "Not Modified");
    }
    let head = HeadObjectInput { if_match: some("other"), ..head_input("bucket", "key") };
    refused(kit.run(HeadObject, head).await, "PreconditionFailed", FAILED);
}

#[tokio::test]
async fn writing_where_nothing_is() {
    let kit = world();
    create(&kit, "bucket").await;
    let put = |tag: &str| {
        kit.run(
            PutObject,
            PutObjectInput { if_none_match: Some(tag.into()), ..put_input("bucket", "key", "x") },
        )
    };
    put("*").await.unwrap();
    let error = put("*").await.unwrap_err();
    assert_eq!(member(&error, "Condition").as_deref(), Some("If-None-Match"));
    refused::<()>(Err(error), "PreconditionFailed", FAILED);
    let error = put("\"abc\"").await.unwrap_err();
    assert_eq!(member(&error, "Header").as_deref(), Some("If-None-Match"));
    assert_eq!(
        member(&error, "additionalMessage").as_deref(),
        Some("We don't accept the provided value of If-None-Match header for this API")
    );
    let text = "A header you provided implies functionality that is not implemented";
    refused::<()>(Err(error), "NotImplemented", text);
    kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap();
    put("*").await.unwrap();
}

#[tokio::test]
async fn writing_over_what_is_known() {
    let kit = world();
    create_versioned(&kit, "bucket").await;
    let put_if = |tag: String| {
        kit.run(PutObject, PutObjectInput { if_match: Some(tag), ..put_input("bucket", "key", "new") })
    };
    refused_as(put_if("\"x\"".into()).await, "NoSuchKey");
    let etag = put(&kit, "bucket", "key", "old").await.e_tag.unwrap();
    refused(put_if("\"x\"".into()).await, "PreconditionFailed", FAILED);
    assert_eq!(body(&kit, "bucket", "key").await, "old");
    put_if(etag.clone()).await.unwrap();
    refused(put_if(etag).await, "PreconditionFailed", FAILED);
    refused_as(put_if("*".into()).await, "NotImplemented");
    kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap();
    refused_as(put_if("\"x\"".into()).await, "NoSuchKey");
}

#[tokio::test]
async fn of_many_writers_one_comes_first() {
    let kit = world();
    create(&kit, "bucket").await;
    let writers = (0..16).map(|n| {
        let body = some_bytes(if n % 2 == 0 { 10 } else { LONG });
        let input = PutObjectInput { if_none_match: Some("*".into()), ..put_input("bucket", "key", body) };
        kit.run(PutObject, input)
    });
    let outcomes = futures::future::join_all(writers).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        refused_as(outcome, "PreconditionFailed");
    }
}

#[tokio::test]
async fn deleting() {
    let kit = world();
    create(&kit, "bucket").await;
    let delete = |tag: &str| {
        kit.run(
            DeleteObject,
            DeleteObjectInput { if_match: Some(tag.into()), ..delete_input("bucket", "key") },
        )
    };
    for tag in ["\"x\"", "*"] {
        refused_as(delete(tag).await, "NoSuchKey");
    }
    let etag = put(&kit, "bucket", "key", "x").await.e_tag.unwrap();
    refused(delete("\"x\"").await, "PreconditionFailed", FAILED);
    delete(&etag).await.unwrap();
    refused_as(delete(&etag).await, "NoSuchKey");
    refused_as(kit.run(GetObject, get_input("bucket", "key")).await, "NoSuchKey");
    let input = DeleteObjectInput { if_match_size: Some(1), ..delete_input("bucket", "key") };
    let error = kit.run(DeleteObject, input).await.unwrap_err();
    assert_eq!(member(&error, "Header").as_deref(), Some("x-amz-if-match-size"));
    refused_as::<()>(Err(error), "NotImplemented");
}

#[tokio::test]
async fn deleting_many() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "a", "x").await;
    let etag = put(&kit, "bucket", "b", "x").await.e_tag;
    let one =
        |key: &str, e_tag: Option<String>| ObjectIdentifier { key: key.into(), e_tag, ..Default::default() };
    let other = || Some("\"other\"".into());
    let objects = vec![one("a", other()), one("b", etag), one("never", other())];
    let input = DeleteObjectsInput {
        bucket: "bucket".into(),
        delete: Delete { objects: objects.into(), quiet: None }.into(),
        ..Default::default()
    };
    let output = kit.run(DeleteObjects, input).await.unwrap();
    let codes: Vec<_> = output.errors.unwrap().into_iter().map(|error| error.code.unwrap()).collect();
    assert_eq!(codes, ["PreconditionFailed", "NoSuchKey"]);
    assert_eq!(output.deleted.unwrap()[0].key.as_deref(), Some("b"));
    assert_eq!(body(&kit, "bucket", "a").await, "x");
}
