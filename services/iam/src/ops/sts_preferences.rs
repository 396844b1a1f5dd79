//! What tokens of the global endpoint of STS are good for.

use std::sync::Arc;

use identity::{keys, records};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::Record as _;

use crate::error::{Error, validation};
use crate::find;
use crate::iam::Iam;

impl Iam {
    pub async fn set_security_token_service_preferences(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: SetSecurityTokenServicePreferencesInput,
    ) -> Result<SetSecurityTokenServicePreferencesOutput, Error> {
        let token_version = match input.global_endpoint_token_version.known() {
            Some(GlobalEndpointTokenVersion::V1Token) => 1,
            Some(GlobalEndpointTokenVersion::V2Token) => 2,
            None => return Err(validation("The token version must be v1Token or v2Token.")),
        };
        let account = &call.account;
        self.transact(|tx| {
            let found = find::account(tx, account)?;
            let created_ms = found.created_ms.or(Some(call.now.millis()));
            tx.put(keys::account(account), records::Account { token_version, created_ms, ..found }.encode());
            Ok(())
        })
        .await?;
        Ok(SetSecurityTokenServicePreferencesOutput {})
    }
}
