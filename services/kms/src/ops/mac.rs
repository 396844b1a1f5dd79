//! GenerateMac and VerifyMac.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use wire::Open;

use crate::crypto::Opened;
use crate::error::corrupt;
use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::ops::encrypt::{check_dry, incompatible};
use crate::resource::Subject;
use crate::spec::Usage;

impl Kms {
    pub async fn generate_mac(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GenerateMacInput,
    ) -> Result<GenerateMacOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let algorithm = checked(&call, &key, &input.mac_algorithm)?;
        check_dry(input.dry_run)?;
        let material = self.open_current(&key)?;
        let Opened::Mac(secret) = &*material else { return Err(corrupt("material of another kind")) };
        let mac = secret.sign(&input.message);
        self.used(&call, &key);
        Ok(GenerateMacOutput {
            mac: Some(mac.into()),
            mac_algorithm: Some(algorithm.into()),
            key_id: Some(key.arn.to_string()),
        })
    }

    pub async fn verify_mac(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: VerifyMacInput,
    ) -> Result<VerifyMacOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let algorithm = checked(&call, &key, &input.mac_algorithm)?;
        check_dry(input.dry_run)?;
        let material = self.open_current(&key)?;
        let Opened::Mac(secret) = &*material else { return Err(corrupt("material of another kind")) };
        if !secret.verifies(&input.message, &input.mac) {
            return Err(KmsInvalidMacException::default().into());
        }
        self.used(&call, &key);
        Ok(VerifyMacOutput {
            key_id: Some(key.arn.to_string()),
            mac_valid: Some(true),
            mac_algorithm: Some(algorithm.into()),
        })
    }
}

/// The algorithm, if the key can be used with it now.
fn checked(call: &Call, key: &Key, algorithm: &Open<MacAlgorithmSpec>) -> Result<MacAlgorithmSpec, Error> {
    key.check_enabled()?;
    key.check_usage(call, Usage::Mac)?;
    algorithm
        .known()
        .filter(|algorithm| key.record.spec.mac_algorithms().contains(algorithm))
        .ok_or_else(|| incompatible(key, algorithm.as_str()))
}
