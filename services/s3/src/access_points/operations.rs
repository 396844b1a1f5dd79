//! The operations of S3 that access points take ("Access point compatibility with S3 operations", and the descriptions of
//! the operations themselves). Copies are taken within a region.

/// In order.
const TAKEN: &[&str] = &[
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjectTagging",
    "DeleteObjects",
    "GetBucketAcl",
    "GetBucketCors",
    "GetBucketLocation",
    "GetBucketNotificationConfiguration",
    "GetBucketPolicy",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "HeadBucket",
    "HeadObject",
    "ListMultipartUploads",
    "ListObjectVersions",
    "ListObjects",
    "ListObjectsV2",
    "ListParts",
    "PutObject",
    "PutObjectAcl",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "UploadPart",
    "UploadPartCopy",
];

/// Whether access points take this operation.
pub fn are_taken(operation: &str) -> bool {
    TAKEN.binary_search(&operation).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_operations_and_in_order() {
        assert!(TAKEN.is_sorted());
        for name in TAKEN {
            assert!(model_s3::ops::ALL.iter().any(|operation| operation.name == *name), "{name}");
        }
        assert!(are_taken("GetObject"));
        assert!(
            !are_taken("DeleteBucket") && !are_taken("PutBucketPolicy") && !are_taken("GetBucketVersioning")
        );
    }
}
