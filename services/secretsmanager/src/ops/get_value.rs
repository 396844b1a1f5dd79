//! GetSecretValue.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::{no_label, no_version, refused};
use crate::labels::CURRENT;
use crate::records::Version;
use crate::resource::Named;
use crate::secrets::{Found, Secrets};

impl Secrets {
    pub async fn get_secret_value(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: GetSecretValueInput,
    ) -> Result<GetSecretValueOutput, Error> {
        let found = named.live()?;
        let (id, version) = self.wanted(found, input.version_id, input.version_stage.as_deref())?;
        let arn = found.arn();
        let (secret_string, secret_binary) = self.open(&call, &arn, &id, &version).await?.show()?;
        self.touch(found, &id, call.now);
        let labels: Vec<String> = found.secret.labels_of(&id).map(str::to_owned).collect();
        Ok(GetSecretValueOutput {
            arn: Some(arn.as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: Some(id),
            secret_binary,
            secret_string,
            version_stages: (!labels.is_empty()).then_some(labels),
            created_date: Some(Timestamp::from_millis(version.created_ms)),
        })
    }

    /// The version that is asked for: by id, by label, or the current one.
    fn wanted(
        &self,
        found: &Found,
        id: Option<String>,
        label: Option<&str>,
    ) -> Result<(String, Version), Error> {
        let Some(id) = id else {
            let label = label.unwrap_or(CURRENT);
            let id = found.secret.labels.get(label).ok_or_else(|| no_label(label))?;
            let version = self.version(found, id)?.ok_or_else(|| no_label(label))?;
            return Ok((id.clone(), version));
        };
        let version = self.version(found, &id)?.ok_or_else(|| no_version(&id))?;
        if label.is_some_and(|label| found.secret.labels.get(label) != Some(&id)) {
            return Err(refused(
                "You provided a VersionStage that is not associated to the provided VersionId.",
            ));
        }
        Ok((id, version))
    }
}
