//! DescribeSecret.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::resource::Named;
use crate::secrets::Secrets;

impl Secrets {
    pub async fn describe_secret(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        _: DescribeSecretInput,
    ) -> Result<DescribeSecretOutput, Error> {
        self.describe(named.existing()?)
    }
}
