//! Public SSH keys of users.

use std::sync::Arc;

use identity::keys;
use identity::records::SshPublicKey;
use kernel::Call;
use model_iam::types::{self, *};
use service::Allowed;
use store::Record as _;

use crate::error::{Error, corrupt, over_quota};
use crate::iam::Iam;
use crate::limits::SSH_KEYS_PER_USER;
use crate::page::Wanted;
use crate::read::Reader as _;
use crate::resource::Owner;
use crate::{belongings, find, shape, ssh};

const KIND: &str = "ssh";

impl Iam {
    pub async fn upload_ssh_public_key(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UploadSSHPublicKeyInput,
    ) -> Result<UploadSSHPublicKeyOutput, Error> {
        let account = &call.account;
        let key = SshPublicKey {
            id: self.unique_id("APKA"),
            blob: ssh::read(&input.ssh_public_key_body)?,
            active: true,
            uploaded_ms: call.now.millis(),
        };
        let name = self
            .transact(|tx| {
                let user = find::user(tx, account, &input.user_name)?;
                let before: Vec<SshPublicKey> = belongings::all(tx, account, KIND, &user.id)?;
                if before.iter().any(|have| have.blob == key.blob) {
                    let text = "The SSH public key is already associated with the specified IAM user.";
                    return Err(Error::duplicate_ssh_public_key_exception(text));
                }
                if before.len() >= SSH_KEYS_PER_USER {
                    return Err(over_quota("SSHPublicKeysPerUser", SSH_KEYS_PER_USER));
                }
                tx.put(keys::belonging(account, KIND, &user.id, &key.id), key.encode());
                Ok(user.name)
            })
            .await?;
        let ssh_public_key = Some(shown(name, &key, EncodingType::Ssh)?);
        Ok(UploadSSHPublicKeyOutput { ssh_public_key })
    }

    pub async fn get_ssh_public_key(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetSSHPublicKeyInput,
    ) -> Result<GetSSHPublicKeyOutput, Error> {
        let encoding = input.encoding.known().ok_or_else(|| {
            let text = "The public key encoding format must be SSH or PEM.";
            Error::unrecognized_public_key_encoding_exception(text)
        })?;
        let mut snapshot = self.store.snapshot();
        let user = find::user(&mut snapshot, &call.account, &input.user_name)?;
        let row = keys::belonging(&call.account, KIND, &user.id, &input.ssh_public_key_id);
        let key: SshPublicKey = snapshot.record(&row)?.ok_or_else(|| absent(&input.ssh_public_key_id))?;
        Ok(GetSSHPublicKeyOutput { ssh_public_key: Some(shown(user.name, &key, encoding)?) })
    }

    pub async fn list_ssh_public_keys(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ListSSHPublicKeysInput,
    ) -> Result<ListSSHPublicKeysOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let (id, name) = belongings::owner(&mut snapshot, &call.account, &owner)?;
        let all: Vec<SshPublicKey> = belongings::all(&mut snapshot, &call.account, KIND, &id)?;
        let part = wanted.of(all, |found| found.id.clone());
        let metadata = |found: &SshPublicKey| SshPublicKeyMetadata {
            user_name: name.clone(),
            ssh_public_key_id: Some(found.id.clone()),
            status: Some(belongings::status(found.active).into()),
            upload_date: shape::time(found.uploaded_ms),
        };
        Ok(ListSSHPublicKeysOutput {
            ssh_public_keys: Some(part.entries.iter().map(metadata).collect()),
            is_truncated: part.truncated(),
            marker: part.marker,
        })
    }

    pub async fn update_ssh_public_key(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateSSHPublicKeyInput,
    ) -> Result<UpdateSSHPublicKeyOutput, Error> {
        let active = belongings::is_active(input.status.known())?;
        self.transact(|tx| {
            let user = find::user(tx, &call.account, &input.user_name)?;
            let row = keys::belonging(&call.account, KIND, &user.id, &input.ssh_public_key_id);
            let found: SshPublicKey = tx.record(&row)?.ok_or_else(|| absent(&input.ssh_public_key_id))?;
            tx.put(row, SshPublicKey { active, ..found }.encode());
            Ok(())
        })
        .await?;
        Ok(UpdateSSHPublicKeyOutput {})
    }

    pub async fn delete_ssh_public_key(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteSSHPublicKeyInput,
    ) -> Result<DeleteSSHPublicKeyOutput, Error> {
        self.transact(|tx| {
            let user = find::user(tx, &call.account, &input.user_name)?;
            let row = keys::belonging(&call.account, KIND, &user.id, &input.ssh_public_key_id);
            if tx.bytes(&row)?.is_none() {
                return Err(absent(&input.ssh_public_key_id));
            }
            tx.delete(row);
            Ok(())
        })
        .await?;
        Ok(DeleteSSHPublicKeyOutput {})
    }
}

fn shown(user: String, key: &SshPublicKey, encoding: EncodingType) -> Result<types::SshPublicKey, Error> {
    let body = match encoding {
        EncodingType::Ssh => ssh::openssh(&key.blob),
        EncodingType::Pem => ssh::pem(&key.blob),
    };
    Ok(types::SshPublicKey {
        user_name: Some(user),
        ssh_public_key_id: Some(key.id.clone()),
        fingerprint: Some(ssh::fingerprint(&key.blob)),
        ssh_public_key_body: Some(body.ok_or_else(|| corrupt("an SSH key cannot be written"))?),
        status: Some(belongings::status(key.active).into()),
        upload_date: shape::time(key.uploaded_ms),
    })
}

fn absent(id: &str) -> Error {
    Error::no_such_entity_exception(format!("The Public Key with id {id} cannot be found."))
}
