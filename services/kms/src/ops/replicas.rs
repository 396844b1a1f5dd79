//! ReplicateKey and UpdatePrimaryRegion.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;

use crate::error::corrupt;
use crate::family;
use crate::key_id::key_arn;
use crate::kms::{Key, Kms, change_in, read, write};
use crate::ops::subject::check_stays;
use crate::ops::tags;
use crate::records;
use crate::resource::Subject;
use crate::{key_policy, keys, metadata};

impl Kms {
    pub async fn replicate_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ReplicateKeyInput,
    ) -> Result<ReplicateKeyOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        check_multi_region(&key)?;
        family::check_primary(&key)?;
        if !key.record.external {
            key.check_enabled()?;
        }
        let (account, region, id) = (&*key.account, &**input.replica_region, &*key.id);
        let arn = key_arn(account, region, id);
        let policy = match input.policy {
            Some(policy) => {
                let bypass = input.bypass_policy_lockout_safety_check.unwrap_or(false);
                key_policy::check(&call, arn.as_str(), &policy, bypass)?;
                policy
            }
            None => key_policy::default(account),
        };
        let tag_list = input.tags.unwrap_or_default();
        let tags = tags::checked(&tag_list)?;
        let description = input.description.unwrap_or_default();
        let (replica, multi) = self
            .change(&key, |tx, record| {
                check_stays(&key.arn, record)?;
                let materials = copied_materials(record);
                let multi = record.multi_region.as_mut().ok_or_else(|| corrupt("no multi-Region key"))?;
                if multi.regions().any(|known| known == region) || read(tx, account, region, id)?.is_some() {
                    return Err(Error::already_exists_exception(format!("{arn} already exists")));
                }
                multi.replicas.push(region.to_owned());
                multi.replicas.sort();
                let multi = multi.clone();
                let replica = records::Key {
                    created_ms: call.now.millis(),
                    description: description.clone(),
                    enabled: true,
                    deletion: None,
                    policy: policy.clone(),
                    tags: tags.clone(),
                    aliases: BTreeSet::new(),
                    multi_region: Some(multi.clone()),
                    materials,
                    rotation: None,
                    on_demand_rotations: 0,
                    grants: 0,
                    grants_epoch: 0,
                    ..record.clone()
                };
                if !record.external {
                    // The same material in every region, sealed for all of them alike.
                    for version in 0..record.materials.len() as u32 {
                        let from = keys::material(account, &key.region, id, version);
                        let sealed = tx.get(&from)?.ok_or_else(|| corrupt("material is not there"))?;
                        tx.put(keys::material(account, region, id, version), sealed);
                    }
                }
                tx.add_i64(keys::count(account, region), 1);
                write(tx, account, region, id, None, &replica);
                tell_others(tx, &key, record, &multi, Some(region))?;
                Ok((replica, multi))
            })
            .await?;
        for region in multi.regions() {
            self.forget(account, region, id);
        }
        Ok(ReplicateKeyOutput {
            replica_key_metadata: Some(metadata::of_record(account, region, id, &replica)),
            replica_policy: Some(replica.policy),
            replica_tags: Some(tag_list),
        })
    }

    pub async fn update_primary_region(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: UpdatePrimaryRegionInput,
    ) -> Result<UpdatePrimaryRegionOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        check_multi_region(&key)?;
        family::check_primary(&key)?;
        let (account, id) = (&*key.account, &*key.id);
        let region = &**input.primary_region;
        self.change(&key, |tx, record| {
            check_stays(&key.arn, record)?;
            let multi = record.multi_region.as_mut().ok_or_else(|| corrupt("no multi-Region key"))?;
            if !multi.replicas.iter().any(|known| known == region) {
                let arn = key_arn(account, region, id);
                return Err(crate::error::no_key(&arn));
            }
            multi.replicas.retain(|known| known != region);
            multi.replicas.push(std::mem::replace(&mut multi.primary, region.to_owned()));
            multi.replicas.sort();
            let multi = multi.clone();
            // Rotation is the primary key's.
            let rotation = record.rotation.take();
            let on_demand_rotations = std::mem::take(&mut record.on_demand_rotations);
            tell_others(tx, &key, record, &multi, None)?;
            change_in(tx, account, region, id, |_, primary| {
                check_stays(&key_arn(account, region, id), primary)?;
                primary.rotation = rotation;
                primary.on_demand_rotations = on_demand_rotations;
                Ok(())
            })
        })
        .await?;
        self.forget_family(&key);
        Ok(UpdatePrimaryRegionOutput {})
    }
}

/// Tells the key's other regions which regions there are; `but` knows already.
fn tell_others(
    tx: &mut store::Tx,
    key: &Key,
    record: &records::Key,
    multi: &records::MultiRegion,
    but: Option<&str>,
) -> Result<(), Error> {
    for other in family::others(&key.region, record) {
        if Some(&*other) != but {
            change_in(tx, &key.account, &other, &key.id, |_, record| {
                record.multi_region = Some(multi.clone());
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The material of a replica: all there is, or what has to be imported.
fn copied_materials(record: &records::Key) -> Vec<records::Material> {
    let mut materials = record.materials.clone();
    if record.external {
        for material in &mut materials {
            (material.present, material.expires_ms) = (false, None);
        }
    }
    materials
}

fn check_multi_region(key: &Key) -> Result<(), Error> {
    match key.record.multi_region {
        Some(_) => Ok(()),
        None => Err(family::not_primary(key)),
    }
}
