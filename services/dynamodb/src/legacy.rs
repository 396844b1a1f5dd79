//! The parameters that expressions have taken the place of, from the wire into what expressions are.

use std::collections::BTreeMap;

use attribute::{Given, Invalid, Text, Value};
use expression::{
    AttributeUpdate, Comparison, Connector, Expectation, LegacyAction, LegacyCondition, LegacyKeys, Literal,
    Update,
};
use model_dynamodb::Error;
use model_dynamodb::types::{
    AttributeAction, AttributeValueUpdate, ComparisonOperator, Condition, ConditionalOperator,
    ExpectedAttributeValue,
};
use wire::Open;

use crate::error::of_expression;

type Conditions = BTreeMap<String, Condition>;

fn value(given: &Given<Value>) -> Result<Value, Invalid> {
    given.as_valid().cloned()
}

fn values(given: &[Given<Value>]) -> Vec<Result<Value, Invalid>> {
    given.iter().map(value).collect()
}

fn connector(given: Option<&Open<ConditionalOperator>>) -> Option<Connector> {
    given.and_then(Open::known).map(|operator| match operator {
        ConditionalOperator::And => Connector::And,
        ConditionalOperator::Or => Connector::Or,
    })
}

/// Every value of the model's enumeration is a comparison; others were refused with the request.
fn comparison(given: &Open<ComparisonOperator>) -> Option<Comparison> {
    Comparison::from_name(given.as_str())
}

fn conditions(given: &Conditions) -> Vec<LegacyCondition> {
    let one = |(name, condition): (&String, &Condition)| {
        Some(LegacyCondition {
            name: Text::new(name),
            comparison: comparison(&condition.comparison_operator)?,
            values: values(condition.attribute_value_list.as_deref().unwrap_or_default()),
        })
    };
    given.iter().filter_map(one).collect()
}

/// `Expected`, with its `ConditionalOperator`.
pub fn expected(
    given: Option<&BTreeMap<String, ExpectedAttributeValue>>,
    operator: Option<&Open<ConditionalOperator>>,
) -> Result<Option<Literal<expression::Condition>>, Error> {
    let expectations = given.into_iter().flatten().map(|(name, given)| Expectation {
        name: Text::new(name),
        value: given.value.as_ref().map(value),
        exists: given.exists,
        comparison: given.comparison_operator.as_ref().and_then(comparison),
        values: given.attribute_value_list.as_deref().map(values),
    });
    expression::expected(expectations.collect(), connector(operator)).map_err(of_expression)
}

/// `QueryFilter` or `ScanFilter`, with its `ConditionalOperator`.
pub fn filter(
    given: Option<&Conditions>,
    operator: Option<&Open<ConditionalOperator>>,
) -> Result<Option<Literal<expression::Condition>>, Error> {
    let conditions = given.map(conditions).unwrap_or_default();
    expression::filter(conditions, connector(operator)).map_err(of_expression)
}

/// `KeyConditions`.
pub fn keys(given: Option<&Conditions>) -> Result<Option<LegacyKeys>, Error> {
    given.map(|given| LegacyKeys::new(conditions(given))).transpose().map_err(of_expression)
}

/// `AttributeUpdates`.
pub fn updates(
    given: Option<&BTreeMap<String, AttributeValueUpdate>>,
) -> Result<Option<Literal<Update>>, Error> {
    let Some(given) = given else { return Ok(None) };
    let updates = given.iter().map(|(name, given)| AttributeUpdate {
        name: Text::new(name),
        action: given.action.as_ref().and_then(Open::known).map(|action| match action {
            AttributeAction::Add => LegacyAction::Add,
            AttributeAction::Put => LegacyAction::Put,
            AttributeAction::Delete => LegacyAction::Delete,
        }),
        value: given.value.as_ref().map(value),
    });
    expression::attribute_updates(updates.collect()).map(Some).map_err(of_expression)
}
