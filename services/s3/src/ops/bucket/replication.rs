//! Get-, Put- and DeleteBucketReplication.

use std::collections::HashSet;
use std::sync::Arc;

use kernel::{Arn, Call};
use model_s3::Error;
use model_s3::types::*;
use service::{Allowed, Resource, Target};

use crate::attributes;
use crate::bucket::{Bucket, kind, put_document};
use crate::error::{invalid_argument, invalid_request, malformed_xml, not_configured};
use crate::limits::REPLICATION_RULES_MAX;
use crate::ops::bucket::change::document;
use crate::records::Versioning;
use crate::replication::takes_kms;
use crate::resource::of_bucket;
use crate::s3::S3;

/// Characters of a rule's id.
const ID_MAX: usize = 255;
/// What a threshold can be.
const MINUTES: i32 = 15;

/// Whoever lets a role copy objects has to be allowed to give that role to the service.
pub fn put_bucket_replication(
    s3: &S3,
    call: &Call,
    input: &PutBucketReplicationInput,
) -> Result<Resource<Arc<Bucket>>, Error> {
    let resource = of_bucket(s3, call, input)?;
    let role = input.replication_configuration.role.as_str();
    let invalid = || invalid_argument("Invalid Role Arn", "Role", role);
    let arn: Arn = role.parse().map_err(|_| invalid())?;
    if arn.service() != "iam" || !arn.resource().starts_with("role/") {
        return Err(invalid().into());
    }
    let pass =
        Target::new(arn).for_actions(["iam:PassRole"]).with_key("iam:PassedToService", "s3.amazonaws.com");
    Ok(resource.and(pass))
}

impl S3 {
    pub async fn get_bucket_replication(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: GetBucketReplicationInput,
    ) -> Result<GetBucketReplicationOutput, Error> {
        let missing = || {
            let text = "The replication configuration was not found";
            not_configured("ReplicationConfigurationNotFoundError", text, &bucket.name)
        };
        let found = bucket.configuration::<ReplicationConfiguration>(&self, kind::REPLICATION)?;
        let found = (*found.ok_or_else(missing)?).clone();
        Ok(GetBucketReplicationOutput { replication_configuration: Some(found) })
    }

    /// Rules without an id get one. Versioning is looked at again where it counts: in the transaction.
    pub async fn put_bucket_replication(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        input: PutBucketReplicationInput,
    ) -> Result<PutBucketReplicationOutput, Error> {
        let ReplicationConfiguration { role, rules } = input.replication_configuration.into_inner();
        let mut rules = rules.into_inner();
        check(&rules)?;
        for rule in &mut rules {
            self.check_destination(&bucket, &rule.destination)?;
            rule.id = rule.id.take().filter(|id| !id.is_empty()).or_else(|| Some(self.ids.uuid()));
        }
        let document = document(&ReplicationConfiguration { role, rules: rules.into() })?;
        self.change(&bucket, |record, tx| {
            if record.versioning != Versioning::Enabled {
                let text = "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
                return Err(invalid_request(text).into());
            }
            put_document(tx, &bucket, record, (kind::REPLICATION, ""), document.clone())
        })
        .await?;
        Ok(PutBucketReplicationOutput {})
    }

    pub async fn delete_bucket_replication(
        self: Arc<Self>,
        _: Arc<Call>,
        bucket: Allowed<Arc<Bucket>>,
        _: DeleteBucketReplicationInput,
    ) -> Result<DeleteBucketReplicationOutput, Error> {
        self.delete_configuration(&bucket, kind::REPLICATION).await?;
        Ok(DeleteBucketReplicationOutput {})
    }

    fn check_destination(&self, bucket: &Bucket, destination: &Destination) -> Result<(), Error> {
        let text = destination.bucket.as_str();
        let arn: Option<Arn> = text.parse().ok();
        let Some(arn) = arn.filter(|arn| arn.service() == "s3") else {
            return Err(invalid_argument("Invalid bucket ARN.", "Bucket", text).into());
        };
        if arn.resource() == bucket.name {
            return Err(invalid_request("Destination bucket cannot be the same as the source bucket.").into());
        }
        let found = self.find_bucket(arn.resource())?;
        let Some(found) = found.filter(|found| found.record.versioning == Versioning::Enabled) else {
            return Err(invalid_request("Destination bucket must have versioning enabled.").into());
        };
        if bucket.record.lock && !found.record.lock {
            let text =
                "Object Lock must be enabled on the destination bucket, as it is on the source bucket.";
            return Err(invalid_request(text).into());
        }
        check_said(destination)
    }
}

fn check(rules: &[ReplicationRule]) -> Result<(), Error> {
    if rules.is_empty() || rules.len() > REPLICATION_RULES_MAX {
        return Err(malformed_xml().into());
    }
    let mut ids = HashSet::new();
    let mut priorities = HashSet::new();
    for rule in rules {
        if let Some(id) = rule.id.as_deref().filter(|id| !id.is_empty()) {
            if id.chars().count() > ID_MAX {
                return Err(
                    invalid_argument("ID length should not exceed allowed limit of 255", "ID", id).into()
                );
            }
            if !ids.insert(id) {
                let text = "Rule ID must be unique. Found same ID for more than one rule";
                return Err(invalid_argument(text, "ID", id).into());
            }
        }
        if rule.priority.is_some_and(|priority| !priorities.insert(priority)) {
            return Err(invalid_request("Found rules with the same priority.").into());
        }
        match &rule.filter {
            Some(_) if rule.prefix.is_some() => return Err(malformed_xml().into()),
            Some(filter) => check_filtered(rule, filter)?,
            None => {}
        }
        check_kms(rule)?;
    }
    let filtered = rules.iter().filter(|rule| rule.filter.is_some()).count();
    if filtered != 0 && filtered != rules.len() {
        let text = "Found rules of both versions of the replication configuration schema.";
        return Err(invalid_request(text).into());
    }
    Ok(())
}

/// What a destination says has to go together.
fn check_said(destination: &Destination) -> Result<(), Error> {
    if destination.access_control_translation.is_some() && destination.account.is_none() {
        let text = "Account ID must be specified for Access Control Translation.";
        return Err(invalid_request(text).into());
    }
    if let Some(class) = &destination.storage_class {
        attributes::storage_class(Some(class.as_str()))?;
    }
    // Fifteen minutes is all that can be asked for.
    let metrics = destination.metrics.as_ref();
    let times = [
        destination.replication_time.as_ref().map(|time| &*time.time),
        metrics.and_then(|metrics| metrics.event_threshold.as_ref()),
    ];
    if times.into_iter().flatten().any(|time| time.minutes != Some(MINUTES)) {
        return Err(malformed_xml().into());
    }
    let timed = destination.replication_time.is_some();
    if timed && metrics.is_none_or(|metrics| metrics.status.known() != Some(MetricsStatus::Enabled)) {
        return Err(invalid_request("Metrics must be enabled where ReplicationTime is specified.").into());
    }
    Ok(())
}

/// The key for copies is said if and only if what KMS has encrypted is copied.
fn check_kms(rule: &ReplicationRule) -> Result<(), Error> {
    let encryption = rule.destination.encryption_configuration.as_ref();
    let key = encryption.and_then(|encryption| encryption.replica_kms_key_id.as_deref());
    match (takes_kms(rule), key) {
        (true, None) => {
            let text = "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.";
            Err(invalid_request(text).into())
        }
        (false, Some(_)) => {
            let text = "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.";
            Err(invalid_request(text).into())
        }
        _ => Ok(()),
    }
}

/// Rules with a filter are of the newer schema, which leaves less unsaid.
fn check_filtered(rule: &ReplicationRule, filter: &ReplicationRuleFilter) -> Result<(), Error> {
    let parts = [filter.prefix.is_some(), filter.tag.is_some(), filter.and.is_some()];
    if parts.iter().filter(|there| **there).count() > 1 {
        return Err(malformed_xml().into());
    }
    if rule.priority.is_none() {
        let text = "Priority must be specified for this version of Cross Region Replication configuration schema. Please \
                    refer to S3 Developer Guide for more information.";
        return Err(invalid_request(text).into());
    }
    let Some(markers) = rule.delete_marker_replication.as_ref().and_then(|found| found.status.as_ref())
    else {
        let text = "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration \
                    schema. Please refer to S3 Developer Guide for more information.";
        return Err(invalid_request(text).into());
    };
    let tagged = filter.tag.is_some() || filter.and.as_ref().is_some_and(|and| and.tags.is_some());
    if tagged && markers.known() == Some(DeleteMarkerReplicationStatus::Enabled) {
        let text = "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 \
                    Developer Guide for more information.";
        return Err(invalid_request(text).into());
    }
    Ok(())
}
