//! GenerateRandom.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::{GenerateRandomInput, GenerateRandomOutput};
use service::Allowed;

use crate::crypto;
use crate::error::{internal, invalid, no_enclaves};
use crate::kms::Kms;

impl Kms {
    pub async fn generate_random(
        self: Arc<Self>,
        _: Arc<Call>,
        _: Allowed<()>,
        input: GenerateRandomInput,
    ) -> Result<GenerateRandomOutput, Error> {
        if input.recipient.is_some() {
            return Err(no_enclaves());
        }
        if input.custom_key_store_id.is_some() {
            return Err(Error::custom_key_store_not_found_exception("There are no custom key stores."));
        }
        // The model bounds the number.
        let len = input.number_of_bytes.and_then(|n| usize::try_from(n).ok());
        let mut bytes = vec![0; len.ok_or_else(|| invalid("NumberOfBytes is required."))?];
        crypto::random(&mut bytes).map_err(internal)?;
        Ok(GenerateRandomOutput { plaintext: Some(bytes.into()), ciphertext_for_recipient: None })
    }
}
