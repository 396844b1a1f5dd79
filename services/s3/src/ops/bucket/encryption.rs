//! How new objects are encrypted unless they say otherwise: Get-, Put- and DeleteBucketEncryption.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::{Detailed, Enum as _, Open};

use crate::bucket::Bucket;
use crate::error::{malformed_xml, not_implemented};
use crate::records::Encryption;
use crate::s3::S3;

/// What a request asks for.
#[derive(Clone)]
struct Asked {
    encryption: Encryption,
    no_customer_keys: Option<bool>,
}

impl S3 {
    pub async fn get_bucket_encryption(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketEncryptionInput,
    ) -> Result<GetBucketEncryptionOutput, Error> {
        let (algorithm, key, bucket_key) = match &bucket.record.encryption {
            Encryption::S3 => (ServerSideEncryption::Aes256, None, false),
            Encryption::Kms { key, bucket_key } => (ServerSideEncryption::AwsKms, key.clone(), *bucket_key),
        };
        let blocked = bucket.record.no_customer_keys.then(|| BlockedEncryptionTypes {
            encryption_type: Some(vec![Open::Known(EncryptionType::SseC)]),
        });
        let rule = ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(ServerSideEncryptionByDefault {
                sse_algorithm: Open::Known(algorithm).into(),
                kms_master_key_id: key,
            }),
            bucket_key_enabled: Some(bucket_key),
            blocked_encryption_types: blocked,
        };
        let configuration = ServerSideEncryptionConfiguration { rules: vec![rule].into() };
        Ok(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
    }

    pub async fn put_bucket_encryption(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketEncryptionInput,
    ) -> Result<PutBucketEncryptionOutput, Error> {
        let [rule] = input.server_side_encryption_configuration.rules.as_slice() else {
            return Err(malformed_xml().into());
        };
        let asked = asked(rule)?;
        self.change(&bucket, |record, _| {
            record.encryption = asked.encryption.clone();
            record.no_customer_keys = asked.no_customer_keys.unwrap_or(record.no_customer_keys);
            Ok(())
        })
        .await?;
        Ok(PutBucketEncryptionOutput {})
    }

    /// There is always some encryption: the default comes back.
    pub async fn delete_bucket_encryption(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketEncryptionInput,
    ) -> Result<DeleteBucketEncryptionOutput, Error> {
        self.change(&bucket, |record, _| {
            (record.encryption, record.no_customer_keys) = (Encryption::S3, false);
            Ok(())
        })
        .await?;
        Ok(DeleteBucketEncryptionOutput {})
    }
}

fn asked(rule: &ServerSideEncryptionRule) -> Result<Asked, Error> {
    let no_customer_keys = match rule.blocked_encryption_types.as_ref().map(|found| &found.encryption_type) {
        None => None,
        Some(types) => {
            let types: Vec<_> = types.iter().flatten().map(Open::known).collect();
            match types.as_slice() {
                [Some(EncryptionType::SseC)] => Some(true),
                [Some(EncryptionType::None)] => Some(false),
                _ => return Err(malformed_xml().into()),
            }
        }
    };
    let bucket_key = rule.bucket_key_enabled.unwrap_or(false);
    let encryption = match &rule.apply_server_side_encryption_by_default {
        None if rule.blocked_encryption_types.is_some() => Encryption::S3,
        None => return Err(malformed_xml().into()),
        Some(default) => match default.sse_algorithm.known() {
            Some(ServerSideEncryption::Aes256) if default.kms_master_key_id.is_some() => {
                let text = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or \
                            aws:kms:dsse";
                let error = Detailed::new("InvalidArgument", 400, text);
                return Err(error.with("ArgumentName", "ApplyServerSideEncryptionByDefault").into());
            }
            Some(ServerSideEncryption::Aes256) => Encryption::S3,
            Some(ServerSideEncryption::AwsKms) => {
                Encryption::Kms { key: default.kms_master_key_id.clone(), bucket_key }
            }
            // Two layers are promised by nobody who would encrypt in one.
            Some(other) => return Err(not_implemented(format!("SSEAlgorithm: {}", other.as_str())).into()),
            None => return Err(malformed_xml().into()),
        },
    };
    Ok(Asked { encryption, no_customer_keys })
}
