//! Expected: what an item must be like to be written.

use attribute::{Invalid, Text, Value};

use super::compare::{Comparison, Connector, checked, join};
use crate::bind::Literal;
use crate::error::{Error, LegacyError};
use crate::tree::Condition;

/// What is expected of one attribute.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The attribute.
    pub name: Text,
    /// Its value.
    pub value: Option<Result<Value, Invalid>>,
    /// Whether there is such an attribute.
    pub exists: Option<bool>,
    /// How it compares.
    pub comparison: Option<Comparison>,
    /// With what.
    pub values: Option<Vec<Result<Value, Invalid>>>,
}

/// Expected as a condition; nothing if nothing is expected.
pub fn expected(
    expectations: Vec<Expectation>,
    connector: Option<Connector>,
) -> Result<Option<Literal<Condition>>, Error> {
    let conditions = expectations.into_iter().map(condition).collect::<Result<Vec<_>, Error>>()?;
    join(conditions, connector)
}

fn condition(expectation: Expectation) -> Result<(Text, Comparison, Vec<Value>), Error> {
    let Expectation { name, value, exists, comparison, values } = expectation;
    if value.is_some() && values.is_some() {
        return Err(LegacyError::ValueAndList(name).into());
    }
    let Some(comparison) = comparison else { return without_operator(name, value, exists, values) };
    if exists.is_some() {
        return Err(LegacyError::ExistsAndOperator(name).into());
    }
    let needs = !matches!(comparison, Comparison::Null | Comparison::NotNull);
    if needs && value.is_none() && values.is_none() {
        return Err(LegacyError::NoValues { operator: comparison.name(), name }.into());
    }
    let values = values.unwrap_or_else(|| value.into_iter().collect());
    Ok((name, comparison, checked(comparison, values)?))
}

/// The oldest form: a value that is expected, or that there be none.
fn without_operator(
    name: Text,
    value: Option<Result<Value, Invalid>>,
    exists: Option<bool>,
    values: Option<Vec<Result<Value, Invalid>>>,
) -> Result<(Text, Comparison, Vec<Value>), Error> {
    if values.is_some() {
        return Err(LegacyError::ListAlone(name).into());
    }
    match (exists, value) {
        (Some(false), None) => Ok((name, Comparison::Null, Vec::new())),
        (Some(false), Some(_)) => Err(LegacyError::ValueOfNothing(name).into()),
        (_, Some(value)) => Ok((name, Comparison::Eq, vec![value?])),
        (None, None) => Err(LegacyError::ValueMissing { exists: "null", name }.into()),
        (Some(true), None) => Err(LegacyError::ValueMissing { exists: "true", name }.into()),
    }
}
