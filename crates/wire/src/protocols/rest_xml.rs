//! restXml: resources in the path, the rest in headers, the query string and an XML body.

use crate::error::DecodeError;
use crate::fault::Fault;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::rest::{Body, decode_bindings, encode_bindings, request_payload, response_payload};
use crate::schema::XmlNamespace;
use crate::value::{Structure, View};
use crate::xml::{
    XmlNames, XmlWriter, decode_members, decode_payload, encode_payload, encode_root, encode_unwrapped,
};

use super::query::error_members;
use super::{Codec, Request, Response};

pub(super) struct RestXml;

/// The headers of nearly every answer, with those that are added behind: room for them from the beginning.
const HEADERS: usize = 20;

const CONTENT_TYPE: &str = "application/xml";

impl Codec for RestXml {
    fn decode(
        &self,
        operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError> {
        decode_bindings(operation, request, into)?;
        match request_payload(into.schema()) {
            Body::Empty => Ok(()),
            _ if request.body.is_empty() && request.stream.is_none() => Ok(()),
            Body::Members => decode_members(request.body, into),
            Body::Raw(i) => super::raw_payload(into, i, request),
            Body::Document(i) => {
                let member = &into.schema().members[i];
                decode_payload(request.body, member, into.get_mut(i))
            }
        }
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, _request_id: &str) -> Response {
        let mut response = Response::empty(operation.http.status);
        response.headers.reserve(HEADERS);
        if let Some(status) = encode_bindings(output, &mut response.headers) {
            response.status = status;
        }
        // A part of what was asked for has a status of its own (RFC 9110, 15.3.7); models do not say so.
        if response.status == 200 && response.headers.contains_key(http::header::CONTENT_RANGE) {
            response.status = 206;
        }
        let schema = output.schema();
        let namespace = operation.service.xml_namespace.map(|uri| XmlNamespace { uri, prefix: "" });
        match response_payload(output.schema()) {
            Body::Empty => response,
            Body::Members if schema.unwrapped => {
                let mut xml = XmlWriter::document(XmlNames::Model);
                encode_unwrapped(namespace.as_ref(), output, &mut xml);
                response.raw(CONTENT_TYPE, xml.finish().into())
            }
            Body::Members => {
                let mut xml = XmlWriter::document(XmlNames::Model);
                let namespace = schema.xml_namespace.as_ref().or(namespace.as_ref());
                encode_root(schema.xml_name.unwrap_or(schema.name), namespace, output, &mut xml);
                response.raw(CONTENT_TYPE, xml.finish().into())
            }
            Body::Raw(i) => super::raw_body(response, output, i),
            Body::Document(i) => match output.get(i).view() {
                View::Absent => response,
                view => {
                    let mut xml = XmlWriter::document(XmlNames::Model);
                    encode_payload(&schema.members[i], namespace.as_ref(), view, &mut xml);
                    response.raw(CONTENT_TYPE, xml.finish().into())
                }
            },
        }
    }

    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, request_id: &str) -> Response {
        let facts = fault.facts(Protocol::RestXml);
        let mut response = Response::empty(facts.status);
        let mut xml = XmlWriter::document(XmlNames::Model);
        let wrapped = !service.bare_errors;
        if wrapped {
            let namespace = service.xml_namespace.map(|uri| XmlNamespace { uri, prefix: "" });
            xml.start("ErrorResponse", namespace.as_ref());
            xml.content();
        }
        xml.start("Error", None);
        xml.content();
        if wrapped {
            xml.leaf("Type", if facts.sender { "Sender" } else { "Receiver" });
        }
        xml.leaf("Code", facts.code);
        error_members(facts.structure, facts.message.as_deref(), &mut xml);
        for (name, value) in facts.detailed.iter().flat_map(|detailed| &detailed.members) {
            xml.leaf(name, value);
        }
        if wrapped {
            xml.end("Error");
        }
        xml.leaf("RequestId", request_id);
        if !wrapped {
            xml.leaf("HostId", &super::host_id(request_id));
        }
        xml.end(if wrapped { "ErrorResponse" } else { "Error" });
        if let Some(structure) = facts.structure {
            encode_bindings(structure, &mut response.headers);
        }
        for (name, value) in facts.detailed.iter().flat_map(|detailed| &detailed.headers) {
            response.header(name, value);
        }
        response.raw(CONTENT_TYPE, xml.finish().into())
    }
}
