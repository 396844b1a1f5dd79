//! ExpressionAttributeNames and ExpressionAttributeValues.

use std::sync::Arc;

use attribute::{Invalid, Text, Value, value_size};

use super::check::Check;
use super::{Bound, Tree};
use crate::error::{Error, Parameter, ParameterError};
use crate::limits::{PLACEHOLDER_BYTES_MAX, SUBSTITUTES_BYTES_MAX};
use crate::tree::{Condition, Projection, Update};

const NAMES: &str = "ExpressionAttributeNames";
const VALUES: &str = "ExpressionAttributeValues";

/// The names and values of one request, and which of them its expressions have used.
#[derive(Debug, Default)]
pub struct Parameters<'v> {
    names: Vec<Entry<'v, &'v str>>,
    values: Vec<Entry<'v, &'v Value>>,
}

/// What a placeholder stands for. Kept in the order of the placeholders.
#[derive(Debug)]
struct Entry<'v, T> {
    key: &'v str,
    value: T,
    used: bool,
}

impl<'v> Parameters<'v> {
    /// Checks names and values, given as they come in the request: nothing where a request has none.
    ///
    /// The service refuses wrong placeholders before wrong values, and both before it looks at expressions.
    pub fn new(
        names: Option<impl IntoIterator<Item = (&'v str, &'v str)>>,
        values: Option<&'v [(Text, Result<Value, Invalid>)]>,
    ) -> Result<Parameters<'v>, Error> {
        let mut parameters = Parameters::default();
        if let Some(names) = names {
            parameters.names = checked_names(names)?;
        }
        if let Some(values) = values {
            parameters.values = checked_values(values)?;
        }
        Ok(parameters)
    }

    /// Puts names and values into a condition, a filter or a condition on keys.
    pub fn condition(
        &mut self,
        parameter: Parameter,
        tree: Arc<Condition>,
    ) -> Result<Bound<'v, Condition>, Error> {
        self.bind(parameter, tree, |check, tree| check.condition(tree))
    }

    /// Puts names and values into an update.
    pub fn update(&mut self, tree: Arc<Update>) -> Result<Bound<'v, Update>, Error> {
        self.bind(Parameter::UpdateExpression, tree, |check, tree| check.update(tree))
    }

    /// Puts names into a projection.
    pub fn projection(&mut self, tree: Arc<Projection>) -> Result<Bound<'v, Projection>, Error> {
        self.bind(Parameter::ProjectionExpression, tree, |check, tree| check.projection(tree))
    }

    fn bind<T: Tree>(
        &mut self,
        parameter: Parameter,
        tree: Arc<T>,
        check: impl FnOnce(&Check<'_, 'v>, &T) -> Result<(), crate::Reason>,
    ) -> Result<Bound<'v, T>, Error> {
        let placeholders = tree.placeholders();
        let names: Vec<Option<&'v str>> =
            placeholders.names.iter().map(|key| found(&mut self.names, key)).collect();
        let values: Vec<Option<&'v Value>> =
            placeholders.values.iter().map(|key| found(&mut self.values, key)).collect();
        check(&Check { placeholders, names: &names, values: &values }, &tree)
            .map_err(|reason| reason.of(parameter))?;
        // The check has met every placeholder, and refuses those that stand for nothing.
        let names = names.into_iter().flatten().collect();
        let values = values.into_iter().flatten().collect();
        Ok(Bound { tree, names, values })
    }

    /// Refuses names and values that no expression has used; to be called when all are bound.
    pub fn finish(self) -> Result<(), Error> {
        let names = unused(&self.names);
        if !names.is_empty() {
            return Err(ParameterError::UnusedNames(names).into());
        }
        let values = unused(&self.values);
        if !values.is_empty() {
            return Err(ParameterError::UnusedValues(values).into());
        }
        Ok(())
    }
}

fn found<T: Copy>(entries: &mut [Entry<'_, T>], key: &str) -> Option<T> {
    let at = entries.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
    entries[at].used = true;
    Some(entries[at].value)
}

fn unused<T>(entries: &[Entry<'_, T>]) -> String {
    let keys: Vec<&str> = entries.iter().filter(|entry| !entry.used).map(|entry| entry.key).collect();
    keys.join(", ")
}

fn checked_names<'v>(
    names: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> Result<Vec<Entry<'v, &'v str>>, ParameterError> {
    let names: Vec<(&str, &str)> = names.into_iter().collect();
    if names.is_empty() {
        return Err(ParameterError::NoNames);
    }
    for (key, _) in &names {
        check_key(NAMES, b'#', key)?;
    }
    let mut bytes = 0;
    for (key, name) in &names {
        let invalid = match name.len() {
            0 => Invalid::EmptyName,
            len if len > attribute::limits::NAME_BYTES_MAX => Invalid::LongName,
            len => {
                bytes += len;
                continue;
            }
        };
        return Err(ParameterError::Name { key: Text::new(key), invalid });
    }
    if bytes > SUBSTITUTES_BYTES_MAX {
        return Err(ParameterError::Size(NAMES));
    }
    Ok(sorted(names))
}

fn checked_values(
    values: &[(Text, Result<Value, Invalid>)],
) -> Result<Vec<Entry<'_, &Value>>, ParameterError> {
    if values.is_empty() {
        return Err(ParameterError::NoValues);
    }
    for (key, _) in values {
        check_key(VALUES, b':', key)?;
    }
    let mut bytes = 0;
    let mut good = Vec::with_capacity(values.len());
    for (key, value) in values {
        match value {
            Ok(value) => {
                bytes += value_size(value);
                good.push((key.as_str(), value));
            }
            Err(invalid) => return Err(ParameterError::Value { key: key.clone(), invalid: invalid.clone() }),
        }
    }
    if bytes > SUBSTITUTES_BYTES_MAX {
        return Err(ParameterError::Size(VALUES));
    }
    Ok(sorted(good))
}

fn check_key(map: &'static str, first: u8, key: &str) -> Result<(), ParameterError> {
    let bytes = key.as_bytes();
    let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    if bytes.len() < 2 || bytes[0] != first || !bytes[1..].iter().all(part) {
        return Err(ParameterError::Key { map, key: Text::new(key) });
    }
    if bytes.len() > PLACEHOLDER_BYTES_MAX {
        return Err(ParameterError::LongKey { map, key: Text::new(key) });
    }
    Ok(())
}

/// In the order of the keys; of several entries of one key the last stays.
fn sorted<'v, T: Copy>(mut entries: Vec<(&'v str, T)>) -> Vec<Entry<'v, T>> {
    entries.sort_by_key(|(key, _)| *key);
    let mut kept: Vec<Entry<'v, T>> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match kept.last_mut() {
            Some(last) if last.key == key => last.value = value,
            _ => kept.push(Entry { key, value, used: false }),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    type Values = Vec<(Text, Result<Value, Invalid>)>;

    fn refused(names: Option<&[(&'static str, &'static str)]>, values: Option<Values>) -> String {
        let names = names.map(|names| names.to_vec());
        Parameters::new(names, values.as_deref()).expect_err("wrong").to_string()
    }

    fn values(entries: &[(&str, Result<Value, Invalid>)]) -> Option<Values> {
        Some(entries.iter().map(|(key, value)| (Text::new(key), value.clone())).collect())
    }

    #[test]
    fn placeholders_and_what_they_stand_for_are_checked() {
        assert_eq!(refused(Some(&[]), None), "ExpressionAttributeNames must not be empty");
        assert_eq!(refused(None, values(&[])), "ExpressionAttributeValues must not be empty");
        for key in ["a", "#", "#!hi", "#hi-there", "", ":a", "##a", "#ü"] {
            assert_eq!(
                refused(Some(&[(Box::leak(key.to_owned().into_boxed_str()), "x")]), None),
                format!("ExpressionAttributeNames contains invalid key: Syntax error; key: \"{key}\"")
            );
        }
        let wrong = values(&[(":b", Err(Invalid::Empty)), ("b", Ok("a".into()))]);
        assert_eq!(
            refused(None, wrong),
            "ExpressionAttributeValues contains invalid key: Syntax error; key: \"b\""
        );
        assert_eq!(
            refused(None, values(&[(":b", Err(Invalid::EmptyStrings))])),
            "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :b"
        );
        let number: Invalid = "b".parse::<attribute::Number>().expect_err("no number").into();
        assert_eq!(
            refused(None, values(&[(":b", Err(number))])),
            "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: b for key :b"
        );
        assert_eq!(
            refused(Some(&[("#n", "")]), None),
            "ExpressionAttributeNames contains invalid value: Empty attribute name for key #n"
        );
        let long: &'static str = Box::leak("x".repeat(65_536).into_boxed_str());
        assert!(refused(Some(&[("#n", long)]), None).contains("65536"));
        let long: &'static str = Box::leak(format!("#{}", "x".repeat(255)).into_boxed_str());
        assert!(refused(Some(&[(long, "a")]), None).contains("too long"));
    }

    #[test]
    fn what_is_unused_is_refused() {
        let values =
            values(&[(":a", Ok(1.into())), (":b", Ok(2.into())), (":c", Ok(3.into()))]).expect("values");
        let bind = |text: &str| {
            let names = [("#a", "x"), ("#b", "y")];
            let mut parameters = Parameters::new(Some(names), Some(&values)).expect("right");
            let tree = Arc::new(Condition::parse(text).expect(text));
            parameters.condition(Parameter::ConditionExpression, tree).expect(text);
            parameters.finish().expect_err("unused").to_string()
        };
        assert_eq!(
            bind("a = :b"),
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}"
        );
        assert_eq!(
            bind("#a = :b OR #b = :b"),
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a, :c}"
        );
    }
}
