//! Expressions with names and values written shortly.

#![allow(dead_code, reason = "each test uses some of it")]

use std::sync::Arc;

use attribute::{Invalid, Item, Text, Value};
use expression::{Bound, Condition, Error, Parameter, Parameters, Projection, Update};

pub type Values = Vec<(Text, Result<Value, Invalid>)>;

/// A value from its JSON.
pub fn value(json: &str) -> Value {
    attribute::value_from_slice(json.as_bytes()).expect(json).expect(json)
}

/// An item from its JSON.
pub fn item(json: &str) -> Item {
    attribute::item_from_slice(json.as_bytes()).expect(json).expect(json)
}

/// An item in short JSON: strings, integers, booleans, null, arrays and objects mean what they say.
pub fn short(json: &str) -> Item {
    let parsed: serde_json::Value = serde_json::from_str(json).expect(json);
    match to_value(&parsed) {
        Value::M(item) => item,
        _ => panic!("{json} is no object"),
    }
}

fn to_value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::N(number.to_string().parse().expect("a number")),
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(values) => Value::L(values.iter().map(to_value).collect()),
        serde_json::Value::Object(entries) => {
            Value::M(entries.iter().map(|(name, value)| (Text::new(name), to_value(value))).collect())
        }
    }
}

pub fn values(entries: &[(&str, &str)]) -> Values {
    entries.iter().map(|(key, json)| (Text::new(key), Ok(value(json)))).collect()
}

fn parameters<'v>(names: &[(&'v str, &'v str)], values: &'v Values) -> Result<Parameters<'v>, Error> {
    let names = (!names.is_empty()).then(|| names.to_vec());
    Parameters::new(names, (!values.is_empty()).then_some(&values[..]))
}

pub fn condition<'v>(
    text: &str,
    names: &[(&'v str, &'v str)],
    values: &'v Values,
) -> Result<Bound<'v, Condition>, Error> {
    condition_of(Parameter::ConditionExpression, text, names, values)
}

pub fn condition_of<'v>(
    parameter: Parameter,
    text: &str,
    names: &[(&'v str, &'v str)],
    values: &'v Values,
) -> Result<Bound<'v, Condition>, Error> {
    let tree = Arc::new(Condition::parse(text).map_err(|reason| reason.of(parameter))?);
    parameters(names, values)?.condition(parameter, tree)
}

pub fn update<'v>(
    text: &str,
    names: &[(&'v str, &'v str)],
    values: &'v Values,
) -> Result<Bound<'v, Update>, Error> {
    let tree = Update::parse(text).map_err(|reason| reason.of(Parameter::UpdateExpression))?;
    parameters(names, values)?.update(Arc::new(tree))
}

pub fn projection<'v>(text: &str, names: &[(&'v str, &'v str)]) -> Result<Bound<'v, Projection>, Error> {
    let tree = Projection::parse(text).map_err(|reason| reason.of(Parameter::ProjectionExpression))?;
    let names = (!names.is_empty()).then(|| names.to_vec());
    Parameters::new(names, None)?.projection(Arc::new(tree))
}
