//! Access control lists, who owns objects, and what keeps buckets from being public: with the policies that decide.

mod common;

use common::strict::Strict;
use common::*;
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::ACCOUNT;
use wire::Open;

fn list(bucket: &str) -> ListObjectsInput {
    ListObjectsInput { bucket: bucket.into(), ..Default::default() }
}

fn get(bucket: &str, key: &str) -> GetObjectInput {
    GetObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() }
}

fn put(bucket: &str, key: &str) -> PutObjectInput {
    PutObjectInput {
        bucket: bucket.into(),
        key: key.into(),
        body: Some(b"x".to_vec().into()),
        ..Default::default()
    }
}

fn with_lists(bucket: &str) -> CreateBucketInput {
    let ownership = Some(Open::Known(ObjectOwnership::ObjectWriter));
    CreateBucketInput { object_ownership: ownership, ..create_input(bucket) }
}

fn canned(bucket: &str, acl: &str) -> PutBucketAclInput {
    use wire::Enum as _;
    let acl = BucketCannedAcl::parse(acl).map_or_else(|| Open::Unknown(acl.to_owned()), Open::Known);
    PutBucketAclInput { bucket: bucket.into(), acl: Some(acl), ..Default::default() }
}

fn read_acl(bucket: &str) -> GetBucketAclInput {
    GetBucketAclInput { bucket: bucket.into(), ..Default::default() }
}

/// Grants as `who:what`.
fn shown(output: &GetBucketAclOutput) -> Vec<String> {
    let grants = output.grants.as_deref().unwrap();
    let who = |grantee: &Grantee| match grantee.r#type.as_str() {
        "Group" => grantee.uri.as_deref().unwrap().rsplit('/').next().unwrap().to_owned(),
        _ => grantee.display_name.clone().unwrap(),
    };
    let show = |grant: &Grant| {
        format!("{}:{}", who(grant.grantee.as_ref().unwrap()), grant.permission.as_ref().unwrap().as_str())
    };
    grants.iter().map(show).collect()
}

fn public_access(bucket: &str, switches: [bool; 4]) -> PutPublicAccessBlockInput {
    let [acls, ignore, policy, restrict] = switches.map(Some);
    PutPublicAccessBlockInput {
        bucket: bucket.into(),
        public_access_block_configuration: PublicAccessBlockConfiguration {
            block_public_acls: acls,
            ignore_public_acls: ignore,
            block_public_policy: policy,
            restrict_public_buckets: restrict,
        }
        .into(),
        ..Default::default()
    }
}

fn ownership(bucket: &str, ownership: ObjectOwnership) -> PutBucketOwnershipControlsInput {
    let rule = OwnershipControlsRule { object_ownership: Open::Known(ownership).into() };
    PutBucketOwnershipControlsInput {
        bucket: bucket.into(),
        ownership_controls: OwnershipControls { rules: vec![rule].into() }.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn canned_names_are_lists() {
    let kit = world();
    create_with_lists(&kit, "docs").await;
    let owner = format!("{ACCOUNT}:FULL_CONTROL");
    let found = kit.run(GetBucketAcl, read_acl("docs")).await.unwrap();
    assert_eq!(shown(&found), [owner.as_str()]);
    assert_eq!(found.owner.unwrap().display_name.as_deref(), Some(ACCOUNT));
    for (name, more) in [
        ("public-read", vec!["AllUsers:READ"]),
        ("public-read-write", vec!["AllUsers:READ", "AllUsers:WRITE"]),
        ("authenticated-read", vec!["AuthenticatedUsers:READ"]),
        ("log-delivery-write", vec!["LogDelivery:WRITE", "LogDelivery:READ_ACP"]),
        ("private", vec![]),
    ] {
        kit.run(PutBucketAcl, canned("docs", name)).await.unwrap();
        let found = shown(&kit.run(GetBucketAcl, read_acl("docs")).await.unwrap());
        assert_eq!(found.last(), Some(&owner));
        assert_eq!(found[..found.len() - 1], more, "{name}");
    }
    refused(kit.run(PutBucketAcl, canned("docs", "fake-acl")).await, "InvalidArgument", "");
}

#[tokio::test]
async fn headers_and_documents_are_lists() {
    let strict = Strict::new();
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    let (owner, other) = (strict.canonical(ACCOUNT), strict.canonical(OTHER));
    let headers = |read: &str| PutBucketAclInput {
        bucket: "docs".into(),
        grant_read: Some(read.into()),
        grant_full_control: Some(format!("id={owner}")),
        ..Default::default()
    };
    let good = format!("id=\"{other}\", uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"");
    strict.owner(PutBucketAcl, headers(&good)).await.unwrap();
    let found = shown(&strict.owner(GetBucketAcl, read_acl("docs")).await.unwrap());
    assert_eq!(
        found,
        ["AllUsers:READ".to_owned(), format!("{OTHER}:READ"), format!("{ACCOUNT}:FULL_CONTROL")]
    );
    for (wrong, text) in [
        ("uri=http://acs.amazonaws.com/groups/s3/FakeGroup", "Invalid group uri"),
        ("fakekey=\"1234\"", "Argument format not recognized"),
        ("id=\"wrong-id\"", "Invalid id"),
    ] {
        refused(strict.owner(PutBucketAcl, headers(wrong)).await, "InvalidArgument", text);
    }
    let mail = strict.owner(PutBucketAcl, headers("emailAddress=\"nobody@example.com\"")).await;
    refused_as(mail, "UnresolvableGrantByEmailAddress");
    let both = PutBucketAclInput { grant_read: Some(good.clone()), ..canned("docs", "private") };
    let text = "Specifying both Canned ACLs and Header Grants is not allowed";
    refused(strict.owner(PutBucketAcl, both).await, "InvalidRequest", text);
    let nothing = PutBucketAclInput { bucket: "docs".into(), ..Default::default() };
    refused_as(strict.owner(PutBucketAcl, nothing).await, "MissingSecurityHeader");

    let grantee = |id: &str| Grantee {
        r#type: Open::Known(Type::CanonicalUser).into(),
        id: Some(id.into()),
        ..Default::default()
    };
    let document = |owner: Option<&str>, grants: Option<Vec<Grant>>| PutBucketAclInput {
        bucket: "docs".into(),
        access_control_policy: Some(AccessControlPolicy {
            owner: owner.map(|id| Owner { id: Some(id.into()), ..Default::default() }),
            grants,
        }),
        ..Default::default()
    };
    let grant =
        |id: &str| Grant { grantee: Some(grantee(id)), permission: Some(Open::Known(Permission::Write)) };
    strict.owner(PutBucketAcl, document(Some(&owner), Some(vec![grant(&other)]))).await.unwrap();
    let found = shown(&strict.owner(GetBucketAcl, read_acl("docs")).await.unwrap());
    assert_eq!(found, [format!("{OTHER}:WRITE")]);
    refused_as(strict.owner(PutBucketAcl, document(None, Some(Vec::new()))).await, "MalformedACLError");
    refused_as(strict.owner(PutBucketAcl, document(Some(&owner), None)).await, "MalformedACLError");
    refused_as(
        strict.owner(PutBucketAcl, document(Some("wrong"), Some(Vec::new()))).await,
        "InvalidArgument",
    );
    refused_as(strict.owner(PutBucketAcl, document(Some(&other), Some(Vec::new()))).await, "AccessDenied");
    let canned_too = PutBucketAclInput {
        acl: Some(Open::Known(BucketCannedAcl::Private)),
        ..document(Some(&owner), Some(Vec::new()))
    };
    refused_as(strict.owner(PutBucketAcl, canned_too).await, "UnexpectedContent");
    // The owner cannot lock itself out: it has what its own account gives it.
    strict.owner(PutBucketAcl, document(Some(&owner), Some(Vec::new()))).await.unwrap();
    strict.owner(PutBucketAcl, canned("docs", "private")).await.unwrap();
}

#[tokio::test]
async fn lists_let_in_whom_they_name() {
    let strict = Strict::new();
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    let denied = |result: Result<ListObjectsOutput, Error>| refused_as(result, "AccessDenied");
    let by = async |who: &str| match who {
        "other" => strict.other(ListObjects, list("docs")).await,
        _ => strict.nobody(ListObjects, list("docs")).await,
    };
    denied(by("other").await);
    denied(by("nobody").await);
    strict.owner(PutBucketAcl, canned("docs", "authenticated-read")).await.unwrap();
    by("other").await.unwrap();
    denied(by("nobody").await);
    strict.owner(PutBucketAcl, canned("docs", "public-read")).await.unwrap();
    by("nobody").await.unwrap();
    refused_as(strict.nobody(PutObject, put("docs", "k")).await, "AccessDenied");
    strict.owner(PutBucketAcl, canned("docs", "public-read-write")).await.unwrap();
    strict.nobody(PutObject, put("docs", "k")).await.unwrap();
    refused_as(strict.nobody(GetBucketAcl, read_acl("docs")).await, "AccessDenied");
    let input = PutBucketAclInput {
        bucket: "docs".into(),
        grant_read_acp: Some(format!("id={}", strict.canonical(OTHER))),
        ..Default::default()
    };
    strict.owner(PutBucketAcl, input).await.unwrap();
    strict.other(GetBucketAcl, read_acl("docs")).await.unwrap();
    refused_as(strict.other(PutBucketAcl, canned("docs", "public-read")).await, "AccessDenied");
    denied(by("other").await);
    // Nothing of a bucket is for lists to give but what they speak of.
    let versioning = GetBucketVersioningInput { bucket: "docs".into(), ..Default::default() };
    refused_as(strict.other(GetBucketVersioning, versioning).await, "AccessDenied");
}

#[tokio::test]
async fn without_lists_there_are_none() {
    let strict = Strict::new();
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
    let text = "The bucket does not allow ACLs";
    for name in ["private", "public-read"] {
        refused(
            strict.owner(PutBucketAcl, canned("docs", name)).await,
            "AccessControlListNotSupported",
            text,
        );
    }
    let public =
        CreateBucketInput { acl: Some(Open::Known(BucketCannedAcl::PublicRead)), ..create_input("more") };
    let text = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
    refused(strict.owner(CreateBucket, public.clone()).await, "InvalidBucketAclWithObjectOwnership", text);
    let with_both = CreateBucketInput { object_ownership: with_lists("more").object_ownership, ..public };
    strict.owner(CreateBucket, with_both).await.unwrap();
    strict.nobody(ListObjects, list("more")).await.unwrap();
    // A list that gives others something stands in the way of that ownership.
    let enforced = || ownership("more", ObjectOwnership::BucketOwnerEnforced);
    let refusal = strict.owner(PutBucketOwnershipControls, enforced()).await;
    refused(refusal, "InvalidBucketAclWithObjectOwnership", text);
    strict.owner(PutBucketAcl, canned("more", "private")).await.unwrap();
    strict.owner(PutBucketOwnershipControls, enforced()).await.unwrap();
}

#[tokio::test]
async fn ownership_controls() {
    let kit = world();
    create(&kit, "docs").await;
    let get = async || {
        let input = GetBucketOwnershipControlsInput { bucket: "docs".into(), ..Default::default() };
        let found = kit.run(GetBucketOwnershipControls, input).await?;
        Ok(found.ownership_controls.unwrap().rules[0].object_ownership.as_str().to_owned())
    };
    assert_eq!(get().await.unwrap(), "BucketOwnerEnforced");
    for known in [ObjectOwnership::ObjectWriter, ObjectOwnership::BucketOwnerPreferred] {
        kit.run(PutBucketOwnershipControls, ownership("docs", known)).await.unwrap();
        assert_eq!(get().await.unwrap(), Open::Known(known).as_str());
    }
    for _ in 0..2 {
        let input = DeleteBucketOwnershipControlsInput { bucket: "docs".into(), ..Default::default() };
        kit.run(DeleteBucketOwnershipControls, input).await.unwrap();
        let text = "The bucket ownership controls were not found";
        refused(get().await, "OwnershipControlsNotFoundError", text);
    }
}

#[tokio::test]
async fn buckets_are_closed_unless_they_are_for_lists() {
    let kit = world();
    create(&kit, "closed").await;
    create_with_lists(&kit, "open").await;
    let get = async |bucket: &str| {
        let input = GetPublicAccessBlockInput { bucket: bucket.into(), ..Default::default() };
        let found = kit.run(GetPublicAccessBlock, input).await?.public_access_block_configuration.unwrap();
        Ok([
            found.block_public_acls,
            found.ignore_public_acls,
            found.block_public_policy,
            found.restrict_public_buckets,
        ])
    };
    assert_eq!(get("closed").await.unwrap(), [Some(true); 4]);
    let text = "The public access block configuration was not found";
    refused(get("open").await, "NoSuchPublicAccessBlockConfiguration", text);
    let some = [true, false, false, true];
    kit.run(PutPublicAccessBlock, public_access("open", some)).await.unwrap();
    assert_eq!(get("open").await.unwrap(), some.map(Some));
    for _ in 0..2 {
        let input = DeletePublicAccessBlockInput { bucket: "open".into(), ..Default::default() };
        kit.run(DeletePublicAccessBlock, input).await.unwrap();
    }
    refused_as(get("open").await, "NoSuchPublicAccessBlockConfiguration");
}

#[tokio::test]
async fn public_lists_are_blocked_or_ignored() {
    let strict = Strict::new();
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", [true, false, false, false])).await.unwrap();
    for name in ["public-read", "public-read-write", "authenticated-read"] {
        refused_as(strict.owner(PutBucketAcl, canned("docs", name)).await, "AccessDenied");
    }
    let named = PutBucketAclInput {
        bucket: "docs".into(),
        grant_read: Some(format!("id={}", strict.canonical(OTHER))),
        ..Default::default()
    };
    strict.owner(PutBucketAcl, named).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", [false; 4])).await.unwrap();
    strict.owner(PutBucketAcl, canned("docs", "public-read")).await.unwrap();
    let public = PutObjectInput { acl: Some(Open::Known(ObjectCannedAcl::PublicRead)), ..put("docs", "k") };
    strict.owner(PutObject, public).await.unwrap();
    strict.nobody(ListObjects, list("docs")).await.unwrap();
    strict.nobody(GetObject, get("docs", "k")).await.unwrap();
    strict.owner(PutPublicAccessBlock, public_access("docs", [false, true, false, false])).await.unwrap();
    refused_as(strict.nobody(ListObjects, list("docs")).await, "AccessDenied");
    refused_as(strict.other(GetObject, get("docs", "k")).await, "AccessDenied");
    strict.owner(GetObject, get("docs", "k")).await.unwrap();
}

#[tokio::test]
async fn making_a_bucket_again_begins_its_list_anew() {
    let strict = Strict::new();
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    let public =
        || CreateBucketInput { acl: Some(Open::Known(BucketCannedAcl::PublicRead)), ..with_lists("docs") };
    let grants = async || shown(&strict.owner(GetBucketAcl, read_acl("docs")).await.unwrap()).len();
    strict.owner(CreateBucket, public()).await.unwrap();
    assert_eq!(grants().await, 2);
    strict.owner(CreateBucket, with_lists("docs")).await.unwrap();
    assert_eq!(grants().await, 1);

    strict.owner(PutPublicAccessBlock, public_access("docs", [true, false, false, false])).await.unwrap();
    refused_as(strict.owner(CreateBucket, public()).await, "AccessDenied");
    assert_eq!(grants().await, 1, "public lists are blocked");
    strict.owner(PutPublicAccessBlock, public_access("docs", [false; 4])).await.unwrap();

    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": {{"AWS": "{ACCOUNT}"}},
            "Action": "s3:PutBucketAcl", "Resource": "arn:aws:s3:::docs"}}]}}"#
    );
    let input = PutBucketPolicyInput { bucket: "docs".into(), policy: policy.into(), ..Default::default() };
    strict.owner(PutBucketPolicy, input).await.unwrap();
    refused_as(strict.owner(CreateBucket, public()).await, "AccessDenied");
    assert_eq!(grants().await, 1, "its policy says no");
    // What changes nothing is not asked about.
    strict.owner(CreateBucket, create_input("docs")).await.unwrap();
}
