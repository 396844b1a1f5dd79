//! Get-, Put- and DeleteBucketWebsite.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Open;

use crate::bucket::{Bucket, kind};
use crate::error::{invalid_argument, invalid_request, malformed_xml, not_configured};
use crate::limits::ROUTING_RULES_MAX;
use crate::s3::S3;

impl S3 {
    pub async fn get_bucket_website(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketWebsiteInput,
    ) -> Result<GetBucketWebsiteOutput, Error> {
        let missing = || {
            let text = "The specified bucket does not have a website configuration";
            not_configured("NoSuchWebsiteConfiguration", text, &bucket.name)
        };
        let found =
            bucket.configuration::<WebsiteConfiguration>(&self, kind::WEBSITE)?.ok_or_else(missing)?;
        let found = (*found).clone();
        Ok(GetBucketWebsiteOutput {
            redirect_all_requests_to: found.redirect_all_requests_to,
            index_document: found.index_document,
            error_document: found.error_document,
            routing_rules: found.routing_rules,
        })
    }

    pub async fn put_bucket_website(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketWebsiteInput,
    ) -> Result<PutBucketWebsiteOutput, Error> {
        check(&input.website_configuration)?;
        self.put_configuration(&bucket, kind::WEBSITE, &*input.website_configuration).await?;
        Ok(PutBucketWebsiteOutput {})
    }

    pub async fn delete_bucket_website(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketWebsiteInput,
    ) -> Result<DeleteBucketWebsiteOutput, Error> {
        self.delete_configuration(&bucket, kind::WEBSITE).await?;
        Ok(DeleteBucketWebsiteOutput {})
    }
}

fn check(website: &WebsiteConfiguration) -> Result<(), Error> {
    if let Some(all) = &website.redirect_all_requests_to {
        if website.index_document.is_some()
            || website.error_document.is_some()
            || website.routing_rules.is_some()
        {
            let text = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.";
            return Err(invalid_argument(text, "RedirectAllRequestsTo", "not null").into());
        }
        return check_protocol(all.protocol.as_ref());
    }
    let Some(index) = &website.index_document else {
        let text = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty";
        return Err(invalid_argument(text, "IndexDocument", "null").into());
    };
    if index.suffix.is_empty() || index.suffix.contains('/') {
        let text = "The IndexDocument Suffix is not well formed";
        return Err(invalid_argument(text, "IndexDocument", &index.suffix).into());
    }
    if website.error_document.as_ref().is_some_and(|error| error.key.is_empty()) {
        return Err(malformed_xml().into());
    }
    let Some(rules) = &website.routing_rules else { return Ok(()) };
    if rules.is_empty() {
        return Err(malformed_xml().into());
    }
    if rules.len() > ROUTING_RULES_MAX {
        let text = format!(
            "{} routing rules provided, the number of routing rules in a website configuration is limited to {ROUTING_RULES_MAX}.",
            rules.len()
        );
        return Err(invalid_request(text).into());
    }
    rules.iter().try_for_each(check_rule)
}

fn check_rule(rule: &RoutingRule) -> Result<(), Error> {
    let redirect = &rule.redirect;
    if redirect.replace_key_prefix_with.is_some() && redirect.replace_key_with.is_some() {
        return Err(
            invalid_request("You can only define ReplaceKeyPrefix or ReplaceKey but not both.").into()
        );
    }
    if let Some(condition) = &rule.condition {
        if condition.http_error_code_returned_equals.is_none() && condition.key_prefix_equals.is_none() {
            let text = "Condition cannot be empty. To redirect all requests without a condition, the condition element \
                        shouldn't be present.";
            return Err(invalid_request(text).into());
        }
        let code = condition.http_error_code_returned_equals.as_deref();
        if code.is_some_and(|code| !matches!(code.parse::<u16>(), Ok(400..=599))) {
            let text = format!(
                "The provided HTTP error code ({}) is not valid. Valid codes are 4XX or 5XX.",
                code.unwrap_or_default()
            );
            return Err(invalid_request(text).into());
        }
    }
    let code = redirect.http_redirect_code.as_deref();
    if code.is_some_and(|code| !matches!(code.parse::<u16>(), Ok(301..=399))) {
        let text = format!(
            "The provided HTTP redirect code ({}) is not valid. Valid codes are 3XX except 300.",
            code.unwrap_or_default()
        );
        return Err(invalid_request(text).into());
    }
    check_protocol(redirect.protocol.as_ref())
}

fn check_protocol(protocol: Option<&Open<Protocol>>) -> Result<(), Error> {
    if protocol.is_some_and(|protocol| protocol.known().is_none()) {
        let text = "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected \
                    automatically.";
        return Err(invalid_request(text).into());
    }
    Ok(())
}
