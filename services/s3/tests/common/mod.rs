//! S3 in process, and what its tests say again and again.

#![allow(dead_code)]

pub mod edge;
pub mod strict;

pub mod objects;

use kernel::{Call, Principal};
use model_s3::Error;
use model_s3::ops::*;
use model_s3::types::*;
use testkit::Kit;
use wire::{Open, Protocol};

/// An account that owns nothing.
pub const OTHER: &str = "210987654321";

pub fn world() -> Kit {
    Kit::new(|deps| {
        let others = [sqs::service(deps.clone()), kms::service(deps.clone())];
        s3::services(deps.clone()).into_iter().chain(others).collect()
    })
}

/// A call by the root user of another account.
pub fn other(kit: &Kit) -> Call {
    Call { account: OTHER.into(), principal: Principal::root(OTHER, "other"), ..kit.call() }
}

/// A call by nobody.
pub fn anonymous(kit: &Kit) -> Call {
    Call { account: String::new(), principal: Principal::anonymous(), ..kit.call() }
}

pub fn create_input(bucket: &str) -> CreateBucketInput {
    CreateBucketInput { bucket: bucket.into(), ..Default::default() }
}

/// Makes a bucket as buckets are made by default: without lists, and closed to the public.
pub async fn create(kit: &Kit, bucket: &str) {
    kit.run(CreateBucket, create_input(bucket)).await.expect("a bucket");
}

/// Makes a bucket in which lists count.
pub async fn create_with_lists(kit: &Kit, bucket: &str) {
    let ownership = Some(Open::Known(ObjectOwnership::ObjectWriter));
    let input = CreateBucketInput { object_ownership: ownership, ..create_input(bucket) };
    kit.run(CreateBucket, input).await.expect("a bucket");
}

/// Makes a bucket a website with the usual documents.
pub async fn put_website(kit: &Kit, bucket: &str) {
    let website = WebsiteConfiguration {
        index_document: Some(IndexDocument { suffix: "index.html".into() }),
        error_document: Some(ErrorDocument { key: "error.html".into() }),
        ..Default::default()
    };
    let input = PutBucketWebsiteInput {
        bucket: bucket.into(),
        website_configuration: website.into(),
        ..Default::default()
    };
    kit.run(PutBucketWebsite, input).await.expect("a website");
}

testkit::refusals!(Error, Protocol::RestXml);

/// How many rows the store has.
pub fn rows(kit: &Kit) -> usize {
    let snapshot = kit.deps().store.snapshot();
    let (mut range, mut count) = (store::KeyRange::all(), 0);
    loop {
        let page = snapshot.range(range.clone(), store::RangeOptions::default()).expect("a page");
        count += page.entries.len();
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return count,
        }
    }
}
