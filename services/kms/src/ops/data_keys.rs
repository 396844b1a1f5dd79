//! GenerateDataKey, GenerateDataKeyPair, and both without plaintext.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use wire::{Bytes, Open};

use crate::context::{self, Context};
use crate::crypto::{self, Secret};
use crate::error::{internal, invalid, no_enclaves};
use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::ops::encrypt::{check_algorithm, check_dry};
use crate::resource::Subject;
use crate::spec::{Spec, Usage};

/// A data key and its ciphertext.
struct DataKey {
    plain: Secret,
    blob: Bytes,
}

/// A pair of data keys: the private one's ciphertext too.
struct DataPair {
    private: Secret,
    public: Bytes,
    blob: Bytes,
}

impl Kms {
    pub async fn generate_data_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GenerateDataKeyInput,
    ) -> Result<GenerateDataKeyOutput, Error> {
        if input.recipient.is_some() {
            return Err(no_enclaves());
        }
        grant_token::check(input.grant_tokens.as_deref())?;
        let len = data_key_len(input.number_of_bytes, input.key_spec.as_ref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let made = self.data_key(&call, &key, len, input.encryption_context.as_ref(), input.dry_run)?;
        Ok(GenerateDataKeyOutput {
            ciphertext_blob: Some(made.blob),
            plaintext: Some(Bytes::copy_from_slice(&made.plain)),
            key_id: Some(key.arn.to_string()),
            ciphertext_for_recipient: None,
            key_material_id: key.material_id(),
        })
    }

    pub async fn generate_data_key_without_plaintext(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GenerateDataKeyWithoutPlaintextInput,
    ) -> Result<GenerateDataKeyWithoutPlaintextOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let len = data_key_len(input.number_of_bytes, input.key_spec.as_ref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let made = self.data_key(&call, &key, len, input.encryption_context.as_ref(), input.dry_run)?;
        Ok(GenerateDataKeyWithoutPlaintextOutput {
            ciphertext_blob: Some(made.blob),
            key_id: Some(key.arn.to_string()),
            key_material_id: key.material_id(),
        })
    }

    pub async fn generate_data_key_pair(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GenerateDataKeyPairInput,
    ) -> Result<GenerateDataKeyPairOutput, Error> {
        if input.recipient.is_some() {
            return Err(no_enclaves());
        }
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let spec = &input.key_pair_spec;
        let made =
            self.data_pair(&call, &key, spec, input.encryption_context.as_ref(), input.dry_run).await?;
        Ok(GenerateDataKeyPairOutput {
            private_key_ciphertext_blob: Some(made.blob),
            private_key_plaintext: Some(Bytes::copy_from_slice(&made.private)),
            public_key: Some(made.public),
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec.into_inner()),
            ciphertext_for_recipient: None,
            key_material_id: key.material_id(),
        })
    }

    pub async fn generate_data_key_pair_without_plaintext(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GenerateDataKeyPairWithoutPlaintextInput,
    ) -> Result<GenerateDataKeyPairWithoutPlaintextOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let spec = &input.key_pair_spec;
        let made =
            self.data_pair(&call, &key, spec, input.encryption_context.as_ref(), input.dry_run).await?;
        Ok(GenerateDataKeyPairWithoutPlaintextOutput {
            private_key_ciphertext_blob: Some(made.blob),
            public_key: Some(made.public),
            key_id: Some(key.arn.to_string()),
            key_pair_spec: Some(input.key_pair_spec.into_inner()),
            key_material_id: key.material_id(),
        })
    }

    fn data_key(
        &self,
        call: &Call,
        key: &Key,
        len: usize,
        context: Option<&Context>,
        dry: Option<bool>,
    ) -> Result<DataKey, Error> {
        check_wrapping(call, key)?;
        let bound = context::canonical(context)?;
        check_dry(dry)?;
        let mut plain = Secret::new(vec![0; len]);
        crypto::random(&mut plain).map_err(internal)?;
        let blob = self.seal(call, key, &bound, &plain)?;
        Ok(DataKey { plain, blob })
    }

    async fn data_pair(
        &self,
        call: &Call,
        key: &Key,
        spec: &Open<DataKeyPairSpec>,
        context: Option<&Context>,
        dry: Option<bool>,
    ) -> Result<DataPair, Error> {
        check_wrapping(call, key)?;
        let bound = context::canonical(context)?;
        let spec = spec.known().and_then(Spec::of_pair).ok_or_else(|| {
            Error::unsupported_operation_exception(format!(
                "Key pairs of {} are not supported.",
                spec.as_str()
            ))
        })?;
        check_dry(dry)?;
        let make = move || {
            let private = crypto::pair::generate(spec)?;
            let public = crypto::pair::public_key(spec, &private)?;
            Ok::<_, crypto::Broken>((private, public))
        };
        let (private, public) = self.aside(make).await?.map_err(internal)?;
        let blob = self.seal(call, key, &bound, &private)?;
        Ok(DataPair { private, public: public.into(), blob })
    }
}

/// Data keys are encrypted under symmetric keys only.
fn check_wrapping(call: &Call, key: &Key) -> Result<(), Error> {
    key.check_enabled()?;
    key.check_usage(call, Usage::EncryptDecrypt)?;
    check_algorithm(key, EncryptionAlgorithmSpec::SymmetricDefault)
}

/// Bytes of a data key: said in one of two ways.
fn data_key_len(bytes: Option<i32>, spec: Option<&Open<DataKeySpec>>) -> Result<usize, Error> {
    match (bytes, spec.and_then(Open::known)) {
        (None, Some(DataKeySpec::Aes256)) => Ok(32),
        (None, Some(DataKeySpec::Aes128)) => Ok(16),
        // The model bounds the number.
        (Some(bytes), None) => usize::try_from(bytes).map_err(|_| invalid("NumberOfBytes is not positive.")),
        _ => Err(invalid("Please specify either number of bytes or key spec.")),
    }
}
