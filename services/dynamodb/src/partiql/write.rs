//! INSERT, UPDATE, DELETE and EXISTS as writes of one item.

use std::sync::Arc;

use attribute::{Item, item_size};
use expression::partiql::{Change as Updating, Insert, Removal, Returning, Select, Statement};
use model_dynamodb::Error;
use model_dynamodb::types::ReturnValue;

use super::key_of;
use crate::capacity::Rate;
use crate::error::validation;
use crate::ops::{check_keys, returned, updated};
use crate::request::{Tree, Trees};
use crate::table::Table;
use crate::write::{Write, Written, check_item};

/// A statement as a write, and what its answer shows.
pub struct Change {
    pub write: Write,
    pub answer: Answer,
}

/// What a statement wants to see of what was done.
pub struct Answer {
    trees: Trees,
    returns: ReturnValue,
}

/// What a statement that writes does to its item. `shows_old`: whether a condition that does not hold is answered with the
/// item.
pub fn changed(table: &Table, statement: &Statement, shows_old: bool, rate: Rate) -> Result<Change, Error> {
    match statement {
        Statement::Insert(insert) => inserted(table, insert, rate),
        Statement::Update(change) => updating(table, change, shows_old, rate),
        Statement::Delete(removal) => deleted(table, removal, shows_old, rate),
        Statement::Exists(select) => checked(table, select, shows_old, rate),
        Statement::Select(_) => Err(validation("A SELECT statement does not write")),
    }
}

impl Answer {
    /// The item, or what of it was changed.
    pub fn shown(&self, written: Written) -> Result<Option<Item>, Error> {
        returned(|| self.trees.bind(&None, None), self.returns, written)
    }
}

fn inserted(table: &Table, insert: &Insert, rate: Rate) -> Result<Change, Error> {
    let item = insert.item.clone();
    check_item(&item)?;
    let bytes = item_size(&item);
    let key = table.key_in(&item)?;
    let change = move |_: &Table, old: Option<&Item>| match old {
        Some(_) => Err(Error::duplicate_item_exception("Duplicate primary key exists in table")),
        None => Ok(Some(item.clone())),
    };
    let write = Write { key, change: Box::new(change), reads: true, bytes, rate };
    Ok(Change { write, answer: Answer { trees: Trees::default(), returns: ReturnValue::None } })
}

fn updating(table: &Table, change: &Updating, shows_old: bool, rate: Rate) -> Result<Change, Error> {
    let key = key_of(table, Some(&change.condition))?;
    let trees = Trees {
        condition: Some(Tree::Legacy(Arc::new(change.condition.clone()))),
        update: Some(Tree::Legacy(Arc::new(change.update.clone()))),
    };
    check_keys(table, &trees.bind(&None, None)?)?;
    let (of_change, key_item) = (trees.clone(), key.item.clone());
    let does = move |table: &Table, old: Option<&Item>| {
        let bound = of_change.bind(&None, None)?;
        bound.check(old, shows_old)?;
        updated(table, &bound, old, &key_item)
    };
    let bytes = item_size(&key.item);
    let write = Write { key, change: Box::new(does), reads: true, bytes, rate };
    Ok(Change {
        write,
        answer: Answer { trees, returns: change.returning.map_or(ReturnValue::None, return_value) },
    })
}

fn deleted(table: &Table, removal: &Removal, shows_old: bool, rate: Rate) -> Result<Change, Error> {
    let returns = removal.returning.map_or(ReturnValue::None, return_value);
    if !matches!(returns, ReturnValue::None | ReturnValue::AllOld) {
        return Err(validation("DELETE statements can have RETURNING ALL OLD * only"));
    }
    let key = key_of(table, Some(&removal.condition))?;
    let condition = Some(Tree::Legacy(Arc::new(removal.condition.clone())));
    let trees = Trees { condition, update: None };
    let of_change = trees.clone();
    let does = move |_: &Table, old: Option<&Item>| {
        // What is not there is deleted already, whatever is said of it.
        if old.is_some() {
            of_change.bind(&None, None)?.check(old, shows_old)?;
        }
        Ok(None)
    };
    let bytes = item_size(&key.item);
    let write = Write { key, change: Box::new(does), reads: true, bytes, rate };
    Ok(Change { write, answer: Answer { trees, returns } })
}

fn checked(table: &Table, select: &Select, shows_old: bool, rate: Rate) -> Result<Change, Error> {
    let key = key_of(table, select.condition.as_ref())?;
    let condition = select.condition.clone().map(|condition| Tree::Legacy(Arc::new(condition)));
    let trees = Trees { condition, update: None };
    let of_change = trees.clone();
    let does = move |_: &Table, old: Option<&Item>| {
        of_change.bind(&None, None)?.check(old, shows_old)?;
        Ok(old.cloned())
    };
    let write = Write { key, change: Box::new(does), reads: true, bytes: 0, rate };
    Ok(Change { write, answer: Answer { trees, returns: ReturnValue::None } })
}

/// What RETURNING means.
pub fn return_value(returning: Returning) -> ReturnValue {
    match (returning.modified, returning.old) {
        (false, true) => ReturnValue::AllOld,
        (false, false) => ReturnValue::AllNew,
        (true, true) => ReturnValue::UpdatedOld,
        (true, false) => ReturnValue::UpdatedNew,
    }
}
