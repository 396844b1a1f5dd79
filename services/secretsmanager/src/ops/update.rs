//! UpdateSecret.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::describe::{filled, named_key};
use crate::ops::put_value::token_for;
use crate::payload::Payload;
use crate::resource::Named;
use crate::secrets::Secrets;
use crate::write::{NewValue, Settings};

impl Secrets {
    pub async fn update_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateSecretInput,
    ) -> Result<UpdateSecretOutput, Error> {
        let payload = Payload::given(input.secret_string, input.secret_binary)?;
        let new = match &payload {
            Some(payload) => {
                let id = token_for(input.client_request_token.as_deref())?;
                Some(NewValue { id, payload, labels: &[] })
            }
            None => None,
        };
        let settings = Settings {
            description: input.description.map(|text| filled(Some(text))),
            kms_key: input.kms_key_id.map(|key| named_key(Some(key))),
            partner: input.r#type.map(|text| filled(Some(text))),
        };
        let found = self.revise(&call, named.existing()?, &settings, new.as_ref()).await?;
        Ok(UpdateSecretOutput {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: new.map(|new| new.id.to_owned()),
        })
    }
}
