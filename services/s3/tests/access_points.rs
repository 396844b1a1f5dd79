//! Access points: how they are made and described, what they are called, and what can be done by them.

mod common;

use common::objects::{LONG, delete_input, get_input, head_input, put, put_input};
use common::*;
use control::{account, list, made, named_input};
use kernel::Call;
use model_s3::ops::*;
use model_s3::types::*;
use model_s3control::ops::{
    CreateAccessPoint, DeleteAccessPoint, DeleteAccessPointPolicy, GetAccessPoint, GetAccessPointPolicy,
    GetAccessPointPolicyStatus, ListAccessPoints, ListTagsForResource, PutAccessPointPolicy, TagResource,
    UntagResource,
};
use model_s3control::types as ctl;
use testkit::{ACCOUNT, Kit, REGION};
use wire::Open;

/// S3 Control, and what its tests say again and again.
mod control {
    use super::*;

    testkit::refusals!(model_s3control::Error, wire::Protocol::RestXml);

    pub fn account() -> wire::Req<String> {
        ACCOUNT.into()
    }

    pub fn new(name: &str, bucket: &str) -> ctl::CreateAccessPointInput {
        ctl::CreateAccessPointInput {
            account_id: account(),
            name: name.into(),
            bucket: bucket.into(),
            ..Default::default()
        }
    }

    /// Makes an access point; gives its ARN and its alias.
    pub async fn made(kit: &Kit, name: &str, bucket: &str) -> (String, String) {
        let found = kit.run(CreateAccessPoint, new(name, bucket)).await.expect("an access point");
        (found.access_point_arn.expect("an ARN"), found.alias.expect("an alias"))
    }

    pub fn list(bucket: Option<&str>, max: Option<i32>, token: Option<String>) -> ctl::ListAccessPointsInput {
        ctl::ListAccessPointsInput {
            account_id: account(),
            bucket: bucket.map(str::to_owned),
            max_results: max,
            next_token: token,
            ..Default::default()
        }
    }

    macro_rules! named_input {
        ($input:ident, $name:expr) => {
            ctl::$input { account_id: control::account(), name: $name.into() }
        };
    }
    pub(crate) use named_input;
}

fn arn_of(name: &str) -> String {
    format!("arn:aws:s3:{REGION}:{ACCOUNT}:accesspoint/{name}")
}

async fn names(kit: &Kit, bucket: Option<&str>) -> Vec<String> {
    let found = kit.run(ListAccessPoints, list(bucket, None, None)).await.unwrap();
    assert_eq!(found.next_token, None);
    found.access_point_list.unwrap().into_iter().map(|point| point.name.unwrap()).collect()
}

#[tokio::test]
async fn they_are_made_described_and_deleted() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, alias) = made(&kit, "mine", "docs").await;
    assert_eq!(arn, arn_of("mine"));
    assert!(alias.starts_with("mine-") && alias.ends_with("-s3alias"), "{alias}");
    let found = kit.run(GetAccessPoint, named_input!(GetAccessPointInput, "mine")).await.unwrap();
    assert_eq!(found.name.as_deref(), Some("mine"));
    assert_eq!(found.bucket.as_deref(), Some("docs"));
    assert_eq!(found.bucket_account_id.as_deref(), Some(ACCOUNT));
    assert_eq!((found.alias, found.access_point_arn), (Some(alias), Some(arn)));
    assert_eq!(found.network_origin.unwrap().as_str(), "Internet");
    assert_eq!(found.endpoints.unwrap()["ipv4"], format!("s3-accesspoint.{REGION}.localhost:4566"));
    let block = found.public_access_block_configuration.unwrap();
    assert_eq!((block.block_public_acls, block.restrict_public_buckets), (Some(true), Some(true)));
    assert_eq!((block.ignore_public_acls, block.block_public_policy), (Some(true), Some(true)));

    let again = kit.run(CreateAccessPoint, control::new("mine", "docs")).await;
    control::refused_as(again, "AccessPointAlreadyOwnedByYou");
    let delete = named_input!(DeleteAccessPointInput, "mine");
    kit.run(DeleteAccessPoint, delete.clone()).await.unwrap();
    let text = "The specified accesspoint does not exist";
    control::refused(kit.run(DeleteAccessPoint, delete).await, "NoSuchAccessPoint", text);
    refused_as(kit.run(HeadObject, head_input(&arn_of("mine"), "k")).await, "NoSuchAccessPoint");
    kit.run(DeleteBucket, DeleteBucketInput { bucket: "docs".into(), ..Default::default() }).await.unwrap();
    assert_eq!(rows(&kit), 0);
}

#[tokio::test]
async fn what_cannot_be_made_is_refused() {
    let kit = world();
    create(&kit, "docs").await;
    for name in ["ab", "Upper", "under_score", "dot.ted", "-begin", "end-", "x-s3alias", &"a".repeat(51)] {
        let made = kit.run(CreateAccessPoint, control::new(name, "docs")).await;
        control::refused_as(made, "InvalidAccessPoint");
    }
    control::refused_as(kit.run(CreateAccessPoint, control::new("mine", "nowhere")).await, "NoSuchBucket");
    let wrong = |account: &str| ctl::CreateAccessPointInput {
        bucket_account_id: Some(account.to_owned()),
        ..control::new("mine", "docs")
    };
    control::refused_as(kit.run(CreateAccessPoint, wrong(OTHER)).await, "InvalidRequest");
    let theirs = ctl::CreateAccessPointInput { account_id: OTHER.into(), ..control::new("mine", "docs") };
    control::refused_as(kit.run(CreateAccessPoint, theirs.clone()).await, "AccessDenied");
    // The bucket of somebody else has to be said to be theirs.
    control::refused_as(kit.run_as(other(&kit), CreateAccessPoint, theirs.clone()).await, "AccessDenied");
    let said = ctl::CreateAccessPointInput { bucket_account_id: Some(ACCOUNT.to_owned()), ..theirs };
    kit.run_as(other(&kit), CreateAccessPoint, said).await.unwrap();
    let elsewhere = Call { region: "eu-west-1".into(), ..kit.call() };
    let made = kit.run_as(elsewhere, CreateAccessPoint, control::new("mine", "docs")).await;
    control::refused_as(made, "InvalidRequest");
    let scoped =
        ctl::CreateAccessPointInput { scope: Some(Default::default()), ..control::new("mine", "docs") };
    control::refused_as(kit.run(CreateAccessPoint, scoped).await, "InvalidRequest");
    let vpc = Some(ctl::VpcConfiguration { vpc_id: "nothing".into() });
    let bad = ctl::CreateAccessPointInput { vpc_configuration: vpc, ..control::new("mine", "docs") };
    control::refused_as(kit.run(CreateAccessPoint, bad).await, "InvalidRequest");
    assert!(names(&kit, None).await.is_empty());
}

#[tokio::test]
async fn lists_have_pages() {
    let kit = world();
    create(&kit, "docs").await;
    create(&kit, "more").await;
    for (name, bucket) in [("c-point", "docs"), ("a-point", "docs"), ("b-point", "more"), ("d-point", "docs")]
    {
        made(&kit, name, bucket).await;
    }
    assert_eq!(names(&kit, None).await, ["a-point", "b-point", "c-point", "d-point"]);
    assert_eq!(names(&kit, Some("docs")).await, ["a-point", "c-point", "d-point"]);
    assert_eq!(names(&kit, Some("more")).await, ["b-point"]);
    for bucket in [None, Some("docs")] {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = kit.run(ListAccessPoints, list(bucket, Some(2), token)).await.unwrap();
            let points = page.access_point_list.unwrap();
            assert!(points.len() <= 2);
            found.extend(points.into_iter().map(|point| point.name.unwrap()));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(found, names(&kit, bucket).await);
    }
    let bad = kit.run(ListAccessPoints, list(None, None, Some("!".to_owned()))).await;
    control::refused_as(bad, "InvalidArgument");
    control::refused_as(kit.run(ListAccessPoints, list(Some("nowhere"), None, None)).await, "NoSuchBucket");
    let theirs = ctl::ListAccessPointsInput { account_id: OTHER.into(), ..Default::default() };
    assert_eq!(
        kit.run_as(other(&kit), ListAccessPoints, theirs).await.unwrap().access_point_list.unwrap().len(),
        0
    );
}

#[tokio::test]
async fn policies_come_back_as_they_came() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, _) = made(&kit, "mine", "docs").await;
    let policy = |principal: &str, resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17", "Statement":{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"{resource}"}}}}"#
        )
    };
    let put = |policy: String| ctl::PutAccessPointPolicyInput {
        account_id: account(),
        name: "mine".into(),
        policy: policy.into(),
    };
    let get = || named_input!(GetAccessPointPolicyInput, "mine");
    let status = || named_input!(GetAccessPointPolicyStatusInput, "mine");
    let text = "The specified accesspoint policy does not exist";
    control::refused(kit.run(GetAccessPointPolicy, get()).await, "NoSuchAccessPointPolicy", text);
    control::refused_as(kit.run(GetAccessPointPolicyStatus, status()).await, "NoSuchAccessPointPolicy");
    let objects = format!("{arn}/object/*");
    let named = policy(&format!(r#"{{"AWS":"{OTHER}"}}"#), &objects);
    kit.run(PutAccessPointPolicy, put(named.clone())).await.unwrap();
    assert_eq!(kit.run(GetAccessPointPolicy, get()).await.unwrap().policy, Some(named));
    let public = kit.run(GetAccessPointPolicyStatus, status()).await.unwrap().policy_status.unwrap();
    assert_eq!(public.is_public, Some(false));
    // It blocks public policies unless it was told otherwise.
    control::refused_as(kit.run(PutAccessPointPolicy, put(policy("\"*\"", &objects))).await, "AccessDenied");
    for bad in ["arn:aws:s3:::docs/*", &arn_of("other"), &format!("{arn}/key")] {
        let refused =
            kit.run(PutAccessPointPolicy, put(policy(&format!(r#"{{"AWS":"{OTHER}"}}"#), bad))).await;
        control::refused(refused, "MalformedPolicy", "Policy has invalid resource");
    }
    control::refused_as(kit.run(PutAccessPointPolicy, put("{".to_owned())).await, "MalformedPolicy");
    for _ in 0..2 {
        let input = named_input!(DeleteAccessPointPolicyInput, "mine");
        kit.run(DeleteAccessPointPolicy, input).await.unwrap();
    }
    control::refused_as(kit.run(GetAccessPointPolicy, get()).await, "NoSuchAccessPointPolicy");
}

#[tokio::test]
async fn they_have_tags() {
    let kit = world();
    create(&kit, "docs").await;
    let tag = |key: &str, value: &str| ctl::Tag { key: key.into(), value: value.into() };
    let input =
        ctl::CreateAccessPointInput { tags: Some(vec![tag("team", "blue")]), ..control::new("mine", "docs") };
    kit.run(CreateAccessPoint, input).await.unwrap();
    let actions: Vec<_> = kit.asked().into_iter().map(|ask| ask.action).collect();
    assert!(
        actions.ends_with(&["s3:CreateAccessPoint".to_owned(), "s3:TagResource".to_owned()]),
        "{actions:?}"
    );
    let found = async || {
        let input =
            ctl::ListTagsForResourceInput { account_id: account(), resource_arn: arn_of("mine").into() };
        let tags = kit.run(ListTagsForResource, input).await.unwrap().tags.unwrap();
        tags.into_iter().map(|tag| format!("{}={}", *tag.key, *tag.value)).collect::<Vec<_>>()
    };
    let put = |tags| ctl::TagResourceInput {
        account_id: account(),
        resource_arn: arn_of("mine").into(),
        tags: Vec::from_iter(tags).into(),
    };
    kit.run(TagResource, put(vec![tag("team", "red"), tag("stage", "")])).await.unwrap();
    assert_eq!(found().await, ["stage=", "team=red"]);
    let many = (0..49).map(|n| tag(&format!("k{n}"), "v")).collect();
    control::refused_as(kit.run(TagResource, put(many)).await, "BadRequest");
    control::refused_as(kit.run(TagResource, put(vec![tag("aws:x", "v")])).await, "InvalidTag");
    let input = ctl::UntagResourceInput {
        account_id: account(),
        resource_arn: arn_of("mine").into(),
        tag_keys: vec!["team".to_owned(), "none".to_owned()].into(),
    };
    kit.run(UntagResource, input).await.unwrap();
    assert_eq!(found().await, ["stage="]);
    let bucket =
        ctl::ListTagsForResourceInput { account_id: account(), resource_arn: "arn:aws:s3:::docs".into() };
    control::refused_as(kit.run(ListTagsForResource, bucket).await, "NotImplemented");
}

/// By its ARN, by its alias, and by name and account as hosts say them.
#[tokio::test]
async fn objects_are_reached_by_each_of_its_names() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, alias) = made(&kit, "mine", "docs").await;
    for (n, name) in [arn.clone(), alias.clone(), format!("mine-{ACCOUNT}")].into_iter().enumerate() {
        let key = format!("a/{n}");
        let body = vec![b'x'; LONG];
        put(&kit, &name, &key, body.clone()).await;
        let head = kit.run(HeadObject, head_input("docs", &key)).await.unwrap();
        assert_eq!(head.content_length, Some(LONG as i64));
        let found = kit.run(GetObject, get_input(&name, &key)).await.unwrap().body.unwrap();
        assert_eq!(found.open().whole(LONG).await.unwrap().unwrap(), body);
        let input = ListObjectsV2Input { bucket: name.as_str().into(), ..Default::default() };
        let listed = kit.run(ListObjectsV2, input).await.unwrap();
        // Answers name the bucket.
        assert_eq!((listed.name.as_deref(), listed.contents.unwrap().len()), (Some("docs"), 1));
        let copy = CopyObjectInput {
            bucket: name.as_str().into(),
            key: "copy".into(),
            copy_source: format!("{}%2Fobject%2F{key}", arn.replace(':', "%3A")).into(),
            ..Default::default()
        };
        kit.run(CopyObject, copy).await.unwrap();
        let input = HeadBucketInput { bucket: name.as_str().into(), ..Default::default() };
        let head = kit.run(HeadBucket, input).await.unwrap();
        assert_eq!(head.access_point_alias, Some(name == alias));
        for key in ["copy", &key] {
            kit.run(DeleteObject, delete_input(&name, key)).await.unwrap();
        }
    }
    refused_as(kit.run(HeadObject, head_input("mine-000000000001", "k")).await, "NoSuchBucket");
    refused_as(kit.run(HeadObject, head_input("mine-none-s3alias", "k")).await, "NoSuchBucket");
    refused_as(kit.run(HeadObject, head_input(&arn_of("none"), "k")).await, "NoSuchAccessPoint");
}

#[tokio::test]
async fn policies_are_asked_about_both_sides() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, _) = made(&kit, "mine", "docs").await;
    kit.asked();
    put(&kit, &arn, "a/b", "text").await;
    let asked = kit.asked();
    let on: Vec<_> = asked.iter().map(|ask| (ask.action.as_str(), ask.target.arn.as_str())).collect();
    let object = format!("{arn}/object/a/b");
    assert_eq!(on, [("s3:PutObject", object.as_str()), ("s3:PutObject", "arn:aws:s3:::docs/a/b")]);
    for ask in &asked {
        let key = |name: &str| {
            ask.target.keys.iter().find(|(found, _)| found == name).map(|(_, v)| format!("{v:?}"))
        };
        for (name, value) in [
            ("s3:DataAccessPointArn", arn.as_str()),
            ("s3:DataAccessPointAccount", ACCOUNT),
            ("s3:AccessPointNetworkOrigin", "Internet"),
        ] {
            assert!(key(name).is_some_and(|found| found.contains(value)), "{name}");
        }
    }
    kit.deny(&object);
    refused_as(kit.run(PutObject, put_input(&arn, "a/b", "x")).await, "AccessDenied");
    put(&kit, "docs", "a/b", "x").await;
    kit.deny("arn:aws:s3:::docs/c");
    refused_as(kit.run(PutObject, put_input(&arn, "c", "x")).await, "AccessDenied");
    // Of many to be deleted, each is asked about on both sides.
    let of = |key: &str| ObjectIdentifier { key: key.into(), ..Default::default() };
    let delete = Delete { objects: vec![of("a/b"), of("c"), of("d")].into(), ..Default::default() };
    let input =
        DeleteObjectsInput { bucket: arn.as_str().into(), delete: delete.into(), ..Default::default() };
    let done = kit.run(DeleteObjects, input).await.unwrap();
    let keys: Vec<_> = done.errors.unwrap().into_iter().map(|error| error.key.unwrap()).collect();
    assert_eq!(keys, ["a/b", "c"]);
}

#[tokio::test]
async fn what_is_of_the_bucket_alone_is_refused() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, alias) = made(&kit, "mine", "docs").await;
    for name in [arn, alias] {
        let get = GetBucketVersioningInput { bucket: name.as_str().into(), ..Default::default() };
        refused_as(kit.run(GetBucketVersioning, get).await, "MethodNotAllowed");
        let delete = DeleteBucketInput { bucket: name.as_str().into(), ..Default::default() };
        refused_as(kit.run(DeleteBucket, delete).await, "MethodNotAllowed");
        let location = GetBucketLocationInput { bucket: name.as_str().into(), ..Default::default() };
        kit.run(GetBucketLocation, location).await.unwrap();
    }
    let text = "Bucket has access points attached and cannot be deleted.";
    let delete = DeleteBucketInput { bucket: "docs".into(), ..Default::default() };
    refused(kit.run(DeleteBucket, delete).await, "BucketHasAccessPointsAttached", text);
}

/// There is no network from which a request could come.
#[tokio::test]
async fn those_of_a_network_take_no_requests() {
    let kit = world();
    create(&kit, "docs").await;
    let vpc_configuration = Some(ctl::VpcConfiguration { vpc_id: "vpc-0123456789abcdef0".into() });
    let input = ctl::CreateAccessPointInput { vpc_configuration, ..control::new("inner", "docs") };
    let alias = kit.run(CreateAccessPoint, input).await.unwrap().alias.unwrap();
    let found = kit.run(GetAccessPoint, named_input!(GetAccessPointInput, "inner")).await.unwrap();
    assert_eq!(found.network_origin, Some(Open::Known(ctl::NetworkOrigin::Vpc)));
    assert_eq!(*found.vpc_configuration.unwrap().vpc_id, "vpc-0123456789abcdef0");
    for name in [alias, arn_of("inner"), format!("inner-{ACCOUNT}")] {
        refused_as(kit.run(PutObject, put_input(&name, "k", "x")).await, "AccessDenied");
    }
}

/// A bucket that is made anew is another one, and strangers' access points do not keep it from being deleted.
#[tokio::test]
async fn an_access_point_never_leads_to_another_bucket() {
    let kit = world();
    create(&kit, "docs").await;
    let input = ctl::CreateAccessPointInput {
        account_id: OTHER.into(),
        bucket_account_id: Some(ACCOUNT.to_owned()),
        ..control::new("theirs", "docs")
    };
    let arn = kit.run_as(other(&kit), CreateAccessPoint, input).await.unwrap().access_point_arn.unwrap();
    put(&kit, &arn, "k", "x").await;
    kit.run(DeleteObject, delete_input(&arn, "k")).await.unwrap();
    kit.run(DeleteBucket, DeleteBucketInput { bucket: "docs".into(), ..Default::default() }).await.unwrap();
    create(&kit, "docs").await;
    refused_as(kit.run(PutObject, put_input(&arn, "k", "x")).await, "NoSuchAccessPoint");
    let input = ctl::DeleteAccessPointInput { account_id: OTHER.into(), name: "theirs".into() };
    kit.run_as(other(&kit), DeleteAccessPoint, input).await.unwrap();
}

/// Where a host says both a bucket and an access point, nobody gets what is meant for somebody else.
#[tokio::test]
async fn names_in_hosts_belong_to_one() {
    let kit = world();
    create(&kit, "docs").await;
    made(&kit, "mine", "docs").await;
    let host = format!("mine-{ACCOUNT}");
    let taken = kit.run_as(other(&kit), CreateBucket, create_input(&host)).await;
    refused_as(taken, "BucketAlreadyExists");
    // The owner's own bucket is what such a host means.
    create(&kit, &host).await;
    put(&kit, &host, "k", "x").await;
    refused_as(kit.run(HeadObject, head_input("docs", "k")).await, "NoSuchKey");
    let strangers = format!("yours-{ACCOUNT}");
    kit.run_as(other(&kit), CreateBucket, create_input(&strangers)).await.unwrap();
    let made = kit.run(CreateAccessPoint, control::new("yours", "docs")).await;
    control::refused_as(made, "InvalidAccessPoint");
}

#[tokio::test]
async fn copies_stay_in_their_region() {
    let kit = world();
    create(&kit, "docs").await;
    let (arn, _) = made(&kit, "mine", "docs").await;
    put(&kit, "docs", "k", "x").await;
    let away = Call { region: "eu-west-1".into(), ..kit.call() };
    let constraint = CreateBucketConfiguration {
        location_constraint: Some(Open::Known(BucketLocationConstraint::EuWest1)),
        ..Default::default()
    };
    let input = CreateBucketInput { create_bucket_configuration: Some(constraint), ..create_input("away") };
    kit.run_as(away, CreateBucket, input).await.unwrap();
    let copy = |source: String| CopyObjectInput {
        bucket: "away".into(),
        key: "k".into(),
        copy_source: source.into(),
        ..Default::default()
    };
    kit.run(CopyObject, copy("docs/k".to_owned())).await.unwrap();
    refused_as(kit.run(CopyObject, copy(format!("{arn}/object/k"))).await, "InvalidRequest");
}
