//! What answers show of an object.

use kernel::Timestamp;

use crate::records::Object;

/// A time to the second, as S3 shows when an object was modified.
pub fn to_the_second(ms: i64) -> Timestamp {
    Timestamp::from_secs(ms.div_euclid(1000))
}

/// A tag as answers quote it.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// The version id, where the bucket has ever kept versions.
pub fn version_id(bucket: &crate::bucket::Bucket, object: &Object) -> Option<String> {
    let never = bucket.record.versioning == crate::records::Versioning::Never;
    (!never).then(|| object.id().to_owned())
}

/// Shows how an object is encrypted, in an output that has a member for each fact.
macro_rules! show_sealing {
    ($output:expr, $sealing:expr) => {{
        use model_s3::types::ServerSideEncryption;
        let output = &mut $output;
        match $sealing {
            $crate::records::Sealing::S3 { .. } => {
                output.server_side_encryption = Some(ServerSideEncryption::Aes256.into());
            }
            $crate::records::Sealing::Kms { arn, bucket_key, .. } => {
                output.server_side_encryption = Some(ServerSideEncryption::AwsKms.into());
                output.ssekms_key_id = Some(arn.clone());
                output.bucket_key_enabled = bucket_key.then_some(true);
            }
            $crate::records::Sealing::Customer { md5, .. } => {
                output.sse_customer_algorithm = Some("AES256".to_owned());
                output.sse_customer_key_md5 = Some(md5.clone());
            }
        }
    }};
}
pub(crate) use show_sealing;

/// The caller's encryption context, as answers to writes show it.
pub fn context_of(sealing: &crate::records::Sealing) -> Option<String> {
    match sealing {
        crate::records::Sealing::Kms { context, .. } => crate::sealing::context_text(context),
        _ => None,
    }
}

/// Shows what is kept with an object, in the output of GetObject or HeadObject.
macro_rules! show_object {
    ($output:expr, $bucket:expr, $object:expr) => {{
        let (bucket, object): (&$crate::bucket::Bucket, &$crate::records::Object) = ($bucket, $object);
        $crate::shown::show_sealing!($output, &object.sealing);
        let output = &mut $output;
        let headers = &object.headers;
        output.accept_ranges = Some("bytes".to_owned());
        output.last_modified = Some($crate::shown::to_the_second(object.modified_ms));
        output.e_tag = Some($crate::shown::quoted(&object.etag));
        output.version_id = $crate::shown::version_id(bucket, object);
        output.cache_control = headers.cache_control.clone();
        output.content_disposition = headers.content_disposition.clone();
        output.content_encoding = headers.content_encoding.clone();
        output.content_language = headers.content_language.clone();
        let content_type = headers.content_type.clone();
        output.content_type = Some(content_type.unwrap_or_else(|| "binary/octet-stream".to_owned()));
        output.expires = headers.expires.clone();
        output.website_redirect_location = headers.website_redirect.clone();
        let metadata = object.metadata.iter();
        output.metadata = Some(
            metadata
                .map(|(name, value)| (name.clone(), $crate::rfc2047::encode(value).into_owned()))
                .collect(),
        );
        if object.storage_class != "STANDARD" {
            output.storage_class =
                <model_s3::types::StorageClass as wire::Enum>::parse(&object.storage_class)
                    .map(wire::Open::Known);
        }
        if let Some(retention) = object.retention {
            output.object_lock_mode = Some(wire::Open::Unknown(retention.mode.name().to_owned()));
            output.object_lock_retain_until_date = Some(kernel::Timestamp::from_millis(retention.until_ms));
        }
        output.replication_status = $crate::replication::status(object).map(wire::Open::Known);
        if object.legal_hold {
            output.object_lock_legal_hold_status =
                Some(model_s3::types::ObjectLockLegalHoldStatus::On.into());
        }
        if !object.tags.is_empty() {
            output.tag_count = i32::try_from(object.tags.len()).ok();
        }
    }};
}
pub(crate) use show_object;
