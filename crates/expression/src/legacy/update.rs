//! AttributeUpdates: what is to be done to attributes.

use std::sync::Arc;

use attribute::{Invalid, Kind, Text, Value};

use super::check_name;
use crate::bind::Literal;
use crate::error::{Error, LegacyError};
use crate::tree::{Action, Name, Operand, Path, Placeholders, SetValue, Update, ValueId};

/// What is to be done to an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LegacyAction {
    /// To have this value.
    #[default]
    Put,
    /// To have this added: to a number, a set, or, although nothing says so, a list.
    Add,
    /// To be removed, or to have these members of a set removed.
    Delete,
}

/// An action on one attribute.
#[derive(Clone, Debug)]
pub struct AttributeUpdate {
    /// The attribute, which is no path.
    pub name: Text,
    /// What is done; PUT if nothing is said.
    pub action: Option<LegacyAction>,
    /// With what.
    pub value: Option<Result<Value, Invalid>>,
}

/// AttributeUpdates as an update.
pub fn attribute_updates(updates: Vec<AttributeUpdate>) -> Result<Literal<Update>, Error> {
    let mut values = Vec::new();
    let mut actions = Vec::with_capacity(updates.len());
    for AttributeUpdate { name, action, value } in updates {
        check_name(&name)?;
        let path = Path { head: Name::Literal(name), rest: Vec::new() };
        let action = action.unwrap_or_default();
        let Some(value) = value.transpose()? else {
            match action {
                LegacyAction::Delete => actions.push(Action::Remove(path)),
                _ => return Err(LegacyError::UpdateValue.into()),
            }
            continue;
        };
        let kind = value.kind();
        let id = ValueId(values.len() as u32);
        values.push(value);
        actions.push(match action {
            LegacyAction::Put => Action::Set(path, SetValue::Operand(Operand::Value(id))),
            LegacyAction::Add if kind.is_set() || matches!(kind, Kind::N | Kind::L) => Action::Add(path, id),
            LegacyAction::Add => return Err(LegacyError::Add(kind).into()),
            LegacyAction::Delete if kind.is_set() => Action::Delete(path, id),
            LegacyAction::Delete => return Err(LegacyError::Delete(kind).into()),
        });
    }
    let tree = Update { actions, placeholders: Placeholders::default(), legacy: true };
    Ok(Literal { tree: Arc::new(tree), values })
}
