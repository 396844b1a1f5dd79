//! Secrets of Secrets Manager, read through the parameters that stand for them.

use kernel::{Call, Timestamp};
use model_secretsmanager::Error as SecretError;
use model_secretsmanager::ops::GetSecretValue;
use model_secretsmanager::types::{GetSecretValueInput, GetSecretValueOutput};
use model_ssm::Error;
use model_ssm::types::{self, ParameterType};
use serde::Serialize;
use service::Cloud;
use wire::{Fault, ServiceError as _};

use crate::error::invalid;
use crate::name::Reference;

/// The raw answer, which goes along with the value.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    #[serde(rename = "aRN")]
    arn: Option<&'a str>,
    name: Option<&'a str>,
    version_id: Option<&'a str>,
    version_stages: Option<&'a [String]>,
    created_date: Option<String>,
}

/// Length of a version's id; anything else after the colon is a staging label.
const VERSION_ID_CHARS: usize = 36;

/// Reads a secret for the caller, as the caller.
pub async fn read(
    cloud: &Cloud,
    call: &Call,
    reference: &Reference,
    with_decryption: bool,
) -> Result<types::Parameter, Error> {
    if !with_decryption {
        return Err(invalid("WithDecryption flag must be True for retrieving a Secret Manager secret."));
    }
    let secret = reference.secret().unwrap_or_default();
    let selected = reference.selector.as_deref().map(|text| text.trim_start_matches(':').to_owned());
    let (version_id, version_stage) = match selected {
        Some(text) if text.len() == VERSION_ID_CHARS => (Some(text), None),
        other => (None, other),
    };
    let input = GetSecretValueInput { secret_id: secret.into(), version_id, version_stage };
    let output =
        cloud.call::<GetSecretValue>(call.forward(), input).await.map_err(|e| refused(&e, reference))?;
    let source = source(&output);
    let created = output.created_date;
    let value = output.secret_string.ok_or_else(|| {
        invalid("Parameter Store can't show a binary secret. Use the GetSecretValue operation of Secrets Manager.")
    })?;
    Ok(types::Parameter {
        name: Some(format!("/{}", reference.name)),
        r#type: Some(ParameterType::SecureString.into()),
        value: Some(value),
        // Secrets have no version numbers.
        version: Some(0),
        selector: reference.selector.clone(),
        source_result: source,
        last_modified_date: created,
        arn: Some(reference.arn().to_string()),
        data_type: Some("text".to_owned()),
    })
}

/// Everything about the secret but its value.
fn source(output: &GetSecretValueOutput) -> Option<String> {
    let source = Source {
        arn: output.arn.as_deref(),
        name: output.name.as_deref(),
        version_id: output.version_id.as_deref(),
        version_stages: output.version_stages.as_deref(),
        created_date: output.created_date.as_ref().map(Timestamp::to_string),
    };
    serde_json::to_string(&source).ok()
}

fn refused(error: &SecretError, reference: &Reference) -> Error {
    match error.fault() {
        _ if matches!(error, SecretError::ResourceNotFoundException(_)) => {
            Error::parameter_not_found(format!(
                "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret /{} not found.",
                reference.name
            ))
        }
        Fault::Common(common) => common.clone().into(),
        Fault::Modelled(_) => invalid(format!(
            "An error occurred ({}) when referencing Secrets Manager.",
            error.fault().code(wire::Protocol::Json11)
        )),
    }
}
