//! Which inputs name a key, and what else they tell policies.

use model_kms::types::*;
use wire::{Enum, Open};

use crate::grants::Wanted;
use crate::resource::{Asked, OnKey};

macro_rules! on_key {
    ($($input:ty),* $(,)?) => {
        $(impl OnKey for $input {
            fn key_id(&self) -> &str {
                &self.key_id
            }
        })*
    };
}

// Those that take keys of the caller's account, by id or ARN, and about which there is nothing else to ask.
on_key!(
    CancelKeyDeletionInput,
    DeleteImportedKeyMaterialInput,
    DisableKeyRotationInput,
    EnableKeyInput,
    GetKeyLastUsageInput,
    GetKeyPolicyInput,
    ListKeyPoliciesInput,
    ListKeyRotationsInput,
    ListResourceTagsInput,
    RotateKeyOnDemandInput,
    UpdateKeyDescriptionInput,
);

fn text<E: Enum>(value: &Open<E>) -> Option<String> {
    Some(value.as_str().to_owned()).filter(|text| !text.is_empty())
}

fn text_of<E: Enum>(value: Option<&Open<E>>, default: &str) -> Option<String> {
    Some(value.map_or(default, Open::as_str).to_owned())
}

/// An operation with a key of any account, also by its alias, which grants can allow.
macro_rules! used_key {
    ($($input:ty, $operation:literal, |$it:ident, $asked:ident| $fill:expr;)*) => {
        $(impl OnKey for $input {
            const ALIASES: bool = true;
            const OTHER_ACCOUNTS: bool = true;
            fn key_id(&self) -> &str {
                &self.key_id
            }
            fn asked(&self) -> Asked<'_> {
                let ($it, $asked) = (self, Asked::granted($operation));
                $fill
            }
        })*
    };
}

/// The algorithm of symmetric keys, which is not named in requests that know no other.
const SYMMETRIC: &str = "SYMMETRIC_DEFAULT";

used_key! {
    DescribeKeyInput, "DescribeKey", |_it, asked| asked;
    GetPublicKeyInput, "GetPublicKey", |_it, asked| asked;
    EncryptInput, "Encrypt", |it, asked| asked
        .context(it.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", text_of(it.encryption_algorithm.as_ref(), SYMMETRIC));
    GenerateDataKeyInput, "GenerateDataKey", |it, asked| asked
        .context(it.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(SYMMETRIC));
    GenerateDataKeyWithoutPlaintextInput, "GenerateDataKeyWithoutPlaintext", |it, asked| asked
        .context(it.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(SYMMETRIC));
    GenerateDataKeyPairInput, "GenerateDataKeyPair", |it, asked| asked
        .context(it.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(SYMMETRIC))
        .key("kms:DataKeyPairSpec", text(&it.key_pair_spec));
    GenerateDataKeyPairWithoutPlaintextInput, "GenerateDataKeyPairWithoutPlaintext", |it, asked| asked
        .context(it.encryption_context.as_ref())
        .key("kms:EncryptionAlgorithm", Some(SYMMETRIC))
        .key("kms:DataKeyPairSpec", text(&it.key_pair_spec));
    SignInput, "Sign", |it, asked| asked
        .key("kms:SigningAlgorithm", text(&it.signing_algorithm))
        .key("kms:MessageType", text_of(it.message_type.as_ref(), "RAW"));
    VerifyInput, "Verify", |it, asked| asked
        .key("kms:SigningAlgorithm", text(&it.signing_algorithm))
        .key("kms:MessageType", text_of(it.message_type.as_ref(), "RAW"));
    GenerateMacInput, "GenerateMac", |it, asked| asked.key("kms:MacAlgorithm", text(&it.mac_algorithm));
    VerifyMacInput, "VerifyMac", |it, asked| asked.key("kms:MacAlgorithm", text(&it.mac_algorithm));
    DeriveSharedSecretInput, "DeriveSharedSecret", |it, asked| asked
        .key("kms:KeyAgreementAlgorithm", text(&it.key_agreement_algorithm));
}

/// An operation with something to ask, on keys of the caller's account.
macro_rules! asked_key {
    ($($input:ty, |$it:ident, $asked:ident| $fill:expr;)*) => {
        $(impl OnKey for $input {
            fn key_id(&self) -> &str {
                &self.key_id
            }
            fn asked(&self) -> Asked<'_> {
                let ($it, $asked) = (self, Asked::default());
                $fill
            }
        })*
    };
}

asked_key! {
    DisableKeyInput, |_it, asked| asked.last_use();
    EnableKeyRotationInput, |it, asked| asked.key(
        "kms:RotationPeriodInDays",
        it.rotation_period_in_days.map(i64::from),
    );
    ScheduleKeyDeletionInput, |it, asked| asked.last_use().key(
        "kms:ScheduleKeyDeletionPendingWindowInDays",
        it.pending_window_in_days.map(i64::from),
    );
    PutKeyPolicyInput, |it, asked| asked.key(
        "kms:BypassPolicyLockoutSafetyCheck",
        Some(it.bypass_policy_lockout_safety_check.unwrap_or(false)),
    );
    GetParametersForImportInput, |it, asked| asked
        .key("kms:WrappingAlgorithm", text(&it.wrapping_algorithm))
        .key("kms:WrappingKeySpec", text(&it.wrapping_key_spec));
    ImportKeyMaterialInput, |it, asked| asked
        .key("kms:ExpirationModel", text_of(it.expiration_model.as_ref(), "KEY_MATERIAL_EXPIRES"))
        .key("kms:ValidTo", it.valid_to.map(|time| policy::Value::Time(time.millis())));
    ReplicateKeyInput, |it, asked| asked.key("kms:ReplicaRegion", Some(it.replica_region.to_string()));
    TagResourceInput, |it, asked| asked.tags(it.tags.iter().map(|tag| (&**tag.tag_key, &**tag.tag_value)));
    UntagResourceInput, |it, asked| asked.removed_tags(it.tag_keys.iter().map(|key| &**key));
}

impl OnKey for GetKeyRotationStatusInput {
    const OTHER_ACCOUNTS: bool = true;

    fn key_id(&self) -> &str {
        &self.key_id
    }
}

macro_rules! about_grants {
    ($($input:ty),* $(,)?) => {
        $(impl OnKey for $input {
            const OTHER_ACCOUNTS: bool = true;
            fn key_id(&self) -> &str {
                &self.key_id
            }
            fn asked(&self) -> Asked<'_> {
                Asked::default().about_grants()
            }
        })*
    };
}
about_grants!(ListGrantsInput, RevokeGrantInput);

impl OnKey for CreateGrantInput {
    const OTHER_ACCOUNTS: bool = true;

    fn key_id(&self) -> &str {
        &self.key_id
    }

    fn asked(&self) -> Asked<'_> {
        let constraints = self.constraints.as_ref();
        let equals = constraints.and_then(|found| found.encryption_context_equals.as_ref());
        let subset = constraints.and_then(|found| found.encryption_context_subset.as_ref());
        let source_arn = constraints.and_then(|found| found.source_arn.clone());
        let kind = match (equals, subset) {
            (Some(_), _) => Some("EncryptionContextEquals"),
            (None, Some(_)) => Some("EncryptionContextSubset"),
            (None, None) => None,
        };
        Asked::granted("CreateGrant")
            .about_grants()
            .context(equals.or(subset))
            .wants(Wanted {
                operations: &self.operations,
                equals,
                subset,
                source_arn: constraints.and_then(|found| found.source_arn.as_deref()),
            })
            .keys(
                "kms:GrantOperations",
                self.operations.iter().map(|operation| operation.as_str().to_owned()),
            )
            .key("kms:GranteePrincipal", self.grantee_principal.clone())
            .key("kms:RetiringPrincipal", self.retiring_principal.clone())
            .key("kms:GranteeServicePrincipal", self.grantee_service_principal.clone())
            .key("kms:RetiringServicePrincipal", self.retiring_service_principal.clone())
            .key("kms:GrantConstraintType", kind)
            .key("kms:GrantConstraintSourceArn", source_arn)
    }
}
