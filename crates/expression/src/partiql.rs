//! Statements of PartiQL, as far as the service has them: SELECT, INSERT, UPDATE, DELETE and EXISTS.
//!
//! A statement is read with its parameters, and what stands in it becomes the trees that expressions are.

mod lex;
mod operand;
mod parse;
mod test;

use attribute::{Invalid, Item, Text, Value};

use crate::bind::Literal;
use crate::error::Reason;
use crate::key::Range;
use crate::tree::{Comparator, Condition, Function, Name, Operand, Projection, Test, Update};

/// Bytes of a statement, as the service documents them.
pub const STATEMENT_BYTES_MAX: usize = 8192;

/// A statement that was read.
#[derive(Clone, Debug)]
pub enum Statement {
    /// Reads items.
    Select(Select),
    /// Writes an item that must not be there yet.
    Insert(Insert),
    /// Changes an item that must be there.
    Update(Change),
    /// Removes an item.
    Delete(Removal),
    /// Checks an item, in a transaction.
    Exists(Select),
}

/// Where a statement reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The table.
    pub table: Text,
    /// The index, if it reads from one.
    pub index: Option<Text>,
}

/// SELECT.
#[derive(Clone, Debug)]
pub struct Select {
    /// From where.
    pub source: Source,
    /// What of items; everything if nothing is said.
    pub projection: Option<Literal<Projection>>,
    /// Which items.
    pub condition: Option<Literal<Condition>>,
    /// By which attributes the items are ordered, and whether from the end.
    pub order: Vec<(Text, bool)>,
}

/// INSERT.
#[derive(Clone, Debug)]
pub struct Insert {
    /// Into which table.
    pub table: Text,
    /// What.
    pub item: Item,
}

/// UPDATE.
#[derive(Clone, Debug)]
pub struct Change {
    /// In which table.
    pub table: Text,
    /// What is done.
    pub update: Literal<Update>,
    /// To which item, and on what condition.
    pub condition: Literal<Condition>,
    /// What is returned.
    pub returning: Option<Returning>,
}

/// DELETE.
#[derive(Clone, Debug)]
pub struct Removal {
    /// From which table.
    pub table: Text,
    /// Which item, and on what condition.
    pub condition: Literal<Condition>,
    /// What is returned.
    pub returning: Option<Returning>,
}

/// RETURNING: what of an item is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returning {
    /// Only what was changed, or everything.
    pub modified: bool,
    /// As it was before, or as it is now.
    pub old: bool,
}

/// Why a statement is refused. Displayed as the service says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It is not of the language.
    #[error("Statement wasn't well formed, can't be processed: {0}")]
    Malformed(&'static str),
    /// It has parameters that were not given, or the other way round.
    #[error("Number of parameters in request and statement don't match.")]
    Parameters,
    /// It is too long.
    #[error("Statement size has exceeded the maximum allowed size; statement size: {0}")]
    Size(usize),
    /// What it says of attributes is wrong.
    #[error(transparent)]
    Reason(#[from] Reason),
    /// A value in it is wrong.
    #[error(transparent)]
    Value(#[from] Invalid),
}

impl Statement {
    /// Reads a statement, with a value for each of its question marks.
    pub fn parse(text: &str, parameters: &[Value]) -> Result<Statement, StatementError> {
        parse::statement(text, parameters)
    }

    /// The table.
    pub fn table(&self) -> &str {
        match self {
            Statement::Select(select) | Statement::Exists(select) => &select.source.table,
            Statement::Insert(insert) => &insert.table,
            Statement::Update(change) => &change.table,
            Statement::Delete(removal) => &removal.table,
        }
    }
}

impl Literal<Condition> {
    /// What must be true of single attributes for the condition to hold, as it says itself in and among ANDs: values that
    /// they must have or lie among. In the order of the text, some attributes perhaps repeatedly.
    pub fn ranges(&self) -> Vec<(&str, Range<'_>)> {
        let mut found = Vec::new();
        self.conjuncts(&self.tree.root, &mut |test| found.extend(self.range(test)));
        found
    }

    /// The attributes that must have a certain value: what it compares for equality.
    pub fn equalities(&self) -> Vec<(&str, &Value)> {
        let equal = |(name, range)| match range {
            Range::Equal(value) => Some((name, value)),
            _ => None,
        };
        self.ranges().into_iter().filter_map(equal).collect()
    }

    /// The values of which this attribute must have one, if the condition has such a list.
    pub fn choices(&self, wanted: &str) -> Option<Vec<&Value>> {
        let mut found = None;
        self.conjuncts(&self.tree.root, &mut |test| {
            if let Test::In(operand, list) = test
                && self.attribute(operand) == Some(wanted)
                && found.is_none()
            {
                found = list.iter().map(|operand| self.literal(operand)).collect();
            }
        });
        found
    }

    fn conjuncts<'a>(&'a self, test: &'a Test, visit: &mut dyn FnMut(&'a Test)) {
        match test {
            Test::And(tests) => tests.iter().for_each(|test| self.conjuncts(test, visit)),
            test => visit(test),
        }
    }

    fn range<'a>(&'a self, test: &'a Test) -> Option<(&'a str, Range<'a>)> {
        match test {
            Test::Compare(comparator, left, right) => {
                let (name, comparator, value) = match (self.attribute(left), self.attribute(right)) {
                    (Some(name), _) => (name, *comparator, self.literal(right)?),
                    (None, Some(name)) => (name, comparator.flipped(), self.literal(left)?),
                    (None, None) => return None,
                };
                let range = match comparator {
                    Comparator::Equal => Range::Equal(value),
                    Comparator::Less => Range::Less(value),
                    Comparator::LessOrEqual => Range::LessOrEqual(value),
                    Comparator::Greater => Range::Greater(value),
                    Comparator::GreaterOrEqual => Range::GreaterOrEqual(value),
                    Comparator::NotEqual => return None,
                };
                Some((name, range))
            }
            Test::Between(operands) => {
                let (low, high) = (self.literal(&operands[1])?, self.literal(&operands[2])?);
                Some((self.attribute(&operands[0])?, Range::Between(low, high)))
            }
            Test::Call(call) if call.function == Function::BeginsWith => {
                let [attribute, start] = &call.operands[..] else { return None };
                Some((self.attribute(attribute)?, Range::BeginsWith(self.literal(start)?)))
            }
            _ => None,
        }
    }

    fn attribute<'a>(&self, operand: &'a Operand) -> Option<&'a str> {
        match operand {
            Operand::Path(path) if path.rest.is_empty() => match &path.head {
                Name::Literal(name) => Some(name),
                Name::Placeholder(_) => None,
            },
            _ => None,
        }
    }

    fn literal(&self, operand: &Operand) -> Option<&Value> {
        match operand {
            Operand::Value(id) => self.values.get(id.0 as usize),
            _ => None,
        }
    }
}
