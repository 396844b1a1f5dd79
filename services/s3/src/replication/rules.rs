//! Which rules a version meets.

use std::collections::BTreeMap;

use kernel::Arn;
use model_s3::types::*;
use wire::Open;

use super::task::Route;
use crate::bucket::{Bucket, kind};
use crate::records::{Object, Sealing};
use crate::s3::S3;

type Tags = BTreeMap<String, String>;

/// Where an object is to be copied to. What KMS has encrypted is copied only by rules that say so.
pub fn of_object(s3: &S3, bucket: &Bucket, key: &str, object: &Object) -> Result<Vec<Route>, store::Error> {
    let by_kms = matches!(object.sealing, Sealing::Kms { .. });
    routes(s3, bucket, |rule| covers(rule, key, &object.tags) && (!by_kms || takes_kms(rule)))
}

/// Where changes of a copy are to be copied to.
pub fn of_replica(s3: &S3, bucket: &Bucket, key: &str, object: &Object) -> Result<Vec<Route>, store::Error> {
    let follows = |rule: &ReplicationRule| {
        let criteria = rule.source_selection_criteria.as_ref();
        let changes = criteria.and_then(|criteria| criteria.replica_modifications.as_ref());
        changes.is_some_and(|changes| changes.status.known() == Some(ReplicaModificationsStatus::Enabled))
    };
    routes(s3, bucket, |rule| follows(rule) && covers(rule, key, &object.tags))
}

/// Where a delete marker is to be copied to.
pub fn of_marker(s3: &S3, bucket: &Bucket, key: &str) -> Result<Vec<Route>, store::Error> {
    routes(s3, bucket, |rule| takes_markers(rule) && covers(rule, key, &Tags::new()))
}

/// Whether a rule copies what KMS has encrypted.
pub fn takes_kms(rule: &ReplicationRule) -> bool {
    let criteria = rule.source_selection_criteria.as_ref();
    let kms = criteria.and_then(|criteria| criteria.sse_kms_encrypted_objects.as_ref());
    kms.is_some_and(|kms| kms.status.known() == Some(SseKmsEncryptedObjectsStatus::Enabled))
}

/// Rules of the older schema, which have no filter, copy them without being asked to.
fn takes_markers(rule: &ReplicationRule) -> bool {
    let said = rule.delete_marker_replication.as_ref().and_then(|markers| markers.status.as_ref());
    match (said, &rule.filter) {
        (Some(said), _) => said.known() == Some(DeleteMarkerReplicationStatus::Enabled),
        (None, filter) => filter.is_none(),
    }
}

fn covers(rule: &ReplicationRule, key: &str, tags: &Tags) -> bool {
    let filter = rule.filter.as_ref();
    let and = filter.and_then(|filter| filter.and.as_ref());
    let prefixes = [
        rule.prefix.as_deref(),
        filter.and_then(|filter| filter.prefix.as_deref()),
        and.and_then(|and| and.prefix.as_deref()),
    ];
    let mut wanted = filter
        .and_then(|filter| filter.tag.as_ref())
        .into_iter()
        .chain(and.and_then(|and| and.tags.as_deref()).unwrap_or_default());
    prefixes.into_iter().flatten().all(|prefix| key.starts_with(prefix))
        && wanted.all(|tag| tags.get(tag.key.as_str()).is_some_and(|value| *value == *tag.value))
}

/// One route for each bucket that a rule names which is in force and meets the version: the rule of the highest priority.
fn routes(
    s3: &S3,
    bucket: &Bucket,
    meets: impl Fn(&ReplicationRule) -> bool,
) -> Result<Vec<Route>, store::Error> {
    let Some(configuration) = bucket.configuration::<ReplicationConfiguration>(s3, kind::REPLICATION)? else {
        return Ok(Vec::new());
    };
    let mut found: BTreeMap<&str, &ReplicationRule> = BTreeMap::new();
    for rule in configuration.rules.iter() {
        if rule.status.known() != Some(ReplicationRuleStatus::Enabled) || !meets(rule) {
            continue;
        }
        let best = found.entry(rule.destination.bucket.as_str()).or_insert(rule);
        if rule.priority > best.priority {
            *best = rule;
        }
    }
    let routes = found.into_values().filter_map(|rule| route(&configuration.role, rule));
    Ok(routes.collect())
}

fn route(role: &str, rule: &ReplicationRule) -> Option<Route> {
    let destination = &rule.destination;
    let arn: Arn = destination.bucket.parse().ok()?;
    let encryption = destination.encryption_configuration.as_ref();
    let metrics = destination.metrics.as_ref();
    Some(Route {
        rule: rule.id.clone().unwrap_or_default(),
        role: role.to_owned(),
        bucket: arn.resource().to_owned(),
        account: destination.account.clone(),
        storage_class: destination.storage_class.as_ref().map(Open::as_str).map(str::to_owned),
        to_owner: destination.access_control_translation.is_some(),
        kms_key: encryption.and_then(|encryption| encryption.replica_kms_key_id.clone()),
        metrics: metrics.is_some_and(|metrics| metrics.status.known() == Some(MetricsStatus::Enabled)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(filter: ReplicationRuleFilter) -> ReplicationRule {
        ReplicationRule { filter: Some(filter), ..Default::default() }
    }

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    #[test]
    fn rules_cover_by_prefix_and_tags() {
        let tags = Tags::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let older = ReplicationRule { prefix: Some("docs/".into()), ..Default::default() };
        assert!(covers(&older, "docs/a", &Tags::new()));
        assert!(!covers(&older, "doc", &Tags::new()));
        let by_tag = rule(ReplicationRuleFilter { tag: Some(tag("a", "1")), ..Default::default() });
        assert!(covers(&by_tag, "x", &tags));
        assert!(!covers(&by_tag, "x", &Tags::new()));
        let and = |tags: Vec<Tag>| {
            let and = ReplicationRuleAndOperator { prefix: Some("d".into()), tags: Some(tags) };
            rule(ReplicationRuleFilter { and: Some(and), ..Default::default() })
        };
        assert!(covers(&and(vec![tag("a", "1"), tag("b", "2")]), "d", &tags));
        assert!(!covers(&and(vec![tag("a", "1"), tag("b", "3")]), "d", &tags));
        assert!(!covers(&and(vec![tag("a", "1")]), "e", &tags));
        assert!(covers(&rule(ReplicationRuleFilter::default()), "anything", &Tags::new()));
    }

    #[test]
    fn only_older_rules_take_markers_unasked() {
        assert!(takes_markers(&ReplicationRule::default()));
        assert!(!takes_markers(&rule(ReplicationRuleFilter::default())));
        let said = |status: DeleteMarkerReplicationStatus| ReplicationRule {
            delete_marker_replication: Some(DeleteMarkerReplication { status: Some(status.into()) }),
            ..rule(ReplicationRuleFilter::default())
        };
        assert!(takes_markers(&said(DeleteMarkerReplicationStatus::Enabled)));
        assert!(!takes_markers(&said(DeleteMarkerReplicationStatus::Disabled)));
    }
}
