//! Access keys of users and of the root user.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::keys;
use identity::records::{self, AccessKeyUsed};
use kernel::{Call, Ids, Timestamp};
use model_iam::types::*;
use service::Allowed;
use store::{Record as _, Tx};
use vault::Vault;
use zeroize::Zeroizing;

use crate::error::{Error, no_access_key, over_quota, validation};
use crate::iam::Iam;
use crate::limits::ACCESS_KEYS_PER_USER;
use crate::ops::users;
use crate::page::Wanted;
use crate::read::Reader;
use crate::resource::Owner;
use crate::{find, shape};

/// What the vault seals secrets for.
const PURPOSE: &str = "iam.access-key";

/// A new key that nobody has yet.
pub struct NewKey {
    pub id: String,
    /// 40 characters.
    pub secret: Zeroizing<String>,
    sealed: Vec<u8>,
}

impl NewKey {
    pub fn new(ids: Ids, vault: &Vault) -> Self {
        let id = format!("AKIA{}", ids.base32(16));
        // 30 bytes are 40 characters of base 64.
        let random = Zeroizing::new(ids.bytes::<30>());
        let secret = Zeroizing::new(STANDARD.encode(&random[..]));
        let sealed = vault.seal(PURPOSE, &id, secret.as_bytes());
        Self { id, secret, sealed }
    }

    /// Gives it to a user or the root user. The user's name comes back as it was given when the user was made.
    pub fn give(
        &self,
        tx: &mut Tx,
        account: &str,
        owner: &Owner,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        change_list(tx, account, owner, now, |list| {
            if list.len() >= ACCESS_KEYS_PER_USER {
                return Err(over_quota("AccessKeysPerUser", ACCESS_KEYS_PER_USER));
            }
            list.push(self.id.clone());
            Ok(())
        })?;
        let user = match owner {
            Owner::User(name) => Some(find::user(tx, account, name)?.name),
            Owner::Root => None,
        };
        let key = records::AccessKey {
            account: account.to_owned(),
            user: user.clone(),
            sealed_secret: self.sealed.clone(),
            active: true,
            created_ms: now.millis(),
        };
        tx.put(keys::access_key(&self.id), key.encode());
        Ok(user)
    }
}

impl Iam {
    pub async fn create_access_key(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        _: CreateAccessKeyInput,
    ) -> Result<CreateAccessKeyOutput, Error> {
        let new = NewKey::new(self.ids, &self.vault);
        let user_name = self.transact(|tx| new.give(tx, &call.account, &owner, call.now)).await?;
        Ok(CreateAccessKeyOutput {
            access_key: Some(AccessKey {
                user_name,
                access_key_id: Some(new.id.clone()),
                status: Some(StatusType::Active.into()),
                secret_access_key: Some(new.secret.to_string()),
                create_date: Some(call.now),
            }),
        })
    }

    pub async fn list_access_keys(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ListAccessKeysInput,
    ) -> Result<ListAccessKeysOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let ids = ids_of(&mut snapshot, &call.account, &owner)?;
        let part = wanted.by_place(ids)?;
        let mut shown = Vec::with_capacity(part.entries.len());
        for id in &part.entries {
            let key: Option<records::AccessKey> = snapshot.record(&keys::access_key(id))?;
            let key = key.ok_or_else(|| no_access_key(id))?;
            shown.push(AccessKeyMetadata {
                user_name: key.user,
                access_key_id: Some(id.clone()),
                status: Some(status(key.active).into()),
                create_date: shape::time(key.created_ms),
            });
        }
        Ok(ListAccessKeysOutput {
            is_truncated: part.truncated(),
            access_key_metadata: Some(shown),
            marker: part.marker,
        })
    }

    pub async fn update_access_key(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: UpdateAccessKeyInput,
    ) -> Result<UpdateAccessKeyOutput, Error> {
        let active = match input.status.known() {
            Some(StatusType::Active) => true,
            Some(StatusType::Inactive) => false,
            _ => return Err(validation("The status of an access key must be Active or Inactive.")),
        };
        let id = input.access_key_id.as_str();
        self.transact(|tx| {
            if !ids_of(tx, &call.account, &owner)?.iter().any(|have| have == id) {
                return Err(no_access_key(id));
            }
            let row = keys::access_key(id);
            let key: records::AccessKey = tx.record(&row)?.ok_or_else(|| no_access_key(id))?;
            tx.put(row, records::AccessKey { active, ..key }.encode());
            Ok(())
        })
        .await?;
        Ok(UpdateAccessKeyOutput {})
    }

    pub async fn delete_access_key(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: DeleteAccessKeyInput,
    ) -> Result<DeleteAccessKeyOutput, Error> {
        let id = input.access_key_id.as_str();
        self.transact(|tx| {
            change_list(tx, &call.account, &owner, call.now, |list| {
                let at = list.iter().position(|have| have == id).ok_or_else(|| no_access_key(id))?;
                list.remove(at);
                Ok(())
            })?;
            tx.delete(keys::access_key(id));
            tx.delete(keys::access_key_used(id));
            Ok(())
        })
        .await?;
        Ok(DeleteAccessKeyOutput {})
    }

    pub async fn get_access_key_last_used(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetAccessKeyLastUsedInput,
    ) -> Result<GetAccessKeyLastUsedOutput, Error> {
        let id = input.access_key_id.as_str();
        let mut snapshot = self.store.snapshot();
        let key: Option<records::AccessKey> = snapshot.record(&keys::access_key(id))?;
        let key = key.filter(|key| key.account == call.account).ok_or_else(|| no_access_key(id))?;
        let used: Option<AccessKeyUsed> = snapshot.record(&keys::access_key_used(id))?;
        let used = match used {
            Some(used) => AccessKeyLastUsed {
                last_used_date: shape::time(used.used_ms),
                service_name: Some(used.service),
                region: Some(used.region),
            },
            None => AccessKeyLastUsed {
                last_used_date: None,
                service_name: Some("N/A".to_owned()),
                region: Some("N/A".to_owned()),
            },
        };
        Ok(GetAccessKeyLastUsedOutput { user_name: key.user, access_key_last_used: Some(used) })
    }
}

/// The ids of a user's or the root user's keys.
fn ids_of(from: &mut impl Reader, account: &str, owner: &Owner) -> Result<Vec<String>, Error> {
    Ok(match owner {
        Owner::User(name) => find::user(from, account, name)?.access_keys,
        Owner::Root => find::account(from, account)?.access_keys,
    })
}

fn change_list(
    tx: &mut Tx,
    account: &str,
    owner: &Owner,
    now: Timestamp,
    change: impl FnOnce(&mut Vec<String>) -> Result<(), Error>,
) -> Result<(), Error> {
    match owner {
        Owner::User(name) => {
            let mut user = find::user(tx, account, name)?;
            change(&mut user.access_keys)?;
            users::save(tx, account, &user);
        }
        Owner::Root => {
            let mut found = find::account(tx, account)?;
            found.created_ms.get_or_insert(now.millis());
            change(&mut found.access_keys)?;
            tx.put(keys::account(account), found.encode());
        }
    }
    Ok(())
}

fn status(active: bool) -> StatusType {
    if active { StatusType::Active } else { StatusType::Inactive }
}
