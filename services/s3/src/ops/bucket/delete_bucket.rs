//! DeleteBucket.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Tx};
use wire::Detailed;

use crate::access_points::has_access_points;
use crate::bucket::Bucket;
use crate::error::{Failure, operation_aborted};
use crate::keys::{text_after, upload_after};
use crate::limits::DELETE_ROWS;
use crate::s3::S3;
use crate::uploads;

/// Rounds of giving up uploads: as many as five million take that have no parts.
const ROUNDS: usize = 10_000;

impl S3 {
    /// A bucket has to be empty; what was being uploaded to it is given up.
    pub async fn delete_bucket(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketInput,
    ) -> Result<DeleteBucketOutput, Error> {
        let bucket = bucket.into_inner();
        for _ in 0..ROUNDS {
            if self.transact(|tx| delete(tx, &bucket)).await? {
                return Ok(DeleteBucketOutput {});
            }
        }
        // Somebody goes on beginning uploads.
        Err(operation_aborted().into())
    }
}

/// One round. Gives `false` when there is more to give up. Uploads are given up one by one, each with all of its parts:
/// whenever this ends, those that are left are whole.
fn delete(tx: &mut Tx, bucket: &Bucket) -> Result<bool, Failure> {
    S3::hold_bucket(tx, bucket)?;
    let inside = bucket.inside();
    let any = |tx: &mut Tx, rows: bytes::Bytes| -> Result<bool, Failure> {
        Ok(!tx.range(KeyRange::prefix(rows), RangeOptions::limit(1))?.entries.is_empty())
    };
    if any(tx, inside.objects())? {
        return Err(not_empty(bucket, "The bucket you tried to delete is not empty").into());
    }
    if any(tx, inside.versions())? {
        let text = "The bucket you tried to delete is not empty. You must delete all versions in the bucket.";
        return Err(not_empty(bucket, text).into());
    }
    // Those of other accounts lead nowhere from then on: nobody else can keep a bucket from being deleted.
    if any(tx, inside.points_of(bucket.owner()))? {
        return Err(has_access_points(&bucket.name).into());
    }
    let base = inside.uploads();
    let page = tx.range(KeyRange::prefix(&base), RangeOptions::limit(DELETE_ROWS))?;
    let mut parts = 0;
    for (row, _) in &page.entries {
        parts += uploads::abort(tx, inside, &text_after(row, &base)?, &upload_after(row, &base)?)?;
        if parts >= DELETE_ROWS {
            return Ok(false);
        }
    }
    if page.more {
        return Ok(false);
    }
    tx.delete_range(KeyRange::prefix(inside.all_configurations()));
    tx.delete_range(KeyRange::prefix(inside.points()));
    tx.delete(bucket.name_key.clone());
    tx.delete(bucket.key.clone());
    Ok(true)
}

fn not_empty(bucket: &Bucket, text: &'static str) -> Detailed {
    Detailed::new("BucketNotEmpty", 409, text).with("BucketName", bucket.name.as_str())
}
