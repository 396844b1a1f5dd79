//! Values of secure strings: encrypted and decrypted by KMS for the caller, as the caller.
//!
//! KMS encrypts the value of a standard parameter itself. For an advanced parameter, whose value may be longer than KMS
//! takes, it makes a data key: the value is encrypted here under that key, and the encrypted data key stands before it.
//! Both are bound to the parameter's ARN.
//!
//! An envelope is a byte 1, the length of the encrypted data key in two bytes (big-endian), the encrypted data key, a nonce
//! of twelve bytes, and the text under AES-256-GCM with its tag.

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kernel::{Arn, Call};
use model_kms::types::{DataKeySpec, DecryptInput, EncryptInput, GenerateDataKeyInput};
use model_kms::{Error as KmsError, ops};
use model_ssm::Error;
use service::Cloud;
use wire::{CommonError, Fault, Protocol, ServiceError};
use zeroize::Zeroizing;

use crate::records::{Tier, Value};

/// The key of those who name none.
pub const DEFAULT_KEY: &str = "alias/aws/ssm";

/// The key of the encryption context that names the parameter (user guide, "SecureString parameters").
const CONTEXT: &str = "PARAMETER_ARN";

const ENVELOPE: u8 = 1;
const NONCE: usize = 12;

/// Under what a value is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealing {
    pub key_id: String,
    pub tier: Tier,
}

/// Encrypts a value.
pub async fn seal(
    cloud: &Cloud,
    call: &Call,
    arn: &Arn,
    sealing: &Sealing,
    value: &str,
) -> Result<Value, Error> {
    match sealing.tier {
        Tier::Standard => {
            let input = EncryptInput {
                key_id: sealing.key_id.clone().into(),
                plaintext: Bytes::copy_from_slice(value.as_bytes()).into(),
                encryption_context: Some(context(arn)),
                ..Default::default()
            };
            let output =
                cloud.call::<ops::Encrypt>(call.forward(), input).await.map_err(|e| refused(call, &e))?;
            Ok(Value::Direct(output.ciphertext_blob.ok_or_else(broken)?.to_vec()))
        }
        Tier::Advanced => {
            let input = GenerateDataKeyInput {
                key_id: sealing.key_id.clone().into(),
                key_spec: Some(DataKeySpec::Aes256.into()),
                encryption_context: Some(context(arn)),
                ..Default::default()
            };
            let output = cloud
                .call::<ops::GenerateDataKey>(call.forward(), input)
                .await
                .map_err(|e| refused(call, &e))?;
            let key = output.plaintext.ok_or_else(broken)?;
            let wrapped = output.ciphertext_blob.ok_or_else(broken)?;
            let length = u16::try_from(wrapped.len()).map_err(|_| broken())?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| broken())?;
            let mut text = value.as_bytes().to_vec();
            let nonce =
                key.seal_in_place_append_tag(Aad::from(arn.as_str()), &mut text).map_err(|_| broken())?;
            let mut envelope = vec![ENVELOPE];
            envelope.extend_from_slice(&length.to_be_bytes());
            envelope.extend_from_slice(&wrapped);
            envelope.extend_from_slice(nonce.as_ref());
            envelope.extend_from_slice(&text);
            Ok(Value::Envelope(envelope))
        }
    }
}

/// The value as an answer shows it: decrypted, or else the encrypted bytes in base64.
pub async fn shown(
    cloud: &Cloud,
    call: &Call,
    arn: &Arn,
    value: &mut Value,
    decrypted: bool,
) -> Result<String, Error> {
    match value {
        Value::Plain(text) => Ok(std::mem::take(text)),
        Value::Direct(bytes) | Value::Envelope(bytes) if !decrypted => Ok(STANDARD.encode(bytes)),
        Value::Direct(bytes) => text_of(&decrypt(cloud, call, arn, bytes).await?),
        Value::Envelope(bytes) => {
            let (wrapped, nonce, text) = parts(bytes).ok_or_else(broken)?;
            let key = decrypt(cloud, call, arn, wrapped).await?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_| broken())?;
            let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
            let mut text = Zeroizing::new(text.to_vec());
            let plain = key.open_in_place(nonce, Aad::from(arn.as_str()), &mut text).map_err(|_| broken())?;
            text_of(plain)
        }
    }
}

async fn decrypt(cloud: &Cloud, call: &Call, arn: &Arn, bytes: &[u8]) -> Result<Bytes, Error> {
    let input = DecryptInput {
        ciphertext_blob: Some(Bytes::copy_from_slice(bytes)),
        encryption_context: Some(context(arn)),
        ..Default::default()
    };
    let output = cloud.call::<ops::Decrypt>(call.forward(), input).await.map_err(|e| refused(call, &e))?;
    output.plaintext.ok_or_else(broken)
}

fn parts(envelope: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&[version, high, low], rest) = envelope.split_first_chunk::<3>()?;
    let (wrapped, rest) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
    let (nonce, text) = rest.split_at_checked(NONCE)?;
    (version == ENVELOPE).then_some((wrapped, nonce, text))
}

fn text_of(plain: &[u8]) -> Result<String, Error> {
    std::str::from_utf8(plain).map(str::to_owned).map_err(|_| broken())
}

fn context(arn: &Arn) -> BTreeMap<String, String> {
    BTreeMap::from([(CONTEXT.to_owned(), arn.to_string())])
}

/// What KMS refuses, in the words of this service.
fn refused(call: &Call, error: &KmsError) -> Error {
    let fault = error.fault();
    match fault {
        Fault::Modelled(_) => {
            if matches!(error, KmsError::KmsInternalException(_) | KmsError::DependencyTimeoutException(_)) {
                return broken();
            }
            let (code, text) = (fault.code(Protocol::Json11), fault.message(Protocol::Json11));
            Error::invalid_key_id(with_source(call, &text, code))
        }
        Fault::Common(CommonError::AccessDenied(text)) => {
            CommonError::AccessDenied(with_source(call, text, "AccessDeniedException")).into()
        }
        // A key's name that breaks the constraints of KMS.
        Fault::Common(CommonError::Validation(text)) => {
            Error::invalid_key_id(with_source(call, text, "ValidationException"))
        }
        Fault::Common(other) => other.clone().into(),
    }
}

/// A text of KMS, as this service passes it on.
fn with_source(call: &Call, text: &str, code: &str) -> String {
    let id = &call.request_id;
    format!("{text} (Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: {id}; Proxy: null)")
}

/// A ciphertext, or an answer of KMS, that is not what it must be.
fn broken() -> Error {
    tracing::error!("a secure string could not be encrypted or decrypted");
    CommonError::InternalFailure.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes() {
        let envelope = [&[1, 0, 2, 7, 8][..], &[9; 12], b"text"].concat();
        assert_eq!(parts(&envelope), Some((&[7, 8][..], &[9; 12][..], &b"text"[..])));
        for bad in [&b""[..], &[1, 0], &[1, 0, 9, 1], &[2, 0, 0], &[1, 0, 0, 1]] {
            assert_eq!(parts(bad), None);
        }
    }
}
