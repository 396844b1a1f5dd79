//! Bucket policies: what is taken, who is let in by them, and when they make a bucket public.

mod common;

use common::strict::Strict;
use common::*;
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::ACCOUNT;
use wire::Open;

fn policy_input(bucket: &str, policy: &str) -> PutBucketPolicyInput {
    PutBucketPolicyInput { bucket: bucket.into(), policy: policy.into(), ..Default::default() }
}

fn get_policy(bucket: &str) -> GetBucketPolicyInput {
    GetBucketPolicyInput { bucket: bucket.into(), ..Default::default() }
}

fn delete_policy(bucket: &str) -> DeleteBucketPolicyInput {
    DeleteBucketPolicyInput { bucket: bucket.into(), ..Default::default() }
}

fn list(bucket: &str) -> ListObjectsInput {
    ListObjectsInput { bucket: bucket.into(), ..Default::default() }
}

fn statement(effect: &str, principal: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"{effect}","Principal":{principal},"Action":"{action}","Resource":"arn:aws:s3:::{resource}"}}]}}"#
    )
}

fn open(bucket: &str) -> CreateBucketInput {
    let ownership = Some(Open::Known(ObjectOwnership::ObjectWriter));
    CreateBucketInput { object_ownership: ownership, ..create_input(bucket) }
}

fn public_access(bucket: &str, block_policy: bool, restrict: bool) -> PutPublicAccessBlockInput {
    PutPublicAccessBlockInput {
        bucket: bucket.into(),
        public_access_block_configuration: PublicAccessBlockConfiguration {
            block_public_policy: Some(block_policy),
            restrict_public_buckets: Some(restrict),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn policies_come_back_as_they_came() {
    let kit = world();
    create_with_lists(&kit, "docs").await;
    let text = "The bucket policy does not exist";
    refused(kit.run(GetBucketPolicy, get_policy("docs")).await, "NoSuchBucketPolicy", text);
    let policy = statement("Allow", "\"*\"", "s3:GetObject", "docs/*").replace(',', " ,\n");
    kit.run(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    let found = kit.run(GetBucketPolicy, get_policy("docs")).await.unwrap().policy;
    assert_eq!(found, Some(policy));
    for _ in 0..2 {
        kit.run(DeleteBucketPolicy, delete_policy("docs")).await.unwrap();
    }
    refused_as(kit.run(GetBucketPolicy, get_policy("docs")).await, "NoSuchBucketPolicy");
}

#[tokio::test]
async fn bad_policies_are_refused_in_the_service_s_words() {
    let kit = world();
    create_with_lists(&kit, "docs").await;
    let everybody = "\"*\"";
    for (policy, text) in [
        ("not json".to_owned(), "Policies must be valid JSON and the first byte must be '{'"),
        (statement("Allow", everybody, "s3:GetObject", "other/*"), "Policy has invalid resource"),
        (statement("Allow", everybody, "sqs:SendMessage", "docs/*"), "Policy has invalid action"),
        (statement("Allow", r#"{"AWS":"nobody"}"#, "s3:GetObject", "docs/*"), "Invalid principal in policy"),
    ] {
        refused(kit.run(PutBucketPolicy, policy_input("docs", &policy)).await, "MalformedPolicy", text);
    }
    let long = statement("Allow", everybody, "s3:GetObject", &format!("docs/{}", "x".repeat(20 * 1024)));
    refused_as(kit.run(PutBucketPolicy, policy_input("docs", &long)).await, "MalformedPolicy");
    let not = statement("Allow", r#"{"AWS":"111122223333"}"#, "s3:GetObject", "docs/*")
        .replace("Principal", "NotPrincipal");
    refused_as(kit.run(PutBucketPolicy, policy_input("docs", &not)).await, "MalformedPolicy");
}

#[tokio::test]
async fn policies_let_others_in() {
    let strict = Strict::new();
    strict.owner(CreateBucket, open("docs")).await.unwrap();
    let id = strict.canonical(OTHER);
    refused_as(strict.other(ListObjects, list("docs")).await, "AccessDenied");
    for principal in [
        "\"*\"".to_owned(),
        r#"{"AWS":"*"}"#.to_owned(),
        format!(r#"{{"AWS":"{OTHER}"}}"#),
        format!(r#"{{"AWS":"arn:aws:iam::{OTHER}:root"}}"#),
        format!(r#"{{"CanonicalUser":"{id}"}}"#),
    ] {
        let policy = statement("Allow", &principal, "s3:ListBucket", "docs");
        strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
        strict.other(ListObjects, list("docs")).await.unwrap();
        let everybody = principal.contains('*');
        assert_eq!(strict.nobody(ListObjects, list("docs")).await.is_ok(), everybody, "{principal}");
        let input = GetBucketPolicyStatusInput { bucket: "docs".into(), ..Default::default() };
        let status = strict.owner(GetBucketPolicyStatus, input).await.unwrap().policy_status.unwrap();
        assert_eq!(status.is_public, Some(everybody), "{principal}");
    }
    // A denial counts against its owner too.
    let policy = statement("Deny", "\"*\"", "s3:ListBucket", "docs");
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    refused_as(strict.owner(ListObjects, list("docs")).await, "AccessDenied");
    let input = GetBucketPolicyStatusInput { bucket: "docs".into(), ..Default::default() };
    strict.owner(DeleteBucketPolicy, delete_policy("docs")).await.unwrap();
    refused_as(strict.owner(GetBucketPolicyStatus, input.clone()).await, "NoSuchBucketPolicy");
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    let public = async || {
        strict.owner(GetBucketPolicyStatus, input.clone()).await.unwrap().policy_status.unwrap().is_public
    };
    assert_eq!(public().await, Some(false));
    // A list makes a bucket as public as a policy does.
    let acl = Some(Open::Known(BucketCannedAcl::AuthenticatedRead));
    let list = PutBucketAclInput { bucket: "docs".into(), acl, ..Default::default() };
    strict.owner(PutBucketAcl, list).await.unwrap();
    assert_eq!(public().await, Some(true));
}

#[tokio::test]
async fn public_policies_are_blocked_or_restricted() {
    let strict = Strict::new();
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
    let public = statement("Allow", "\"*\"", "s3:ListBucket", "docs");
    refused_as(strict.owner(PutBucketPolicy, policy_input("docs", &public)).await, "AccessDenied");
    let named = statement("Allow", &format!(r#"{{"AWS":"{OTHER}"}}"#), "s3:ListBucket", "docs");
    strict.owner(PutBucketPolicy, policy_input("docs", &named)).await.unwrap();
    strict.other(ListObjects, list("docs")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", false, false)).await.unwrap();
    strict.owner(PutBucketPolicy, policy_input("docs", &public)).await.unwrap();
    strict.nobody(ListObjects, list("docs")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", false, true)).await.unwrap();
    refused_as(strict.nobody(ListObjects, list("docs")).await, "AccessDenied");
    refused_as(strict.other(ListObjects, list("docs")).await, "AccessDenied");
    strict.owner(ListObjects, list("docs")).await.unwrap();
}

/// A bucket restricted for its public policy stays closed to outsiders whom lists would let in.
#[tokio::test]
async fn restriction_goes_over_lists() {
    let strict = Strict::new();
    let public_read =
        CreateBucketInput { acl: Some(Open::Known(BucketCannedAcl::PublicRead)), ..open("docs") };
    strict.owner(CreateBucket, public_read).await.unwrap();
    let policy = statement("Allow", "\"*\"", "s3:GetObject", "docs/*");
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    strict.nobody(ListObjects, list("docs")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", false, true)).await.unwrap();
    refused_as(strict.nobody(ListObjects, list("docs")).await, "AccessDenied");
}

#[tokio::test]
async fn nobody_is_locked_out_by_mistake() {
    let strict = Strict::new();
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let ann = strict.user("ann", all).await;
    let locking = statement("Deny", "\"*\"", "s3:*BucketPolicy", "docs");
    let input = policy_input("docs", &locking);
    refused_as(strict.by(&ann, PutBucketPolicy, input.clone()).await, "AccessDenied");
    let confirmed = PutBucketPolicyInput { confirm_remove_self_bucket_access: Some(true), ..input.clone() };
    strict.by(&ann, PutBucketPolicy, confirmed).await.unwrap();
    let denied = |result: Result<GetBucketPolicyOutput, Error>| refused_as(result, "AccessDenied");
    denied(strict.by(&ann, GetBucketPolicy, get_policy("docs")).await);
    refused_as(strict.by(&ann, DeleteBucketPolicy, delete_policy("docs")).await, "AccessDenied");
    // The owner's root user always can.
    strict.owner(GetBucketPolicy, get_policy("docs")).await.unwrap();
    strict.owner(PutBucketPolicy, input).await.unwrap();
    strict.owner(DeleteBucketPolicy, delete_policy("docs")).await.unwrap();
    // Whoever is root elsewhere is nobody here.
    refused_as(strict.other(GetBucketPolicy, get_policy("docs")).await, "AccessDenied");
}

/// Who may delete some of the objects that a request names, or none, is told so of each.
#[tokio::test]
async fn of_many_objects_those_are_deleted_that_may_be() {
    let strict = Strict::new();
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", false, false)).await.unwrap();
    for key in ["open/a", "open/b", "shut/a"] {
        let input = PutObjectInput { bucket: "docs".into(), key: key.into(), ..Default::default() };
        strict.owner(PutObject, input).await.unwrap();
    }
    let delete = |objects: &[(&str, Option<&str>)]| {
        let object = |&(key, version): &(&str, Option<&str>)| ObjectIdentifier {
            key: key.into(),
            version_id: version.map(str::to_owned),
            ..Default::default()
        };
        let objects: Vec<_> = objects.iter().map(object).collect();
        let delete = Delete { objects: objects.into(), quiet: None }.into();
        DeleteObjectsInput { bucket: "docs".into(), delete, ..Default::default() }
    };
    // What is told of each: whether it is deleted, and what is said of it if not.
    let told = |output: DeleteObjectsOutput| {
        let deleted = output.deleted.unwrap().into_iter().filter_map(|object| object.key).collect::<Vec<_>>();
        let errors = output.errors.unwrap().into_iter();
        let errors = errors.map(|error| {
            assert_eq!(error.code.as_deref(), Some("AccessDenied"));
            (error.key.unwrap(), error.message.unwrap())
        });
        (deleted, errors.collect::<Vec<_>>())
    };
    // Nobody, while there is no policy.
    let (deleted, errors) = told(strict.nobody(DeleteObjects, delete(&[("open/a", None)])).await.unwrap());
    assert_eq!((deleted.len(), errors.len()), (0, 1));
    let policy = statement("Allow", "\"*\"", "s3:DeleteObject", "docs/open/*");
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    let some = delete(&[("shut/a", None), ("open/a", None), ("open/b", Some("null"))]);
    let (deleted, errors) = told(strict.nobody(DeleteObjects, some.clone()).await.unwrap());
    assert_eq!(deleted, ["open/a"]);
    let of: Vec<_> = errors.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(of, ["shut/a", "open/b"], "a version asks for a permission of its own");
    // A user of the account is told which permission is wanting.
    let allowed = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:DeleteObjectVersion","Resource":"*"}}"#;
    let ann = strict.user("ann", allowed).await;
    let (deleted, errors) = told(strict.by(&ann, DeleteObjects, some).await.unwrap());
    assert_eq!(deleted, ["open/a", "open/b"]);
    let who =
        format!("arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: s3:DeleteObject on resource");
    assert!(errors.len() == 1 && errors[0].1.contains(&who), "{errors:?}");
    // Whoever may delete nothing learns nothing of the bucket.
    let bypass =
        DeleteObjectsInput { bypass_governance_retention: Some(true), ..delete(&[("shut/a", None)]) };
    let (deleted, errors) = told(strict.other(DeleteObjects, bypass).await.unwrap());
    assert_eq!((deleted.len(), errors.len()), (0, 1));
    let (deleted, _) = told(strict.owner(DeleteObjects, delete(&[("shut/a", None)])).await.unwrap());
    assert_eq!(deleted, ["shut/a"]);
}

#[tokio::test]
async fn what_is_said_of_a_new_bucket_needs_its_permission() {
    let kit = world();
    kit.asked();
    let input = CreateBucketInput {
        acl: Some(Open::Known(BucketCannedAcl::PublicRead)),
        object_lock_enabled_for_bucket: Some(true),
        ..open("docs")
    };
    kit.run(CreateBucket, input).await.unwrap();
    let asked = kit.asked();
    let actions: Vec<&str> = asked.iter().map(|ask| ask.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "s3:CreateBucket",
            "s3:PutBucketAcl",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutBucketVersioning",
            "s3:PutBucketOwnershipControls"
        ]
    );
    assert!(asked[0].target.keys.iter().any(|(name, _)| name == "s3:x-amz-acl"));
}

#[tokio::test]
async fn what_is_not_there_is_told_to_those_who_may_list_it() {
    let s3 = Strict::new();
    s3.owner(CreateBucket, open("docs")).await.unwrap();
    let policy = statement("Allow", "\"*\"", "s3:ListBucket", "docs")
        .replace(r#""Effect""#, r#""Condition":{"StringLike":{"s3:prefix":"public/*"}},"Effect""#);
    s3.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    let head = |key: &str| HeadObjectInput { bucket: "docs".into(), key: key.into(), ..Default::default() };
    refused_as(s3.other(HeadObject, head("public/x")).await, "NoSuchKey");
    refused_as(s3.other(HeadObject, head("private/x")).await, "AccessDenied");
}

#[tokio::test]
async fn uploads_are_their_initiators_to_end() {
    let s3 = Strict::new();
    let input = CreateBucketInput { acl: Some(BucketCannedAcl::PublicReadWrite.into()), ..open("docs") };
    s3.owner(CreateBucket, input).await.unwrap();
    let begin =
        || CreateMultipartUploadInput { bucket: "docs".into(), key: "k".into(), ..Default::default() };
    let list = |id: &str| ListPartsInput {
        bucket: "docs".into(),
        key: "k".into(),
        upload_id: id.into(),
        ..Default::default()
    };
    let abort = |id: &str| AbortMultipartUploadInput {
        bucket: "docs".into(),
        key: "k".into(),
        upload_id: id.into(),
        ..Default::default()
    };
    let owners = s3.owner(CreateMultipartUpload, begin()).await.unwrap().upload_id.unwrap();
    let others = s3.other(CreateMultipartUpload, begin()).await.unwrap().upload_id.unwrap();
    let nobodys = s3.nobody(CreateMultipartUpload, begin()).await.unwrap().upload_id.unwrap();
    // Whoever may write into the bucket began one; nobody but its owner ends those of others.
    for id in [&owners, &nobodys] {
        refused_as(s3.other(ListParts, list(id)).await, "AccessDenied");
        refused_as(s3.other(AbortMultipartUpload, abort(id)).await, "AccessDenied");
    }
    for id in [&owners, &others, &nobodys] {
        refused_as(s3.nobody(AbortMultipartUpload, abort(id)).await, "AccessDenied");
    }
    s3.other(ListParts, list(&others)).await.unwrap();
    s3.other(AbortMultipartUpload, abort(&others)).await.unwrap();
    // What has ended is nobody's.
    refused_as(s3.other(AbortMultipartUpload, abort(&others)).await, "AccessDenied");
    for id in [&owners, &nobodys] {
        s3.owner(AbortMultipartUpload, abort(id)).await.unwrap();
    }
}

/// Who may write may leave the bucket's owner everything; whoever wants to let others in needs to be let change lists.
#[tokio::test]
async fn full_control_for_the_buckets_owner_needs_no_right_to_change_lists() {
    let strict = Strict::new();
    strict.owner(CreateBucket, open("docs")).await.unwrap();
    let condition = |key: &str, value: &str| {
        statement("Allow", &format!(r#"{{"AWS":"{OTHER}"}}"#), "s3:PutObject", "docs/*")
            .replace("}]}", &format!(r#","Condition":{{"StringEquals":{{"{key}":"{value}"}}}}}}]}}"#))
    };
    let put = || objects::put_input("docs", "key", "x");
    let policy = condition("s3:x-amz-acl", "bucket-owner-full-control");
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    let with = |acl| PutObjectInput { acl: objects::known(acl), ..put() };
    strict.other(PutObject, with(ObjectCannedAcl::BucketOwnerFullControl)).await.unwrap();
    refused_as(strict.other(PutObject, put()).await, "AccessDenied");

    let (owner, other) = (strict.canonical(ACCOUNT), strict.canonical(OTHER));
    let granted = |header: String| PutObjectInput { grant_full_control: Some(header), ..put() };
    let to_owner = format!("id={owner}");
    let policy = condition("s3:x-amz-grant-full-control", &to_owner);
    strict.owner(PutBucketPolicy, policy_input("docs", &policy)).await.unwrap();
    strict.other(PutObject, granted(to_owner.clone())).await.unwrap();

    let anything = statement("Allow", &format!(r#"{{"AWS":"{OTHER}"}}"#), "s3:PutObject", "docs/*");
    strict.owner(PutBucketPolicy, policy_input("docs", &anything)).await.unwrap();
    strict.other(PutObject, granted(format!("id=\"{owner}\", {to_owner}"))).await.unwrap();
    for denied in [
        with(ObjectCannedAcl::PublicRead),
        with(ObjectCannedAcl::BucketOwnerRead),
        granted(format!("{to_owner},id={other}")),
        PutObjectInput { grant_read: Some(to_owner.clone()), ..put() },
        PutObjectInput { grant_read: Some(format!("id={other}")), ..granted(to_owner.clone()) },
    ] {
        refused_as(strict.other(PutObject, denied).await, "AccessDenied");
    }
}
