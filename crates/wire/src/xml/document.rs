//! Structures as XML documents of their own: for what a service keeps or reads beside requests and responses.

use bytes::Bytes;

use crate::error::DecodeError;
use crate::value::Structure;

use super::writer::{XmlNames, XmlWriter};
use super::{decode_members, encode_root};

/// A document with the structure's members under a root of this name.
pub fn xml_document(root: &str, value: &dyn Structure) -> Bytes {
    let mut xml = XmlWriter::document(XmlNames::Model);
    encode_root(root, None, value, &mut xml);
    xml.finish().into()
}

/// Fills a structure from such a document, whatever its root is called.
pub fn read_xml_document(document: &[u8], into: &mut dyn Structure) -> Result<(), DecodeError> {
    decode_members(document, into)
}
