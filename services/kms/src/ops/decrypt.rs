//! Decrypt.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::{DecryptInput, DecryptOutput, EncryptionAlgorithmSpec};
use service::Allowed;
use wire::Bytes;

use crate::context::Context;
use crate::crypto::blob::Header;
use crate::crypto::{Opened, Secret};
use crate::error::{bad_ciphertext, corrupt, invalid, no_enclaves, wrong_key};
use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::ops::encrypt::{algorithm, canonical, check_algorithm, check_dry, padding};
use crate::resource::Cipher;
use crate::spec::Usage;

/// What is to be decrypted, and in which way.
pub struct Task<'a> {
    pub algorithm: EncryptionAlgorithmSpec,
    pub context: Option<&'a Context>,
    pub blob: Option<&'a Bytes>,
    pub header: Option<&'a Header>,
    pub ignored: bool,
}

impl Kms {
    pub async fn decrypt(
        self: Arc<Self>,
        call: Arc<Call>,
        cipher: Allowed<Cipher>,
        input: DecryptInput,
    ) -> Result<DecryptOutput, Error> {
        if input.recipient.is_some() {
            return Err(no_enclaves());
        }
        grant_token::check(input.grant_tokens.as_deref())?;
        let Cipher { subject, header, ignored } = cipher.into_inner();
        let key = self.key(&call, subject).await?;
        let task = Task {
            algorithm: algorithm(input.encryption_algorithm.as_ref()),
            context: input.encryption_context.as_ref(),
            blob: input.ciphertext_blob.as_ref(),
            header: header.as_ref(),
            ignored,
        };
        let (plain, material) = self.decrypt_under(&call, &key, &task)?;
        check_dry(input.dry_run)?;
        self.used(&call, &key);
        Ok(DecryptOutput {
            key_id: Some(key.arn.to_string()),
            plaintext: Some(Bytes::copy_from_slice(&plain)),
            encryption_algorithm: Some(task.algorithm.into()),
            key_material_id: material,
            ..DecryptOutput::default()
        })
    }

    /// Decrypts with a key, once everything is checked that there is to check; also in a dry run, which is to tell
    /// whether it would work. Gives the id of the material that did it, where the key has several.
    pub fn decrypt_under(
        &self,
        call: &Call,
        key: &Key,
        task: &Task<'_>,
    ) -> Result<(Secret, Option<String>), Error> {
        let account = key.account.parse().ok();
        let of_other = |header: &Header| header.id != key.id || Some(header.account) != account;
        if task.algorithm == EncryptionAlgorithmSpec::SymmetricDefault && task.header.is_some_and(of_other) {
            return Err(wrong_key());
        }
        key.check_enabled()?;
        key.check_usage(call, Usage::EncryptDecrypt)?;
        check_algorithm(key, task.algorithm)?;
        let bound = canonical(task.algorithm, task.context)?;
        let Some(blob) = task.blob else {
            if task.ignored {
                return Err(crate::error::dry_run());
            }
            return Err(invalid("CiphertextBlob is required."));
        };
        if task.ignored {
            return Err(crate::error::dry_run());
        }
        if let Some(padding) = padding(task.algorithm) {
            let material = self.open_current(key)?;
            let Opened::Decryption(private) = &*material else {
                return Err(corrupt("material of another kind"));
            };
            return Ok((private.decrypt(padding, blob).map_err(|_| bad_ciphertext())?, None));
        }
        let (header, rest) = Header::parse(blob).ok_or_else(bad_ciphertext)?;
        let version = header.version;
        let info = key.record.materials.get(version as usize).ok_or_else(bad_ciphertext)?;
        let material = self.open(key, version)?;
        let Opened::Symmetric(symmetric) = &*material else {
            return Err(corrupt("material of another kind"));
        };
        let plain = symmetric.decrypt(&header, &bound, rest).map_err(|_| bad_ciphertext())?;
        Ok((plain, Some(info.id.clone())))
    }
}
