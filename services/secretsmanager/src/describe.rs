//! Secrets as answers show them.

use std::collections::BTreeMap;

use kernel::Timestamp;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;

use crate::envelope::MANAGED_KEY;
use crate::filter::primary_region;
use crate::records::{Rotation, Secret};
use crate::secrets::{Found, Secrets};

/// A key as it is kept: the managed one is kept as none.
pub fn named_key(key: Option<String>) -> Option<String> {
    key.filter(|key| !key.is_empty() && key != MANAGED_KEY)
}

/// A text, unless it is empty.
pub fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

impl Secrets {
    /// Everything but the values.
    pub fn describe(&self, found: &Found) -> Result<DescribeSecretOutput, Error> {
        let entry = self.list_entry(found)?;
        Ok(DescribeSecretOutput {
            arn: entry.arn,
            name: entry.name,
            r#type: entry.r#type,
            description: entry.description,
            kms_key_id: entry.kms_key_id,
            rotation_enabled: entry.rotation_enabled,
            rotation_lambda_arn: entry.rotation_lambda_arn,
            rotation_rules: entry.rotation_rules,
            external_secret_rotation_metadata: entry.external_secret_rotation_metadata,
            external_secret_rotation_role_arn: entry.external_secret_rotation_role_arn,
            last_rotated_date: entry.last_rotated_date,
            last_changed_date: entry.last_changed_date,
            last_accessed_date: entry.last_accessed_date,
            deleted_date: entry.deleted_date,
            next_rotation_date: entry.next_rotation_date,
            tags: entry.tags,
            version_ids_to_stages: entry.secret_versions_to_stages,
            owning_service: entry.owning_service,
            created_date: entry.created_date,
            primary_region: entry.primary_region,
            replication_status: self.replication_status(found)?,
            cross_account_primary: None,
            cross_account_replicas: None,
        })
    }

    /// A secret in a list.
    pub fn list_entry(&self, found: &Found) -> Result<SecretListEntry, Error> {
        let secret = &found.secret;
        let rotation = secret.rotation.as_ref();
        let enabled = rotation.filter(|rotation| rotation.enabled);
        Ok(SecretListEntry {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(secret.name.clone()),
            r#type: secret.partner.clone(),
            description: secret.description.clone(),
            kms_key_id: secret.kms_key.clone(),
            rotation_enabled: rotation.map(|rotation| rotation.enabled),
            rotation_lambda_arn: rotation.map(|rotation| rotation.function.clone()),
            rotation_rules: rotation.map(rules),
            external_secret_rotation_metadata: rotation.and_then(metadata),
            external_secret_rotation_role_arn: rotation.and_then(|rotation| rotation.role.clone()),
            last_rotated_date: enabled.and_then(|rotation| rotation.rotated_ms).map(Timestamp::from_millis),
            last_changed_date: Some(Timestamp::from_millis(secret.changed_ms)),
            last_accessed_date: self.accessed(found, "")?,
            deleted_date: secret.purge_ms.map(Timestamp::from_millis),
            next_rotation_date: enabled.and_then(|rotation| rotation.next_ms).map(Timestamp::from_millis),
            tags: secret.tags.as_deref().map(tags),
            secret_versions_to_stages: versions_to_stages(secret),
            owning_service: None,
            created_date: Some(Timestamp::from_millis(secret.created_ms)),
            primary_region: primary_region(found).map(str::to_owned),
        })
    }
}

fn rules(rotation: &Rotation) -> RotationRulesType {
    RotationRulesType {
        automatically_after_days: rotation.days,
        duration: rotation.duration.clone(),
        schedule_expression: rotation.schedule.clone(),
    }
}

fn metadata(rotation: &Rotation) -> Option<Vec<ExternalSecretRotationMetadataItem>> {
    let item = |(key, value): &(String, String)| ExternalSecretRotationMetadataItem {
        key: Some(key.clone()),
        value: Some(value.clone()),
    };
    (!rotation.metadata.is_empty()).then(|| rotation.metadata.iter().map(item).collect())
}

fn tags(tags: &[(String, String)]) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: Some(key.clone()), value: Some(value.clone()) }).collect()
}

fn versions_to_stages(secret: &Secret) -> Option<BTreeMap<String, Vec<String>>> {
    let mut by_version: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (label, version) in &secret.labels {
        by_version.entry(version.clone()).or_default().push(label.clone());
    }
    (!by_version.is_empty()).then_some(by_version)
}
