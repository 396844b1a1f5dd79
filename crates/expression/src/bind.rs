//! Expressions with names and values in the places of their placeholders.
//!
//! Binding copies nothing: a bound expression is the tree, shared, and two tables of references.

mod check;
mod checked_condition;
mod checked_update;
mod parameters;
mod paths;

use std::borrow::Cow;
use std::sync::Arc;

use attribute::Value;

use crate::error::Reason;
use crate::tree::{Condition, Name, Path, Placeholders, Projection, Step, Update, ValueId};

use check::Check;
pub use parameters::Parameters;
pub(crate) use paths::Resolved;

/// An expression that can be evaluated.
#[derive(Clone, Debug)]
pub struct Bound<'v, T> {
    pub(crate) tree: Arc<T>,
    pub(crate) names: Vec<&'v str>,
    pub(crate) values: Vec<&'v Value>,
}

impl<'v, T> Bound<'v, T> {
    pub(crate) fn value(&self, id: ValueId) -> &'v Value {
        self.values[id.0 as usize]
    }

    pub(crate) fn name<'a>(&'a self, name: &'a Name) -> &'a str {
        match name {
            Name::Literal(text) => text,
            Name::Placeholder(at) => self.names[usize::from(*at)],
        }
    }

    pub(crate) fn steps<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = Resolved<'a>> {
        let rest = path.rest.iter().map(|step| match step {
            Step::Name(name) => Resolved::Name(self.name(name)),
            Step::Index(index) => Resolved::Index(*index as usize),
        });
        std::iter::once(Resolved::Name(self.name(&path.head))).chain(rest)
    }

    /// The expression as the service was asked for it, placeholders and all.
    pub fn tree(&self) -> &T {
        &self.tree
    }
}

/// An expression whose values are its own: what the older parameters and statements are turned into.
#[derive(Clone, Debug)]
pub struct Literal<T> {
    pub(crate) tree: Arc<T>,
    pub(crate) values: Vec<Value>,
}

impl<T> Literal<T> {
    /// As an expression that can be evaluated.
    pub fn bound(&self) -> Bound<'_, T> {
        Bound { tree: self.tree.clone(), names: Vec::new(), values: self.values.iter().collect() }
    }
}

impl Literal<Condition> {
    /// Checks it as an expression with these values would be.
    pub(crate) fn check(&self) -> Result<(), Reason> {
        check_literal(self, |check, tree| check.condition(tree))
    }
}

impl Literal<Update> {
    /// Checks it as an expression with these values would be.
    pub(crate) fn check(&self) -> Result<(), Reason> {
        check_literal(self, |check, tree| check.update(tree))
    }
}

impl Literal<Projection> {
    /// Checks it as an expression would be.
    pub(crate) fn check(&self) -> Result<(), Reason> {
        check_literal(self, |check, tree| check.projection(tree))
    }
}

fn check_literal<T: Tree>(
    literal: &Literal<T>,
    check: impl FnOnce(&Check<'_, '_>, &T) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let values: Vec<Option<&Value>> = literal.values.iter().map(Some).collect();
    check(&Check { placeholders: literal.tree.placeholders(), names: &[], values: &values }, &literal.tree)
}

/// What has placeholders.
pub(crate) trait Tree {
    fn placeholders(&self) -> &Placeholders;
}

impl Tree for Condition {
    fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }
}

impl Tree for Update {
    fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }
}

impl Tree for Projection {
    fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }
}

/// A value that may have been computed.
pub(crate) type Found<'a> = Option<Cow<'a, Value>>;
