//! What requests on items say of themselves, for policies that ask for it.

use std::collections::BTreeMap;

use expression::{KeyCondition, Parameter};
use model_dynamodb::types::*;
use service::Target;

use super::{Named, as_texts, good, with_leading};
use crate::conditions::{Attributes, metering, returning, selecting};
use crate::dynamodb::DynamoDb;
use crate::legacy;
use crate::read::Source;
use crate::request::parameters;

/// The names of attributes that older parameters have as keys.
fn keys_of<V>(given: Option<&BTreeMap<String, V>>) -> impl Iterator<Item = &String> {
    given.into_iter().flat_map(BTreeMap::keys)
}

pub fn get_item(service: &DynamoDb, input: &GetItemInput, named: &Named, target: Target) -> Target {
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .projection(input.projection_expression.as_ref())
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(named.leading(target, key));
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, None, is_specific, false);
    metering(target, input.return_consumed_capacity.as_ref())
}

pub fn put_item(service: &DynamoDb, input: &PutItemInput, named: &Named, target: Target) -> Target {
    let item = good(&input.item);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(item)
        .condition(input.condition_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .of(named.leading(target, item));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    metering(target, input.return_consumed_capacity.as_ref())
}

pub fn delete_item(service: &DynamoDb, input: &DeleteItemInput, named: &Named, target: Target) -> Target {
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .condition(input.condition_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .of(named.leading(target, key));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    metering(target, input.return_consumed_capacity.as_ref())
}

pub fn update_item(service: &DynamoDb, input: &UpdateItemInput, named: &Named, target: Target) -> Target {
    let key = good(&input.key);
    let target = Attributes::new(service, &input.expression_attribute_names)
        .item(key)
        .condition(input.condition_expression.as_ref())
        .update(input.update_expression.as_ref())
        .named(keys_of(input.expected.as_ref()))
        .named(keys_of(input.attribute_updates.as_ref()))
        .of(named.leading(target, key));
    let target = returning(target, input.return_values.as_ref().and_then(wire::Open::known));
    metering(target, input.return_consumed_capacity.as_ref())
}

pub fn query(service: &DynamoDb, input: &QueryInput, named: &Named, target: Target) -> Target {
    let target = Attributes::new(service, &input.expression_attribute_names)
        .condition(input.key_condition_expression.as_ref())
        .condition(input.filter_expression.as_ref())
        .projection(input.projection_expression.as_ref())
        .named(keys_of(input.key_conditions.as_ref()))
        .named(keys_of(input.query_filter.as_ref()))
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(queried(target, service, input, named));
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, input.select.as_ref(), is_specific, input.index_name.is_some());
    metering(target, input.return_consumed_capacity.as_ref())
}

pub fn scan(service: &DynamoDb, input: &ScanInput, _: &Named, target: Target) -> Target {
    let target = Attributes::new(service, &input.expression_attribute_names)
        .condition(input.filter_expression.as_ref())
        .projection(input.projection_expression.as_ref())
        .named(keys_of(input.scan_filter.as_ref()))
        .named(input.attributes_to_get.iter().flat_map(|names| names.iter()))
        .of(target);
    let is_specific = input.projection_expression.is_some() || input.attributes_to_get.is_some();
    let target = selecting(target, input.select.as_ref(), is_specific, input.index_name.is_some());
    metering(target, input.return_consumed_capacity.as_ref())
}

/// With the partition key that a query names. A query without one, or with one that cannot be, is refused by its
/// operation, which reads it as this does: it never goes through for a policy that found no key to forbid.
fn queried(target: Target, service: &DynamoDb, input: &QueryInput, named: &Named) -> Target {
    let keys = || {
        let table = named.found.as_ref()?;
        let parameter = Parameter::KeyConditionExpression;
        let tree = service.condition(parameter, input.key_condition_expression.as_ref()).ok()?;
        let values = input.expression_attribute_values.as_ref();
        let mut parameters = parameters(&input.expression_attribute_names, values).ok()?;
        let bound = tree.map(|tree| parameters.condition(parameter, tree)).transpose().ok()?;
        let old = legacy::keys(input.key_conditions.as_ref()).ok()?;
        let condition = match (&bound, &old) {
            (Some(bound), _) => KeyCondition::new(bound).ok()?,
            (None, Some(old)) => old.condition(),
            (None, None) => return None,
        };
        let source = Source::new(table, input.index_name.as_ref()).ok()?;
        let wanted = condition.query(source.key().typed(&table.record.attributes).schema()).ok()?;
        Some(as_texts(wanted.partition))
    };
    with_leading(target, keys().unwrap_or_default())
}
