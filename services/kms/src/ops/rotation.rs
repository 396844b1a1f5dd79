//! EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use store::Tx;
use wire::Open;

use crate::crypto::{self, Secret};
use crate::error::{bad_state, internal};
use crate::family;
use crate::kms::{Key, Kms};
use crate::limits::{
    DAY_MS, ON_DEMAND_ROTATIONS_MAX, PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS, ROTATION_DAYS_DEFAULT,
};
use crate::ops::page;
use crate::ops::subject::check_stays;
use crate::records::{self, Rotated, Rotation};
use crate::resource::Subject;
use crate::spec::Spec;

/// Only symmetric keys are rotated; what the service says of the others is nothing.
fn check_symmetric(key: &Key) -> Result<(), Error> {
    if key.record.spec == Spec::Symmetric {
        return Ok(());
    }
    Err(UnsupportedOperationException::default().into())
}

/// The key's origin does not go with the operation.
pub fn wrong_origin(key: &Key) -> Error {
    let origin = if key.record.external { "EXTERNAL" } else { "AWS_KMS" };
    Error::unsupported_operation_exception(format!(
        "{} origin is {origin} which is not valid for this operation.",
        key.arn
    ))
}

impl Kms {
    pub async fn enable_key_rotation(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: EnableKeyRotationInput,
    ) -> Result<EnableKeyRotationOutput, Error> {
        let key = self.rotatable(&call, subject.into_inner()).await?;
        let days = input.rotation_period_in_days.unwrap_or(ROTATION_DAYS_DEFAULT);
        let period_days = days.unsigned_abs();
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            if record.rotation.as_ref().is_none_or(|rotation| rotation.period_days != period_days) {
                let next_ms = call.now.millis() + i64::from(period_days) * DAY_MS;
                record.rotation = Some(Rotation { period_days, next_ms });
            }
            Ok(())
        })
        .await?;
        Ok(EnableKeyRotationOutput {})
    }

    pub async fn disable_key_rotation(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: DisableKeyRotationInput,
    ) -> Result<DisableKeyRotationOutput, Error> {
        let key = self.rotatable(&call, subject.into_inner()).await?;
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            record.rotation = None;
            Ok(())
        })
        .await?;
        Ok(DisableKeyRotationOutput {})
    }

    /// A key whose automatic rotation its owner may turn on and off.
    async fn rotatable(&self, call: &Call, subject: Subject) -> Result<Arc<Key>, Error> {
        let key = self.own_key(call, subject).await?;
        check_symmetric(&key)?;
        if key.record.external {
            return Err(wrong_origin(&key));
        }
        family::check_primary(&key)?;
        key.check_enabled()?;
        Ok(key)
    }

    pub async fn get_key_rotation_status(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: GetKeyRotationStatusInput,
    ) -> Result<GetKeyRotationStatusOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        check_symmetric(&key)?;
        // Replicas are rotated with their primary key.
        let primary = match &key.record.multi_region {
            Some(multi) if multi.primary != key.region => self.find(&key.account, &multi.primary, &key.id)?,
            _ => None,
        };
        let record = primary.as_ref().map_or(&key.record, |primary| &primary.record);
        let rotation = record.rotation.as_ref().filter(|_| key.record.deletion.is_none());
        Ok(GetKeyRotationStatusOutput {
            key_rotation_enabled: Some(rotation.is_some()),
            key_id: Some(key.arn.to_string()),
            rotation_period_in_days: rotation.and_then(|rotation| i32::try_from(rotation.period_days).ok()),
            next_rotation_date: rotation.map(|rotation| Timestamp::from_millis(rotation.next_ms)),
            on_demand_rotation_start_date: None,
        })
    }

    pub async fn rotate_key_on_demand(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: RotateKeyOnDemandInput,
    ) -> Result<RotateKeyOnDemandOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        check_symmetric(&key)?;
        key.check_enabled()?;
        family::check_primary(&key)?;
        let now_ms = call.now.millis();
        let (account, region, id) = (&*key.account, &*key.region, &*key.id);
        let secret = crypto::generate(Spec::Symmetric).map_err(internal)?;
        self.change(&key, |tx, record| {
            check_stays(&key.arn, record)?;
            if record.on_demand_rotations >= ON_DEMAND_ROTATIONS_MAX {
                return Err(Error::limit_exceeded_exception(format!(
                    "The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can \
                     be performed for this key: {}",
                    key.arn
                )));
            }
            record.on_demand_rotations += 1;
            if record.external {
                return rotate_to_imported(&key, record, now_ms);
            }
            self.rotate(tx, account, region, id, record, now_ms, false, &secret)
        })
        .await?;
        self.forget_family(&key);
        Ok(RotateKeyOnDemandOutput { key_id: Some(key.arn.to_string()) })
    }

    /// Puts new material into use, in all regions of the key. `record` is that of the region given.
    #[allow(clippy::too_many_arguments)]
    pub fn rotate(
        &self,
        tx: &mut Tx,
        account: &str,
        region: &str,
        id: &str,
        record: &mut records::Key,
        now_ms: i64,
        automatic: bool,
        secret: &Secret,
    ) -> Result<(), Error> {
        let mut material = self.new_material(now_ms);
        material.rotated = Some(Rotated { at_ms: now_ms, automatic });
        let version = record.materials.len();
        let put = |record: &mut records::Key| {
            record.materials.push(material.clone());
            record.current = u32::try_from(version).unwrap_or(u32::MAX);
        };
        let others = family::others(region, record);
        put(record);
        let current = record.current;
        for other in &others {
            crate::kms::change_in(tx, account, other, id, |_, record| {
                put(record);
                Ok(())
            })?;
        }
        let regions: Vec<&str> = others.iter().map(|other| &**other).chain([region]).collect();
        self.put_material(tx, account, &regions, id, current, secret);
        Ok(())
    }

    pub async fn list_key_rotations(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ListKeyRotationsInput,
    ) -> Result<ListKeyRotationsOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        check_symmetric(&key)?;
        let all = input.include_key_material.and_then(|wanted| wanted.known())
            == Some(IncludeKeyMaterial::AllKeyMaterial);
        let page =
            page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS)?;
        let rows =
            key.record.materials.iter().enumerate().filter(|(_, material)| all || material.rotated.is_some());
        // As wide as versions can be, so that their order is that of the texts.
        let (rows, next_marker) = page.cut(rows, |(version, _)| format!("{version:010}"));
        Ok(ListKeyRotationsOutput {
            rotations: Some(
                rows.into_iter().map(|(version, material)| entry(&key, version, material)).collect(),
            ),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}

fn rotate_to_imported(key: &Key, record: &mut records::Key, now_ms: i64) -> Result<(), Error> {
    let pending = record.pending_material().map(|version| version as usize);
    let material =
        pending.and_then(|version| record.materials.get_mut(version)).filter(|material| material.present);
    let Some(material) = material else {
        return Err(Error::kms_invalid_state_exception(format!(
            "No available key material pending rotation for the key: {}.",
            key.arn
        )));
    };
    if record.deletion.is_some() {
        return Err(bad_state(&key.arn, "is pending deletion"));
    }
    material.rotated = Some(Rotated { at_ms: now_ms, automatic: false });
    record.current += 1;
    Ok(())
}

fn entry(key: &Key, version: usize, material: &records::Material) -> RotationsListEntry {
    let current = key.record.current as usize;
    let state = match version.cmp(&current) {
        std::cmp::Ordering::Less => KeyMaterialState::NonCurrent,
        std::cmp::Ordering::Equal => KeyMaterialState::Current,
        std::cmp::Ordering::Greater => KeyMaterialState::PendingRotation,
    };
    let import = if material.present { ImportState::Imported } else { ImportState::PendingImport };
    let expires = material.expires_ms.filter(|_| material.present);
    let model = match expires {
        Some(_) => ExpirationModelType::KeyMaterialExpires,
        None => ExpirationModelType::KeyMaterialDoesNotExpire,
    };
    let external = key.record.external;
    let kind = material
        .rotated
        .as_ref()
        .map(|rotated| if rotated.automatic { RotationType::Automatic } else { RotationType::OnDemand });
    RotationsListEntry {
        key_id: Some(key.id.clone()),
        key_material_id: Some(material.id.clone()),
        key_material_description: material.description.clone(),
        import_state: external.then_some(import).map(Open::from),
        key_material_state: Some(state.into()),
        expiration_model: (external && material.present).then_some(model).map(Open::from),
        valid_to: expires.map(Timestamp::from_millis),
        rotation_date: material.rotated.as_ref().map(|rotated| Timestamp::from_millis(rotated.at_ms)),
        rotation_type: kind.map(Open::from),
    }
}
