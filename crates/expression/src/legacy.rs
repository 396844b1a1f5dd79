//! The parameters that are older than expressions, as the trees that expressions are.

mod compare;
mod expected;
mod update;

pub use compare::{Comparison, Connector, LegacyCondition, LegacyKeys, filter};
pub use expected::{Expectation, expected};
pub use update::{AttributeUpdate, LegacyAction, attribute_updates};

use attribute::Text;

use crate::error::{Error, LegacyError};
use crate::eval::Wanted;

/// AttributesToGet: attributes by name, none of them twice.
pub fn attributes_to_get<'a>(names: &[&'a str]) -> Result<Wanted<'a>, Error> {
    let mut sorted = names.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(LegacyError::Duplicate(Text::new(pair[0])).into()),
        None => Ok(Wanted::attributes(names.iter().copied())),
    }
}
