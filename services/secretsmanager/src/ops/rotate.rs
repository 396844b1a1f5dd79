//! RotateSecret and CancelRotateSecret.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::{invalid, refused};
use crate::labels::PENDING;
use crate::ops::put_value::NO_TOKEN;
use crate::resource::Named;
use crate::rotation::{not_invocable, plan_next, set_due, under_way, wanted};
use crate::secrets::Secrets;

impl Secrets {
    pub async fn rotate_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: RotateSecretInput,
    ) -> Result<RotateSecretOutput, Error> {
        let token = input.client_request_token.as_deref().ok_or_else(|| invalid(NO_TOKEN))?;
        let found = named.writable()?;
        let rotation = wanted(found.secret.rotation.as_ref(), &input)?;
        if !self.functions.may_invoke(&rotation.function, &found.arn()).await {
            return Err(not_invocable());
        }
        let at_once = input.rotate_immediately != Some(false);
        let arn = found.arn();
        self.change(found, call.now, |tx, found| {
            let rotation = wanted(found.secret.rotation.as_ref(), &input)?;
            match under_way(found) {
                Some(id) if at_once && id != token => {
                    return Err(refused(
                        "A previous rotation isn\u{2019}t complete. That rotation will be reattempted.",
                    )
                    .into());
                }
                _ => {}
            }
            let due_ms = found.secret.rotation.as_ref().and_then(|rotation| rotation.due_ms);
            found.secret.rotation = Some(crate::records::Rotation { due_ms, ..rotation });
            plan_next(tx, found, call.now)?;
            if at_once {
                found.secret.labels.insert(PENDING.to_owned(), token.to_owned());
                set_due(tx, found, Some(call.now.millis()));
            }
            Ok(())
        })
        .await?;
        Ok(RotateSecretOutput {
            arn: Some(arn.as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: Some(token.to_owned()),
        })
    }

    pub async fn cancel_rotate_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        _: CancelRotateSecretInput,
    ) -> Result<CancelRotateSecretOutput, Error> {
        let found = named.writable()?;
        let pending = self
            .change(found, call.now, |tx, found| {
                set_due(tx, found, None);
                let Some(rotation) = &mut found.secret.rotation else {
                    return Err(
                        refused("No Lambda rotation function ARN is associated with this secret.").into()
                    );
                };
                rotation.enabled = false;
                rotation.next_ms = None;
                Ok(under_way(found).map(str::to_owned))
            })
            .await?;
        Ok(CancelRotateSecretOutput {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: pending,
        })
    }
}
