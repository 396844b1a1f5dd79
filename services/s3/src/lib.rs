//! Amazon S3.
//!
//! Truth is in the store ([`keys`], [`records`]); bytes above 32 KiB are in files that a committed row names. A bucket's row
//! says whether anything of the bucket has changed, so what was read of it is good for as long as the row is the same.

mod bucket;
mod data;
mod error;
mod keys;
mod limits;
mod ops;
mod public;
mod records;
mod resource;
mod s3;
mod versions;

use std::sync::Arc;

use model_s3::ops::*;
use service::{Deps, Service};

use crate::s3::S3;

/// The service.
pub fn service(deps: Deps) -> Service {
    let s3 = Arc::new(S3::new(deps));
    Service::builder(&model_s3::SERVICE, s3).op(HeadBucket, resource::head_bucket, S3::head_bucket).build()
}
