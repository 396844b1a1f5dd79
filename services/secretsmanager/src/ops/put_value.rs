//! PutSecretValue.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::refused;
use crate::payload::Payload;
use crate::resource::Named;
use crate::secrets::Secrets;
use crate::write::{NewValue, Settings};

/// What callers without an SDK are told, whose requests bring no token.
pub const NO_TOKEN: &str = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

/// The token, which a request with a value must bring.
pub fn token_for(token: Option<&str>) -> Result<&str, Error> {
    token.ok_or_else(|| refused(NO_TOKEN))
}

impl Secrets {
    pub async fn put_secret_value(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: PutSecretValueInput,
    ) -> Result<PutSecretValueOutput, Error> {
        let id = token_for(input.client_request_token.as_deref())?;
        let payload = Payload::required(input.secret_string, input.secret_binary)?;
        let found = named.writable()?;
        let labels = input.version_stages.unwrap_or_default();
        let new = NewValue { id, payload: &payload, labels: &labels };
        let found = self.revise(&call, found, &Settings::default(), Some(&new)).await?;
        let shown: Vec<String> = found.secret.labels_of(id).map(str::to_owned).collect();
        Ok(PutSecretValueOutput {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: Some(id.to_owned()),
            version_stages: (!shown.is_empty()).then_some(shown),
        })
    }
}
