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
use crate::tree::{Comparator, Condition, Operand, Projection, Test, Update};

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
    /// The attributes that must have a certain value for the condition to hold, as it says itself: what it compares
    /// for equality, in and among ANDs. In the order of the text, some perhaps repeatedly.
    pub fn equalities(&self) -> Vec<(&str, &Value)> {
        let mut found = Vec::new();
        self.equal(&self.tree.root, &mut found);
        found
    }

    fn equal<'a>(&'a self, test: &'a Test, found: &mut Vec<(&'a str, &'a Value)>) {
        match test {
            Test::And(tests) => tests.iter().for_each(|test| self.equal(test, found)),
            Test::Compare(Comparator::Equal, Operand::Path(path), Operand::Value(id))
            | Test::Compare(Comparator::Equal, Operand::Value(id), Operand::Path(path)) => {
                if let (crate::tree::Name::Literal(name), true) = (&path.head, path.rest.is_empty()) {
                    found.push((name, &self.values[id.0 as usize]));
                }
            }
            _ => {}
        }
    }
}
