//! Updates: of everything that is wrong with one the service reports the first of the gravest kind, and the kinds are
//! names, values, paths, values that are added or deleted, and functions.

use attribute::Kind;

use super::check::Check;
use crate::error::Reason;
use crate::tree::{Action, Call, Function, Operand, SetValue, Update, ValueId};

impl Check<'_, '_> {
    pub fn update(&self, tree: &Update) -> Result<(), Reason> {
        for action in &tree.actions {
            self.names_of(action)?;
        }
        for action in &tree.actions {
            self.values_of(action)?;
        }
        self.distinct_paths(tree.actions.iter().map(Action::path))?;
        for action in &tree.actions {
            match action {
                Action::Add(_, id) => self.added("ADD", *id)?,
                Action::Delete(_, id) => self.added("DELETE", *id)?,
                Action::Set(..) | Action::Remove(_) => {}
            }
        }
        for action in &tree.actions {
            if let Action::Set(_, value) = action {
                self.set_value(value)?;
            }
        }
        Ok(())
    }

    fn names_of(&self, action: &Action) -> Result<(), Reason> {
        self.path_defined(action.path())?;
        each_operand(action, &mut |operand| match operand {
            Operand::Path(path) => self.path_defined(path),
            _ => Ok(()),
        })
    }

    fn values_of(&self, action: &Action) -> Result<(), Reason> {
        if let Action::Add(_, id) | Action::Delete(_, id) = action {
            self.value_defined(*id)?;
        }
        each_operand(action, &mut |operand| match operand {
            Operand::Value(id) => self.value_defined(*id),
            _ => Ok(()),
        })
    }

    /// ADD takes numbers and sets, DELETE only sets.
    fn added(&self, name: &'static str, id: ValueId) -> Result<(), Reason> {
        let Some(kind) = self.values[id.0 as usize].map(|value| value.kind()) else { return Ok(()) };
        let taken = kind.is_set() || (kind == Kind::N && name == "ADD");
        if taken { Ok(()) } else { Err(Reason::ActionType { name, found: kind }) }
    }

    fn set_value(&self, value: &SetValue) -> Result<(), Reason> {
        let (name, left, right) = match value {
            SetValue::Operand(operand) => return self.update_operand(operand),
            SetValue::Plus(left, right) => ("+", left, right),
            SetValue::Minus(left, right) => ("-", left, right),
        };
        self.update_operand(left)?;
        self.update_operand(right)?;
        self.only(name, Kind::N, [left, right])
    }

    fn update_operand(&self, operand: &Operand) -> Result<(), Reason> {
        let Operand::Call(call) = operand else { return Ok(()) };
        self.operand_counts(call)?;
        self.update_function(call)
    }

    fn update_function(&self, call: &Call) -> Result<(), Reason> {
        for operand in &call.operands {
            if let Operand::Call(inner) = operand {
                self.update_function(inner)?;
            }
        }
        match (call.function, &call.operands[..]) {
            (Function::ListAppend, operands) => self.only(call.function.name(), Kind::L, operands),
            (_, [Operand::Path(_), ..]) => Ok(()),
            _ => Err(Reason::PathRequired(call.function.name())),
        }
    }

    /// Refuses values of any other type.
    fn only<'o>(
        &self,
        name: &'static str,
        kind: Kind,
        operands: impl IntoIterator<Item = &'o Operand>,
    ) -> Result<(), Reason> {
        for operand in operands {
            if let Some(value) = self.literal(operand)
                && value.kind() != kind
            {
                return Err(Reason::OperandType { name, found: value.kind().code() });
            }
        }
        Ok(())
    }
}

/// Visits the operands on the right of a SET, those of functions included, from left to right.
fn each_operand(
    action: &Action,
    visit: &mut dyn FnMut(&Operand) -> Result<(), Reason>,
) -> Result<(), Reason> {
    match action {
        Action::Set(_, SetValue::Operand(operand)) => each(operand, visit),
        Action::Set(_, SetValue::Plus(left, right) | SetValue::Minus(left, right)) => {
            each(left, visit)?;
            each(right, visit)
        }
        _ => Ok(()),
    }
}

fn each(operand: &Operand, visit: &mut dyn FnMut(&Operand) -> Result<(), Reason>) -> Result<(), Reason> {
    visit(operand)?;
    match operand {
        Operand::Call(call) => call.operands.iter().try_for_each(|operand| each(operand, visit)),
        _ => Ok(()),
    }
}
