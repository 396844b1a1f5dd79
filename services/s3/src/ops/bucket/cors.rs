//! Get-, Put- and DeleteBucketCors.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::bucket::{Bucket, kind};
use crate::checks;
use crate::error::{invalid_request, malformed_xml, not_configured};
use crate::limits::CORS_RULES_MAX;
use crate::s3::S3;

/// Methods that rules may allow.
const METHODS: &[&str] = &["GET", "PUT", "HEAD", "POST", "DELETE"];

impl S3 {
    pub async fn get_bucket_cors(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketCorsInput,
    ) -> Result<GetBucketCorsOutput, Error> {
        let missing = || {
            not_configured("NoSuchCORSConfiguration", "The CORS configuration does not exist", &bucket.name)
        };
        let found = bucket.configuration::<CorsConfiguration>(&self, kind::CORS)?.ok_or_else(missing)?;
        Ok(GetBucketCorsOutput { cors_rules: Some(found.cors_rules.to_vec()) })
    }

    pub async fn put_bucket_cors(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketCorsInput,
    ) -> Result<PutBucketCorsOutput, Error> {
        check(&input.cors_configuration)?;
        self.put_configuration(&bucket, kind::CORS, &*input.cors_configuration).await?;
        Ok(PutBucketCorsOutput {})
    }

    pub async fn delete_bucket_cors(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketCorsInput,
    ) -> Result<DeleteBucketCorsOutput, Error> {
        self.delete_configuration(&bucket, kind::CORS).await?;
        Ok(DeleteBucketCorsOutput {})
    }
}

fn check(configuration: &CorsConfiguration) -> Result<(), Error> {
    if configuration.cors_rules.is_empty() || configuration.cors_rules.len() > CORS_RULES_MAX {
        return Err(malformed_xml().into());
    }
    for rule in configuration.cors_rules.iter() {
        if rule.allowed_methods.is_empty() || rule.allowed_origins.is_empty() {
            return Err(malformed_xml().into());
        }
        if let Some(method) = rule.allowed_methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            let text =
                format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}");
            return Err(invalid_request(text).into());
        }
        at_most_one_wildcard("AllowedOrigin", &rule.allowed_origins)?;
        at_most_one_wildcard("AllowedHeader", rule.allowed_headers.as_deref().unwrap_or_default())?;
        let exposed = rule.expose_headers.as_deref().unwrap_or_default();
        if let Some(header) = exposed.iter().find(|header| header.contains('*')) {
            let text = format!(
                "ExposeHeader \"{header}\" contains wildcard. We currently do not support wildcard for ExposeHeader."
            );
            return Err(invalid_request(text).into());
        }
        checks::id("ID", rule.id.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn at_most_one_wildcard(name: &str, values: &[String]) -> Result<(), Error> {
    match values.iter().find(|value| value.matches('*').count() > 1) {
        Some(value) => {
            Err(invalid_request(format!("{name} \"{value}\" can not have more than one wildcard.")).into())
        }
        None => Ok(()),
    }
}
