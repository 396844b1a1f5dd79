//! What a key tells of itself.

use kernel::Timestamp;
use model_kms::types::*;
use wire::{Enum, Open};

use crate::key_id::key_arn;
use crate::kms::Key;
use crate::records;

impl records::Key {
    /// The state that the API shows.
    pub fn state(&self) -> KeyState {
        if let Some(deletion) = &self.deletion {
            return if deletion.at_ms.is_some() {
                KeyState::PendingDeletion
            } else {
                KeyState::PendingReplicaDeletion
            };
        }
        match (self.lacks_material(), self.enabled) {
            (true, _) => KeyState::PendingImport,
            (false, true) => KeyState::Enabled,
            (false, false) => KeyState::Disabled,
        }
    }

    /// Whether material that data may be encrypted under is not there.
    pub fn lacks_material(&self) -> bool {
        let in_use = self.materials.iter().take(self.current as usize + 1);
        self.materials.is_empty() || in_use.into_iter().any(|material| !material.present)
    }
}

/// A list for an answer; absent when there is nothing in it.
pub fn open_list<E: Enum>(values: &[E]) -> Option<Vec<Open<E>>> {
    (!values.is_empty()).then(|| values.iter().copied().map(Open::from).collect())
}

/// Where the material of a key comes from.
pub fn origin(record: &records::Key) -> OriginType {
    if record.external { OriginType::External } else { OriginType::AwsKms }
}

/// The metadata of a key.
pub fn of(key: &Key) -> KeyMetadata {
    of_record(&key.account, &key.region, &key.id, &key.record)
}

/// The same of a record.
pub fn of_record(account: &str, region: &str, id: &str, record: &records::Key) -> KeyMetadata {
    let (spec, usage) = (record.spec, record.usage);
    let state = record.state();
    let current = record.current_material();
    let expires = current.filter(|material| record.external && material.present);
    let model = expires.map(|material| match material.expires_ms {
        Some(_) => ExpirationModelType::KeyMaterialExpires,
        None => ExpirationModelType::KeyMaterialDoesNotExpire,
    });
    let manager = if record.manager.is_some() { KeyManagerType::Aws } else { KeyManagerType::Customer };
    let deletion = record.deletion.as_ref();
    let waiting = deletion.filter(|deletion| deletion.at_ms.is_none());
    KeyMetadata {
        aws_account_id: Some(account.to_owned()),
        key_id: Some(id.to_owned()),
        arn: Some(key_arn(account, region, id).to_string()),
        creation_date: Some(Timestamp::from_millis(record.created_ms)),
        enabled: Some(state == KeyState::Enabled),
        description: Some(record.description.clone()),
        key_usage: Some(usage.to_model().into()),
        key_state: Some(state.into()),
        deletion_date: deletion.and_then(|deletion| deletion.at_ms).map(Timestamp::from_millis),
        valid_to: expires.and_then(|material| material.expires_ms).map(Timestamp::from_millis),
        origin: Some(origin(record).into()),
        expiration_model: model.map(Open::from),
        key_manager: Some(manager.into()),
        customer_master_key_spec: spec.to_older().map(Open::from),
        key_spec: Some(spec.to_model().into()),
        encryption_algorithms: open_list(spec.encryption_algorithms(usage)),
        signing_algorithms: open_list(spec.signing_algorithms(usage)),
        key_agreement_algorithms: open_list(spec.agreement_algorithms(usage)),
        mac_algorithms: open_list(spec.mac_algorithms()),
        multi_region: Some(record.multi_region.is_some()),
        multi_region_configuration: record
            .multi_region
            .as_ref()
            .map(|multi| regions(account, region, id, multi)),
        pending_deletion_window_in_days: waiting
            .and_then(|deletion| i32::try_from(deletion.window_days).ok()),
        current_key_material_id: (spec == crate::spec::Spec::Symmetric)
            .then(|| current.map(|material| material.id.clone()))
            .flatten(),
        ..KeyMetadata::default()
    }
}

fn regions(account: &str, region: &str, id: &str, multi: &records::MultiRegion) -> MultiRegionConfiguration {
    let key = |region: &str| MultiRegionKey {
        arn: Some(key_arn(account, region, id).to_string()),
        region: Some(region.to_owned()),
    };
    let kind =
        if multi.primary == region { MultiRegionKeyType::Primary } else { MultiRegionKeyType::Replica };
    MultiRegionConfiguration {
        multi_region_key_type: Some(kind.into()),
        primary_key: Some(key(&multi.primary)),
        replica_keys: Some(multi.replicas.iter().map(|region| key(region)).collect()),
    }
}
