//! GetCallerIdentity.

use std::sync::Arc;

use kernel::Call;
use model_sts::Error;
use model_sts::types::{GetCallerIdentityInput, GetCallerIdentityOutput};
use service::Allowed;

use crate::sts::Sts;

impl Sts {
    pub async fn get_caller_identity(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetCallerIdentityInput,
    ) -> Result<GetCallerIdentityOutput, Error> {
        let who = &call.principal;
        Ok(GetCallerIdentityOutput {
            user_id: Some(who.user_id.clone()),
            account: Some(who.account.clone()),
            arn: Some(who.arn.to_string()),
        })
    }
}
