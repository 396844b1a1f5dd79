//! ec2Query: the query protocol in EC2's own form.

use crate::error::DecodeError;
use crate::fault::Fault;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::query::Names;
use crate::schema::XmlNamespace;
use crate::value::Structure;
use crate::xml::{XmlNames, XmlWriter, encode_members};

use super::query::{decode, error_members};
use super::{Codec, Request, Response};

pub(super) struct Ec2Query;

const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

impl Codec for Ec2Query {
    fn decode(
        &self,
        _operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError> {
        decode(request, into, Names::Ec2)
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, request_id: &str) -> Response {
        let mut xml = XmlWriter::document(XmlNames::Model);
        let root = format!("{}Response", operation.name);
        let uri = operation.service.xml_namespace;
        xml.start(&root, uri.map(|uri| XmlNamespace { uri, prefix: "" }).as_ref());
        xml.content();
        xml.leaf("requestId", request_id);
        encode_members(output, &mut xml);
        xml.end(&root);
        Response::new(operation.http.status, CONTENT_TYPE, xml.finish())
    }

    fn encode_fault(&self, _service: &ServiceModel, fault: Fault<'_>, request_id: &str) -> Response {
        let facts = fault.facts(Protocol::Ec2);
        let mut xml = XmlWriter::document(XmlNames::Model);
        for name in ["Response", "Errors", "Error"] {
            xml.start(name, None);
            xml.content();
        }
        xml.leaf("Code", facts.code);
        error_members(facts.structure, facts.message.as_deref(), &mut xml);
        xml.end("Error");
        xml.end("Errors");
        xml.leaf("RequestID", request_id);
        xml.end("Response");
        Response::new(facts.status, CONTENT_TYPE, xml.finish())
    }
}
