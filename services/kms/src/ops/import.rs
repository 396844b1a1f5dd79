//! GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use store::{Record as _, Tx};
use wire::Enum as _;

use crate::crypto::import::{Wrapping, material_id, unwrap};
use crate::crypto::oaep::Padding;
use crate::crypto::{self, Secret};
use crate::error::{bad_ciphertext, bad_state, internal, invalid};
use crate::family;
use crate::keys;
use crate::kms::{Key, Kms, change_in};
use crate::limits::{DAY_MS, IMPORT_EXPIRY_DAYS_MAX, IMPORT_TOKEN_HOURS};
use crate::ops::rotation::wrong_origin;
use crate::ops::subject::check_stays;
use crate::records::{self, ImportToken, Material};
use crate::resource::Subject;
use crate::spec::Spec;

/// What sealed tokens are for.
const PURPOSE: &str = "kms.import";

impl Kms {
    pub async fn get_parameters_for_import(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GetParametersForImportInput,
    ) -> Result<GetParametersForImportOutput, Error> {
        let key = self.importing(&call, subject.into_inner()).await?;
        let algorithm = input.wrapping_algorithm.as_str().to_owned();
        wrapping(&algorithm)?;
        let spec = match input.wrapping_key_spec.known() {
            Some(WrappingKeySpec::Rsa2048) => Spec::Rsa2048,
            Some(WrappingKeySpec::Rsa3072) => Spec::Rsa3072,
            Some(WrappingKeySpec::Rsa4096) => Spec::Rsa4096,
            Some(WrappingKeySpec::Sm2) | None => {
                let spec = input.wrapping_key_spec.as_str();
                return Err(Error::unsupported_operation_exception(format!(
                    "Wrapping keys of {spec} are not supported."
                )));
            }
        };
        let make = move || {
            let private = crypto::pair::generate(spec)?;
            let public = crypto::pair::public_key(spec, &private)?;
            Ok::<_, crypto::Broken>((private, public))
        };
        let (private, public) = self.aside(make).await?.map_err(internal)?;
        let valid_to = call.now.plus(std::time::Duration::from_secs(IMPORT_TOKEN_HOURS * 3600));
        let token = ImportToken { algorithm, private_key: private.to_vec(), valid_to_ms: valid_to.millis() };
        let plain = Secret::new(token.encode().to_vec());
        let token = self.vault.seal(PURPOSE, key.arn.as_str(), &plain);
        Ok(GetParametersForImportOutput {
            key_id: Some(key.arn.to_string()),
            import_token: Some(token.into()),
            public_key: Some(public.into()),
            parameters_valid_to: Some(valid_to),
        })
    }

    /// A key whose material its owner brings.
    async fn importing(&self, call: &Call, subject: Subject) -> Result<Arc<Key>, Error> {
        let key = self.own_key(call, subject).await?;
        if !key.record.external {
            return Err(wrong_origin(&key));
        }
        key.check_stays()?;
        Ok(key)
    }

    pub async fn import_key_material(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ImportKeyMaterialInput,
    ) -> Result<ImportKeyMaterialOutput, Error> {
        let key = self.importing(&call, subject.into_inner()).await?;
        let expires_ms = expiry(&call, &input)?;
        check_symmetric_parameters(&key, &input)?;
        let secret = self.unwrapped(&call, &key, &input)?;
        let public = crypto::check(key.record.spec, &secret).map_err(|_| {
            let spec = key.record.spec.as_str();
            Error::incorrect_key_material_exception(format!(
                "The key material is not one of a key of {spec}."
            ))
        })?;
        let id = material_id(&key.id, &secret);
        let wants_new = input
            .import_type
            .as_ref()
            .and_then(|kind| kind.known())
            .map(|kind| kind == ImportType::NewKeyMaterial);
        let import = Import {
            id: id.clone(),
            named: input.key_material_id.clone(),
            wants_new,
            expires_ms,
            description: input.key_material_description.clone(),
            now_ms: call.now.millis(),
            public,
        };
        self.change(&key, |tx, record| {
            check_stays(&key.arn, record)?;
            let version = import.place(tx, &key, record)?;
            self.put_material(tx, &key.account, &[&*key.region], &key.id, version, &secret);
            Ok(())
        })
        .await?;
        self.forget_family(&key);
        let shown = (key.record.spec == Spec::Symmetric).then_some(id);
        Ok(ImportKeyMaterialOutput { key_id: Some(key.arn.to_string()), key_material_id: shown })
    }

    /// The material that a request brings.
    fn unwrapped(&self, call: &Call, key: &Key, input: &ImportKeyMaterialInput) -> Result<Secret, Error> {
        let bad = || Error::invalid_import_token_exception("The import token is not one of this KMS key.");
        let token = self.vault.open(PURPOSE, key.arn.as_str(), &input.import_token).map_err(|_| bad())?;
        let token = ImportToken::decode(&token).map_err(|_| bad())?;
        let private = Secret::new(token.private_key);
        if token.valid_to_ms < call.now.millis() {
            return Err(Error::expired_import_token_exception("The import token has expired."));
        }
        unwrap(wrapping(&token.algorithm)?, &private, &input.encrypted_key_material)
            .map_err(|_| bad_ciphertext())
    }

    pub async fn delete_imported_key_material(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: DeleteImportedKeyMaterialInput,
    ) -> Result<DeleteImportedKeyMaterialOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        if !key.record.external {
            return Err(wrong_origin(&key));
        }
        let id = self
            .change(&key, |tx, record| {
                let version = match &input.key_material_id {
                    None => record.current,
                    Some(id) => version_of(record, id).ok_or_else(|| {
                        Error::not_found_exception(format!("There is no key material {id} in {}", key.arn))
                    })?,
                };
                remove_material(tx, &key.account, &key.region, &key.id, record, version);
                Ok(record.materials.get(version as usize).map(|material| material.id.clone()))
            })
            .await?;
        let shown = id.filter(|_| key.record.spec == Spec::Symmetric);
        Ok(DeleteImportedKeyMaterialOutput { key_id: Some(key.arn.to_string()), key_material_id: shown })
    }
}

/// Takes imported material away; it can be imported again.
pub fn remove_material(
    tx: &mut Tx,
    account: &str,
    region: &str,
    id: &str,
    record: &mut records::Key,
    version: u32,
) {
    if let Some(material) = record.materials.get_mut(version as usize) {
        material.present = false;
        material.expires_ms = None;
        tx.delete(keys::material(account, region, id, version));
    }
}

fn version_of(record: &records::Key, id: &str) -> Option<u32> {
    record.materials.iter().position(|material| material.id == id).and_then(|at| u32::try_from(at).ok())
}

fn wrapping(algorithm: &str) -> Result<Wrapping, Error> {
    Ok(match AlgorithmSpec::parse(algorithm) {
        Some(AlgorithmSpec::RsaesOaepSha1) => Wrapping::Oaep(Padding::Sha1),
        Some(AlgorithmSpec::RsaesOaepSha256) => Wrapping::Oaep(Padding::Sha256),
        Some(AlgorithmSpec::RsaAesKeyWrapSha1) => Wrapping::AesKeyWrap(Padding::Sha1),
        Some(AlgorithmSpec::RsaAesKeyWrapSha256) => Wrapping::AesKeyWrap(Padding::Sha256),
        Some(AlgorithmSpec::RsaesPkcs1V15 | AlgorithmSpec::Sm2pke) | None => {
            return Err(Error::unsupported_operation_exception(format!(
                "The wrapping algorithm {algorithm} is not supported."
            )));
        }
    })
}

/// When the material will expire.
fn expiry(call: &Call, input: &ImportKeyMaterialInput) -> Result<Option<i64>, Error> {
    let model = input.expiration_model.as_ref().and_then(|model| model.known());
    match (model.unwrap_or(ExpirationModelType::KeyMaterialExpires), input.valid_to) {
        (ExpirationModelType::KeyMaterialExpires, None) => {
            Err(invalid("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"))
        }
        (ExpirationModelType::KeyMaterialExpires, Some(valid_to)) => {
            check_valid_to(call.now, valid_to).map(Some)
        }
        (ExpirationModelType::KeyMaterialDoesNotExpire, None) => Ok(None),
        (ExpirationModelType::KeyMaterialDoesNotExpire, Some(_)) => Err(invalid(
            "A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE",
        )),
    }
}

fn check_valid_to(now: Timestamp, valid_to: Timestamp) -> Result<i64, Error> {
    let most = now.plus(std::time::Duration::from_millis(IMPORT_EXPIRY_DAYS_MAX * DAY_MS.unsigned_abs()));
    if now < valid_to && valid_to <= most {
        return Ok(valid_to.millis());
    }
    Err(invalid(format!("The validTo date must be in the future, by {IMPORT_EXPIRY_DAYS_MAX} days at most.")))
}

fn check_symmetric_parameters(key: &Key, input: &ImportKeyMaterialInput) -> Result<(), Error> {
    let given = input.import_type.is_some()
        || input.key_material_id.is_some()
        || input.key_material_description.is_some();
    if given && key.record.spec != Spec::Symmetric {
        return Err(invalid(
            "ImportType, KeyMaterialId and KeyMaterialDescription are for symmetric encryption keys only.",
        ));
    }
    Ok(())
}

/// Material on its way into a key.
struct Import {
    id: String,
    named: Option<String>,
    /// What the request says of it, if anything.
    wants_new: Option<bool>,
    expires_ms: Option<i64>,
    description: Option<String>,
    now_ms: i64,
    public: Option<Vec<u8>>,
}

impl Import {
    /// Enters the material into the key's record, and gives its version.
    fn place(&self, tx: &mut Tx, key: &Key, record: &mut records::Key) -> Result<u32, Error> {
        let wants_new = self.wants_new.unwrap_or(record.materials.is_empty());
        if wants_new && self.named.is_some() {
            return Err(invalid("KeyMaterialId cannot be given with ImportType NEW_KEY_MATERIAL."));
        }
        if wants_new { self.place_new(tx, key, record) } else { self.place_again(record) }
    }

    fn place_again(&self, record: &mut records::Key) -> Result<u32, Error> {
        let wrong = || {
            Error::incorrect_key_material_exception(
                "The key material is not one that was imported into this KMS key before.",
            )
        };
        if self.named.as_ref().is_some_and(|named| *named != self.id) {
            return Err(wrong());
        }
        let version = version_of(record, &self.id).ok_or_else(wrong)?;
        let material = record.materials.get_mut(version as usize).ok_or_else(wrong)?;
        material.present = true;
        material.expires_ms = self.expires_ms;
        if self.description.is_some() {
            material.description.clone_from(&self.description);
        }
        Ok(version)
    }

    fn place_new(&self, tx: &mut Tx, key: &Key, record: &mut records::Key) -> Result<u32, Error> {
        let first = record.materials.is_empty();
        if let Some(pending) = record.pending_material() {
            let pending = record.materials.get(pending as usize).map_or("", |material| &material.id);
            return Err(Error::kms_invalid_state_exception(format!(
                "New key material (id: {}) cannot be imported into KMS key {}, because another key material (id: {pending}) \
                 is pending rotation.",
                self.id, key.id
            )));
        }
        if version_of(record, &self.id).is_some() {
            return Err(Error::incorrect_key_material_exception("The key material was imported before."));
        }
        if !first && record.multi_region.is_some() {
            return Err(Error::unsupported_operation_exception(
                "New key material for multi-Region keys that have key material is not supported.",
            ));
        }
        family::check_primary(key)?;
        if !first && record.lacks_material() {
            return Err(bad_state(&key.arn, "is pending import"));
        }
        let version = u32::try_from(record.materials.len()).unwrap_or(u32::MAX);
        let material = Material {
            id: self.id.clone(),
            created_ms: self.now_ms,
            rotated: None,
            present: true,
            expires_ms: self.expires_ms,
            description: self.description.clone(),
        };
        // The replicas know what to import; they do not have it yet.
        for region in family::others(&key.region, record) {
            change_in(tx, &key.account, &region, &key.id, |_, replica| {
                replica.materials.push(Material { present: false, expires_ms: None, ..material.clone() });
                replica.public_key.clone_from(&self.public);
                Ok(())
            })?;
        }
        record.materials.push(material);
        if first {
            record.public_key.clone_from(&self.public);
        }
        Ok(version)
    }
}
