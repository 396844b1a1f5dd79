//! What requests say of themselves to policies: the condition keys of operations on items, by the service authorization
//! reference.

use std::collections::BTreeSet;

use attribute::Item;
use expression::{Condition, Projection, Update};
use model_dynamodb::types::{ReturnConsumedCapacity, ReturnValue, Select};
use service::Target;
use wire::{Enum, Open};

use crate::dynamodb::DynamoDb;
use crate::request::Names;

/// The attributes of items that a request names, wherever it does. An expression that cannot be read names none: the
/// request is refused for it.
pub struct Attributes<'i> {
    /// Who reads expressions, and what placeholders in them stand for.
    expressions: Option<(&'i DynamoDb, &'i Names)>,
    found: BTreeSet<String>,
}

impl<'i> Attributes<'i> {
    /// None yet; `names` is what the placeholders of expressions stand for.
    pub fn new(service: &'i DynamoDb, names: &'i Names) -> Self {
        Self { expressions: Some((service, names)), found: BTreeSet::new() }
    }

    /// None yet, of a request without expressions.
    pub fn plain() -> Self {
        Self { expressions: None, found: BTreeSet::new() }
    }

    /// Those of an item or key.
    pub fn item(mut self, item: Option<&Item>) -> Self {
        self.found.extend(item.into_iter().flat_map(Item::iter).map(|(name, _)| name.to_string()));
        self
    }

    /// Those that are named as they are, as in the parameters that expressions have taken the place of.
    pub fn named<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.found.extend(names.into_iter().map(|name| name.as_ref().to_owned()));
        self
    }

    pub fn condition(self, text: Option<&String>) -> Self {
        let tree = text.zip(self.expressions).and_then(|(text, (by, _))| by.expressions.condition(text).ok());
        self.heads(tree.as_deref().map(Condition::heads))
    }

    pub fn update(self, text: Option<&String>) -> Self {
        let tree = text.zip(self.expressions).and_then(|(text, (by, _))| by.expressions.update(text).ok());
        self.heads(tree.as_deref().map(Update::heads))
    }

    pub fn projection(self, text: Option<&String>) -> Self {
        let tree =
            text.zip(self.expressions).and_then(|(text, (by, _))| by.expressions.projection(text).ok());
        self.heads(tree.as_deref().map(Projection::heads))
    }

    fn heads(mut self, heads: Option<Vec<&str>>) -> Self {
        let names = self.expressions.and_then(|(_, names)| names.as_ref());
        for head in heads.into_iter().flatten() {
            // A placeholder that stands for nothing names nothing.
            let name = match head.strip_prefix('#') {
                None => Some(head),
                Some(_) => names.and_then(|names| names.get(head)).map(String::as_str),
            };
            self.found.extend(name.map(str::to_owned));
        }
        self
    }

    /// Those of another part of the request too.
    pub fn merge(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// A target that policies can ask for them.
    pub fn of(self, target: Target) -> Target {
        if self.found.is_empty() { target } else { target.with_keys("dynamodb:Attributes", self.found) }
    }
}

/// What of items is shown.
pub fn selecting(target: Target, said: Option<&Open<Select>>, is_specific: bool, is_index: bool) -> Target {
    let select = match said.and_then(Open::known) {
        Some(select) => select,
        None if is_specific => Select::SpecificAttributes,
        None if is_index => Select::AllProjectedAttributes,
        None => Select::AllAttributes,
    };
    target.with_key("dynamodb:Select", select.as_str())
}

/// What a write returns, where it says that.
pub fn returning(target: Target, said: Option<ReturnValue>) -> Target {
    match said {
        Some(values) => target.with_key("dynamodb:ReturnValues", values.as_str()),
        None => target,
    }
}

/// Whether the units are to be said, where the request says that.
pub fn metering(target: Target, said: Option<&Open<ReturnConsumedCapacity>>) -> Target {
    match said.and_then(Open::known) {
        Some(asked) => target.with_key("dynamodb:ReturnConsumedCapacity", asked.as_str()),
        None => target,
    }
}

/// The operation that an action on an item is a part of.
pub fn within(target: Target, operation: &'static str) -> Target {
    target.with_key("dynamodb:EnclosingOperation", operation)
}
