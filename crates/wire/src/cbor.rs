//! CBOR (RFC 8949) documents by schema, as Smithy RPC v2 uses it.

mod decode;
mod encode;
mod reader;

pub(crate) use decode::decode;
pub(crate) use encode::{encode_structure, encode_texts, encode_with};
