//! UpdateItem.

use std::sync::Arc;

use attribute::{Invalid, Item, Shown, item_size, limits::ITEM_BYTES_MAX};
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{ReturnValue, UpdateItemInput, UpdateItemOutput};
use service::Allowed;

use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{counted, invalid, of_expression, validation, wrong_value};
use crate::request::{BoundTrees, WriteParameters, shows_old};
use crate::resource::Named;
use crate::table::Table;
use crate::write::{Write, Written};

impl DynamoDb {
    pub async fn update_item(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UpdateItemInput,
    ) -> Result<UpdateItemOutput, Error> {
        let trees = self.trees_of_one(WriteParameters {
            condition: input.condition_expression.as_ref(),
            updates: true,
            update: input.update_expression.as_ref(),
            attribute_updates: input.attribute_updates.as_ref(),
            expected: input.expected.as_ref(),
            operator: input.conditional_operator.as_ref(),
            names: &input.expression_attribute_names,
            values: input.expression_attribute_values.as_ref(),
        })?;
        let values = input.expression_attribute_values.as_ref();
        let bound = trees.bind(&input.expression_attribute_names, values).map_err(counted)?;
        let table = named.table()?;
        check_keys(table, &bound)?;
        drop(bound);
        let key = table.key_of(input.key.as_valid().map_err(wrong_value)?.clone())?;
        let wanted = input.return_values.as_ref().and_then(wire::Open::known).unwrap_or(ReturnValue::None);
        let asked = input.return_consumed_capacity.clone();
        let metrics = self.metrics_of(table, &key.item, input.return_item_collection_metrics.as_ref());
        let bytes = item_size(&key.item) + values.map_or(0, |values| values.0.len() * 64);
        let input = Arc::new(input);
        let (of_change, key_item, of_trees) = (input.clone(), key.item.clone(), trees.clone());
        let change = move |table: &Table, old: Option<&Item>| {
            let values = of_change.expression_attribute_values.as_ref();
            let bound = of_trees.bind(&of_change.expression_attribute_names, values)?;
            bound.check(old, shows_old(of_change.return_values_on_condition_check_failure.as_ref()))?;
            updated(table, &bound, old, &key_item)
        };
        let write = Write { key, change: Box::new(change), reads: true, bytes, rate: Rate::Strong };
        let written = self.write(&call, table, write).await?;
        let consumed_capacity = written.units.shown(table, asked.as_ref(), false);
        let bind =
            || trees.bind(&input.expression_attribute_names, input.expression_attribute_values.as_ref());
        Ok(UpdateItemOutput {
            attributes: returned(bind, wanted, written)?.map(Shown::Item),
            consumed_capacity,
            item_collection_metrics: metrics,
        })
    }
}

/// The item after an update; none if there was none, and there is nothing in the update that makes one.
pub fn updated(
    table: &Table,
    bound: &BoundTrees<'_>,
    old: Option<&Item>,
    key: &Item,
) -> Result<Option<Item>, Error> {
    let new = match &bound.update {
        Some(update) => update.apply(old, key).map_err(|error| validation(error.to_string()))?,
        None => old.unwrap_or(key).clone(),
    };
    if item_size(&new) > ITEM_BYTES_MAX {
        return Err(invalid(Invalid::UpdatedItemSize));
    }
    table.check_updated_index_keys(&new)?;
    let is_there = old.is_some() || bound.update.as_ref().is_none_or(|update| update.tree().creates());
    Ok(is_there.then_some(new))
}

/// Refuses to change the key, and to go into it or into an index's.
pub fn check_keys(table: &Table, bound: &BoundTrees<'_>) -> Result<(), Error> {
    if let Some(update) = &bound.update {
        let keys: Vec<&str> = table.record.key.all().map(String::as_str).collect();
        expression::check_not_key(update, &keys).map_err(of_expression)?;
        table.check_scalars(&update.nested_attributes())?;
    }
    check_condition(table, bound)
}

/// Refuses a condition that goes into an attribute of a key.
pub fn check_condition(table: &Table, bound: &BoundTrees<'_>) -> Result<(), Error> {
    match &bound.condition {
        Some(condition) => table.check_scalars(&condition.nested_attributes()),
        None => Ok(()),
    }
}

/// What an update shows of its item. It is only bound again where what it touches is to be shown.
pub fn returned<'v>(
    bind: impl Fn() -> Result<BoundTrees<'v>, Error>,
    wanted: ReturnValue,
    written: Written,
) -> Result<Option<Item>, Error> {
    let touched = |item: Option<Arc<Item>>| {
        let (Some(update), Some(item)) = (bind()?.update, item) else { return Ok(None) };
        let shown = update.touched().project(&item);
        Ok((!shown.is_empty()).then_some(shown))
    };
    match wanted {
        ReturnValue::None => Ok(None),
        ReturnValue::AllOld => Ok(written.old.map(Arc::unwrap_or_clone)),
        ReturnValue::AllNew => Ok(written.new.map(Arc::unwrap_or_clone)),
        ReturnValue::UpdatedOld => touched(written.old),
        ReturnValue::UpdatedNew => touched(written.new),
    }
}
