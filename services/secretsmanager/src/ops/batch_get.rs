//! BatchGetSecretValue: many times GetSecretValue, each with its own permission and its own error.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::ops::GetSecretValue;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::error::{code_and_text, invalid};
use crate::limits::BATCH_DEFAULT;
use crate::ops::list::Wanted;
use crate::page;
use crate::secrets::Secrets;

impl Secrets {
    pub async fn batch_get_secret_value(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: BatchGetSecretValueInput,
    ) -> Result<BatchGetSecretValueOutput, Error> {
        let (ids, next_token) = match (&input.secret_id_list, &input.filters) {
            (Some(_), None) if input.max_results.is_some() => {
                return Err(invalid(
                    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
                ));
            }
            (Some(ids), None) => (ids.clone(), None),
            (None, Some(filters)) => {
                let wanted = Wanted {
                    filters,
                    marked: false,
                    by: SortByType::CreatedDate,
                    descending: true,
                    max: page::size(input.max_results, BATCH_DEFAULT),
                    token: input.next_token.as_deref(),
                };
                let (found, next_token) = self.search(&call, &wanted)?;
                (found.iter().map(|found| found.arn().as_str().to_owned()).collect(), next_token)
            }
            _ => {
                return Err(invalid("Either 'SecretIdList' or 'Filters' must be provided, but not both."));
            }
        };
        let (mut values, mut errors) = (Vec::new(), Vec::new());
        for id in ids {
            let input = GetSecretValueInput { secret_id: id.as_str().into(), ..Default::default() };
            match self.cloud.call::<GetSecretValue>((*call).clone(), input).await {
                Ok(output) => values.push(entry(output)),
                Err(error) => {
                    let (code, text) = code_and_text(&error);
                    errors.push(ApiErrorType {
                        secret_id: Some(id),
                        error_code: Some(code),
                        message: Some(text),
                    });
                }
            }
        }
        Ok(BatchGetSecretValueOutput { secret_values: Some(values), next_token, errors: Some(errors) })
    }
}

fn entry(output: GetSecretValueOutput) -> SecretValueEntry {
    SecretValueEntry {
        arn: output.arn,
        name: output.name,
        version_id: output.version_id,
        secret_binary: output.secret_binary,
        secret_string: output.secret_string,
        version_stages: output.version_stages,
        created_date: output.created_date,
    }
}
