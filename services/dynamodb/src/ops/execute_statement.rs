//! ExecuteStatement.

use std::sync::Arc;

use attribute::Shown;
use expression::partiql::Statement;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{ExecuteStatementInput, ExecuteStatementOutput};
use service::Allowed;

use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::validation;
use crate::partiql::{Change, Prepared, Select, Token, changed, values};
use crate::request::shows_old;

impl DynamoDb {
    pub async fn execute_statement(
        self: Arc<Self>,
        call: Arc<Call>,
        prepared: Allowed<Prepared>,
        input: ExecuteStatementInput,
    ) -> Result<ExecuteStatementOutput, Error> {
        match &prepared.statement {
            Statement::Select(select) => {
                let table = prepared.named.table()?;
                let values = values(input.parameters.as_deref())?;
                let digest = Token::digest(table, &input.statement, &values);
                let from = input.next_token.as_deref().map(|token| Token::decode(token, &digest));
                let limit = input.limit.map(|limit| usize::try_from(limit).unwrap_or(0));
                let select = Select::new(table, select)?;
                let ring = self.ring(&call, table).await?;
                let page = select.read(
                    (&prepared.named.snapshot, ring.as_deref()),
                    input.consistent_read,
                    limit,
                    from.transpose()?,
                )?;
                self.charge(table, &page.units)?;
                Ok(ExecuteStatementOutput {
                    items: Some(page.items),
                    next_token: page.next.as_ref().map(|next| next.encode(&digest)),
                    consumed_capacity: page.units.shown(
                        table,
                        input.return_consumed_capacity.as_ref(),
                        false,
                    ),
                    last_evaluated_key: page.next.and_then(|next| next.last).map(Into::into),
                })
            }
            Statement::Exists(_) => Err(validation("EXISTS can only be used in a transaction")),
            statement => {
                let table = prepared.named.table()?;
                let shows_old = shows_old(input.return_values_on_condition_check_failure.as_ref());
                let change = changed(table, statement, shows_old, Rate::Strong)?;
                let Change { write, answer } = change;
                let written = self.write(&call, table, write).await?;
                let consumed_capacity =
                    written.units.shown(table, input.return_consumed_capacity.as_ref(), false);
                let shown = answer.shown(written)?;
                Ok(ExecuteStatementOutput {
                    items: Some(shown.into_iter().map(Shown::Item).collect()),
                    consumed_capacity,
                    ..ExecuteStatementOutput::default()
                })
            }
        }
    }
}
