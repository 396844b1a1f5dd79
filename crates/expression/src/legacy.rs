//! The parameters that are older than expressions, as the trees that expressions are.

mod compare;
mod expected;
mod update;

pub use compare::{Comparison, Connector, LegacyCondition, LegacyKeys, filter};
pub use expected::{Expectation, expected};
pub use update::{AttributeUpdate, LegacyAction, attribute_updates};

use attribute::{Invalid, Text};

use crate::error::{Error, LegacyError};
use crate::eval::Wanted;

/// Refuses an attribute without a name. Its length is the request's model to check.
fn check_name(name: &str) -> Result<(), Invalid> {
    if name.is_empty() { Err(Invalid::EmptyName) } else { Ok(()) }
}

/// AttributesToGet: attributes by name, none of them twice, none without one.
pub fn attributes_to_get<'a>(names: &[&'a str]) -> Result<Wanted<'a>, Error> {
    names.iter().try_for_each(|name| check_name(name))?;
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(LegacyError::Duplicate(Text::new(pair[0])).into()),
        None => Ok(Wanted::attributes(names.iter().copied())),
    }
}
