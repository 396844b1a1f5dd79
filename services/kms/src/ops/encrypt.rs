//! Encrypt.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::{EncryptInput, EncryptOutput, EncryptionAlgorithmSpec};
use service::Allowed;
use wire::{Bytes, Enum as _, Open};

use crate::context::{self, Context};
use crate::crypto::Opened;
use crate::crypto::blob::Header;
use crate::crypto::oaep::{Padding, PublicKey};
use crate::error::{corrupt, dry_run, internal, invalid};
use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::limits::PLAINTEXT_MAX;
use crate::resource::Subject;
use crate::spec::Usage;

impl Kms {
    pub async fn encrypt(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: EncryptInput,
    ) -> Result<EncryptOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let algorithm = algorithm(input.encryption_algorithm.as_ref());
        let context = input.encryption_context.as_ref();
        let blob = self.encrypt_under(&call, &key, algorithm, context, &input.plaintext, input.dry_run)?;
        Ok(EncryptOutput {
            ciphertext_blob: Some(blob),
            key_id: Some(key.arn.to_string()),
            encryption_algorithm: Some(algorithm.into()),
        })
    }

    /// Encrypts under a key, once everything is checked that there is to check.
    pub fn encrypt_under(
        &self,
        call: &Call,
        key: &Key,
        algorithm: EncryptionAlgorithmSpec,
        context: Option<&Context>,
        plain: &[u8],
        dry: Option<bool>,
    ) -> Result<Bytes, Error> {
        key.check_enabled()?;
        key.check_usage(call, Usage::EncryptDecrypt)?;
        check_algorithm(key, algorithm)?;
        let bound = canonical(algorithm, context)?;
        let Some(padding) = padding(algorithm) else {
            if plain.len() > PLAINTEXT_MAX {
                return Err(too_large(key, algorithm, PLAINTEXT_MAX));
            }
            check_dry(dry)?;
            return self.seal(call, key, &bound, plain);
        };
        let public = key.record.public_key.as_ref().ok_or_else(|| corrupt("a pair without public key"))?;
        let public = PublicKey::new(public).map_err(internal)?;
        if plain.len() > public.plain_max(padding) {
            return Err(too_large(key, algorithm, public.plain_max(padding)));
        }
        check_dry(dry)?;
        let blob = public.encrypt(padding, plain).map_err(internal)?;
        self.used(call, key);
        Ok(blob.into())
    }

    /// Encrypts under a symmetric key that has been checked.
    pub fn seal(&self, call: &Call, key: &Key, bound: &[u8], plain: &[u8]) -> Result<Bytes, Error> {
        let material = self.open_current(key)?;
        let Opened::Symmetric(symmetric) = &*material else {
            return Err(corrupt("material of another kind"));
        };
        let header = Header {
            account: key.account.parse().map_err(corrupt)?,
            id: key.id.clone(),
            version: key.record.current,
        };
        let blob = symmetric.encrypt(&header, bound, plain).map_err(internal)?;
        self.used(call, key);
        Ok(blob.into())
    }
}

/// The algorithm that a request names, or that of symmetric keys.
pub fn algorithm(named: Option<&Open<EncryptionAlgorithmSpec>>) -> EncryptionAlgorithmSpec {
    named.and_then(Open::known).unwrap_or(EncryptionAlgorithmSpec::SymmetricDefault)
}

/// The padding of an RSA algorithm; `None` for the symmetric one.
pub fn padding(algorithm: EncryptionAlgorithmSpec) -> Option<Padding> {
    match algorithm {
        EncryptionAlgorithmSpec::RsaesOaepSha1 => Some(Padding::Sha1),
        EncryptionAlgorithmSpec::RsaesOaepSha256 => Some(Padding::Sha256),
        EncryptionAlgorithmSpec::SymmetricDefault | EncryptionAlgorithmSpec::Sm2pke => None,
    }
}

/// Fails unless the key encrypts in this way.
pub fn check_algorithm(key: &Key, algorithm: EncryptionAlgorithmSpec) -> Result<(), Error> {
    if key.record.spec.encryption_algorithms(key.record.usage).contains(&algorithm) {
        return Ok(());
    }
    Err(incompatible(key, algorithm.as_str()))
}

/// The key does not do what this algorithm does.
pub fn incompatible(key: &Key, algorithm: &str) -> Error {
    Error::invalid_key_usage_exception(format!(
        "Algorithm {algorithm} is incompatible with key spec {}.",
        key.record.spec.as_str()
    ))
}

/// The encryption context as the ciphertext is bound to it; other algorithms cannot bind anything.
pub fn canonical(algorithm: EncryptionAlgorithmSpec, given: Option<&Context>) -> Result<Vec<u8>, Error> {
    if algorithm != EncryptionAlgorithmSpec::SymmetricDefault
        && given.is_some_and(|context| !context.is_empty())
    {
        return Err(invalid(format!(
            "You cannot specify an encryption context with the algorithm {}.",
            algorithm.as_str()
        )));
    }
    context::canonical(given)
}

/// Ends a dry run.
pub fn check_dry(dry: Option<bool>) -> Result<(), Error> {
    if dry == Some(true) { Err(dry_run()) } else { Ok(()) }
}

fn too_large(key: &Key, algorithm: EncryptionAlgorithmSpec, max: usize) -> Error {
    invalid(format!(
        "Algorithm {} and key spec {} cannot encrypt data larger than {max} bytes.",
        algorithm.as_str(),
        key.record.spec.as_str()
    ))
}
