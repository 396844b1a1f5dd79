//! DynamoDB's expressions, as a pure library: no I/O, no clock.
//!
//! A text is read once into a tree ([`Condition`], [`Update`], [`Projection`]) which never changes and is kept in a
//! [`Cache`]. [`Parameters`] puts a request's names and values into it; the [`Bound`] expression is evaluated against
//! items, any number of times, and cannot fail in a condition. The parameters that are older than expressions become
//! the same trees. Everything that is wrong is an [`Error`] with the service's text.
//!
//! Values have a crate of their own, `attribute`, which says why.
//!
//! ```
//! use attribute::{Item, Value};
//! use expression::{Cache, Parameter, Parameters};
//!
//! let cache = Cache::default();
//! let values = [(":one".into(), Ok(Value::from(1))), (":max".into(), Ok(Value::from(9)))];
//! let mut parameters = Parameters::new(Some([("#n", "count")]), Some(&values))?;
//! let condition = cache.condition("attribute_not_exists(#n) OR #n < :max").expect("a condition");
//! let condition = parameters.condition(Parameter::ConditionExpression, condition)?;
//! let update = parameters.update(cache.update("ADD #n :one").expect("an update"))?;
//! parameters.finish()?;
//!
//! let key = Item::from([("id", Value::from("a"))]);
//! assert!(condition.matches(&Item::new()));
//! let item = update.apply(None, &key)?;
//! assert_eq!(item.get("count"), Some(&Value::from(1)));
//! # Ok::<(), expression::Error>(())
//! ```

mod bind;
mod cache;
mod error;
mod eval;
mod key;
mod legacy;
mod lex;
pub mod limits;
mod parse;
pub mod partiql;
mod print;
mod request;
mod reserved;
mod tree;

pub use bind::{Bound, Literal, Parameters};
pub use cache::{BYTES as CACHE_BYTES, Cache, ENTRIES as CACHE_ENTRIES};
pub use error::{Error, KeyError, LegacyError, Parameter, ParameterError, Reason, UpdateError};
pub use eval::Wanted;
pub use key::{KeyCondition, KeyQuery, KeySchema, Range};
pub use legacy::{
    AttributeUpdate, Comparison, Connector, Expectation, LegacyAction, LegacyCondition, LegacyKeys,
    attribute_updates, attributes_to_get, expected, filter,
};
pub use request::{Given, check_filter, check_not_key, check_scalar_keys};
pub use tree::{Condition, Projection, Update};
