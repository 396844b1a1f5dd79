//! The wire protocols of AWS, from the server's side: requests become typed inputs, typed outputs and errors
//! become responses.
//!
//! Generated types describe themselves by a [`Schema`] and give access to their members by index
//! ([`Structure`]). Every codec, and the validator, is written once against these two and compiled once.

mod cbor;
mod document;
mod dynamic;
mod error;
mod fault;
mod json;
mod macros;
mod model;
mod pattern;
mod percent;
mod protocols;
mod query;
mod rest;
mod route;
mod scalar;
mod schema;
mod stream;
mod timestamp;
mod validate;
mod value;
mod xml;

pub use bytes::Bytes;
pub use document::Document;
pub use dynamic::Dyn;
pub use error::{CommonError, CommonSource, DecodeError, Detailed, Resolved};
pub use fault::{Fault, ServiceError};
pub use kernel::Timestamp;
pub use model::{
    Access, Action, Checksum, HttpTrait, Mark, Operation, OperationName, OperationType, PathParameter,
    Protocol, ServiceModel,
};
pub use pattern::Pattern;
pub use protocols::{Codec, Request, Response, codec, host_id};
pub use query::Params;
pub use route::{Located, RouteError, Router, Target};
pub use schema::{Bounds, ErrorTrait, Kind, Location, Member, Schema, TimestampFormat, XmlNamespace};
pub use stream::{ByteStream, Piece, Reader, StreamError};
pub use validate::{Constraint, Dialect, Violation, standard_text, violations};
pub use value::{
    Enum, ListValue, MapValue, Open, OwnForm, Req, Slot, Structure, TextSlot, UnionValue, Value, View,
    debug_structure,
};
pub use xml::{read_xml_document, xml_document};

/// What generated code and schemas made by hand are built on, and nothing else needs.
pub mod codegen {
    pub use crate::model::SERVICE;
    pub use crate::schema::{MEMBER, SCHEMA};
    pub use std::collections::BTreeMap;
}

/// The JSON of a structure, its members in the order of the model: what the JSON protocols have as a body.
pub fn to_json(value: &dyn Structure) -> Vec<u8> {
    let mut out = Vec::new();
    json::encode_structure(value, &mut out);
    out
}

/// A timestamp as HTTP headers write it.
pub fn http_date(time: Timestamp) -> String {
    timestamp::format(time, TimestampFormat::HttpDate)
}
