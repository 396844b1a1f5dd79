//! Errors and their texts.

use attribute::Invalid;
use model_dynamodb::Error;
use wire::CommonError;

use crate::backup::BackupArn;
use crate::streams::StreamArn;

service::failure!(Error, of_store);

/// What the store says. A transaction holds what is written of items and of all indexes that show them: more than the payload.
fn of_store(error: store::Error) -> Error {
    match error {
        store::Error::TooLarge { what: TRANSACTION, size, max } => validation(format!(
            "The items and index entries that the request writes take {size} bytes, and {max} can be written at once"
        )),
        error => Error::from(error),
    }
}

/// What the store calls the whole of a transaction where it is too large.
const TRANSACTION: &str = "transaction";

impl Failure {
    /// Whether there was more in a transaction than the store takes at once.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::Store(store::Error::TooLarge { what: TRANSACTION, .. }))
    }
}

/// Stored bytes that are not what was written.
pub fn corrupt(error: impl ToString) -> store::Error {
    store::Error::Corrupt(error.to_string())
}

/// What a request asks for cannot be.
pub fn validation(text: impl Into<String>) -> Error {
    Error::Common(CommonError::Validation(text.into()))
}

/// The same of an operation that counts what is wrong with a request by itself, before it looks at the table: those that
/// write one item do, and `Query` does of what it selects.
pub fn counted(error: Error) -> Error {
    match error {
        Error::Common(CommonError::Validation(text)) => {
            validation(format!("1 validation error detected: {text}"))
        }
        error => error,
    }
}

/// The same, as the service says it of most of them.
pub fn wrong(text: impl std::fmt::Display) -> Error {
    validation(format!("One or more parameter values were invalid: {text}"))
}

/// A value is not one.
pub fn invalid(invalid: Invalid) -> Error {
    validation(invalid.to_string())
}

/// A value is not one, for operations that write one item.
pub fn wrong_value(wrong: Invalid) -> Error {
    if is_counted(&wrong) { counted(invalid(wrong)) } else { invalid(wrong) }
}

/// Whether the service counts this fault of a value where it counts faults at all.
pub fn is_counted(wrong: &Invalid) -> bool {
    use Invalid::{DuplicateBinaries, DuplicateNumbers, DuplicateStrings};
    use Invalid::{EmptyBinaries, EmptyNumbers, EmptyStrings, NullFalse};
    matches!(
        wrong,
        EmptyBinaries
            | EmptyNumbers
            | EmptyStrings
            | DuplicateBinaries(_)
            | DuplicateNumbers
            | DuplicateStrings(_)
            | NullFalse
    )
}

/// An expression, or what stands for one, is not one.
pub fn of_expression(error: impl Into<expression::Error>) -> Error {
    validation(error.into().to_string())
}

/// There is no such table, for operations on items.
pub fn no_table() -> Error {
    Error::resource_not_found_exception("Requested resource not found")
}

/// There is no such table, for operations on tables.
pub fn no_table_named(name: &str) -> Error {
    Error::resource_not_found_exception(format!("Requested resource not found: Table: {name} not found"))
}

/// There is no such stream, for operations on its policy.
pub fn no_stream(arn: &StreamArn) -> Error {
    Error::resource_not_found_exception(format!("Requested resource not found: Stream: {arn} not found"))
}

/// There is no such table, for operations on backups.
pub fn table_not_found(name: &str) -> Error {
    Error::table_not_found_exception(format!("Table not found: {name}"))
}

/// There is no such backup.
pub fn backup_not_found(arn: &BackupArn) -> Error {
    Error::backup_not_found_exception(format!("Backup not found: {arn}"))
}

/// A table's encryption is being changed.
pub fn is_updated(name: &str) -> Error {
    Error::resource_in_use_exception(format!(
        "Attempt to change a resource which is still in use: Table: {name} is in the process of being updated."
    ))
}

/// A table cannot be changed yet.
pub fn is_being_made(name: &str) -> Error {
    Error::resource_in_use_exception(format!(
        "Attempt to change a resource which is still in use: Table is being created: {name}"
    ))
}
