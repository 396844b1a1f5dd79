//! Encryption of values: each under a data key of its own, which KMS gives and keeps closed.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use bytes::Bytes;
use kernel::{Arn, Call};
use model_kms::ops::{Decrypt, GenerateDataKey};
use model_kms::types::{DataKeySpec, DecryptInput, GenerateDataKeyInput};
use model_secretsmanager::Error;
use wire::{CommonError, Open};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::refused;
use crate::payload::Payload;
use crate::records::Version;
use crate::secrets::Secrets;

/// The key that the service manages.
pub const MANAGED_KEY: &str = "alias/aws/secretsmanager";
/// How listings name it.
pub const MANAGED_KEY_LISTED: &str = "DefaultEncryptionKey";
/// Stands for a version where only the access to a key is tried, as in the real service.
const TRIAL: &str = "RequestToValidateKeyAccess";

/// What was to be done with the key: it decides the name of the error.
#[derive(Clone, Copy)]
enum Doing {
    Encrypting,
    Decrypting,
}

impl Secrets {
    /// Encrypts a value of the secret `arn`, as the caller, in the region of the secret.
    pub async fn seal(
        &self,
        call: &Call,
        arn: &Arn,
        version: &str,
        kms_key: Option<&str>,
        payload: &Payload,
    ) -> Result<Version, Error> {
        refuse_foreign(call, arn, kms_key)?;
        let (data_key, wrapped_key) = self.data_key(call, arn, version, kms_key).await?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &data_key).map_err(|_| damaged())?;
        let mut sealed = payload.bytes().to_vec();
        let nonce =
            key.seal_in_place_append_tag(Aad::from(aad(arn, version)), &mut sealed).map_err(|_| damaged())?;
        Ok(Version {
            created_ms: call.now.millis(),
            kms_key: kms_key.map(str::to_owned),
            binary: payload.is_binary(),
            wrapped_key: wrapped_key.to_vec(),
            nonce: *nonce.as_ref(),
            sealed,
        })
    }

    /// Decrypts a value of the secret `arn`, as the caller.
    pub async fn open(&self, call: &Call, arn: &Arn, id: &str, version: &Version) -> Result<Payload, Error> {
        refuse_foreign(call, arn, version.kms_key.as_deref())?;
        let wrapped = Bytes::copy_from_slice(&version.wrapped_key);
        let data_key = self.unwrap_key(call, arn, id, wrapped).await?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, &data_key).map_err(|_| damaged())?;
        let mut text = Zeroizing::new(version.sealed.clone());
        let length = key
            .open_in_place(Nonce::from(&version.nonce), Aad::from(aad(arn, id)), &mut text)
            .map_err(|_| damaged())?
            .len();
        text.truncate(length);
        Ok(Payload::new(text, version.binary))
    }

    /// Tries whether the caller may use a key for the secret, before the secret is made to depend on it.
    pub async fn try_key(&self, call: &Call, arn: &Arn, kms_key: Option<&str>) -> Result<(), Error> {
        if kms_key.is_none() {
            return Ok(());
        }
        let (_, wrapped) = self.data_key(call, arn, TRIAL, kms_key).await?;
        self.unwrap_key(call, arn, TRIAL, wrapped).await.map(|_| ())
    }

    async fn data_key(
        &self,
        call: &Call,
        arn: &Arn,
        version: &str,
        kms_key: Option<&str>,
    ) -> Result<(Zeroizing<Vec<u8>>, Bytes), Error> {
        let input = GenerateDataKeyInput {
            key_id: kms_key.unwrap_or(MANAGED_KEY).into(),
            encryption_context: Some(context(arn, version)),
            key_spec: Some(Open::Known(DataKeySpec::Aes256)),
            ..Default::default()
        };
        let answer = self.cloud.call::<GenerateDataKey>(to_kms(call, arn), input).await;
        let output = answer.map_err(|error| of_kms(error, Doing::Encrypting))?;
        match (output.plaintext, output.ciphertext_blob) {
            (Some(plain), Some(wrapped)) => Ok((wiped(plain), wrapped)),
            _ => Err(damaged()),
        }
    }

    async fn unwrap_key(
        &self,
        call: &Call,
        arn: &Arn,
        version: &str,
        wrapped: Bytes,
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let input = DecryptInput {
            ciphertext_blob: Some(wrapped),
            encryption_context: Some(context(arn, version)),
            ..Default::default()
        };
        let answer = self.cloud.call::<Decrypt>(to_kms(call, arn), input).await;
        let output = answer.map_err(|error| of_kms(error, Doing::Decrypting))?;
        output.plaintext.map(wiped).ok_or_else(damaged)
    }
}

/// The caller's call of KMS in the secret's region: keys are regional.
fn to_kms(call: &Call, arn: &Arn) -> Call {
    let mut forwarded = call.forward();
    if forwarded.region != arn.region() {
        arn.region().clone_into(&mut forwarded.region);
    }
    forwarded
}

/// The managed key belongs to the secret's account and is of no use to callers from others.
fn refuse_foreign(call: &Call, arn: &Arn, kms_key: Option<&str>) -> Result<(), Error> {
    if kms_key.is_some() || call.account == arn.account() {
        return Ok(());
    }
    Err(refused(
        "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service \
         key.",
    ))
}

/// Takes a key out of an answer, and wipes the answer's memory where nobody else holds it.
fn wiped(plain: Bytes) -> Zeroizing<Vec<u8>> {
    let key = Zeroizing::new(plain.to_vec());
    if let Ok(mut rest) = plain.try_into_mut() {
        rest.zeroize();
    }
    key
}

fn context(arn: &Arn, version: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("SecretARN".to_owned(), arn.as_str().to_owned()),
        ("SecretVersionId".to_owned(), version.to_owned()),
    ])
}

/// Binds a value to its place: no ARN holds a zero byte.
fn aad(arn: &Arn, version: &str) -> Vec<u8> {
    [arn.as_str().as_bytes(), &[0], version.as_bytes()].concat()
}

fn damaged() -> Error {
    tracing::error!("a secret value cannot be encrypted or decrypted with its data key");
    Error::internal_service_error("An internal service error occurred.")
}

fn of_kms(error: model_kms::Error, doing: Doing) -> Error {
    match error {
        model_kms::Error::Common(CommonError::AccessDenied(_)) => {
            CommonError::AccessDenied("Access to KMS is not allowed".into()).into()
        }
        model_kms::Error::Common(
            error @ (CommonError::NotImplemented { .. } | CommonError::InternalFailure),
        ) => {
            tracing::error!(?error, "KMS does not answer");
            Error::internal_service_error("An internal service error occurred.")
        }
        model_kms::Error::Common(error) => error.into(),
        _ => match doing {
            Doing::Encrypting => Error::encryption_failure(
                "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
            ),
            Doing::Decrypting => Error::decryption_failure(
                "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            ),
        },
    }
}
