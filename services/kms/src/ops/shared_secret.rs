//! DeriveSharedSecret.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use wire::Bytes;

use crate::crypto::Opened;
use crate::error::{corrupt, invalid, no_enclaves};
use crate::grant_token;
use crate::kms::Kms;
use crate::metadata::origin;
use crate::ops::encrypt::check_dry;
use crate::resource::Subject;
use crate::spec::Usage;

impl Kms {
    pub async fn derive_shared_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: DeriveSharedSecretInput,
    ) -> Result<DeriveSharedSecretOutput, Error> {
        if input.recipient.is_some() {
            return Err(no_enclaves());
        }
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        key.check_enabled()?;
        key.check_usage(&call, Usage::KeyAgreement)?;
        check_dry(input.dry_run)?;
        let material = self.open_current(&key)?;
        let Opened::Agreement(private) = &*material else { return Err(corrupt("material of another kind")) };
        let secret = private.agree(&input.public_key);
        let secret = secret.map_err(|_| invalid("The public key is not one of the curve of the KMS key."))?;
        self.used(&call, &key);
        Ok(DeriveSharedSecretOutput {
            key_id: Some(key.arn.to_string()),
            shared_secret: Some(Bytes::copy_from_slice(&secret)),
            ciphertext_for_recipient: None,
            key_agreement_algorithm: Some(input.key_agreement_algorithm.into_inner()),
            key_origin: Some(origin(&key.record).into()),
        })
    }
}
