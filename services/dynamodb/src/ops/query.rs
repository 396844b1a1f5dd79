//! Query.

use std::sync::Arc;

use attribute::Item;
use expression::{Given, KeyCondition, Literal, Parameter};
use kernel::Call;
use model_dynamodb::Error;
use model_dynamodb::types::{QueryInput, QueryOutput};
use service::Allowed;
use wire::Open;

use super::get_item::Shows;
use crate::capacity::Rate;
use crate::dynamodb::DynamoDb;
use crate::error::{counted, invalid, of_expression, validation};
use crate::legacy;
use crate::read::{self, Source, Wish};
use crate::request::parameters;
use crate::resource::Named;

impl DynamoDb {
    pub async fn query(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: QueryInput,
    ) -> Result<QueryOutput, Error> {
        let given = Given {
            expressions: &[
                ("FilterExpression", input.filter_expression.is_some()),
                ("KeyConditionExpression", input.key_condition_expression.is_some()),
            ],
            projection: input.projection_expression.is_some(),
            old: &[
                ("AttributesToGet", input.attributes_to_get.is_some()),
                ("QueryFilter", input.query_filter.is_some()),
                ("ConditionalOperator", input.conditional_operator.is_some()),
                ("KeyConditions", input.key_conditions.is_some()),
            ],
            names: input.expression_attribute_names.is_some(),
            values: input.expression_attribute_values.is_some(),
        };
        given.check().map_err(of_expression)?;
        let keys =
            self.condition(Parameter::KeyConditionExpression, input.key_condition_expression.as_ref())?;
        let filter = self.condition(Parameter::FilterExpression, input.filter_expression.as_ref())?;
        let projection = self.projection_tree(input.projection_expression.as_ref())?;
        let values = input.expression_attribute_values.as_ref();
        let mut parameters = parameters(&input.expression_attribute_names, values)?;
        let filter = filter.map(|tree| parameters.condition(Parameter::FilterExpression, tree)).transpose();
        let filter = filter.map_err(of_expression)?;
        let old_filter = legacy::filter(input.query_filter.as_ref(), input.conditional_operator.as_ref())?;
        let is_expression = filter.is_some();
        let filter = filter.or_else(|| old_filter.as_ref().map(Literal::bound));
        let keys = keys.map(|tree| parameters.condition(Parameter::KeyConditionExpression, tree)).transpose();
        let keys = keys.map_err(of_expression)?;
        let old_keys = legacy::keys(input.key_conditions.as_ref())?;
        let projection =
            projection.map(|tree| parameters.projection(tree)).transpose().map_err(of_expression)?;
        parameters.finish().map_err(of_expression)?;
        let condition = match (&keys, &old_keys) {
            (Some(bound), _) => KeyCondition::new(bound).map_err(of_expression)?,
            (None, Some(old)) => old.condition(),
            (None, None) => {
                return Err(validation(
                    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
                ));
            }
        };

        let table = named.table()?;
        let source = Source::new(table, input.index_name.as_ref())?;
        let ring = self.ring(&call, table).await?;
        let shows = Shows::of(projection, input.attributes_to_get.as_deref())?;
        let said = input.select.as_ref().and_then(Open::known);
        let wish = Wish {
            select: read::default_select(said, &source, &shows),
            shows,
            filter,
            limit: input.limit.map(|limit| usize::try_from(limit).unwrap_or(0)),
            rate: Rate::of_read(input.consistent_read),
        };
        wish.check_selection(&source).map_err(counted)?;
        wish.check(&source, input.consistent_read)?;
        let typed = source.key().typed(&table.record.attributes);
        let wanted = condition.query(typed.schema()).map_err(of_expression)?;
        if let Some(filter) = &wish.filter {
            table.check_scalars(&filter.nested_attributes())?;
            read::check_filter(&source, filter, is_expression)?;
        }
        let reverse = input.scan_index_forward == Some(false);
        let mut range = read::range_of(&source.rows(), &wanted);
        if let Some(start) = &input.exclusive_start_key {
            let given = start.as_valid().map_err(invalid)?;
            let start = source.start(given)?;
            if source.index.is_none() && source.key().sort.is_empty() {
                return Err(start_of_one(given));
            }
            range = read::behind(&range, &start, reverse).ok_or_else(|| {
                validation(
                    "The provided starting key is outside query boundaries based on provided conditions",
                )
            })?;
        }
        let page = read::page((&named.snapshot, ring.as_deref()), &source, range, reverse, &wish)?;
        self.charge(table, &page.units)?;
        Ok(QueryOutput {
            items: (wish.select != model_dynamodb::types::Select::Count).then_some(page.items),
            count: Some(page.count as i32),
            scanned_count: Some(page.scanned as i32),
            last_evaluated_key: page.last.map(Into::into),
            consumed_capacity: page.units.shown(table, input.return_consumed_capacity.as_ref(), false),
        })
    }
}

/// Behind the one item of a partition without a sort key there is nothing to go on with.
fn start_of_one(start: &Item) -> Error {
    let shown: Vec<String> =
        start.iter().map(|(name, value)| format!("{name}=AttributeValue: {value}")).collect();
    validation(format!(
        "The provided exclusive start key is invalid: ExclusiveStartKey: {{{}}}",
        shown.join(", ")
    ))
}
