//! ExecuteTransaction.

use std::sync::Arc;

use expression::partiql::Statement;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{
    ExecuteTransactionInput, ExecuteTransactionOutput, ItemResponse, ParameterizedStatement,
};
use service::Allowed;
use sha2::{Digest as _, Sha256};

use super::transact_write::{Action, cancelled_by};
use crate::capacity::{PerTable, Rate};
use crate::dynamodb::DynamoDb;
use crate::error::validation;
use crate::limits::TRANSACTION_BYTES_MAX;
use crate::partiql::{Prepared, changed, one};
use crate::request::shows_old;

impl DynamoDb {
    /// All statements or none. They all read, or all write; EXISTS goes with those that write.
    pub async fn execute_transaction(
        self: Arc<Self>,
        call: Arc<Call>,
        prepared: Allowed<Vec<Prepared>>,
        input: ExecuteTransactionInput,
    ) -> Result<ExecuteTransactionOutput, Error> {
        let reading = prepared.iter().filter(|prepared| prepared.reads()).count();
        let (responses, units) = if reading == prepared.len() {
            self.all_read(&call, &prepared).await?
        } else if reading == 0 {
            self.all_written(&call, &prepared, &input).await?
        } else {
            return Err(validation("The statements of a transaction must all read or all write"));
        };
        Ok(ExecuteTransactionOutput {
            responses: Some(responses),
            consumed_capacity: units.shown(input.return_consumed_capacity.as_ref(), true),
        })
    }

    /// All as of one moment.
    async fn all_read(
        &self,
        call: &Call,
        prepared: &[Prepared],
    ) -> Result<(Vec<ItemResponse>, PerTable), Error> {
        let mut rings = Vec::with_capacity(prepared.len());
        for prepared in prepared {
            rings.push(self.ring(call, prepared.named.transacted()?).await?);
        }
        let snapshot = self.store.snapshot();
        let mut units = PerTable::default();
        let mut responses = Vec::with_capacity(prepared.len());
        let (mut bytes, count) = (0, prepared.len());
        for (at, (prepared, ring)) in prepared.iter().zip(&rings).enumerate() {
            let table = prepared.named.transacted()?;
            let Statement::Select(select) = &prepared.statement else { continue };
            let read = one((&snapshot, ring.as_deref()), table, select, Rate::Transaction);
            let (item, cost, size) = read.map_err(|error| cancelled_by(at, count, error))?;
            self.charge(table, &cost).map_err(|error| cancelled_by(at, count, error))?;
            bytes += size;
            if bytes > TRANSACTION_BYTES_MAX {
                return Err(validation(
                    "Aggregate size of items in the transaction exceeds the limit of 4 MB",
                ));
            }
            units.add(table, &cost);
            responses.push(ItemResponse { item });
        }
        Ok((responses, units))
    }

    async fn all_written(
        self: &Arc<Self>,
        call: &Call,
        prepared: &[Prepared],
        input: &ExecuteTransactionInput,
    ) -> Result<(Vec<ItemResponse>, PerTable), Error> {
        let mut actions = Vec::with_capacity(prepared.len());
        for (at, (prepared, request)) in prepared.iter().zip(&*input.transact_statements).enumerate() {
            let table = prepared.named.transacted()?;
            let shows_old = shows_old(request.return_values_on_condition_check_failure.as_ref());
            let change = changed(table, &prepared.statement, shows_old, Rate::Transaction);
            let change = change.map_err(|error| cancelled_by(at, input.transact_statements.len(), error))?;
            actions.push(Action { table: table.clone(), write: change.write });
        }
        let token = input.client_request_token.as_ref().filter(|token| !token.is_empty());
        let token = token.map(|token| (token.as_str(), fingerprint(&input.transact_statements)));
        let units = self.act(call, token, &actions).await?;
        // What is written is not shown.
        Ok((vec![ItemResponse::default(); actions.len()], units))
    }
}

/// What makes two requests with one token the same.
fn fingerprint(statements: &[ParameterizedStatement]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for statement in statements {
        digest.update(wire::to_json(statement));
    }
    digest.finalize().into()
}
