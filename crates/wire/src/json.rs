//! JSON documents by schema.

mod decode;
mod encode;

pub(crate) use decode::{decode, decode_value};
pub(crate) use encode::{encode_structure, encode_value, write_text};
