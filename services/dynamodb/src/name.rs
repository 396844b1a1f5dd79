//! Names of tables and indexes, alone or in ARNs.

use kernel::{Arn, Call};
use model_dynamodb::Error;

use crate::error::validation;
use crate::keys::{Place, SERVICE};
use crate::limits::NAME_CHARS;

/// A table as a request names it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableName {
    pub place: Place,
    pub name: String,
}

impl TableName {
    /// Of a name or an ARN.
    ///
    /// # Errors
    /// `ValidationException` for what is neither.
    pub fn parse(call: &Call, given: &str) -> Result<Self, Error> {
        if given.starts_with("arn:") {
            return Self::of_arn(given).filter(|table| is_name(&table.name)).ok_or_else(|| {
                validation(format!(
                    "1 validation error detected: Value '{given}' at 'tableName' failed to satisfy constraint: Member must \
                     be a table name or the ARN of a table"
                ))
            });
        }
        if !is_name(given) {
            return Err(bad_name("tableName", given));
        }
        let place = Place::of(call);
        Ok(Self { place, name: given.to_owned() })
    }

    /// Of the ARN of a table, or of something of it.
    pub fn of_arn(given: &str) -> Option<Self> {
        let (place, resource) = resource_of(given)?;
        let name = resource.strip_prefix("table/")?.split('/').next()?;
        Some(Self { place, name: name.to_owned() })
    }

    pub fn arn(&self) -> Arn {
        Arn::aws(SERVICE, &self.place.region, &self.place.account, &format!("table/{}", self.name))
    }
}

/// Where a resource of this service is, and what its ARN says behind that.
fn resource_of(given: &str) -> Option<(Place, String)> {
    let arn: Arn = given.parse().ok()?;
    let place = Place { account: arn.account().to_owned(), region: arn.region().to_owned() };
    (arn.service() == SERVICE).then(|| (place, arn.resource().to_owned()))
}

/// The table and what is named below it in an ARN like `…:table/<name><kind><what>`; none if it is no such ARN.
pub fn below_table(given: &str, kind: &str) -> Option<(TableName, String)> {
    let (place, resource) = resource_of(given)?;
    let (name, what) = resource.strip_prefix("table/")?.split_once(kind)?;
    is_name(name).then(|| (TableName { place, name: name.to_owned() }, what.to_owned()))
}

/// Whether a table or index may have this name.
pub fn is_name(name: &str) -> bool {
    NAME_CHARS.contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// No table or index may have this name.
pub fn bad_name(member: &str, name: &str) -> Error {
    let clause =
        |rule: &str| format!("Value '{name}' at '{member}' failed to satisfy constraint: Member must {rule}");
    let mut clauses = Vec::new();
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')) {
        clauses.push(clause("satisfy regular expression pattern: [a-zA-Z0-9_.-]+"));
    }
    if name.chars().count() < *NAME_CHARS.start() {
        clauses.push(clause(&format!("have length greater than or equal to {}", NAME_CHARS.start())));
    }
    if name.chars().count() > *NAME_CHARS.end() {
        clauses.push(clause(&format!("have length less than or equal to {}", NAME_CHARS.end())));
    }
    let plural = if clauses.len() == 1 { "" } else { "s" };
    validation(format!("{} validation error{plural} detected: {}", clauses.len(), clauses.join("; ")))
}
