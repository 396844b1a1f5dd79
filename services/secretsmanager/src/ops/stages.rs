//! UpdateSecretVersionStage.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::invalid;
use crate::labels::move_label;
use crate::resource::Named;
use crate::secrets::Secrets;

impl Secrets {
    pub async fn update_secret_version_stage(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateSecretVersionStageInput,
    ) -> Result<UpdateSecretVersionStageOutput, Error> {
        let (from, to) = (input.remove_from_version_id.as_deref(), input.move_to_version_id.as_deref());
        let found = self
            .change(named.existing()?, call.now, |tx, found| {
                if let Some(id) = to
                    && tx.get(&found.rows().version(id))?.is_none()
                {
                    return Err(invalid(format!("Not a valid version: {id}")).into());
                }
                move_label(&mut found.secret.labels, &input.version_stage, from, to)?;
                Ok(found.clone())
            })
            .await?;
        Ok(UpdateSecretVersionStageOutput {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(found.secret.name),
        })
    }
}
