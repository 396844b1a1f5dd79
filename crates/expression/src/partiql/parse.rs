//! Statements, clause by clause.

use std::sync::Arc;

use attribute::{Item, Text, Value};

use super::lex::{Token, tokens};
use super::{
    Change, Insert, Removal, Returning, STATEMENT_BYTES_MAX, Select, Source, Statement, StatementError,
};
use crate::bind::Literal;
use crate::limits::OPERATORS_MAX;
use crate::tree::{Action, Condition, Path, Placeholders, Projection, SetValue, Update, ValueId};

pub(super) const TOKEN: StatementError = StatementError::Malformed("Unexpected token");
const DATA: StatementError = StatementError::Malformed("Expected data manipulation");
const TRAILING: StatementError = StatementError::Malformed("Unexpected token after expression");

/// Values inside each other, and parentheses and NOTs: more than any item or condition of the service may have.
pub(super) const DEPTH_MAX: usize = 128;

pub(super) struct Parser<'p> {
    tokens: Vec<Token>,
    at: usize,
    parameters: &'p [Value],
    used: usize,
    /// The values of the clause that is being read.
    pub values: Vec<Value>,
    pub depth: usize,
    operators: usize,
}

pub(super) fn statement(text: &str, parameters: &[Value]) -> Result<Statement, StatementError> {
    if text.len() > STATEMENT_BYTES_MAX {
        return Err(StatementError::Size(text.len()));
    }
    let tokens = tokens(text)?;
    let mut parser =
        Parser { tokens, at: 0, parameters, used: 0, values: Vec::new(), depth: 0, operators: 0 };
    let statement = if parser.take_word("SELECT") {
        Statement::Select(parser.select()?)
    } else if parser.take_word("INSERT") {
        parser.insert()?
    } else if parser.take_word("UPDATE") {
        parser.update()?
    } else if parser.take_word("DELETE") {
        parser.delete()?
    } else if parser.take_word("EXISTS") {
        parser.expect_sign("(")?;
        parser.expect_word("SELECT")?;
        let select = parser.select()?;
        parser.expect_sign(")")?;
        Statement::Exists(select)
    } else {
        return Err(DATA);
    };
    parser.take_sign(";");
    if *parser.token() != Token::End {
        return Err(TRAILING);
    }
    if parser.used != parameters.len() {
        return Err(StatementError::Parameters);
    }
    Ok(statement)
}

impl Parser<'_> {
    pub fn token(&self) -> &Token {
        &self.tokens[self.at]
    }

    pub fn advance(&mut self) -> Token {
        let token = self.tokens[self.at].clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    pub fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub fn expect_word(&mut self, word: &str) -> Result<(), StatementError> {
        if self.take_word(word) { Ok(()) } else { Err(TOKEN) }
    }

    pub fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.token(), Token::Sign(found) if *found == sign);
        if found {
            self.advance();
        }
        found
    }

    pub fn expect_sign(&mut self, sign: &str) -> Result<(), StatementError> {
        if self.take_sign(sign) { Ok(()) } else { Err(TOKEN) }
    }

    /// Whether a parenthesis follows the token that is next.
    pub fn is_call(&self) -> bool {
        matches!(self.token(), Token::Word(_)) && self.tokens.get(self.at + 1) == Some(&Token::Sign("("))
    }

    /// The value of the next question mark.
    pub fn parameter(&mut self) -> Result<Value, StatementError> {
        let value = self.parameters.get(self.used).cloned().ok_or(StatementError::Parameters)?;
        self.used += 1;
        Ok(value)
    }

    /// Counts an operator, of which there may be as many as in expressions.
    pub fn operator(&mut self) -> Result<(), StatementError> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(crate::Reason::Operators(self.operators).into());
        }
        Ok(())
    }

    pub fn keep(&mut self, value: Value) -> ValueId {
        self.values.push(value);
        // A statement has fewer values than bytes.
        ValueId((self.values.len() - 1) as u32)
    }

    fn name(&mut self) -> Result<Text, StatementError> {
        match self.advance() {
            Token::Word(name) | Token::Quoted(name) => Ok(Text::from(name)),
            _ => Err(TOKEN),
        }
    }

    fn source(&mut self) -> Result<Source, StatementError> {
        let table = self.name()?;
        let index = if self.take_sign(".") { Some(self.name()?) } else { None };
        Ok(Source { table, index })
    }

    fn select(&mut self) -> Result<Select, StatementError> {
        let projection = if self.take_sign("*") { None } else { Some(self.projection()?) };
        self.expect_word("FROM")?;
        let source = self.source()?;
        let condition = if self.is_word("WHERE") { Some(self.condition()?) } else { None };
        let mut order = Vec::new();
        if self.take_word("ORDER") {
            self.expect_word("BY")?;
            loop {
                let name = self.name()?;
                let descending = self.take_word("DESC");
                if !descending {
                    self.take_word("ASC");
                }
                order.push((name, descending));
                if !self.take_sign(",") {
                    break;
                }
            }
        }
        Ok(Select { source, projection, condition, order })
    }

    fn projection(&mut self) -> Result<Literal<Projection>, StatementError> {
        let mut paths = vec![self.path()?];
        while self.take_sign(",") {
            paths.push(self.path()?);
        }
        let literal = Literal {
            tree: Arc::new(Projection { paths, placeholders: Placeholders::default() }),
            values: Vec::new(),
        };
        literal.check()?;
        Ok(literal)
    }

    /// WHERE and what follows it.
    fn condition(&mut self) -> Result<Literal<Condition>, StatementError> {
        self.expect_word("WHERE")?;
        self.values.clear();
        let root = self.disjunction()?;
        let tree = Arc::new(Condition { root, placeholders: Placeholders::default() });
        let literal = Literal { tree, values: std::mem::take(&mut self.values) };
        literal.check()?;
        Ok(literal)
    }

    fn insert(&mut self) -> Result<Statement, StatementError> {
        self.expect_word("INTO")?;
        let table = self.name()?;
        self.expect_word("VALUE")?;
        let Value::M(item) = self.literal()? else { return Err(TOKEN) };
        attribute::check_depth(&item)?;
        Ok(Statement::Insert(Insert { table, item }))
    }

    fn update(&mut self) -> Result<Statement, StatementError> {
        let table = self.name()?;
        self.values.clear();
        let mut actions = Vec::new();
        loop {
            if self.take_word("SET") {
                loop {
                    actions.push(self.set()?);
                    if !self.take_sign(",") {
                        break;
                    }
                }
            } else if self.take_word("REMOVE") {
                loop {
                    actions.push(Action::Remove(self.path()?));
                    if !self.take_sign(",") {
                        break;
                    }
                }
            } else {
                break;
            }
        }
        if actions.is_empty() {
            return Err(TOKEN);
        }
        let tree = Arc::new(Update { actions, placeholders: Placeholders::default(), legacy: false });
        let update = Literal { tree, values: std::mem::take(&mut self.values) };
        update.check()?;
        let condition = self.condition()?;
        let returning = self.returning()?;
        Ok(Statement::Update(Change { table, update, condition, returning }))
    }

    /// One assignment; `set_add` and `set_delete` of the assigned attribute are what ADD and DELETE are.
    fn set(&mut self) -> Result<Action, StatementError> {
        let path = self.path()?;
        self.expect_sign("=")?;
        for (word, add) in [("set_add", true), ("set_delete", false)] {
            if self.is_word(word) && self.is_call() {
                self.advance();
                self.expect_sign("(")?;
                let changed: Path = self.path()?;
                self.expect_sign(",")?;
                let value = self.literal()?;
                self.expect_sign(")")?;
                if changed != path || !value.kind().is_set() {
                    return Err(TOKEN);
                }
                let id = self.keep(value);
                return Ok(if add { Action::Add(path, id) } else { Action::Delete(path, id) });
            }
        }
        let left = self.operand()?;
        let value = if self.take_sign("+") {
            SetValue::Plus(left, self.operand()?)
        } else if self.take_sign("-") {
            SetValue::Minus(left, self.operand()?)
        } else {
            SetValue::Operand(left)
        };
        Ok(Action::Set(path, value))
    }

    fn delete(&mut self) -> Result<Statement, StatementError> {
        self.expect_word("FROM")?;
        let table = self.name()?;
        let condition = self.condition()?;
        let returning = self.returning()?;
        Ok(Statement::Delete(Removal { table, condition, returning }))
    }

    fn returning(&mut self) -> Result<Option<Returning>, StatementError> {
        if !self.take_word("RETURNING") {
            return Ok(None);
        }
        let modified = self.take_word("MODIFIED");
        if !modified {
            self.expect_word("ALL")?;
        }
        let old = self.take_word("OLD");
        if !old {
            self.expect_word("NEW")?;
        }
        self.expect_sign("*")?;
        Ok(Some(Returning { modified, old }))
    }

    /// An object's entries.
    pub fn entries(&mut self) -> Result<Item, StatementError> {
        let mut entries = Vec::new();
        while !self.take_sign("}") {
            if !entries.is_empty() {
                self.expect_sign(",")?;
            }
            let Token::Text(name) = self.advance() else { return Err(TOKEN) };
            self.expect_sign(":")?;
            entries.push((Text::from(name), self.literal()?));
        }
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
