//! What can be told only with names and values: common parts.

use attribute::{Kind, Value};

use super::paths::{Resolved, Seen};
use crate::error::Reason;
use crate::tree::{Call, Function, Name, Operand, Path, Placeholders, Projection, Step, ValueId};

/// What the placeholders of one expression stand for, with gaps.
pub(super) struct Check<'a, 'v> {
    pub placeholders: &'a Placeholders,
    pub names: &'a [Option<&'v str>],
    pub values: &'a [Option<&'v Value>],
}

impl<'v> Check<'_, 'v> {
    pub fn projection(&self, tree: &Projection) -> Result<(), Reason> {
        for path in &tree.paths {
            self.path_defined(path)?;
        }
        self.distinct_paths(tree.paths.iter())
    }

    fn name_defined(&self, name: &Name) -> Result<(), Reason> {
        match name {
            Name::Placeholder(at) if self.names[usize::from(*at)].is_none() => {
                Err(Reason::NameMissing(self.placeholders.names[usize::from(*at)].clone()))
            }
            _ => Ok(()),
        }
    }

    pub fn path_defined(&self, path: &Path) -> Result<(), Reason> {
        self.name_defined(&path.head)?;
        path.rest.iter().try_for_each(|step| match step {
            Step::Name(name) => self.name_defined(name),
            Step::Index(_) => Ok(()),
        })
    }

    pub fn value_defined(&self, id: ValueId) -> Result<(), Reason> {
        let at = id.0 as usize;
        match self.values[at] {
            Some(_) => Ok(()),
            None => Err(Reason::ValueMissing(self.placeholders.values[at].clone())),
        }
    }

    /// Every name and value of an operand, from left to right.
    pub fn operand_defined(&self, operand: &Operand) -> Result<(), Reason> {
        match operand {
            Operand::Path(path) => self.path_defined(path),
            Operand::Value(id) => self.value_defined(*id),
            Operand::Call(call) => self.call_defined(call),
        }
    }

    pub fn call_defined(&self, call: &Call) -> Result<(), Reason> {
        call.operands.iter().try_for_each(|operand| self.operand_defined(operand))
    }

    /// The value that stands in the expression itself.
    pub fn literal(&self, operand: &Operand) -> Option<&'v Value> {
        match operand {
            Operand::Value(id) => self.values[id.0 as usize],
            _ => None,
        }
    }

    /// The type of an operand as far as the expression tells it.
    pub fn kind(&self, operand: &Operand) -> Option<Kind> {
        match operand {
            Operand::Call(call) if call.function == Function::Size => Some(Kind::N),
            operand => self.literal(operand).map(Value::kind),
        }
    }

    /// The number of operands of a function, innermost functions first.
    pub fn operand_counts(&self, call: &Call) -> Result<(), Reason> {
        for operand in &call.operands {
            if let Operand::Call(inner) = operand {
                self.operand_counts(inner)?;
            }
        }
        let count = call.operands.len();
        if count == call.function.operand_count() {
            return Ok(());
        }
        Err(Reason::OperandCount { name: call.function.name(), count })
    }

    /// A name that is defined.
    fn name<'p>(&self, name: &'p Name) -> &'p str
    where
        'v: 'p,
    {
        match name {
            Name::Literal(text) => text,
            Name::Placeholder(at) => self.names[usize::from(*at)].unwrap_or_default(),
        }
    }

    /// The steps of a path whose names are defined.
    pub fn steps<'p>(&self, path: &'p Path) -> Vec<Resolved<'p>>
    where
        'v: 'p,
    {
        let mut steps = Vec::with_capacity(path.rest.len() + 1);
        steps.push(Resolved::Name(self.name(&path.head)));
        steps.extend(path.rest.iter().map(|step| match step {
            Step::Name(name) => Resolved::Name(self.name(name)),
            Step::Index(index) => Resolved::Index(*index as usize),
        }));
        steps
    }

    /// Refuses paths of which one is part of another, and then those that fit no item together.
    pub fn distinct_paths<'p>(&self, paths: impl Iterator<Item = &'p Path> + Clone) -> Result<(), Reason>
    where
        'v: 'p,
    {
        // Paths into different attributes never meet, and mostly that is all there is.
        let mut heads: Vec<&str> = paths.clone().map(|path| self.name(&path.head)).collect();
        heads.sort_unstable();
        if heads.windows(2).all(|pair| pair[0] != pair[1]) {
            return Ok(());
        }
        let mut seen = Seen::default();
        for path in paths {
            seen.add(self.steps(path))?;
        }
        seen.finish()
    }
}
