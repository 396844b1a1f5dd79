//! What is checked of expressions together, and of expressions and the keys of a table.

use attribute::Text;

use crate::bind::Bound;
use crate::error::{Error, LegacyError, ParameterError, UpdateError};
use crate::tree::Update;

/// Which of an operation's parameters a request has.
///
/// Each is a name and whether the request has it, in the order in which errors name them.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Expressions that may have values.
    pub expressions: &'a [(&'static str, bool)],
    /// The projection, which has none.
    pub projection: bool,
    /// Parameters that are older than expressions.
    pub old: &'a [(&'static str, bool)],
    /// ExpressionAttributeNames.
    pub names: bool,
    /// ExpressionAttributeValues.
    pub values: bool,
}

impl Given<'_> {
    /// Refuses old and new parameters in one request, and names and values that no expression could use.
    ///
    /// KeyConditions go together with a filter or projection, as long as there is no KeyConditionExpression.
    pub fn check(&self) -> Result<(), Error> {
        let projection = ("ProjectionExpression", self.projection);
        let new: Vec<&str> = given(std::iter::once(&projection).chain(self.expressions));
        let keys_apart = !new.contains(&"KeyConditionExpression");
        if !new.is_empty() {
            let old = given(self.old.iter().filter(|(name, _)| !(keys_apart && *name == "KeyConditions")));
            if !old.is_empty() {
                return Err(ParameterError::Mixed { old: old.join(", "), new: new.join(", ") }.into());
            }
        } else if self.names {
            return Err(ParameterError::NamesAlone.into());
        }
        if self.values && !self.expressions.is_empty() && self.expressions.iter().all(|(_, given)| !given) {
            let names: Vec<&str> = self.expressions.iter().map(|(name, _)| *name).collect();
            let verb = if names.len() > 1 { "are" } else { "is" };
            return Err(ParameterError::ValuesAlone(format!("{} {verb} null", names.join(" and "))).into());
        }
        Ok(())
    }
}

fn given<'a>(parameters: impl Iterator<Item = &'a (&'static str, bool)>) -> Vec<&'static str> {
    parameters.filter(|(_, given)| *given).map(|(name, _)| *name).collect()
}

/// Refuses an update of a key attribute.
pub fn check_not_key(update: &Bound<'_, Update>, keys: &[&str]) -> Result<(), Error> {
    let attributes = update.attributes();
    match keys.iter().find(|key| attributes.contains(key)) {
        Some(key) => Err(UpdateError::Key((*key).to_owned()).into()),
        None => Ok(()),
    }
}

/// Refuses paths that go into attributes that are keys of the table, or of an index.
pub fn check_scalar_keys(nested: &[&str], keys: &[&str], index_keys: &[&str]) -> Result<(), Error> {
    for (what, keys) in [("Key", keys), ("IndexKey", index_keys)] {
        if let Some(name) = keys.iter().find(|key| nested.contains(key)) {
            return Err(UpdateError::KeyPath { what, name: (*name).to_owned() }.into());
        }
    }
    Ok(())
}

/// Refuses a query's filter on the key that is queried.
pub fn check_filter(attributes: &[&str], keys: &[&str], expression: bool) -> Result<(), Error> {
    let parameter = if expression { "Filter Expression" } else { "QueryFilter" };
    match keys.iter().find(|key| attributes.contains(key)) {
        Some(key) => Err(LegacyError::FilterOnKey { parameter, name: Text::new(key) }.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(result: Result<(), Error>) -> String {
        result.expect_err("refused").to_string()
    }

    #[test]
    fn old_and_new_do_not_go_together() {
        let given = Given {
            expressions: &[("ConditionExpression", true)],
            projection: false,
            old: &[("Expected", true), ("ConditionalOperator", false)],
            names: true,
            values: true,
        };
        assert_eq!(
            said(given.check()),
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
        );
        let query = Given {
            expressions: &[("FilterExpression", true), ("KeyConditionExpression", false)],
            projection: true,
            old: &[("AttributesToGet", false), ("QueryFilter", false), ("KeyConditions", true)],
            names: true,
            values: true,
        };
        assert_eq!(query.check(), Ok(()));
        let all = Given {
            expressions: &[("FilterExpression", true), ("KeyConditionExpression", true)],
            old: &[("AttributesToGet", true), ("KeyConditions", true)],
            ..query
        };
        assert_eq!(
            said(all.check()),
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributesToGet, KeyConditions} Expression parameters: {ProjectionExpression, FilterExpression, KeyConditionExpression}"
        );
    }

    #[test]
    fn names_and_values_need_expressions() {
        let none = Given {
            expressions: &[("ConditionExpression", false)],
            projection: false,
            old: &[],
            names: true,
            values: true,
        };
        assert_eq!(
            said(none.check()),
            "ExpressionAttributeNames can only be specified when using expressions"
        );
        let values = Given { names: false, ..none };
        assert_eq!(
            said(values.check()),
            "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"
        );
        let two =
            Given { expressions: &[("UpdateExpression", false), ("ConditionExpression", false)], ..values };
        assert_eq!(
            said(two.check()),
            "ExpressionAttributeValues can only be specified when using expressions: UpdateExpression and ConditionExpression are null"
        );
    }

    #[test]
    fn keys_are_left_alone() {
        assert_eq!(
            said(check_scalar_keys(&["x", "d"], &["a"], &["c", "d"])),
            "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: d"
        );
        assert_eq!(
            said(check_filter(&["x", "b"], &["a", "b"], true)),
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: b"
        );
        assert_eq!(check_filter(&["x"], &["a", "b"], false), Ok(()));
    }
}
