//! A bucket as the caller of an export or import sees it.

use bytes::Bytes;
use kernel::Call;
use model_s3::Error;
use model_s3::ops::{GetObject, ListObjectsV2, PutObject};
use model_s3::types::{
    GetObjectInput, ListObjectsV2Input, ObjectCannedAcl, PutObjectInput, ServerSideEncryption,
};
use service::Caller;
use wire::{ByteStream, CommonError, Fault, Protocol, ServiceError as _};

use super::job::Job;
use crate::dynamodb::DynamoDb;
use crate::error::corrupt;
use crate::keys::SERVICE;

/// A bucket, in the name of who asked for a transfer.
pub struct Bucket<'b> {
    pub service: &'b DynamoDb,
    pub job: &'b Job,
    pub by: &'b Caller,
    pub name: &'b str,
    /// The account whose bucket it has to be.
    pub owner: &'b str,
}

/// What cannot be done in a bucket.
#[derive(Debug)]
pub enum Trouble {
    /// It may go well later.
    Passing(String),
    /// It never will, with what the service's descriptions say of it.
    Refused { code: String, message: String, status: u16 },
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<model_dynamodb::Error> for Trouble {
    fn from(error: model_dynamodb::Error) -> Self {
        Self::Passing(format!("{error:?}"))
    }
}

/// How an object is to be sealed.
pub struct Sealed<'s> {
    pub kms: bool,
    pub kms_key: Option<&'s str>,
}

/// An object that is read.
pub struct Found {
    pub etag: Option<String>,
    pub body: ByteStream,
}

impl Bucket<'_> {
    /// Writes an object, which belongs to the bucket's owner; its ETag.
    pub async fn put(&self, key: &str, sealed: &Sealed<'_>, body: Bytes) -> Result<String, Trouble> {
        let encryption = if sealed.kms { ServerSideEncryption::AwsKms } else { ServerSideEncryption::Aes256 };
        let input = PutObjectInput {
            acl: Some(ObjectCannedAcl::BucketOwnerFullControl.into()),
            bucket: self.name.into(),
            key: key.into(),
            content_length: i64::try_from(body.len()).ok(),
            body: Some(body.into()),
            server_side_encryption: Some(encryption.into()),
            ssekms_key_id: sealed.kms_key.map(str::to_owned),
            expected_bucket_owner: Some(self.owner.to_owned()),
            ..Default::default()
        };
        let call = self.call()?;
        let request_id = call.request_id.clone();
        let written = self.service.cloud.call::<PutObject>(call, input).await;
        let written = written.map_err(|error| trouble(&error, &request_id))?;
        Ok(written.e_tag.unwrap_or_default())
    }

    /// Keys under a prefix behind another, in order; fewer than there are, but none only if there are none.
    pub async fn list(&self, prefix: Option<&str>, after: Option<&str>) -> Result<Vec<String>, Trouble> {
        let input = ListObjectsV2Input {
            bucket: self.name.into(),
            prefix: prefix.map(str::to_owned),
            start_after: after.map(str::to_owned),
            expected_bucket_owner: Some(self.owner.to_owned()),
            ..Default::default()
        };
        let call = self.call()?;
        let request_id = call.request_id.clone();
        let page = self.service.cloud.call::<ListObjectsV2>(call, input).await;
        let page = page.map_err(|error| trouble(&error, &request_id))?;
        Ok(page.contents.into_iter().flatten().filter_map(|object| object.key).collect())
    }

    /// An object, if it is still the one of this ETag.
    pub async fn get(&self, key: &str, etag: Option<&str>) -> Result<Found, Trouble> {
        let input = GetObjectInput {
            bucket: self.name.into(),
            key: key.into(),
            if_match: etag.map(str::to_owned),
            expected_bucket_owner: Some(self.owner.to_owned()),
            ..Default::default()
        };
        let call = self.call()?;
        let request_id = call.request_id.clone();
        let found = self.service.cloud.call::<GetObject>(call, input).await;
        let found = found.map_err(|error| trouble(&error, &request_id))?;
        Ok(Found { etag: found.e_tag, body: found.body.unwrap_or_default() })
    }

    fn call(&self) -> Result<Call, Trouble> {
        let (id, now) = (self.service.ids.uuid(), self.service.clock.now());
        let call = self.by.call(SERVICE, &self.job.place.region, id, now);
        call.ok_or_else(|| corrupt("the caller of a transfer is nobody").into())
    }
}

/// What an error means, in the words of the real service's descriptions of exports and imports that failed.
fn trouble(error: &Error, request_id: &str) -> Trouble {
    let fault = error.fault();
    let (code, text) = (fault.code(Protocol::RestXml), fault.message(Protocol::RestXml));
    let status = fault.status(Protocol::RestXml);
    if status >= 500 && !matches!(fault, Fault::Common(CommonError::NotImplemented { .. })) {
        return Trouble::Passing(format!("{code}: {text}"));
    }
    let known = match code {
        "NoSuchBucket" => "S3NoSuchBucket".to_owned(),
        "AccessDenied" => "S3AccessDenied".to_owned(),
        "KMS.NotFoundException" => "KmsNotFoundException".to_owned(),
        // Recorded are only those above: the others are made in the same way.
        other => match other.strip_prefix("KMS.") {
            Some(rest) => format!("Kms{rest}"),
            None => format!("S3{other}"),
        },
    };
    let message = format!(
        "{text} (Service: Amazon S3; Status Code: {status}; Error Code: {code}; Request ID: {request_id})"
    );
    Trouble::Refused { code: known, message, status }
}
