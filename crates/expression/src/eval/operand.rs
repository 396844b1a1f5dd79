//! The values of operands.

use std::borrow::Cow;

use attribute::{Item, Number, Value};

use crate::bind::{Bound, Found, Resolved};
use crate::tree::{Call, Function, Operand, Path};

/// One step into a value: into a map by name, into a list by index, and nowhere else.
pub(super) fn step<'a>(value: &'a Value, step: Resolved<'_>) -> Option<&'a Value> {
    match (value, step) {
        (Value::M(item), Resolved::Name(name)) => item.get(name),
        (Value::L(values), Resolved::Index(index)) => values.get(index),
        _ => None,
    }
}

impl<T> Bound<'_, T> {
    /// What stands at a path.
    pub(crate) fn at<'a>(&'a self, path: &'a Path, item: &'a Item) -> Option<&'a Value> {
        let head = item.get(self.name(&path.head))?;
        self.steps(path).skip(1).try_fold(head, step)
    }

    /// The value of an operand of a condition; nothing where the item has none.
    pub(crate) fn operand<'a>(&'a self, operand: &'a Operand, item: &'a Item) -> Found<'a> {
        match operand {
            Operand::Path(path) => self.at(path, item).map(Cow::Borrowed),
            Operand::Value(id) => Some(Cow::Borrowed(self.value(*id))),
            Operand::Call(call) => self.size(call, item).map(|size| Cow::Owned(Value::N(Number::from(size)))),
        }
    }

    /// `size`, the one function with a value: bytes of binaries, members of everything else that has any, and of
    /// strings the units of UTF-16, as the service's own language counts.
    fn size(&self, call: &Call, item: &Item) -> Option<usize> {
        debug_assert_eq!(call.function, Function::Size);
        let operand = self.operand(call.operands.first()?, item)?;
        match &*operand {
            Value::S(text) => Some(text.chars().map(char::len_utf16).sum()),
            Value::B(blob) => Some(blob.len()),
            Value::M(item) => Some(item.len()),
            Value::L(values) => Some(values.len()),
            Value::Ss(set) => Some(set.len()),
            Value::Ns(set) => Some(set.len()),
            Value::Bs(set) => Some(set.len()),
            Value::N(_) | Value::Bool(_) | Value::Null => None,
        }
    }
}
