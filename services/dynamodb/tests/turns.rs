//! Exports whose buckets are busy keep no place from others.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::transfers::*;
use common::*;
use kernel::Call;
use model_dynamodb::ops::*;
use model_dynamodb::types::*;
use model_s3::ops::PutObject;
use model_s3::types::{PutObjectInput, PutObjectOutput};
use service::{Allowed, Resource, Service};
use testkit::Kit;
use wire::{CommonError, Open};

/// More than are worked on at once.
const STUCK: usize = 6;

/// A stand-in for S3 that takes objects, but none for the bucket `busy` while that is so.
struct Buckets {
    busy: AtomicBool,
}

impl Buckets {
    fn resolve(_: &Self, call: &Call, input: &PutObjectInput) -> Result<Resource<bool>, model_s3::Error> {
        Ok(Resource::new(call.arn("bucket"), *input.bucket == "busy"))
    }

    async fn put(
        self: Arc<Self>,
        _: Arc<Call>,
        can_be_busy: Allowed<bool>,
        _: PutObjectInput,
    ) -> Result<PutObjectOutput, model_s3::Error> {
        if can_be_busy.into_inner() && self.busy.load(Ordering::SeqCst) {
            return Err(CommonError::ServiceUnavailable("Reduce your request rate".to_owned()).into());
        }
        Ok(PutObjectOutput { e_tag: Some("\"etag\"".to_owned()), ..Default::default() })
    }
}

async fn begin(kit: &Kit, bucket: &str) -> String {
    let input = ExportTableToPointInTimeInput { s3_bucket: bucket.into(), ..whole() };
    export(kit, input).await.expect("begun").export_arn.expect("an ARN")
}

async fn state(kit: &Kit, arn: &str) -> Option<ExportStatus> {
    let found = kit.run(DescribeExport, DescribeExportInput { export_arn: arn.into() }).await;
    found.expect("an export").export_description?.export_status.as_ref().and_then(Open::known)
}

#[tokio::test]
async fn those_that_wait_for_their_bucket_take_nobodys_place() {
    let buckets = Arc::new(Buckets { busy: true.into() });
    let s3 = || {
        Service::builder(&model_s3::SERVICE, buckets.clone())
            .op(PutObject, Buckets::resolve, Buckets::put)
            .build()
    };
    let kit = Kit::new(|deps| {
        let [dynamodb, streams] = dynamodb::services(deps.clone(), dynamodb::Settings::default());
        vec![dynamodb, streams, s3()]
    });
    kit.run(CreateTable, table("things", "p+c", "p:S c:S")).await.expect("a table");
    recoverable(&kit, "things").await;
    write(&kit, "a", "1").await;
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        stuck.push(begin(&kit, "busy").await);
    }
    // The clock stands still: nobody's wait is over.
    let healthy = begin(&kit, "free").await;
    let done = exported(&kit, &healthy).await;
    assert_eq!(done.export_status.as_ref().and_then(Open::known), Some(ExportStatus::Completed));
    for arn in &stuck {
        assert_eq!(state(&kit, arn).await, Some(ExportStatus::InProgress));
    }
    buckets.busy.store(false, Ordering::SeqCst);
    for arn in &stuck {
        until(async || {
            kit.advance(MINUTE);
            (state(&kit, arn).await == Some(ExportStatus::Completed)).then_some(())
        })
        .await;
    }
}
