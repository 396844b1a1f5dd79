//! XML documents by schema.

mod decode;
mod document;
mod dom;
mod encode;
mod writer;

pub(crate) use decode::{decode_members, decode_payload};
pub use document::{read_xml_document, xml_document};
pub(crate) use encode::{encode_members, encode_payload, encode_root, encode_unwrapped};
pub(crate) use writer::{XmlNames, XmlWriter};
