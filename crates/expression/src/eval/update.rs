//! Updates of items.

use std::borrow::Cow;

use attribute::{Item, Number, Value};

use super::operand::step;
use crate::bind::{Bound, Resolved};
use crate::error::UpdateError;
use crate::tree::{Action, Call, Function, Operand, Path, SetValue, Update};

/// A list element to be appended, or anything to be removed, when everything else is done: until then no element of
/// a list has moved, and every path leads to where it led in the item as it was.
#[derive(Default)]
struct Later<'a> {
    appended: Vec<(Vec<Resolved<'a>>, usize, Value)>,
    removed: Vec<Vec<Resolved<'a>>>,
}

impl Bound<'_, Update> {
    /// The item as it is after the update.
    ///
    /// `old` is the item as it was, nothing if there was none; `key` has the key's attributes, with which a new item
    /// begins. Everything on the right is read from the old item. Neither the size of the new item nor its depth is
    /// checked here.
    pub fn apply(&self, old: Option<&Item>, key: &Item) -> Result<Item, UpdateError> {
        let base = old.unwrap_or(key);
        let values = self
            .tree
            .actions
            .iter()
            .map(|action| match action {
                Action::Set(_, value) => self.set_value(value, base).map(Some),
                _ => Ok(None),
            })
            .collect::<Result<Vec<Option<Value>>, UpdateError>>()?;
        let mut item = base.clone();
        let mut later = Later::default();
        for (action, value) in self.tree.actions.iter().zip(values) {
            self.act(action, value, &mut item, old.is_some(), &mut later)?;
        }
        later.finish(&mut item);
        Ok(item)
    }

    fn act<'a>(
        &'a self,
        action: &'a Action,
        value: Option<Value>,
        item: &mut Item,
        existed: bool,
        later: &mut Later<'a>,
    ) -> Result<(), UpdateError> {
        let path = action.path();
        match action {
            Action::Set(..) => match value {
                Some(value) => self.put(path, value, item, later),
                None => Ok(()),
            },
            Action::Remove(_) => {
                // What was never there has nothing to remove, whatever the path.
                if existed {
                    self.check_place(path, item)?;
                }
                if self.at(path, item).is_some() {
                    later.removed.push(self.steps(path).collect());
                }
                Ok(())
            }
            Action::Add(_, id) => {
                self.check_place(path, item)?;
                let sum = match self.at(path, item) {
                    None => self.value(*id).clone(),
                    Some(present) => self.sum(present, self.value(*id))?,
                };
                self.put(path, sum, item, later)
            }
            Action::Delete(_, id) => {
                self.check_place(path, item)?;
                let Some(present) = self.at(path, item) else { return Ok(()) };
                match self.difference(present, self.value(*id))? {
                    Some(rest) => self.put(path, rest, item, later),
                    None => {
                        later.removed.push(self.steps(path).collect());
                        Ok(())
                    }
                }
            }
        }
    }

    /// Refuses a path whose last step cannot be taken: names belong to maps and indexes to lists.
    fn check_place(&self, path: &Path, item: &Item) -> Result<(), UpdateError> {
        let Some(last) = self.steps(path).last().filter(|_| !path.rest.is_empty()) else { return Ok(()) };
        let parent = item
            .get(self.name(&path.head))
            .and_then(|head| self.steps(path).skip(1).take(path.rest.len() - 1).try_fold(head, step));
        match (parent, last) {
            (Some(Value::M(_)), Resolved::Name(_)) | (Some(Value::L(_)), Resolved::Index(_)) => Ok(()),
            _ => Err(UpdateError::Path),
        }
    }

    /// Puts a value where the path leads; an index beyond the end of a list means its end.
    fn put<'a>(
        &'a self,
        path: &'a Path,
        value: Value,
        item: &mut Item,
        later: &mut Later<'a>,
    ) -> Result<(), UpdateError> {
        let head = self.name(&path.head);
        if path.rest.is_empty() {
            item.insert(head, value);
            return Ok(());
        }
        let steps: Vec<Resolved<'a>> = self.steps(path).collect();
        let (last, parent) = steps.split_last().ok_or(UpdateError::Path)?;
        match (locate(item, parent), *last) {
            (Some(Value::M(map)), Resolved::Name(name)) => {
                map.insert(name, value);
            }
            (Some(Value::L(values)), Resolved::Index(index)) => match values.get_mut(index) {
                Some(place) => *place = value,
                None => later.appended.push((parent.to_vec(), index, value)),
            },
            _ => return Err(UpdateError::Path),
        }
        Ok(())
    }

    fn set_value(&self, value: &SetValue, item: &Item) -> Result<Value, UpdateError> {
        let (left, right, minus) = match value {
            SetValue::Operand(operand) => return self.read(operand, item).map(Cow::into_owned),
            SetValue::Plus(left, right) => (left, right, false),
            SetValue::Minus(left, right) => (left, right, true),
        };
        let (left, right) = (number(&*self.read(left, item)?)?, number(&*self.read(right, item)?)?);
        let sum = if minus { left.checked_sub(right) } else { left.checked_add(right) };
        Ok(Value::N(sum?))
    }

    /// The value of an operand, which must have one.
    fn read<'a>(&'a self, operand: &'a Operand, item: &'a Item) -> Result<Cow<'a, Value>, UpdateError> {
        match operand {
            Operand::Path(path) => self.at(path, item).map(Cow::Borrowed).ok_or(UpdateError::Missing),
            Operand::Value(id) => Ok(Cow::Borrowed(self.value(*id))),
            Operand::Call(call) => self.call(call, item),
        }
    }

    fn call<'a>(&'a self, call: &'a Call, item: &'a Item) -> Result<Cow<'a, Value>, UpdateError> {
        let [first, second] = &call.operands[..] else { return Err(UpdateError::Type) };
        match (call.function, first) {
            (Function::IfNotExists, Operand::Path(path)) => match self.at(path, item) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None => self.read(second, item),
            },
            (Function::ListAppend, _) => {
                let (Value::L(mut values), Value::L(more)) =
                    (self.read(first, item)?.into_owned(), self.read(second, item)?.into_owned())
                else {
                    return Err(UpdateError::Type);
                };
                values.extend(more);
                Ok(Cow::Owned(Value::L(values)))
            }
            // The rest is refused when expressions are read and bound.
            _ => Err(UpdateError::Type),
        }
    }

    /// What ADD makes of a value that is there.
    fn sum(&self, present: &Value, added: &Value) -> Result<Value, UpdateError> {
        Ok(match (present, added) {
            (Value::N(present), Value::N(added)) => Value::N(present.checked_add(*added)?),
            (Value::Ss(present), Value::Ss(added)) => Value::Ss(present.union(added)),
            (Value::Ns(present), Value::Ns(added)) => Value::Ns(present.union(added)),
            (Value::Bs(present), Value::Bs(added)) => Value::Bs(present.union(added)),
            (Value::L(present), Value::L(added)) if self.tree.legacy => {
                Value::L(present.iter().chain(added).cloned().collect())
            }
            _ => return Err(self.mismatch()),
        })
    }

    /// What DELETE leaves of a set that is there; nothing if it has no members then.
    fn difference(&self, present: &Value, deleted: &Value) -> Result<Option<Value>, UpdateError> {
        Ok(match (present, deleted) {
            (Value::Ss(present), Value::Ss(deleted)) => present.difference(deleted).map(Value::Ss),
            (Value::Ns(present), Value::Ns(deleted)) => present.difference(deleted).map(Value::Ns),
            (Value::Bs(present), Value::Bs(deleted)) => present.difference(deleted).map(Value::Bs),
            _ => return Err(self.mismatch()),
        })
    }

    fn mismatch(&self) -> UpdateError {
        if self.tree.legacy { UpdateError::Mismatch } else { UpdateError::Type }
    }

    /// The attributes that it changes, or changes something in.
    pub fn attributes(&self) -> Vec<&str> {
        self.tree.actions.iter().map(|action| self.name(&action.path().head)).collect()
    }

    /// The attributes that it sets to values of the request as they are, with these values.
    pub fn given(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.tree.actions.iter().filter_map(|action| match action {
            Action::Set(path, SetValue::Operand(Operand::Value(id))) if path.rest.is_empty() => {
                Some((self.name(&path.head), self.value(*id)))
            }
            _ => None,
        })
    }

    /// The attributes that it goes into, on either side.
    pub fn nested_attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for action in &self.tree.actions {
            action.paths(&mut |path| {
                if !path.rest.is_empty() {
                    names.push(self.name(&path.head));
                }
            });
        }
        names
    }
}

impl Later<'_> {
    fn finish(mut self, item: &mut Item) {
        // Several elements beyond the end of one list are appended in the order of their indexes.
        self.appended.sort_by_key(|(_, index, _)| *index);
        for (parent, _, value) in self.appended {
            if let Some(Value::L(values)) = locate(item, &parent) {
                values.push(value);
            }
        }
        // From the back, so that what is removed does not move what is yet to be removed.
        self.removed.sort_unstable_by(|a, b| b.cmp(a));
        for path in self.removed {
            remove(item, &path);
        }
    }
}

fn remove(item: &mut Item, path: &[Resolved<'_>]) {
    let Some((last, parent)) = path.split_last() else { return };
    if let (true, Resolved::Name(name)) = (parent.is_empty(), *last) {
        item.remove(name);
        return;
    }
    match (locate(item, parent), *last) {
        (Some(Value::M(map)), Resolved::Name(name)) => {
            map.remove(name);
        }
        (Some(Value::L(values)), Resolved::Index(index)) if index < values.len() => {
            values.remove(index);
        }
        _ => {}
    }
}

fn locate<'i>(item: &'i mut Item, path: &[Resolved<'_>]) -> Option<&'i mut Value> {
    let (Resolved::Name(head), rest) = path.split_first().map(|(head, rest)| (*head, rest))? else {
        return None;
    };
    let mut value = item.get_mut(head)?;
    for step in rest {
        value = match (value, *step) {
            (Value::M(map), Resolved::Name(name)) => map.get_mut(name)?,
            (Value::L(values), Resolved::Index(index)) => values.get_mut(index)?,
            _ => return None,
        };
    }
    Some(value)
}

fn number(value: &Value) -> Result<Number, UpdateError> {
    match value {
        Value::N(number) => Ok(*number),
        _ => Err(UpdateError::Type),
    }
}
