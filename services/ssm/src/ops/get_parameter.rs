//! GetParameter and GetParameters.

use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;

use crate::resource::Named;
use crate::ssm::Ssm;

impl Ssm {
    pub async fn get_parameter(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: GetParameterInput,
    ) -> Result<GetParameterOutput, Error> {
        let decrypted = input.with_decryption == Some(true);
        let parameter = self.read(&call, named.into_inner(), decrypted).await?;
        Ok(GetParameterOutput { parameter: Some(parameter) })
    }

    pub async fn get_parameters(
        self: Arc<Self>,
        call: Arc<Call>,
        all: Allowed<Vec<Named>>,
        input: GetParametersInput,
    ) -> Result<GetParametersOutput, Error> {
        let decrypted = input.with_decryption == Some(true);
        let (mut parameters, mut unknown) = (Vec::new(), Vec::new());
        for named in all.into_inner() {
            let given = named.given.clone();
            match self.read(&call, named, decrypted).await {
                Ok(parameter) => parameters.push(parameter),
                Err(Error::ParameterNotFound(_) | Error::ParameterVersionNotFound(_)) => unknown.push(given),
                Err(error) => return Err(error),
            }
        }
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(GetParametersOutput { parameters: Some(parameters), invalid_parameters: Some(unknown) })
    }
}
