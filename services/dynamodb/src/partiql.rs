//! Statements of PartiQL: what they are about, before anything is done.

mod select;
mod write;

use attribute::{Given, Item, Value};
use expression::partiql::Statement;
use expression::{Condition, Literal};
use kernel::Call;
use model_dynamodb::Error;
use service::Target;

use crate::conditions::{Attributes, returning, selecting};
use crate::dynamodb::DynamoDb;
use crate::error::{invalid, validation};
use crate::resource::{Named, with_leading_values};
use crate::schema::KeyNames;
use crate::table::{ItemKey, Table};

pub use select::{Select, Token, one};
use write::return_value;
pub use write::{Change, changed};

/// A statement that was read, and the table that it names.
pub struct Prepared {
    pub statement: Statement,
    pub named: Named,
}

/// The statement itself is wrong.
fn wrong_statement(error: impl std::fmt::Display) -> Error {
    validation(error.to_string())
}

/// The parameters of a statement.
pub fn values(given: Option<&[Given<Value>]>) -> Result<Vec<Value>, Error> {
    let values = given.unwrap_or_default().iter().map(|value| value.as_valid().cloned());
    values.collect::<Result<_, _>>().map_err(invalid)
}

impl Prepared {
    /// Reads a statement with its parameters, and looks its table up.
    pub fn read(
        service: &DynamoDb,
        call: &Call,
        text: &str,
        parameters: Option<&[Given<Value>]>,
    ) -> Result<Self, Error> {
        let statement = Statement::parse(text, &values(parameters)?).map_err(wrong_statement)?;
        let named = Named::look_up(service, call, statement.table())?;
        Ok(Self { statement, named })
    }

    /// What a policy has to allow.
    pub fn target(&self) -> Target {
        let named = &self.named;
        match &self.statement {
            Statement::Select(select) | Statement::Exists(select) => {
                let index = select.source.index.as_deref();
                let is_scan = self.partitions().is_empty();
                let target = named.target(index).with_key("dynamodb:FullTableScan", is_scan);
                let action = match &self.statement {
                    Statement::Exists(_) => "dynamodb:ConditionCheckItem",
                    _ => "dynamodb:PartiQLSelect",
                };
                let is_specific = select.projection.is_some();
                let target = selecting(target, None, is_specific, index.is_some());
                let target = with_leading_values(target, self.partitions());
                self.attributes().of(target).for_actions([action])
            }
            Statement::Insert(insert) => {
                let target = named.leading(named.target(None), [&insert.item]);
                self.attributes().of(target).for_actions(["dynamodb:PartiQLInsert"])
            }
            Statement::Update(change) => {
                let target = with_leading_values(named.target(None), self.partitions());
                let target = returning(target, change.returning.map(return_value));
                self.attributes().of(target).for_actions(["dynamodb:PartiQLUpdate"])
            }
            Statement::Delete(removal) => {
                let target = with_leading_values(named.target(None), self.partitions());
                let target = returning(target, removal.returning.map(return_value));
                self.attributes().of(target).for_actions(["dynamodb:PartiQLDelete"])
            }
        }
    }

    /// The attributes that it names.
    fn attributes(&self) -> Attributes<'_> {
        let attributes = Attributes::plain();
        let attributes = match &self.statement {
            Statement::Insert(insert) => attributes.item(Some(&insert.item)),
            Statement::Update(change) => attributes.named(change.update.bound().attributes()),
            Statement::Select(select) | Statement::Exists(select) => match &select.projection {
                Some(projection) => attributes.named(projection.bound().attributes()),
                None => attributes,
            },
            Statement::Delete(_) => attributes,
        };
        match self.condition() {
            Some(condition) => attributes.named(condition.bound().attributes()),
            None => attributes,
        }
    }

    /// Whether it reads rather than writes. EXISTS goes with either.
    pub fn reads(&self) -> bool {
        matches!(self.statement, Statement::Select(_))
    }

    fn condition(&self) -> Option<&Literal<Condition>> {
        match &self.statement {
            Statement::Select(select) | Statement::Exists(select) => select.condition.as_ref(),
            Statement::Update(change) => Some(&change.condition),
            Statement::Delete(removal) => Some(&removal.condition),
            Statement::Insert(_) => None,
        }
    }

    /// The values of the first attribute of the partition key that the condition lets through; none if it lets all.
    fn partitions(&self) -> Vec<&Value> {
        let (Some(table), Some(condition)) = (&self.named.found, self.condition()) else { return Vec::new() };
        let index = match &self.statement {
            Statement::Select(select) => select.source.index.as_deref().and_then(|name| table.index(name)),
            _ => None,
        };
        let key = index.map_or(&table.record.key, |index| &index.key);
        partition_values(key, condition).into_iter().map(|values| values[0]).collect()
    }
}

/// The partitions that a condition lets through, each with a value for every attribute of the partition key; none if it
/// does not say them.
fn partition_values<'c>(key: &KeyNames, condition: &'c Literal<Condition>) -> Vec<Vec<&'c Value>> {
    let equalities = condition.equalities();
    let equal = |name: &String| equalities.iter().find(|(known, _)| *known == name.as_str()).map(|(_, v)| *v);
    if let Some(values) = key.partition.iter().map(equal).collect::<Option<Vec<_>>>() {
        return vec![values];
    }
    match &key.partition[..] {
        [name] => condition.choices(name).unwrap_or_default().into_iter().map(|value| vec![value]).collect(),
        _ => Vec::new(),
    }
}

/// The item that a condition is about: it has to say the whole key.
fn key_of(table: &Table, condition: Option<&Literal<Condition>>) -> Result<ItemKey, Error> {
    let missing = || validation("Where clause does not contain a mandatory equality on all key attributes");
    let equalities = condition.ok_or_else(missing)?.equalities();
    let mut key = Item::new();
    for name in table.record.key.all() {
        let (_, value) = equalities.iter().find(|(known, _)| *known == name.as_str()).ok_or_else(missing)?;
        key.insert(name.as_str(), (*value).clone());
    }
    table.key_of(key)
}
