//! SAML providers.

use std::sync::Arc;
use std::time::Duration;

use identity::keys;
use identity::records::{SamlKey, SamlKeys, SamlProvider};
use kernel::{Arn, Call, Timestamp};
use model_iam::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Error, over_quota};
use crate::iam::Iam;
use crate::limits::{SAML_KEYS, SAML_PROVIDERS};
use crate::read::Reader;
use crate::{arn, certificate, check, quota, saml, shape};

/// What the vault seals keys for.
const PURPOSE: &str = "iam.saml-key";
/// For how long metadata is good that does not say so: a hundred years, as AWS has it.
const VALID: Duration = Duration::from_secs(100 * 365 * 86_400);

impl Iam {
    pub async fn create_saml_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateSAMLProviderInput,
    ) -> Result<CreateSAMLProviderOutput, Error> {
        let account = &call.account;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        saml::check(&input.saml_metadata_document)?;
        let keys_of = SamlKeys {
            required: is_required(input.assertion_encryption_mode.and_then(|mode| mode.known())),
            keys: self.new_key(&call, input.add_private_key.as_deref())?.into_iter().collect(),
        };
        check_mode(&keys_of)?;
        let provider = SamlProvider {
            name: input.name.to_string(),
            uuid: self.ids.uuid(),
            metadata: input.saml_metadata_document.to_string(),
            created_ms: call.now.millis(),
            tags,
        };
        self.transact(|tx| {
            if tx.bytes(&keys::saml_provider(account, &provider.name))?.is_some() {
                let text = format!("SAMLProvider with name {} already exists.", provider.name);
                return Err(Error::entity_already_exists_exception(text));
            }
            quota::take(tx, account, "saml", "SAMLProvidersPerAccount", SAML_PROVIDERS)?;
            save(tx, account, &provider);
            tx.put(keys::saml_keys(account, &provider.name), keys_of.encode());
            Ok(())
        })
        .await?;
        Ok(CreateSAMLProviderOutput {
            saml_provider_arn: Some(arn_of(account, &provider.name).to_string()),
            tags: shape::unless_empty(check::shown_tags(&provider.tags)),
        })
    }

    pub async fn get_saml_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetSAMLProviderInput,
    ) -> Result<GetSAMLProviderOutput, Error> {
        let mut snapshot = self.store.snapshot();
        let provider = find(&mut snapshot, &call.account, &input.saml_provider_arn)?;
        let keys_of = keys_of(&mut snapshot, &call.account, &provider.name)?;
        let mode = if keys_of.required {
            Some(AssertionEncryptionModeType::Required)
        } else {
            (!keys_of.keys.is_empty()).then_some(AssertionEncryptionModeType::Allowed)
        };
        let shown_key = |key: &SamlKey| SamlPrivateKey {
            key_id: Some(key.id.clone()),
            timestamp: shape::time(key.added_ms),
        };
        Ok(GetSAMLProviderOutput {
            valid_until: Some(valid_until(&provider)?),
            saml_provider_uuid: Some(provider.uuid),
            saml_metadata_document: Some(provider.metadata),
            create_date: shape::time(provider.created_ms),
            tags: shape::unless_empty(check::shown_tags(&provider.tags)),
            assertion_encryption_mode: mode.map(Into::into),
            private_key_list: shape::unless_empty(keys_of.keys.iter().map(shown_key).collect()),
        })
    }

    pub async fn list_saml_providers(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: ListSAMLProvidersInput,
    ) -> Result<ListSAMLProvidersOutput, Error> {
        let account = &call.account;
        let all: Vec<SamlProvider> = self.store.snapshot().records(&keys::all(account, "saml"))?;
        let mut shown = Vec::with_capacity(all.len());
        for provider in &all {
            shown.push(SamlProviderListEntry {
                arn: Some(arn_of(account, &provider.name).to_string()),
                valid_until: Some(valid_until(provider)?),
                create_date: shape::time(provider.created_ms),
            });
        }
        Ok(ListSAMLProvidersOutput { saml_provider_list: Some(shown) })
    }

    pub async fn update_saml_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateSAMLProviderInput,
    ) -> Result<UpdateSAMLProviderOutput, Error> {
        let account = &call.account;
        if let Some(metadata) = &input.saml_metadata_document {
            saml::check(metadata)?;
        }
        let added = self.new_key(&call, input.add_private_key.as_deref())?;
        let mode = input.assertion_encryption_mode.as_ref().and_then(|mode| mode.known());
        self.transact(|tx| {
            let mut provider = find(tx, account, &input.saml_provider_arn)?;
            let mut keys_of = keys_of(tx, account, &provider.name)?;
            if let Some(metadata) = &input.saml_metadata_document {
                provider.metadata.clone_from(metadata);
            }
            if let Some(id) = &input.remove_private_key {
                let at = keys_of.keys.iter().position(|key| key.id == *id).ok_or_else(|| {
                    Error::no_such_entity_exception(format!("The private key with id {id} cannot be found."))
                })?;
                keys_of.keys.remove(at);
            }
            keys_of.keys.extend(added.clone());
            if keys_of.keys.len() > SAML_KEYS {
                return Err(over_quota("PrivateKeysPerSAMLProvider", SAML_KEYS));
            }
            if let Some(mode) = mode {
                keys_of.required = is_required(Some(mode));
            }
            check_mode(&keys_of)?;
            save(tx, account, &provider);
            tx.put(keys::saml_keys(account, &provider.name), keys_of.encode());
            Ok(())
        })
        .await?;
        Ok(UpdateSAMLProviderOutput { saml_provider_arn: Some(input.saml_provider_arn.to_string()) })
    }

    pub async fn delete_saml_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteSAMLProviderInput,
    ) -> Result<DeleteSAMLProviderOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let provider = find(tx, account, &input.saml_provider_arn)?;
            tx.delete(keys::saml_provider(account, &provider.name));
            tx.delete(keys::saml_keys(account, &provider.name));
            quota::give_back(tx, account, "saml");
            Ok(())
        })
        .await?;
        Ok(DeleteSAMLProviderOutput {})
    }

    fn new_key(&self, call: &Call, pem: Option<&str>) -> Result<Option<SamlKey>, Error> {
        let Some(pem) = pem else { return Ok(None) };
        certificate::check_private_key(pem)
            .map_err(|_| Error::invalid_input_exception("The private key cannot be read."))?;
        let id = self.ids.base32(KEY_ID_CHARS);
        let sealed = self.vault.seal(PURPOSE, &id, pem.as_bytes());
        Ok(Some(SamlKey { id, added_ms: call.now.millis(), sealed }))
    }
}

/// Characters of a key's id (the model gives 22 to 64).
const KEY_ID_CHARS: usize = 26;

/// The provider with this ARN.
pub fn find(from: &mut impl Reader, account: &str, arn: &str) -> Result<SamlProvider, Error> {
    let absent = || Error::no_such_entity_exception(format!("SAML provider not found for arn {arn}"));
    let parsed = arn.parse::<Arn>().ok().filter(|arn| arn.account() == account);
    let name = parsed.as_ref().and_then(|arn| arn.resource().strip_prefix("saml-provider/"));
    from.record(&keys::saml_provider(account, name.ok_or_else(absent)?))?.ok_or_else(absent)
}

/// Writes a provider.
pub fn save(tx: &mut Tx, account: &str, provider: &SamlProvider) {
    tx.put(keys::saml_provider(account, &provider.name), provider.encode());
}

fn keys_of(from: &mut impl Reader, account: &str, name: &str) -> Result<SamlKeys, Error> {
    Ok(from.record(&keys::saml_keys(account, name))?.unwrap_or_default())
}

fn arn_of(account: &str, name: &str) -> Arn {
    arn::of(account, &format!("saml-provider/{name}"))
}

fn valid_until(provider: &SamlProvider) -> Result<Timestamp, Error> {
    let said = saml::check(&provider.metadata)?.valid_until;
    Ok(said.unwrap_or_else(|| Timestamp::from_millis(provider.created_ms).plus(VALID)))
}

fn is_required(mode: Option<AssertionEncryptionModeType>) -> bool {
    mode == Some(AssertionEncryptionModeType::Required)
}

fn check_mode(keys_of: &SamlKeys) -> Result<(), Error> {
    if keys_of.required && keys_of.keys.is_empty() {
        let text = "Assertions cannot be required to be encrypted without a private key.";
        return Err(Error::invalid_input_exception(text));
    }
    Ok(())
}
