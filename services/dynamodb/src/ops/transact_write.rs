//! TransactWriteItems.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use attribute::{Invalid, Item, KeyPart, item_size};
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{
    CancellationReason, ItemCollectionMetrics, TransactWriteItem, TransactWriteItemsInput,
    TransactWriteItemsOutput, TransactionCanceledException,
};
use service::Allowed;
use sha2::{Digest as _, Sha256};
use store::{Record as _, Tx};
use wire::CommonError;

use super::update_item::{check_condition, check_keys, updated};
use crate::bill::Bill;
use crate::capacity::{PerTable, Rate, Units};
use crate::dynamodb::DynamoDb;
use crate::error::{Failure, invalid, validation};
use crate::keys::Place;
use crate::limits::{TOKEN_LIFETIME_MS, TRANSACTION_BYTES_MAX};
use crate::name::TableName;
use crate::records::Token;
use crate::request::{WriteParameters, shows_old};
use crate::resource::Named;
use crate::table::Table;
use crate::write::{Write, check_item};

/// One action, ready to be done.
pub(super) struct Action {
    pub table: Arc<Table>,
    pub write: Write,
}

impl DynamoDb {
    pub async fn transact_write_items(
        self: Arc<Self>,
        call: Arc<Call>,
        tables: Allowed<Vec<Named>>,
        input: TransactWriteItemsInput,
    ) -> Result<TransactWriteItemsOutput, Error> {
        let input = Arc::new(input);
        let mut actions = Vec::with_capacity(input.transact_items.len());
        for (at, item) in input.transact_items.iter().enumerate() {
            actions.push(self.action(&call, &tables, &input, at, item)?);
        }
        let token = input.client_request_token.as_ref().filter(|token| !token.is_empty());
        let token = token.map(|token| (token.as_str(), fingerprint(&input)));
        let units = self.act(&call, token, &actions).await?;
        let metrics = self.transaction_metrics(&input, &actions);
        Ok(TransactWriteItemsOutput {
            consumed_capacity: units.shown(input.return_consumed_capacity.as_ref(), true),
            item_collection_metrics: (!metrics.is_empty()).then_some(metrics),
        })
    }

    /// Does actions in one transaction, once for a token and what was asked with it.
    pub(super) async fn act(
        &self,
        call: &Call,
        token: Option<(&str, [u8; 32])>,
        actions: &[Action],
    ) -> Result<PerTable, Error> {
        let mut rows = HashSet::new();
        if !actions.iter().all(|action| rows.insert(&action.write.key.row)) {
            return Err(validation("Transaction request cannot include multiple operations on one item"));
        }
        if actions.iter().map(|action| action.write.bytes).sum::<usize>() > TRANSACTION_BYTES_MAX {
            return Err(validation("Transaction payload size cannot exceed 4 MB"));
        }
        for action in actions {
            self.ring(call, &action.table).await?;
        }
        let place = Place::of(call);
        let _turns = self.latches.all(rows).await;
        let done = self
            .transact_paid(|tx, bill| {
                if let Some((token, request)) = &token
                    && self.was_done(tx, &place, token, request)?
                {
                    return Ok(None);
                }
                self.all(tx, actions, bill).map(Some)
            })
            .await
            .map_err(Error::from)?;
        if let Some(units) = done {
            return Ok(units);
        }
        // What was done before costs what it costs to look.
        let mut all = PerTable::default();
        for action in actions {
            let bytes = action.write.bytes;
            let read = Units::reading(crate::capacity::of_read(bytes, Rate::Transaction));
            self.charge(&action.table, &read)?;
            all.add(&action.table, &read);
        }
        Ok(all)
    }

    /// Does all actions or none, and says of each why not.
    fn all(&self, tx: &mut Tx, actions: &[Action], bill: &mut Bill<'_>) -> Result<PerTable, Failure> {
        let mut all = PerTable::default();
        let mut reasons = Vec::with_capacity(actions.len());
        let mut cancelled = false;
        for action in actions {
            let table = self.current(tx, &action.table)?;
            match self.apply(tx, &table, &action.write, bill) {
                Ok(written) => {
                    all.add(&table, &written.units);
                    reasons.push(nothing());
                }
                Err(Failure::Api(error)) => {
                    cancelled = true;
                    reasons.push(reason(*error)?);
                }
                Err(failure) => return Err(failure),
            }
        }
        if cancelled { Err(self::cancelled(reasons).into()) } else { Ok(all) }
    }

    /// Whether a transaction with this token was done; if not, it is noted as done.
    fn was_done(&self, tx: &mut Tx, place: &Place, token: &str, request: &[u8; 32]) -> Result<bool, Failure> {
        let (row, now) = (place.token(token), self.clock.now().millis());
        if let Some(found) = tx.get(&row)? {
            let found = Token::decode(&found)?;
            if found.expires_ms > now {
                if found.request == *request {
                    return Ok(true);
                }
                return Err(Error::idempotent_parameter_mismatch_exception(
                    "The provided client token was used with other parameters before.",
                )
                .into());
            }
            tx.delete(place.token_end(found.expires_ms, token));
        }
        let record = Token { expires_ms: now + TOKEN_LIFETIME_MS, request: *request };
        tx.put(place.token_end(record.expires_ms, token), bytes::Bytes::new());
        tx.put(row, record.encode());
        Ok(false)
    }

    fn action(
        &self,
        call: &Call,
        tables: &[Named],
        input: &Arc<TransactWriteItemsInput>,
        at: usize,
        item: &TransactWriteItem,
    ) -> Result<Action, Error> {
        let one = validation("TransactItems can only contain one of Check, Put, Update or Delete");
        let find = |given: &str| -> Result<Arc<Table>, Error> {
            let name = TableName::parse(call, given)?;
            let named = tables.iter().find(|named| named.name == name).ok_or_else(crate::error::no_table)?;
            named.transacted().cloned()
        };
        let count = input.transact_items.len();
        let at_fault = |error| cancelled_by(at, count, error);
        let input = input.clone();
        match (&item.condition_check, &item.put, &item.delete, &item.update) {
            (Some(check), None, None, None) => {
                let trees = self.trees(WriteParameters {
                    condition: Some(&check.condition_expression),
                    names: &check.expression_attribute_names,
                    values: check.expression_attribute_values.as_ref(),
                    ..WriteParameters::default()
                })?;
                let (names, values) =
                    (&check.expression_attribute_names, check.expression_attribute_values.as_ref());
                let bound = trees.bind(names, values)?;
                let table = find(&check.table_name)?;
                check_condition(&table, &bound).map_err(at_fault)?;
                drop(bound);
                let key = key_given(check.key.as_valid())?;
                let key = table.key_of(key).map_err(at_fault)?;
                let change = move |_: &_, old: Option<&Item>| {
                    let Some(check) = &input.transact_items[at].condition_check else {
                        return Ok(old.cloned());
                    };
                    let values = check.expression_attribute_values.as_ref();
                    let shows_old = shows_old(check.return_values_on_condition_check_failure.as_ref());
                    trees.bind(&check.expression_attribute_names, values)?.check(old, shows_old)?;
                    Ok(old.cloned())
                };
                Ok(action(table, key, change, 0))
            }
            (None, Some(put), None, None) => {
                let trees = self.trees(WriteParameters {
                    condition: put.condition_expression.as_ref(),
                    names: &put.expression_attribute_names,
                    values: put.expression_attribute_values.as_ref(),
                    ..WriteParameters::default()
                })?;
                let (names, values) =
                    (&put.expression_attribute_names, put.expression_attribute_values.as_ref());
                let bound = trees.bind(names, values)?;
                let table = find(&put.table_name)?;
                check_condition(&table, &bound).map_err(at_fault)?;
                drop(bound);
                let new = put.item.as_valid().map_err(invalid)?;
                check_item(new)?;
                table.check_not_empty(new)?;
                let (key, bytes) = (table.key_in(new).map_err(at_fault)?, item_size(new));
                let change = move |_: &_, old: Option<&Item>| {
                    let Some(put) = &input.transact_items[at].put else { return Ok(None) };
                    let values = put.expression_attribute_values.as_ref();
                    let shows_old = shows_old(put.return_values_on_condition_check_failure.as_ref());
                    trees.bind(&put.expression_attribute_names, values)?.check(old, shows_old)?;
                    put.item.as_valid().map(|item| Some(item.clone())).map_err(invalid)
                };
                Ok(action(table, key, change, bytes))
            }
            (None, None, Some(delete), None) => {
                let trees = self.trees(WriteParameters {
                    condition: delete.condition_expression.as_ref(),
                    names: &delete.expression_attribute_names,
                    values: delete.expression_attribute_values.as_ref(),
                    ..WriteParameters::default()
                })?;
                let (names, values) =
                    (&delete.expression_attribute_names, delete.expression_attribute_values.as_ref());
                let bound = trees.bind(names, values)?;
                let table = find(&delete.table_name)?;
                check_condition(&table, &bound).map_err(at_fault)?;
                drop(bound);
                let key = key_given(delete.key.as_valid())?;
                let key = table.key_of(key).map_err(at_fault)?;
                let change = move |_: &_, old: Option<&Item>| {
                    let Some(delete) = &input.transact_items[at].delete else { return Ok(None) };
                    let values = delete.expression_attribute_values.as_ref();
                    let shows_old = shows_old(delete.return_values_on_condition_check_failure.as_ref());
                    trees.bind(&delete.expression_attribute_names, values)?.check(old, shows_old)?;
                    Ok(None)
                };
                Ok(action(table, key, change, 0))
            }
            (None, None, None, Some(update)) => {
                let trees = self.trees(WriteParameters {
                    condition: update.condition_expression.as_ref(),
                    updates: true,
                    update: Some(&update.update_expression),
                    names: &update.expression_attribute_names,
                    values: update.expression_attribute_values.as_ref(),
                    ..WriteParameters::default()
                })?;
                let (names, values) =
                    (&update.expression_attribute_names, update.expression_attribute_values.as_ref());
                let bound = trees.bind(names, values)?;
                let table = find(&update.table_name)?;
                check_keys(&table, &bound).map_err(at_fault)?;
                if let Some(update) = &bound.update {
                    table.check_set_index_keys(update.given())?;
                }
                drop(bound);
                let key = key_given(update.key.as_valid())?;
                let key = table.key_of(key).map_err(at_fault)?;
                let key_item = key.item.clone();
                let change = move |table: &Table, old: Option<&Item>| {
                    let Some(update) = &input.transact_items[at].update else { return Ok(None) };
                    let values = update.expression_attribute_values.as_ref();
                    let shows_old = shows_old(update.return_values_on_condition_check_failure.as_ref());
                    let bound = trees.bind(&update.expression_attribute_names, values)?;
                    bound.check(old, shows_old)?;
                    updated(table, &bound, old, &key_item)
                };
                Ok(action(table, key, change, 0))
            }
            _ => Err(one),
        }
    }

    fn transaction_metrics(
        &self,
        input: &TransactWriteItemsInput,
        actions: &[Action],
    ) -> BTreeMap<String, Vec<ItemCollectionMetrics>> {
        let mut all: BTreeMap<String, Vec<ItemCollectionMetrics>> = BTreeMap::new();
        for action in actions {
            let asked = input.return_item_collection_metrics.as_ref();
            if let Some(metrics) = self.metrics_of(&action.table, &action.write.key.item, asked) {
                all.entry(action.table.name.clone()).or_default().push(metrics);
            }
        }
        all
    }
}

/// The key of an action. That an attribute of it is empty is known without the table, and refuses the whole request.
fn key_given(given: Result<&Item, Invalid>) -> Result<Item, Error> {
    let key = given.map_err(invalid)?;
    for (name, value) in key.iter() {
        if let Err(empty @ Invalid::EmptyKey { .. }) = KeyPart::Partition.check(name, value) {
            return Err(invalid(empty));
        }
    }
    Ok(key.clone())
}

fn action(
    table: Arc<Table>,
    key: crate::table::ItemKey,
    change: impl Fn(&Table, Option<&Item>) -> Result<Option<Item>, Error> + Send + Sync + 'static,
    bytes: usize,
) -> Action {
    let write = Write { key, change: Box::new(change), reads: true, bytes, rate: Rate::Transaction };
    Action { table, write }
}

/// Why an action was not done; errors that are not about its item are those of the request.
fn reason(error: Error) -> Result<CancellationReason, Error> {
    match error {
        Error::ConditionalCheckFailedException(failed) => Ok(CancellationReason {
            item: failed.item,
            code: Some("ConditionalCheckFailed".to_owned()),
            message: failed.message,
        }),
        Error::DuplicateItemException(duplicate) => Ok(CancellationReason {
            item: None,
            code: Some("DuplicateItem".to_owned()),
            message: duplicate.message,
        }),
        Error::ProvisionedThroughputExceededException(exceeded) => Ok(CancellationReason {
            item: None,
            code: Some("ProvisionedThroughputExceeded".to_owned()),
            message: exceeded.message,
        }),
        Error::ThrottlingException(throttled) => Ok(CancellationReason {
            item: None,
            code: Some("ThrottlingError".to_owned()),
            message: throttled.message,
        }),
        Error::Common(CommonError::Validation(text)) => Ok(validation_error(text)),
        error => Err(error),
    }
}

/// The transaction is not done because of one action, which is not what its table wants, or for which it has too little
/// capacity.
pub(super) fn cancelled_by(at: usize, count: usize, error: Error) -> Error {
    match reason(error) {
        Ok(reason) => {
            let mut reasons = vec![nothing(); count];
            reasons[at] = reason;
            cancelled(reasons)
        }
        Err(error) => error,
    }
}

/// Nothing is wrong with an action.
fn nothing() -> CancellationReason {
    CancellationReason { code: Some("None".to_owned()), ..CancellationReason::default() }
}

fn validation_error(text: String) -> CancellationReason {
    CancellationReason { item: None, code: Some("ValidationError".to_owned()), message: Some(text) }
}

fn cancelled(reasons: Vec<CancellationReason>) -> Error {
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code.as_deref()).collect();
    let text = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    TransactionCanceledException { message: Some(text), cancellation_reasons: Some(reasons) }.into()
}

/// What makes two requests with one token the same.
fn fingerprint(input: &TransactWriteItemsInput) -> [u8; 32] {
    let mut digest = Sha256::new();
    for item in &*input.transact_items {
        digest.update(wire::to_json(item));
    }
    digest.finalize().into()
}
