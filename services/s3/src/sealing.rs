//! How objects' keys are kept: sealed by the vault (SSE-S3), under a data key of KMS (SSE-KMS), or under a key that the
//! caller brings (SSE-C). An object's bytes are always encrypted.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use checksum::{Algorithm, Hasher};
use kernel::{Arn, Call};
use model_kms::ops::{Decrypt, GenerateDataKey};
use model_kms::types::{DataKeySpec, DecryptInput, GenerateDataKeyInput};
use model_s3::Error;
use model_s3::types::ServerSideEncryption;
use wire::{CommonError, Detailed, Fault, Open, Protocol, ServiceError};
use zeroize::Zeroizing;

use crate::bucket::Bucket;
use crate::error::{access_denied, internal, invalid_argument, invalid_request, not_implemented};
use crate::object_key::{self, KEY_LEN, ObjectKey};
use crate::records::{self, Encryption, Sealing};
use crate::s3::S3;

/// The key of those who name none.
pub const DEFAULT_KEY: &str = "alias/aws/s3";
/// The key of the encryption context that names the object, or with a bucket key the bucket.
const CONTEXT: &str = "aws:s3:arn";
/// The header that says how what is written is to be encrypted.
const ALGORITHM: &str = "x-amz-server-side-encryption";
/// What the vault seals objects' keys for.
const PURPOSE: &str = "s3.object";
/// An encryption context as it comes, in base 64; KMS takes 8 KiB of it.
const CONTEXT_TEXT_MAX: usize = 12 * 1024;

/// What a request says of the encryption of what it writes: the headers' values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub algorithm: Option<&'a str>,
    pub kms_key: Option<&'a str>,
    pub context: Option<&'a str>,
    pub bucket_key: Option<bool>,
    pub customer: Customer<'a>,
}

/// What a request says of a key that it brings.
#[derive(Clone, Copy, Default)]
pub struct Customer<'a> {
    pub algorithm: Option<&'a str>,
    pub key: Option<&'a str>,
    pub md5: Option<&'a str>,
}

impl Customer<'_> {
    /// Whether the request says anything of a key.
    pub fn is_brought(&self) -> bool {
        self.algorithm.is_some() || self.key.is_some() || self.md5.is_some()
    }
}

impl std::fmt::Debug for Customer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Customer").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A key that was brought.
struct Brought {
    key: Zeroizing<[u8; KEY_LEN]>,
    md5: String,
}

impl S3 {
    /// Makes the key of an object that is to be written at `key`, and seals it as the request wants or else as the
    /// bucket does by default.
    pub(crate) async fn new_key(
        &self,
        call: &Call,
        bucket: &Bucket,
        key: &str,
        wanted: Wanted<'_>,
    ) -> Result<(Sealing, ObjectKey), Error> {
        let object_key = ObjectKey::random(&self.ids);
        let sealing = self.seal_key(call, bucket, key, wanted, &object_key).await?;
        Ok((sealing, object_key))
    }

    /// Seals an object's key for the object at `key`.
    pub(crate) async fn seal_key(
        &self,
        call: &Call,
        bucket: &Bucket,
        key: &str,
        wanted: Wanted<'_>,
        object_key: &ObjectKey,
    ) -> Result<Sealing, Error> {
        Ok(match how(&bucket.record, wanted)? {
            How::S3 => {
                Sealing::S3 { key: self.vault.seal(PURPOSE, &belongs_to(bucket, key), object_key.bytes()) }
            }
            How::Customer(brought) => {
                let salt = self.ids.bytes();
                let wrapping = object_key::hmac_of(&brought.key, &[&salt, key.as_bytes()]);
                let sealed = object_key::seal(&wrapping, &salt, object_key.bytes());
                Sealing::Customer { key: sealed, salt, md5: brought.md5 }
            }
            How::Kms { key: kms_key, context, bucket_key } => {
                let input = GenerateDataKeyInput {
                    key_id: kms_key.unwrap_or_else(|| DEFAULT_KEY.to_owned()).into(),
                    key_spec: Some(DataKeySpec::Aes256.into()),
                    encryption_context: Some(with_arn(&context, bucket, key, bucket_key)),
                    ..Default::default()
                };
                let output = self
                    .cloud
                    .call::<GenerateDataKey>(in_region(call, bucket), input)
                    .await
                    .map_err(|error| refused(&error))?;
                let (Some(plain), Some(data_key), Some(arn)) =
                    (output.plaintext, output.ciphertext_blob, output.key_id)
                else {
                    return Err(internal("KMS made a data key without saying which"));
                };
                let wrapping = ObjectKey::from_slice(&plain)
                    .ok_or_else(|| internal("KMS made a data key of another length"))?;
                let key = object_key::seal(wrapping.bytes(), key.as_bytes(), object_key.bytes());
                Sealing::Kms { arn, data_key: data_key.to_vec(), key, context, bucket_key }
            }
        })
    }

    /// Opens the key of the object at `key`.
    pub(crate) async fn open_key(
        &self,
        call: &Call,
        bucket: &Bucket,
        key: &str,
        sealing: &Sealing,
        customer: Customer<'_>,
    ) -> Result<ObjectKey, Error> {
        let brought = bring(customer)?;
        check_brought(sealing, brought.as_ref())?;
        let opened = match sealing {
            Sealing::Customer { key: sealed, salt, .. } => {
                let brought = brought.ok_or_else(wrong_key)?;
                let wrapping = object_key::hmac_of(&brought.key, &[salt, key.as_bytes()]);
                object_key::open(&wrapping, salt, sealed).ok_or_else(wrong_key)?
            }
            Sealing::S3 { key: sealed } => {
                self.vault.open(PURPOSE, &belongs_to(bucket, key), sealed).map_err(internal)?
            }
            Sealing::Kms { arn, data_key, key: sealed, context, bucket_key } => {
                let input = DecryptInput {
                    ciphertext_blob: Some(data_key.clone().into()),
                    encryption_context: Some(with_arn(context, bucket, key, *bucket_key)),
                    key_id: Some(arn.clone()),
                    ..Default::default()
                };
                let output = self
                    .cloud
                    .call::<Decrypt>(in_region(call, bucket), input)
                    .await
                    .map_err(|error| refused(&error))?;
                let plain = output.plaintext.unwrap_or_default();
                let wrapping = ObjectKey::from_slice(&plain)
                    .ok_or_else(|| internal("KMS gave back a data key of another length"))?;
                object_key::open(wrapping.bytes(), key.as_bytes(), sealed)
                    .ok_or_else(|| internal("an object's key does not open"))?
            }
        };
        ObjectKey::from_slice(&opened).ok_or_else(|| internal("an object's key has another length"))
    }
}

/// Refuses a request whose own key, if any, is not the object's, or is not needed: what reading metadata asks for.
pub fn check_customer(sealing: &Sealing, customer: Customer<'_>) -> Result<(), Error> {
    Ok(check_brought(sealing, bring(customer)?.as_ref())?)
}

fn check_brought(sealing: &Sealing, brought: Option<&Brought>) -> Result<(), Detailed> {
    match (sealing, brought) {
        (Sealing::Customer { md5, .. }, Some(brought)) if brought.md5 == *md5 => Ok(()),
        (Sealing::Customer { .. }, Some(_)) => Err(wrong_key()),
        (Sealing::Customer { .. }, None) => {
            let text = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.";
            Err(invalid_request(text))
        }
        (_, Some(_)) => Err(invalid_request("The encryption parameters are not applicable to this object.")),
        (_, None) => Ok(()),
    }
}

/// Refuses to be told, where an object is read or put together, how it is encrypted: that is said where it begins.
pub fn not_here(said: Option<&Open<ServerSideEncryption>>) -> Result<(), Detailed> {
    let Some(said) = said else { return Ok(()) };
    let text = "x-amz-server-side-encryption header is not supported for this operation.";
    Err(invalid_argument(text, ALGORITHM, said.as_str()))
}

/// How a key is to be sealed.
enum How {
    S3,
    Kms { key: Option<String>, context: BTreeMap<String, String>, bucket_key: bool },
    Customer(Brought),
}

fn how(bucket: &records::Bucket, wanted: Wanted<'_>) -> Result<How, Error> {
    let default = &bucket.encryption;
    if let Some(brought) = bring(wanted.customer)? {
        if bucket.no_customer_keys {
            return Err(access_denied().into());
        }
        if wanted.algorithm.is_some() {
            let text = "Server Side Encryption with Customer provided key is incompatible with the encryption method specified";
            return Err(invalid_argument(text, ALGORITHM, wanted.algorithm.unwrap_or_default()).into());
        }
        return Ok(How::Customer(brought));
    }
    let has_kms = wanted.kms_key.is_some() || wanted.context.is_some();
    match wanted.algorithm {
        None | Some("AES256") if has_kms => {
            let text = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
            Err(invalid_argument(text, ALGORITHM, wanted.algorithm.unwrap_or("null")).into())
        }
        None => match default {
            Encryption::S3 => Ok(How::S3),
            Encryption::Kms { key, bucket_key } => Ok(How::Kms {
                key: key.clone(),
                context: BTreeMap::new(),
                bucket_key: wanted.bucket_key.unwrap_or(*bucket_key),
            }),
        },
        Some("AES256") => Ok(How::S3),
        Some("aws:kms") => {
            let default_bucket_key = matches!(default, Encryption::Kms { bucket_key: true, .. });
            Ok(How::Kms {
                // Who asks for KMS without naming a key gets the account's own, whatever the bucket's default is (API
                // reference, "x-amz-server-side-encryption-aws-kms-key-id").
                key: wanted.kms_key.map(str::to_owned),
                context: wanted.context.map(parse_context).transpose()?.unwrap_or_default(),
                bucket_key: wanted.bucket_key.unwrap_or(default_bucket_key),
            })
        }
        Some("aws:kms:dsse") => Err(not_implemented(ALGORITHM).into()),
        Some(other) => {
            let text = "The encryption method specified is not supported";
            Err(invalid_argument(text, ALGORITHM, other).into())
        }
    }
}

fn parse_context(text: &str) -> Result<BTreeMap<String, String>, Error> {
    let bad = || {
        let text = "The header x-amz-server-side-encryption-context has to be an object of texts in JSON, in base 64";
        invalid_argument(text, "x-amz-server-side-encryption-context", "")
    };
    if text.len() > CONTEXT_TEXT_MAX {
        return Err(bad().into());
    }
    let json = STANDARD.decode(text).map_err(|_| bad())?;
    let context: BTreeMap<String, String> = serde_json::from_slice(&json).map_err(|_| bad())?;
    if context.contains_key(CONTEXT) {
        let text = "The encryption context must not name aws:s3:arn";
        return Err(invalid_argument(text, "x-amz-server-side-encryption-context", "").into());
    }
    Ok(context)
}

/// An encryption context as answers show it.
pub fn context_text(context: &BTreeMap<String, String>) -> Option<String> {
    if context.is_empty() {
        return None;
    }
    serde_json::to_vec(context).ok().map(|json| STANDARD.encode(json))
}

/// The key that a request brings, if any.
fn bring(customer: Customer<'_>) -> Result<Option<Brought>, Error> {
    let missing = |what: &str| {
        let text = format!(
            "Requests specifying Server Side Encryption with Customer provided keys must provide {what}."
        );
        invalid_argument(text, ALGORITHM, customer.algorithm.unwrap_or("null"))
    };
    if !customer.is_brought() {
        return Ok(None);
    }
    let Customer { algorithm, key, md5 } = customer;
    let algorithm = algorithm.ok_or_else(|| missing("a valid encryption algorithm"))?;
    if algorithm != "AES256" {
        let text = "The Encryption request you specified is not valid. Supported value: AES256.";
        let error = Detailed::new("InvalidEncryptionAlgorithmError", 400, text)
            .with("ArgumentName", ALGORITHM)
            .with("ArgumentValue", algorithm);
        return Err(error.into());
    }
    let key = key.ok_or_else(|| missing("an appropriate secret key"))?;
    let md5 = md5.ok_or_else(|| missing("the client calculated MD5 of the secret key"))?;
    let decoded = STANDARD.decode(key).map(Zeroizing::new).unwrap_or_default();
    let Some(key) = ObjectKey::from_slice(&decoded) else {
        let text = "The secret key was invalid for the specified algorithm.";
        return Err(invalid_argument(text, ALGORITHM, algorithm).into());
    };
    if Hasher::of(Algorithm::Md5, key.bytes()).base64() != md5 {
        let text = "The calculated MD5 hash of the key did not match the hash that was provided.";
        return Err(invalid_argument(text, ALGORITHM, algorithm).into());
    }
    Ok(Some(Brought { key: Zeroizing::new(*key.bytes()), md5: md5.to_owned() }))
}

fn wrong_key() -> Detailed {
    Detailed {
        message: "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.".into(),
        ..access_denied()
    }
}

/// What the vault binds an object's key to.
fn belongs_to(bucket: &Bucket, key: &str) -> String {
    format!("{:016x}/{key}", u64::from_be_bytes(bucket.record.id))
}

fn with_arn(
    context: &BTreeMap<String, String>,
    bucket: &Bucket,
    key: &str,
    bucket_key: bool,
) -> BTreeMap<String, String> {
    let arn: Arn = if bucket_key { bucket.arn.clone() } else { bucket.object_arn(key) };
    let mut context = context.clone();
    context.insert(CONTEXT.to_owned(), arn.to_string());
    context
}

/// The caller's call of KMS where the bucket is.
fn in_region(call: &Call, bucket: &Bucket) -> Call {
    Call { region: bucket.place.region.clone(), ..call.forward() }
}

/// What KMS refuses, as S3 passes it on: with a code that says whose it is.
fn refused(error: &model_kms::Error) -> Error {
    let fault = error.fault();
    match fault {
        Fault::Modelled(_) => {
            let code = format!("KMS.{}", fault.code(Protocol::Json11));
            Detailed::new(code, 400, fault.message(Protocol::Json11).into_owned()).into()
        }
        Fault::Common(CommonError::AccessDenied(text)) => CommonError::AccessDenied(text.clone()).into(),
        Fault::Common(CommonError::Validation(text)) => {
            invalid_argument(text.clone(), "x-amz-server-side-encryption-aws-kms-key-id", "").into()
        }
        Fault::Common(other) => other.clone().into(),
    }
}
