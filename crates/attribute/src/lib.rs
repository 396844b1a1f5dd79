//! DynamoDB's attribute values, as a pure library: no I/O, no clock, no randomness.
//!
//! Values stand apart from the expressions over them (crate `expression`) because more depends on them: the generated
//! model of the service reads and writes them on the wire, tables and streams store them, keys are made of them, and
//! none of these has any use for a parser. Here a value is read once, straight from the bytes of a request, into the
//! form in which it is compared, stored and counted: numbers normalised, sets sorted and free of duplicates.
//!
//! What is wrong with a value is an [`Invalid`], whose text is the service's. What is not even of the shape of a value
//! is an error of the JSON codec, whose text is the service's too.
//!
//! ```
//! use attribute::{Item, Value};
//!
//! let item = attribute::item_from_slice(br#"{"id": {"N": "1e3"}, "tags": {"SS": ["b", "a"]}}"#)??;
//! assert_eq!(item.get("id"), Some(&Value::from(1000)));
//! let mut text = Vec::new();
//! attribute::write_item(&item, &mut text);
//! assert_eq!(text, br#"{"id":{"N":"1000"},"tags":{"SS":["a","b"]}}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod given;
mod invalid;
mod item;
mod json;
mod key;
pub mod limits;
mod number;
mod set;
mod shape;
mod size;
mod stored;
mod value;

pub use given::{Given, Named, Shown};
pub use invalid::Invalid;
pub use item::Item;
pub use json::{
    ItemSeed, NamedSeed, NotAnItem, ValueSeed, Wrapped, item_from_slice, value_from_slice, write_item,
    write_number_text, write_text, write_value,
};
pub use key::{KeyPart, KeyType, decode_key, encode_key};
pub use number::{Number, NumberError, OutOfRange};
pub use set::{Duplicates, Set};
pub use shape::{check_depth, depth};
pub use size::{item_size, number_size, value_size};
pub use stored::{Damaged, load_attribute, load_item, store_item, write_stored};
pub use value::{Blob, Kind, Text, Value};
