//! Tables' keys, closed and opened by KMS.
//!
//! Whoever gives a table a KMS key has to be allowed to look at it and to grant its use. With that grant the service closes
//! the table's key, and opens it for its own work. Whoever reads or writes items has to be allowed to decrypt with it, through
//! this service.

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::Call;
use model_kms::ops::{CreateGrant, Decrypt, DescribeKey, Encrypt, RetireGrant};
use model_kms::types::{
    CreateGrantInput, DecryptInput, DescribeKeyInput, EncryptInput, GrantConstraints, GrantOperation,
    KeyManagerType, KeySpec, RetireGrantInput,
};
use service::Cloud;
use wire::{Open, OperationType};
use zeroize::Zeroizing;

use super::records::DataKey;
use super::refused::Refused;
use super::ring::Ring;
use crate::error::corrupt;
use crate::keys::{Place, SERVICE};
use crate::name::TableName;

/// The key of those who name none.
const DEFAULT_KEY: &str = "alias/aws/dynamodb";
/// As grants name this service.
const GRANTEE: &str = "dynamodb.amazonaws.com";
/// What a grant is for ("DynamoDB encryption at rest: how it works", grants).
const GRANTED: [GrantOperation; 8] = [
    GrantOperation::Encrypt,
    GrantOperation::Decrypt,
    GrantOperation::ReEncryptFrom,
    GrantOperation::ReEncryptTo,
    GrantOperation::GenerateDataKey,
    GrantOperation::DescribeKey,
    GrantOperation::CreateGrant,
    GrantOperation::RetireGrant,
];

/// Runs an operation of KMS; what it refuses is said as this service says it.
async fn ask<O>(cloud: &Cloud, call: Call, input: O::Input) -> Result<O::Output, Refused>
where
    O: OperationType<Error = model_kms::Error>,
{
    let request_id = call.request_id.clone();
    cloud.call::<O>(call, input).await.map_err(|error| Refused::of(&error, &request_id))
}

/// Closes a key for a table by the KMS key of this name; whether that is the account's for this service. `call` is the
/// caller's call of this service, and `own` one of its own accord, where the table is.
pub async fn close(
    cloud: &Cloud,
    (call, own): (&Call, Call),
    table: &TableName,
    kms_key: Option<&str>,
    ring: &Ring,
) -> Result<(DataKey, bool), Refused> {
    let forwarded = forward(call, &table.place);
    let TableName { place: Place { account, region }, .. } = table;
    let default = || format!("arn:aws:kms:{region}:{account}:{DEFAULT_KEY}");
    let input =
        DescribeKeyInput { key_id: kms_key.map_or_else(default, str::to_owned).into(), ..Default::default() };
    let found = ask::<DescribeKey>(cloud, forwarded.clone(), input).await?.key_metadata.unwrap_or_default();
    let key_arn = found.arn.clone().ok_or_else(|| corrupt("KMS describes a key without an ARN"))?;
    if found.key_spec.as_ref().and_then(Open::known) != Some(KeySpec::SymmetricDefault) {
        return Err(Refused::unfit(&call.request_id));
    }
    let context = context(account, &table.name);
    let constraints =
        GrantConstraints { encryption_context_subset: Some(context.clone()), ..Default::default() };
    let input = CreateGrantInput {
        key_id: key_arn.clone().into(),
        grantee_principal: Some(GRANTEE.to_owned()),
        retiring_principal: Some(GRANTEE.to_owned()),
        operations: GRANTED.map(Open::from).to_vec().into(),
        constraints: Some(constraints),
        ..Default::default()
    };
    let granted = ask::<CreateGrant>(cloud, forwarded, input).await?;
    let grant = granted.grant_id.ok_or_else(|| corrupt("KMS makes a grant without an id"))?;
    let input = EncryptInput {
        key_id: key_arn.clone().into(),
        plaintext: Bytes::from(ring.bytes().to_vec()).into(),
        encryption_context: Some(context),
        ..Default::default()
    };
    match ask::<Encrypt>(cloud, own.clone(), input).await {
        Ok(output) => {
            let blob = output.ciphertext_blob.ok_or_else(|| corrupt("KMS closes a key and keeps it"))?;
            let managed = found.key_manager.as_ref().and_then(Open::known) == Some(KeyManagerType::Aws);
            let closed = DataKey::Kms { key_arn, blob: blob.to_vec(), table: table.name.clone(), grant };
            Ok((closed, managed))
        }
        Err(refused) => {
            give_back(cloud, own, &key_arn, &grant).await?;
            Err(refused)
        }
    }
}

/// Opens a key, as whoever makes the call.
pub async fn open(
    cloud: &Cloud,
    call: Call,
    account: &str,
    (key_arn, blob, table): (&str, &[u8], &str),
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let input = DecryptInput {
        ciphertext_blob: Some(blob.to_vec().into()),
        encryption_context: Some(context(account, table)),
        key_id: Some(key_arn.to_owned()),
        ..Default::default()
    };
    let output = ask::<Decrypt>(cloud, call, input).await?;
    Ok(Zeroizing::new(output.plaintext.unwrap_or_default().to_vec()))
}

/// Gives a grant back; one that is gone, or whose key is going, is given back already.
pub async fn give_back(cloud: &Cloud, own: Call, key_arn: &str, grant: &str) -> Result<(), Refused> {
    let input = RetireGrantInput {
        key_id: Some(key_arn.to_owned()),
        grant_id: Some(grant.to_owned()),
        ..Default::default()
    };
    match ask::<RetireGrant>(cloud, own, input).await {
        Err(refused) if !refused.is_of_key() => Err(refused),
        _ => Ok(()),
    }
}

/// The caller's call of KMS where the table is: keys are regional.
pub fn forward(call: &Call, place: &Place) -> Call {
    Call { service: SERVICE, region: place.region.clone(), ..call.clone() }.forward()
}

/// What a table's key is bound to.
fn context(account: &str, table: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("aws:dynamodb:tableName".to_owned(), table.to_owned()),
        ("aws:dynamodb:subscriberId".to_owned(), account.to_owned()),
    ])
}
