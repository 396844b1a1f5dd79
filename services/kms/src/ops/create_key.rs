//! CreateKey, and the keys that services use for their customers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::{CreateKeyInput, CreateKeyOutput, KeySpec, OriginType};
use service::Allowed;
use store::{Record as _, Tx};
use wire::Enum as _;

use crate::crypto::{self, Secret};
use crate::error::{corrupt, internal, invalid};
use crate::kms::{Key, Kms, write};
use crate::limits::KEYS_MAX;
use crate::ops::tags;
use crate::records::{self, Alias, Material, MultiRegion};
use crate::spec::{Spec, Usage};
use crate::{key_policy, keys, metadata};

/// What a new key is made from.
struct New {
    spec: Spec,
    usage: Usage,
    external: bool,
    multi_region: bool,
    description: String,
    policy: String,
    tags: BTreeMap<String, String>,
    manager: Option<String>,
}

impl Kms {
    pub async fn create_key(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateKeyInput,
    ) -> Result<CreateKeyOutput, Error> {
        if input.custom_key_store_id.is_some() || input.xks_key_id.is_some() {
            return Err(Error::custom_key_store_not_found_exception("There are no custom key stores."));
        }
        let external = match input.origin.as_ref().and_then(|origin| origin.known()) {
            None | Some(OriginType::AwsKms) => false,
            Some(OriginType::External) => true,
            Some(other) => {
                return Err(unsupported(format!("Keys of origin {} are not supported.", other.as_str())));
            }
        };
        let (spec, usage) = kind(&input)?;
        if external && matches!(spec, Spec::MlDsa44 | Spec::MlDsa65 | Spec::MlDsa87 | Spec::Ed25519) {
            return Err(unsupported(format!("Material of {} keys cannot be imported.", spec.as_str())));
        }
        let tags = tags::checked(input.tags.as_deref().unwrap_or_default())?;
        let multi_region = input.multi_region.unwrap_or(false);
        let id = self.new_id(multi_region);
        let policy = match input.policy {
            Some(policy) => {
                let arn = crate::key_id::key_arn(&call.account, &call.region, &id);
                let bypass = input.bypass_policy_lockout_safety_check.unwrap_or(false);
                key_policy::check(&call, arn.as_str(), &policy, bypass)?;
                policy
            }
            None => key_policy::default(&call.account),
        };
        let description = input.description.unwrap_or_default();
        let new = New { spec, usage, external, multi_region, description, policy, tags, manager: None };
        let (record, secret) = self.prepare(&call, new).await?;
        self.store
            .transact(|tx| {
                count(tx, &call)?;
                self.put_key(tx, &call, &id, &record, secret.as_ref());
                Ok::<_, Error>(())
            })
            .await?;
        Ok(CreateKeyOutput {
            key_metadata: Some(metadata::of_record(&call.account, &call.region, &id, &record)),
        })
    }

    /// The key that a service uses for its customers. When several make it at once, one does and the others use that.
    pub async fn make_key_of_service(&self, call: &Call, service: &str, id: &str) -> Result<Arc<Key>, Error> {
        let new = New {
            spec: Spec::Symmetric,
            usage: Usage::EncryptDecrypt,
            external: false,
            multi_region: false,
            description: format!("Default key that protects my {service} data when no other key is defined"),
            policy: key_policy::of_service(&call.account, &call.region, service),
            tags: BTreeMap::new(),
            manager: Some(service.to_owned()),
        };
        let (mut record, secret) = self.prepare(call, new).await?;
        let name = format!("alias/aws/{service}");
        record.aliases.insert(name.clone());
        // Such keys are rotated every year, and nobody can change that.
        let period_days = crate::limits::ROTATION_DAYS_DEFAULT as u32;
        let next_ms = call.now.millis() + i64::from(period_days) * crate::limits::DAY_MS;
        record.rotation = Some(records::Rotation { period_days, next_ms });
        let row = keys::alias(&call.account, &call.region, &name);
        let made = self
            .store
            .transact(|tx| {
                if let Some(bytes) = tx.get(&row)? {
                    return Ok::<_, Error>(Alias::decode(&bytes)?.key_id);
                }
                self.put_key(tx, call, id, &record, secret.as_ref());
                let now_ms = call.now.millis();
                let alias = Alias { key_id: id.to_owned(), created_ms: now_ms, updated_ms: now_ms };
                tx.put(row.clone(), alias.encode());
                Ok(id.to_owned())
            })
            .await?;
        self.rescheduled.notify_one();
        let key = self.find(&call.account, &call.region, &made)?;
        key.ok_or_else(|| corrupt("an alias of a key that is not there"))
    }

    /// A new key's id.
    pub fn new_id(&self, multi_region: bool) -> String {
        if multi_region { format!("mrk-{}", self.ids.hex(32)) } else { self.ids.uuid() }
    }

    /// Makes the record and the material of a new key.
    async fn prepare(&self, call: &Call, new: New) -> Result<(records::Key, Option<Secret>), Error> {
        let now_ms = call.now.millis();
        let mut record = records::Key {
            created_ms: now_ms,
            description: new.description,
            spec: new.spec,
            usage: new.usage,
            external: new.external,
            manager: new.manager,
            enabled: true,
            deletion: None,
            policy: new.policy,
            tags: new.tags,
            aliases: BTreeSet::new(),
            multi_region: new
                .multi_region
                .then(|| MultiRegion { primary: call.region.clone(), replicas: Vec::new() }),
            materials: Vec::new(),
            current: 0,
            rotation: None,
            on_demand_rotations: 0,
            public_key: None,
            grants: 0,
            grants_epoch: 0,
        };
        if new.external {
            return Ok((record, None));
        }
        let spec = new.spec;
        let make = move || {
            let secret = crypto::generate(spec)?;
            let public = crypto::check(spec, &secret)?;
            Ok::<_, crypto::Broken>((secret, public))
        };
        // Only pairs take long.
        let made = if spec.is_pair() { self.aside(make).await? } else { make() };
        let (secret, public) = made.map_err(internal)?;
        record.public_key = public;
        record.materials.push(self.new_material(now_ms));
        Ok((record, Some(secret)))
    }

    /// The record of material that is made here.
    pub fn new_material(&self, now_ms: i64) -> Material {
        Material {
            id: self.ids.hex(64),
            created_ms: now_ms,
            rotated: None,
            present: true,
            expires_ms: None,
            description: None,
        }
    }

    fn put_key(&self, tx: &mut Tx, call: &Call, id: &str, record: &records::Key, secret: Option<&Secret>) {
        if let Some(secret) = secret {
            self.put_material(tx, &call.account, &[&*call.region], id, 0, secret);
        }
        write(tx, &call.account, &call.region, id, None, record);
    }
}

/// Counts a new key. The count is near enough when several are made at once.
fn count(tx: &mut Tx, call: &Call) -> Result<(), Error> {
    let row = keys::count(&call.account, &call.region);
    let counted = tx
        .get_unchecked(&row)?
        .and_then(|bytes| bytes.as_ref().try_into().ok())
        .map_or(0, i64::from_le_bytes);
    if counted >= KEYS_MAX {
        return Err(Error::limit_exceeded_exception(format!("There are {KEYS_MAX} keys already.")));
    }
    tx.add_i64(row, 1);
    Ok(())
}

fn unsupported(message: String) -> Error {
    Error::unsupported_operation_exception(message)
}

/// The kind of the new key and what it is for.
fn kind(input: &CreateKeyInput) -> Result<(Spec, Usage), Error> {
    let named = match (&input.key_spec, &input.customer_master_key_spec) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is \
                 deprecated.",
            ));
        }
        (Some(spec), None) => spec.as_str(),
        (None, Some(older)) => older.as_str(),
        (None, None) => KeySpec::SymmetricDefault.as_str(),
    };
    let spec = KeySpec::parse(named).and_then(Spec::of_model);
    let spec = spec.ok_or_else(|| unsupported(format!("KeySpec {named} is not supported")))?;
    let usage = match &input.key_usage {
        None if spec == Spec::Symmetric => Usage::EncryptDecrypt,
        None => {
            return Err(invalid(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
            ));
        }
        Some(usage) => {
            usage.known().and_then(Usage::of_model).filter(|usage| spec.usages().contains(usage)).ok_or_else(
                || invalid(format!("KeyUsage {} is not compatible with KeySpec {named}", usage.as_str())),
            )?
        }
    };
    Ok((spec, usage))
}
