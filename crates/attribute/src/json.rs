//! Values in JSON, read and written in one pass.
//!
//! Reading is by serde seeds, so that the codec of a protocol goes on reading with the parser it has already begun
//! with, and nothing stands between the bytes of a request and its values. A seed's own error means that the text is
//! not of a value's shape (a SerializationException); a value that has the shape and is wrong is an [`Invalid`] in the
//! result, for the service reports it only when it has looked at the rest of the request.

mod read;
mod scalar;
mod wrapped;
mod write;

pub use read::{ItemSeed, NamedSeed, ValueSeed, item_from_slice, value_from_slice};
pub use wrapped::{NotAnItem, Wrapped};
pub(crate) use write::write_blob;
pub use write::{write_item, write_number_text, write_text, write_value};
