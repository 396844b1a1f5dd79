//! Who is let in by access points, and what an account blocks for all of its buckets.

mod common;

use common::objects::{get_input, put_input};
use common::strict::Strict;
use common::*;
use kernel::Principal;
use model_s3::ops::*;
use model_s3::types::*;
use model_s3control::ops::{CreateAccessPoint, PutAccessPointPolicy};
use model_s3control::types as ctl;
use testkit::{ACCOUNT, REGION};
use wire::Open;

const ALLOW_NOTHING: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}}"#;

fn point_arn() -> String {
    format!("arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/mine")
}

/// A policy of an identity that lets objects be read.
fn may_read(resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:GetObject","Resource":"{resource}"}}}}"#
    )
}

/// A policy of a resource that lets a principal read objects.
fn lets(principal: &str, resource: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"{resource}"{condition}}}}}"#
    )
}

/// What the user guide recommends: the bucket leaves the decision to the access points of an account.
fn delegating() -> String {
    let condition = format!(r#","Condition":{{"StringEquals":{{"s3:DataAccessPointAccount":"{ACCOUNT}"}}}}"#);
    lets(r#"{"AWS":"*"}"#, "arn:aws:s3:::docs/*", &condition)
}

/// A bucket with an object and an access point that blocks nothing, or everything.
async fn furnished(closed: bool) -> Strict {
    let strict = Strict::new();
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
    strict.owner(PutObject, put_input("docs", "k", "text")).await.unwrap();
    let block = if closed { None } else { Some(Default::default()) };
    let input = ctl::CreateAccessPointInput {
        account_id: ACCOUNT.into(),
        name: "mine".into(),
        bucket: "docs".into(),
        public_access_block_configuration: block,
        ..Default::default()
    };
    strict.owner(CreateAccessPoint, input).await.unwrap();
    strict
}

async fn put_bucket_policy(strict: &Strict, policy: &str) {
    let input = PutBucketPolicyInput { bucket: "docs".into(), policy: policy.into(), ..Default::default() };
    strict.owner(PutBucketPolicy, input).await.unwrap();
}

async fn put_point_policy(strict: &Strict, policy: &str) -> Result<(), model_s3control::Error> {
    let input = ctl::PutAccessPointPolicyInput {
        account_id: ACCOUNT.into(),
        name: "mine".into(),
        policy: policy.into(),
    };
    strict.owner(PutAccessPointPolicy, input).await.map(|_| ())
}

async fn reads(strict: &Strict, who: &Principal, bucket: &str) -> bool {
    match strict.by(who, GetObject, get_input(bucket, "k")).await {
        Ok(_) => true,
        Err(error) => {
            refused_as::<()>(Err(error), "AccessDenied");
            false
        }
    }
}

/// Within an account: the identity's own policies, or those of the resources, have to allow each side.
#[tokio::test]
async fn both_sides_have_to_allow() {
    let strict = furnished(true).await;
    let objects = format!("{}/object/*", point_arn());
    let ann = strict.user("ann", &may_read(&objects)).await;
    assert!(!reads(&strict, &ann, &point_arn()).await, "the bucket says nothing");
    let bob = strict.user("bob", &may_read("arn:aws:s3:::docs/*")).await;
    assert!(reads(&strict, &bob, "docs").await);
    assert!(!reads(&strict, &bob, &point_arn()).await, "the access point says nothing");
    put_bucket_policy(&strict, &delegating()).await;
    assert!(reads(&strict, &ann, &point_arn()).await, "the bucket leaves it to the access point");
    assert!(!reads(&strict, &ann, "docs").await, "by the access point only");
    // The access point's policy stands for the identity's.
    let eve = strict.user("eve", ALLOW_NOTHING).await;
    assert!(!reads(&strict, &eve, &point_arn()).await);
    let named = lets(&format!(r#"{{"AWS":"{}"}}"#, eve.arn), &objects, "");
    put_point_policy(&strict, &named).await.unwrap();
    assert!(reads(&strict, &eve, &point_arn()).await);
    assert!(!reads(&strict, &eve, "docs").await);
    assert!(reads(&strict, &bob, "docs").await);
    // A denial on either side counts.
    let denied = named.replace("Allow", "Deny");
    put_point_policy(&strict, &denied).await.unwrap();
    assert!(!reads(&strict, &eve, &point_arn()).await);
    let only = r#","Condition":{"StringEquals":{"s3:AccessPointNetworkOrigin":"VPC"}}"#;
    put_point_policy(&strict, &named).await.unwrap();
    put_bucket_policy(
        &strict,
        &lets(r#"{"AWS":"*"}"#, "arn:aws:s3:::docs/*", only)
            .replace("\"AWS\":\"*\"", &format!(r#""AWS":"{ACCOUNT}""#)),
    )
    .await;
    assert!(!reads(&strict, &eve, &point_arn()).await, "this one takes requests from the internet");
}

#[tokio::test]
async fn other_accounts_need_all_three() {
    let strict = furnished(true).await;
    let (objects, other) = (format!("{}/object/*", point_arn()), Principal::root(OTHER, "other"));
    assert!(!reads(&strict, &other, &point_arn()).await);
    put_bucket_policy(&strict, &delegating()).await;
    assert!(!reads(&strict, &other, &point_arn()).await);
    put_point_policy(&strict, &lets(&format!(r#"{{"AWS":"{OTHER}"}}"#), &objects, "")).await.unwrap();
    assert!(reads(&strict, &other, &point_arn()).await);
    assert!(!reads(&strict, &other, "docs").await);
    let weak = strict.user_of(OTHER, "weak", ALLOW_NOTHING).await;
    assert!(!reads(&strict, &weak, &point_arn()).await, "its own account does not let it");
}

#[tokio::test]
async fn an_access_point_blocks_by_itself() {
    let objects = format!("{}/object/*", point_arn());
    let public = lets("\"*\"", &objects, "");
    let strict = furnished(true).await;
    let refused = put_point_policy(&strict, &public).await.unwrap_err();
    assert!(format!("{refused:?}").contains("AccessDenied"), "{refused:?}");
    let strict = furnished(false).await;
    put_bucket_policy(&strict, &delegating()).await;
    put_point_policy(&strict, &public).await.unwrap();
    // The bucket closes what is public, and the way by a public access point is.
    refused_as(strict.nobody(GetObject, get_input(&point_arn(), "k")).await, "AccessDenied");
    let open = PutPublicAccessBlockInput {
        bucket: "docs".into(),
        public_access_block_configuration: PublicAccessBlockConfiguration::default().into(),
        ..Default::default()
    };
    strict.owner(PutPublicAccessBlock, open).await.unwrap();
    strict.nobody(GetObject, get_input(&point_arn(), "k")).await.unwrap();
    block_account(&strict, |block| block.restrict_public_buckets = Some(true)).await;
    refused_as(strict.nobody(GetObject, get_input(&point_arn(), "k")).await, "AccessDenied");
    strict.owner(GetObject, get_input(&point_arn(), "k")).await.unwrap();
}

async fn block_account(strict: &Strict, say: impl FnOnce(&mut ctl::PublicAccessBlockConfiguration)) {
    let mut block = ctl::PublicAccessBlockConfiguration::default();
    say(&mut block);
    let input = ctl::PutPublicAccessBlockInput {
        account_id: ACCOUNT.into(),
        public_access_block_configuration: block.into(),
    };
    strict.owner(model_s3control::ops::PutPublicAccessBlock, input).await.unwrap();
}

#[tokio::test]
async fn what_an_account_blocks_comes_and_goes() {
    use model_s3control::ops::{DeletePublicAccessBlock, GetPublicAccessBlock};
    let strict = Strict::new();
    let get = || ctl::GetPublicAccessBlockInput { account_id: ACCOUNT.into() };
    let none = strict.owner(GetPublicAccessBlock, get()).await.err().unwrap();
    assert!(matches!(none, model_s3control::Error::NoSuchPublicAccessBlockConfiguration(_)), "{none:?}");
    block_account(&strict, |block| block.ignore_public_acls = Some(true)).await;
    let found = strict.owner(GetPublicAccessBlock, get()).await.unwrap();
    let found = found.public_access_block_configuration.unwrap();
    assert_eq!((found.ignore_public_acls, found.block_public_acls), (Some(true), Some(false)));
    for _ in 0..2 {
        let input = ctl::DeletePublicAccessBlockInput { account_id: ACCOUNT.into() };
        strict.owner(DeletePublicAccessBlock, input).await.unwrap();
    }
    assert!(strict.owner(GetPublicAccessBlock, get()).await.is_err());
    assert!(strict.other(GetPublicAccessBlock, get()).await.is_err());
}

/// Whatever buckets say of themselves.
#[tokio::test]
async fn an_account_blocks_for_all_of_its_buckets() {
    let strict = Strict::new();
    let lists = Some(Open::Known(ObjectOwnership::ObjectWriter));
    let with_lists = |name: &str| CreateBucketInput { object_ownership: lists.clone(), ..create_input(name) };
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    let public_read = Some(Open::Known(BucketCannedAcl::PublicRead));
    let acl = PutBucketAclInput { bucket: "docs".into(), acl: public_read.clone(), ..Default::default() };
    strict.owner(PutBucketAcl, acl.clone()).await.unwrap();
    let list = || ListObjectsInput { bucket: "docs".into(), ..Default::default() };
    strict.nobody(ListObjects, list()).await.unwrap();

    block_account(&strict, |block| block.ignore_public_acls = Some(true)).await;
    refused_as(strict.nobody(ListObjects, list()).await, "AccessDenied");

    block_account(&strict, |block| block.block_public_acls = Some(true)).await;
    strict.nobody(ListObjects, list()).await.unwrap();
    refused_as(strict.owner(PutBucketAcl, acl).await, "AccessDenied");
    let public = CreateBucketInput { acl: public_read, ..with_lists("more") };
    refused_as(strict.owner(CreateBucket, public).await, "AccessDenied");
    let object = PutObjectInput {
        acl: Some(Open::Known(ObjectCannedAcl::PublicRead)),
        ..put_input("docs", "k", "text")
    };
    refused_as(strict.owner(PutObject, object).await, "AccessDenied");
    // Another account is not concerned.
    strict.other(CreateBucket, with_lists("theirs")).await.unwrap();

    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::docs"}}"#;
    let input =
        || PutBucketPolicyInput { bucket: "docs".into(), policy: policy.into(), ..Default::default() };
    block_account(&strict, |block| block.block_public_policy = Some(true)).await;
    refused_as(strict.owner(PutBucketPolicy, input()).await, "AccessDenied");
    block_account(&strict, |_| {}).await;
    strict.owner(PutBucketPolicy, input()).await.unwrap();
    block_account(&strict, |block| block.restrict_public_buckets = Some(true)).await;
    refused_as(strict.nobody(ListObjects, list()).await, "AccessDenied");
    refused_as(strict.other(ListObjects, list()).await, "AccessDenied");
    strict.owner(ListObjects, list()).await.unwrap();
}
