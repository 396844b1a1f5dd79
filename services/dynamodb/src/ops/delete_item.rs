//! DeleteItem.

use std::sync::Arc;

use attribute::Shown;
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::Allowed;

use super::check_condition;
use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{counted, validation, wrong_value};
use crate::request::{WriteParameters, shows_old};
use crate::resource::Named;
use crate::write::Write;

impl DynamoDb {
    pub async fn delete_item(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: DeleteItemInput,
    ) -> Result<DeleteItemOutput, Error> {
        let wants_old = match input.return_values.as_ref().and_then(wire::Open::known) {
            None | Some(ReturnValue::None) => false,
            Some(ReturnValue::AllOld) => true,
            Some(_) => return Err(counted(validation("ReturnValues can only be ALL_OLD or NONE"))),
        };
        let trees = self.trees_of_one(WriteParameters {
            condition: input.condition_expression.as_ref(),
            expected: input.expected.as_ref(),
            operator: input.conditional_operator.as_ref(),
            names: &input.expression_attribute_names,
            values: input.expression_attribute_values.as_ref(),
            ..WriteParameters::default()
        })?;
        let bound = trees.bind(&input.expression_attribute_names, input.expression_attribute_values.as_ref());
        let bound = bound.map_err(counted)?;
        let table = named.table()?;
        check_condition(table, &bound)?;
        drop(bound);
        let key = table.key_of(input.key.as_valid().map_err(wrong_value)?.clone())?;
        let (bytes, reads) = (attribute::item_size(&key.item), wants_old || trees.condition.is_some());
        let asked = input.return_consumed_capacity.clone();
        let metrics = self.metrics_of(table, &key.item, input.return_item_collection_metrics.as_ref());
        let change = move |_: &_, old: Option<&_>| {
            let (names, values) =
                (&input.expression_attribute_names, input.expression_attribute_values.as_ref());
            let shows_old = shows_old(input.return_values_on_condition_check_failure.as_ref());
            trees.bind(names, values)?.check(old, shows_old)?;
            Ok(None)
        };
        let write = Write { key, change: Box::new(change), reads, bytes, rate: Rate::Strong };
        let written = self.write(&call, table, write).await?;
        Ok(DeleteItemOutput {
            attributes: written.old.filter(|_| wants_old).map(|item| Shown::Item((*item).clone())),
            consumed_capacity: written.units.shown(table, asked.as_ref(), false),
            item_collection_metrics: metrics,
        })
    }
}
