//! Access control lists of objects, and whose objects are.

mod common;

use common::objects::*;
use common::*;
use model_s3::ops::*;
use model_s3::types::*;
use policy::AclGrant;
use testkit::{ACCOUNT, Kit};

async fn grants(kit: &Kit, key: &str) -> (String, Vec<(String, String)>) {
    let input = GetObjectAclInput { bucket: "bucket".into(), key: key.into(), ..Default::default() };
    let output = kit.run(GetObjectAcl, input).await.unwrap();
    let grants = output.grants.unwrap().into_iter().map(|grant| {
        let grantee = grant.grantee.unwrap();
        (grantee.id.or(grantee.uri).unwrap(), grant.permission.unwrap().as_str().to_owned())
    });
    (output.owner.unwrap().id.unwrap(), grants.collect())
}

fn id_of(kit: &Kit, account: &str) -> String {
    kit.deps().accounts.owner(account).canonical_id
}

fn acl_input(acl: Option<ObjectCannedAcl>) -> PutObjectAclInput {
    PutObjectAclInput {
        bucket: "bucket".into(),
        key: "key".into(),
        acl: acl.map(wire::Open::Known),
        ..Default::default()
    }
}

/// A bucket whose lists count and may be public.
async fn create_open(kit: &Kit) {
    create_with_lists(kit, "bucket").await;
    let input = DeletePublicAccessBlockInput { bucket: "bucket".into(), ..Default::default() };
    kit.run(DeletePublicAccessBlock, input).await.unwrap();
}

#[tokio::test]
async fn lists_are_put_and_read() {
    let kit = world();
    create_open(&kit).await;
    put(&kit, "bucket", "key", "x").await;
    let own = id_of(&kit, ACCOUNT);
    let full = (own.clone(), "FULL_CONTROL".to_owned());
    assert_eq!(grants(&kit, "key").await, (own.clone(), vec![full.clone()]));
    kit.run(PutObjectAcl, acl_input(Some(ObjectCannedAcl::PublicRead))).await.unwrap();
    let everybody = "http://acs.amazonaws.com/groups/global/AllUsers".to_owned();
    assert_eq!(grants(&kit, "key").await.1, [(everybody, "READ".to_owned()), full]);
    kit.run(PutObjectAcl, acl_input(Some(ObjectCannedAcl::Private))).await.unwrap();
    assert_eq!(grants(&kit, "key").await.1.len(), 1);
    let other = format!("id=\"{}\"", id_of(&kit, OTHER));
    let input = PutObjectInput { grant_read_acp: Some(other), ..put_input("bucket", "key", "x") };
    kit.run(PutObject, input).await.unwrap();
    assert_eq!(grants(&kit, "key").await.1, [(id_of(&kit, OTHER), "READ_ACP".to_owned())]);
    let error = kit.run(PutObjectAcl, acl_input(None)).await.unwrap_err();
    assert_eq!(member(&error, "MissingHeaderName").as_deref(), Some("x-amz-acl"));
    refused_as::<()>(Err(error), "MissingSecurityHeader");
}

#[tokio::test]
async fn what_a_list_gives_is_told_to_the_policies() {
    let kit = world();
    create_open(&kit).await;
    let acl = known(ObjectCannedAcl::PublicRead);
    kit.run(PutObject, PutObjectInput { acl, ..put_input("bucket", "key", "x") }).await.unwrap();
    kit.asked();
    kit.run_as(anonymous(&kit), GetObject, get_input("bucket", "key")).await.unwrap();
    assert_eq!(kit.asked()[0].target.acl, AclGrant::Everybody);
    let input = GetObjectAclInput { bucket: "bucket".into(), key: "key".into(), ..Default::default() };
    kit.run_as(anonymous(&kit), GetObjectAcl, input).await.unwrap();
    assert_eq!(kit.asked()[0].target.acl, AclGrant::Nothing, "reading the list is another permission");
}

#[tokio::test]
async fn where_lists_do_not_count_they_are_refused() {
    let kit = world();
    create(&kit, "bucket").await;
    put(&kit, "bucket", "key", "x").await;
    let text = "The bucket does not allow ACLs";
    let with = |acl| PutObjectInput { acl: known(acl), ..put_input("bucket", "key", "x") };
    for acl in [ObjectCannedAcl::PublicRead, ObjectCannedAcl::Private] {
        refused(kit.run(PutObject, with(acl)).await, "AccessControlListNotSupported", text);
    }
    kit.run(PutObject, with(ObjectCannedAcl::BucketOwnerFullControl)).await.unwrap();
    let acl = Some(ObjectCannedAcl::PublicRead);
    refused(kit.run(PutObjectAcl, acl_input(acl)).await, "AccessControlListNotSupported", text);
    assert_eq!(grants(&kit, "key").await.1, [(id_of(&kit, ACCOUNT), "FULL_CONTROL".to_owned())]);
}

#[tokio::test]
async fn public_lists_can_be_blocked() {
    let kit = world();
    create_open(&kit).await;
    let block = PublicAccessBlockConfiguration { block_public_acls: Some(true), ..Default::default() };
    let input = PutPublicAccessBlockInput {
        bucket: "bucket".into(),
        public_access_block_configuration: block.into(),
        ..Default::default()
    };
    kit.run(PutPublicAccessBlock, input).await.unwrap();
    let acl = known(ObjectCannedAcl::PublicRead);
    let refused = kit.run(PutObject, PutObjectInput { acl, ..put_input("bucket", "key", "x") }).await;
    refused_as(refused, "AccessDenied");
}

#[tokio::test]
async fn whose_an_object_is() {
    let kit = world();
    create_open(&kit).await;
    let put_as_other = |acl: Option<ObjectCannedAcl>| {
        let input = PutObjectInput { acl: acl.map(wire::Open::Known), ..put_input("bucket", "key", "x") };
        kit.run_as(other(&kit), PutObject, input)
    };
    put_as_other(None).await.unwrap();
    assert_eq!(grants(&kit, "key").await.0, id_of(&kit, OTHER), "the writer's");
    let preferred = OwnershipControls {
        rules: vec![OwnershipControlsRule {
            object_ownership: wire::Open::Known(ObjectOwnership::BucketOwnerPreferred).into(),
        }]
        .into(),
    };
    let input = PutBucketOwnershipControlsInput {
        bucket: "bucket".into(),
        ownership_controls: preferred.into(),
        ..Default::default()
    };
    kit.run(PutBucketOwnershipControls, input).await.unwrap();
    put_as_other(None).await.unwrap();
    assert_eq!(grants(&kit, "key").await.0, id_of(&kit, OTHER));
    put_as_other(Some(ObjectCannedAcl::BucketOwnerFullControl)).await.unwrap();
    assert_eq!(grants(&kit, "key").await.0, id_of(&kit, ACCOUNT), "the bucket owner's, as the writer wished");
}

#[tokio::test]
async fn lists_of_delete_markers() {
    let kit = world();
    create_open(&kit).await;
    set_versioning(&kit, "bucket", BucketVersioningStatus::Enabled).await;
    let marker = kit.run(DeleteObject, delete_input("bucket", "key")).await.unwrap().version_id;
    let input = PutObjectAclInput { version_id: marker, ..acl_input(Some(ObjectCannedAcl::PublicRead)) };
    let error = kit.run(PutObjectAcl, input).await.unwrap_err();
    assert_eq!(member(&error, "Method").as_deref(), Some("PUT"));
    refused_as::<()>(Err(error), "MethodNotAllowed");
}
