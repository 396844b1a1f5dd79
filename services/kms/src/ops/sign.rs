//! Sign and Verify.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use wire::{Enum as _, Open};

use crate::crypto::Opened;
use crate::crypto::sign::{Message, digest_len, verifies};
use crate::error::{corrupt, internal, invalid};
use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::ops::encrypt::{check_dry, incompatible};
use crate::resource::Subject;
use crate::spec::Usage;

impl Kms {
    pub async fn sign(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: SignInput,
    ) -> Result<SignOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let algorithm = checked(&call, &key, &input.signing_algorithm)?;
        let message = message(algorithm, input.message_type.as_ref(), &input.message)?;
        check_dry(input.dry_run)?;
        let material = self.open_current(&key)?;
        let Opened::Signing(private) = &*material else { return Err(corrupt("material of another kind")) };
        let signature = private.sign(algorithm, message).map_err(internal)?;
        self.used(&call, &key);
        Ok(SignOutput {
            key_id: Some(key.arn.to_string()),
            signature: Some(signature.into()),
            signing_algorithm: Some(algorithm.into()),
        })
    }

    pub async fn verify(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: VerifyInput,
    ) -> Result<VerifyOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let algorithm = checked(&call, &key, &input.signing_algorithm)?;
        let message = message(algorithm, input.message_type.as_ref(), &input.message)?;
        check_dry(input.dry_run)?;
        let public = key.record.public_key.as_ref().ok_or_else(|| corrupt("a pair without public key"))?;
        if !verifies(key.record.spec, public, algorithm, message, &input.signature) {
            return Err(KmsInvalidSignatureException::default().into());
        }
        self.used(&call, &key);
        Ok(VerifyOutput {
            key_id: Some(key.arn.to_string()),
            signature_valid: Some(true),
            signing_algorithm: Some(algorithm.into()),
        })
    }
}

/// The algorithm, if the key can be used with it now.
fn checked(
    call: &Call,
    key: &Key,
    algorithm: &Open<SigningAlgorithmSpec>,
) -> Result<SigningAlgorithmSpec, Error> {
    key.check_enabled()?;
    key.check_usage(call, Usage::SignVerify)?;
    algorithm
        .known()
        .filter(|algorithm| key.record.spec.signing_algorithms(key.record.usage).contains(algorithm))
        .ok_or_else(|| incompatible(key, algorithm.as_str()))
}

/// What the request gives: a message or its digest.
fn message<'m>(
    algorithm: SigningAlgorithmSpec,
    kind: Option<&Open<MessageType>>,
    bytes: &'m [u8],
) -> Result<Message<'m>, Error> {
    let name = algorithm.as_str();
    match kind.and_then(Open::known).unwrap_or(MessageType::Raw) {
        MessageType::ExternalMu if algorithm == SigningAlgorithmSpec::MlDsaShake256 => {
            Err(Error::unsupported_operation_exception("MessageType EXTERNAL_MU is not supported."))
        }
        MessageType::Raw if algorithm != SigningAlgorithmSpec::Ed25519PhSha512 => Ok(Message::Raw(bytes)),
        MessageType::Digest if digest_len(algorithm) == Some(bytes.len()) => Ok(Message::Digest(bytes)),
        MessageType::Digest if digest_len(algorithm).is_some() => {
            Err(invalid(format!("Digest is invalid length for algorithm {name}.")))
        }
        kind => Err(invalid(format!("MessageType {} is incompatible with algorithm {name}.", kind.as_str()))),
    }
}
