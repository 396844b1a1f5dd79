//! BatchExecuteStatement.

use std::sync::Arc;

use attribute::Shown;
use expression::partiql::Statement;
use futures::future::join_all;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{
    BatchExecuteStatementInput, BatchExecuteStatementOutput, BatchStatementError,
    BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
};
use service::Allowed;
use wire::CommonError;

use crate::capacity::{PerTable, Rate, Units};
use crate::dynamodb::DynamoDb;
use crate::error::validation;
use crate::partiql::{Change, Prepared, changed, one};
use crate::request::shows_old;
use crate::table::Table;

/// What became of a statement.
type Done = Result<(Option<Shown>, Units), Error>;

impl DynamoDb {
    /// Each statement for itself: what is wrong with one is said in its place.
    pub async fn batch_execute_statement(
        self: Arc<Self>,
        call: Arc<Call>,
        prepared: Allowed<Vec<Result<Prepared, Error>>>,
        input: BatchExecuteStatementInput,
    ) -> Result<BatchExecuteStatementOutput, Error> {
        let mut read = prepared.iter().flatten().map(Prepared::reads);
        if let Some(first) = read.next()
            && read.any(|other| other != first)
        {
            return Err(validation("The statements of a batch must all read or all write"));
        }
        let both = prepared.iter().zip(&*input.statements);
        let done =
            join_all(both.map(|(prepared, request)| self.clone().one_of_batch(&call, prepared, request)))
                .await;
        let mut units = PerTable::default();
        let mut responses = Vec::with_capacity(done.len());
        for (prepared, done) in prepared.iter().zip(done) {
            let table = prepared.as_ref().ok().and_then(|prepared| prepared.named.found.as_ref());
            let table_name = table.map(|table: &Arc<Table>| table.name.clone());
            responses.push(match done {
                Ok((item, cost)) => {
                    if let Some(table) = table {
                        units.add(table, &cost);
                    }
                    BatchStatementResponse { error: None, table_name, item }
                }
                Err(error) => BatchStatementResponse { error: Some(said(error)), table_name, item: None },
            });
        }
        Ok(BatchExecuteStatementOutput {
            responses: Some(responses),
            consumed_capacity: units.shown(input.return_consumed_capacity.as_ref(), false),
        })
    }

    async fn one_of_batch(
        self: Arc<Self>,
        call: &Call,
        prepared: &Result<Prepared, Error>,
        request: &BatchStatementRequest,
    ) -> Done {
        let prepared = prepared.as_ref().map_err(Error::clone)?;
        let table = prepared.named.table()?;
        match &prepared.statement {
            Statement::Select(select) => {
                let rate = Rate::of_read(request.consistent_read);
                let ring = self.ring(call, table).await?;
                let (item, units, _) = one((&prepared.named.snapshot, ring.as_deref()), table, select, rate)?;
                self.charge(table, &units)?;
                Ok((item, units))
            }
            Statement::Exists(_) => Err(validation("EXISTS can only be used in a transaction")),
            statement => {
                let shows_old = shows_old(request.return_values_on_condition_check_failure.as_ref());
                let Change { write, answer } = changed(table, statement, shows_old, Rate::Strong)?;
                let written = self.write(call, table, write).await?;
                let units = written.units.clone();
                Ok((answer.shown(written)?.map(Shown::Item), units))
            }
        }
    }
}

/// An error in its place in the answer.
fn said(error: Error) -> BatchStatementError {
    use BatchStatementErrorCodeEnum as Code;
    let (code, message, item) = match error {
        Error::ConditionalCheckFailedException(failed) => {
            (Code::ConditionalCheckFailed, failed.message, failed.item)
        }
        Error::DuplicateItemException(duplicate) => (Code::DuplicateItem, duplicate.message, None),
        Error::ResourceNotFoundException(missing) => (Code::ResourceNotFound, missing.message, None),
        Error::ProvisionedThroughputExceededException(exceeded) => {
            (Code::ProvisionedThroughputExceeded, exceeded.message, None)
        }
        Error::Common(CommonError::Validation(text)) => (Code::ValidationError, Some(text), None),
        Error::Common(CommonError::AccessDenied(text)) => (Code::AccessDenied, Some(text), None),
        Error::ThrottlingException(throttled) => (Code::ThrottlingError, throttled.message, None),
        Error::Common(CommonError::Throttling(text)) => (Code::ThrottlingError, Some(text), None),
        error => {
            tracing::error!(?error, "a statement of a batch failed");
            (Code::InternalServerError, Some("The statement could not be executed.".to_owned()), None)
        }
    };
    BatchStatementError { code: Some(code.into()), message, item }
}
