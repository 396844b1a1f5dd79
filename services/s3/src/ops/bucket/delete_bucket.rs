//! DeleteBucket.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};
use wire::Detailed;

use crate::bucket::Bucket;
use crate::data;
use crate::error::Failure;
use crate::keys;
use crate::limits::DELETE_ROWS;
use crate::records::Part;
use crate::s3::S3;

impl S3 {
    /// A bucket has to be empty; what was being uploaded to it is given up.
    pub async fn delete_bucket(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketInput,
    ) -> Result<DeleteBucketOutput, Error> {
        let bucket = bucket.into_inner();
        // Rounds of a bounded size: an upload may have thousands of parts.
        while !self.transact(|tx| delete(tx, &bucket)).await? {}
        Ok(DeleteBucketOutput {})
    }
}

/// One round. Gives `false` when there is more to give up.
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
    let parts = tx.range(KeyRange::prefix(inside.all_parts()), RangeOptions::limit(DELETE_ROWS))?;
    for (row, value) in &parts.entries {
        data::release_data(tx, inside.place(), &Part::decode(value)?.data)?;
        tx.delete(row.clone());
    }
    if parts.more {
        return Ok(false);
    }
    for rows in [inside.uploads(), inside.all_configurations()] {
        tx.delete_range(KeyRange::prefix(rows));
    }
    tx.delete(keys::name(&bucket.name));
    tx.delete(bucket.place.bucket(&bucket.name));
    Ok(true)
}

fn not_empty(bucket: &Bucket, text: &'static str) -> Detailed {
    Detailed::new("BucketNotEmpty", 409, text).with("BucketName", bucket.name.as_str())
}
