//! What logs call operations.

use http::Method;
use service::Ended;

/// `REST.GET.OBJECT` and the like.
pub fn name(ended: &Ended) -> String {
    if ended.website {
        return format!("WEBSITE.{}.OBJECT", ended.method);
    }
    match ended.operation {
        Some(operation) => format!("REST.{}.{}", verb(operation, &ended.method), resource(operation)),
        None if ended.method == Method::OPTIONS => "REST.OPTIONS.PREFLIGHT".to_owned(),
        None => format!("REST.{}.OBJECT", ended.method),
    }
}

fn verb<'a>(operation: &str, method: &'a Method) -> &'a str {
    if matches!(operation, "CopyObject" | "UploadPartCopy") { "COPY" } else { method.as_str() }
}

/// What a request is to, by the operation that it turned out to be.
fn resource(operation: &str) -> &'static str {
    let of = ["Get", "Put", "Delete", "List"].iter().find_map(|verb| operation.strip_prefix(verb));
    match operation {
        "GetObject" | "HeadObject" | "PutObject" | "DeleteObject" | "CopyObject" => return "OBJECT",
        "DeleteObjects" => return "MULTI_OBJECT_DELETE",
        "ListObjects" | "ListObjectsV2" | "HeadBucket" | "CreateBucket" | "DeleteBucket" => return "BUCKET",
        "ListObjectVersions" => return "BUCKETVERSIONS",
        "CreateMultipartUpload" | "ListMultipartUploads" => return "UPLOADS",
        "CompleteMultipartUpload" | "AbortMultipartUpload" | "ListParts" => return "UPLOAD",
        "UploadPart" | "UploadPartCopy" => return "PART",
        _ => {}
    }
    match of.unwrap_or(operation) {
        "BucketAcl" | "ObjectAcl" => "ACL",
        "BucketTagging" => "TAGGING",
        "ObjectTagging" => "OBJECT_TAGGING",
        "ObjectAttributes" => "OBJECT_ATTRIBUTES",
        "ObjectRetention" => "OBJECT_LOCK_RETENTION",
        "ObjectLegalHold" => "OBJECT_LOCK_LEGALHOLD",
        "ObjectLockConfiguration" => "OBJECT_LOCK_CONFIGURATION",
        "BucketPolicy" => "BUCKETPOLICY",
        "BucketPolicyStatus" => "POLICY_STATUS",
        "BucketVersioning" => "VERSIONING",
        "BucketLogging" => "LOGGING_STATUS",
        "BucketNotificationConfiguration" => "NOTIFICATION",
        "BucketLifecycle" | "BucketLifecycleConfiguration" => "LIFECYCLE",
        "BucketLocation" => "LOCATION",
        "BucketCors" => "CORS",
        "BucketWebsite" => "WEBSITE",
        "BucketEncryption" => "ENCRYPTION",
        "BucketReplication" => "REPLICATION",
        "BucketRequestPayment" => "REQUEST_PAYMENT",
        "BucketAccelerateConfiguration" => "ACCELERATE",
        "BucketOwnershipControls" => "OWNERSHIP_CONTROLS",
        "PublicAccessBlock" => "PUBLIC_ACCESS_BLOCK",
        "BucketAnalyticsConfiguration" | "BucketAnalyticsConfigurations" => "ANALYTICS",
        "BucketInventoryConfiguration" | "BucketInventoryConfigurations" => "INVENTORY",
        "BucketMetricsConfiguration" | "BucketMetricsConfigurations" => "METRICS",
        "BucketIntelligentTieringConfiguration" | "BucketIntelligentTieringConfigurations" => {
            "INTELLIGENT_TIERING"
        }
        // What is known by name only, and refused.
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_name() {
        let [service, _] = crate::services(testkit::deps());
        for operation in service.operations().map(|operation| operation.name) {
            // That one names no bucket.
            assert!(operation == "ListBuckets" || resource(operation) != "UNKNOWN", "{operation}");
        }
        assert_eq!(verb("CopyObject", &Method::PUT), "COPY");
        assert_eq!(verb("UploadPart", &Method::PUT), "PUT");
    }
}
