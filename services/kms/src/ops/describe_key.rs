//! DescribeKey, GetPublicKey, GetKeyLastUsage.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use wire::{Enum as _, Open};

use crate::grant_token;
use crate::kms::{Key, Kms};
use crate::metadata::{self, open_list};
use crate::resource::Subject;
use crate::spec::Spec;

impl Key {
    /// The id of the material in use, where a key can have several.
    pub fn material_id(&self) -> Option<String> {
        let material = self.record.current_material().filter(|_| self.record.spec == Spec::Symmetric);
        material.map(|material| material.id.clone())
    }
}

impl Kms {
    pub async fn describe_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: DescribeKeyInput,
    ) -> Result<DescribeKeyOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        Ok(DescribeKeyOutput { key_metadata: Some(metadata::of(&key)) })
    }

    pub async fn get_public_key(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GetPublicKeyInput,
    ) -> Result<GetPublicKeyOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let key = self.key(&call, subject.into_inner()).await?;
        let (spec, usage) = (key.record.spec, key.record.usage);
        if !spec.is_pair() {
            return Err(Error::unsupported_operation_exception(format!(
                "{} has no public key: its key spec is {}.",
                key.arn,
                spec.as_str()
            )));
        }
        key.check_enabled()?;
        Ok(GetPublicKeyOutput {
            key_id: Some(key.arn.to_string()),
            public_key: key.record.public_key.clone().map(Into::into),
            customer_master_key_spec: spec.to_older().map(Open::from),
            key_spec: Some(spec.to_model().into()),
            key_usage: Some(usage.to_model().into()),
            encryption_algorithms: open_list(spec.encryption_algorithms(usage)),
            signing_algorithms: open_list(spec.signing_algorithms(usage)),
            key_agreement_algorithms: open_list(spec.agreement_algorithms(usage)),
            encapsulation_algorithms: None,
        })
    }

    pub async fn get_key_last_usage(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        _: GetKeyLastUsageInput,
    ) -> Result<GetKeyLastUsageOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        let created = Timestamp::from_millis(key.record.created_ms);
        let data = self.last_use(&key)?.map_or_else(KeyLastUsageData::default, |usage| KeyLastUsageData {
            operation: KeyLastUsageTrackingOperation::parse(&usage.operation).map(Open::from),
            timestamp: Some(Timestamp::from_millis(usage.at_ms)),
            cloud_trail_event_id: None,
            kms_request_id: Some(usage.request_id),
        });
        Ok(GetKeyLastUsageOutput {
            key_id: Some(key.arn.to_string()),
            key_last_usage: Some(data),
            tracking_start_date: Some(created),
            key_creation_date: Some(created),
        })
    }
}
