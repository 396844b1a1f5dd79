//! Context keys: those that policies ask for, and those that a simulation is given.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model_iam::types::{ContextEntry, ContextKeyTypeEnum};
use policy::{Context, Policy, Value, Version};

use crate::error::Error;

/// The keys that a policy asks for, in conditions and as variables.
pub fn keys(policy: &Policy, document: &str, into: &mut BTreeSet<String>) {
    for statement in policy.statements() {
        into.extend(statement.condition_keys().map(str::to_owned));
    }
    if policy.version() == Version::V2012 {
        into.extend(variables(document));
    }
}

/// The names in `${…}`, but for those that stand for a character.
fn variables(document: &str) -> impl Iterator<Item = String> {
    document.split("${").skip(1).filter_map(|rest| {
        let name = &rest[..rest.find(['}', ',', '"'])?];
        let name = name.trim();
        (!matches!(name, "" | "*" | "?" | "$")).then(|| name.to_owned())
    })
}

/// Fills in what a request gives.
pub fn fill(context: &mut Context<'_>, entries: &[ContextEntry]) -> Result<BTreeSet<String>, Error> {
    let mut given = BTreeSet::new();
    for entry in entries {
        let (Some(name), Some(values)) = (&entry.context_key_name, &entry.context_key_values) else {
            let text = "A context entry needs a name and values.";
            return Err(Error::invalid_input_exception(text));
        };
        let kind = entry.context_key_type.as_ref().and_then(|kind| kind.known());
        let binary = matches!(kind, Some(ContextKeyTypeEnum::Binary | ContextKeyTypeEnum::BinaryList));
        let values: Vec<Value<'static>> =
            values.iter().map(|value| read(value, binary)).collect::<Result<_, _>>()?;
        context.set_many(name.clone(), values);
        given.insert(name.to_ascii_lowercase());
    }
    Ok(given)
}

/// Operators of every type but that of bytes read texts.
fn read(value: &str, binary: bool) -> Result<Value<'static>, Error> {
    if !binary {
        return Ok(Value::from(value.to_owned()));
    }
    let bytes = STANDARD.decode(value).map_err(|_| {
        Error::invalid_input_exception(format!("Invalid value {value} for a key of type binary."))
    })?;
    Ok(Value::Binary(Cow::Owned(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_once_each_way() {
        let document = r#"{"Resource": "a${aws:username}/${*}${aws:PrincipalTag/team, 'x'}${open"}"#;
        let found: Vec<String> = variables(document).collect();
        assert_eq!(found, ["aws:username", "aws:PrincipalTag/team", "open"]);
    }
}
