//! restJson1: resources in the path, the rest in headers, the query string and a JSON body.

use crate::error::DecodeError;
use crate::fault::Fault;
use crate::json;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::rest::{Body, decode_bindings, encode_bindings, request_payload, response_payload};
use crate::schema::Kind;
use crate::value::{Structure, View};

use super::{Codec, Request, Response};

pub(super) struct RestJson;

const CONTENT_TYPE: &str = "application/json";

impl Codec for RestJson {
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
            Body::Members => json::decode(request.body, into),
            Body::Raw(i) => super::raw_payload(into, i, request),
            Body::Document(i) => {
                let member = &into.schema().members[i];
                json::decode_value(request.body, member, into.get_mut(i))
            }
        }
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, _request_id: &str) -> Response {
        let mut response = Response::empty(operation.http.status);
        if let Some(status) = encode_bindings(output, &mut response.headers) {
            response.status = status;
        }
        write_body(response, operation.has_output, output)
    }

    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, _request_id: &str) -> Response {
        let facts = fault.facts(Protocol::RestJson);
        let mut response = Response::empty(facts.status);
        response.header("x-amzn-errortype", facts.code);
        if service.query_compatible {
            response.query_error(facts.query_code, facts.sender);
        }
        if let Some(structure) = facts.structure {
            encode_bindings(structure, &mut response.headers);
            return write_body(response, true, structure);
        }
        let mut body = br#"{"message":"#.to_vec();
        json::write_text(facts.message.as_deref().unwrap_or_default(), &mut body);
        body.push(b'}');
        response.raw(CONTENT_TYPE, body.into())
    }
}

fn write_body(response: Response, has_output: bool, output: &dyn Structure) -> Response {
    match response_payload(output.schema()) {
        Body::Empty if !has_output => response,
        Body::Empty | Body::Members => {
            let mut body = Vec::with_capacity(256);
            json::encode_structure(output, &mut body);
            response.raw(CONTENT_TYPE, body.into())
        }
        Body::Raw(i) => super::raw_body(response, output, i),
        Body::Document(i) => match output.get(i).view() {
            // A structure that is not there is still a document.
            View::Absent if output.schema().members[i].target.kind == Kind::Structure => {
                response.raw(CONTENT_TYPE, "{}".into())
            }
            View::Absent => response,
            view => {
                let mut body = Vec::with_capacity(256);
                json::encode_value(&output.schema().members[i], view, &mut body);
                response.raw(CONTENT_TYPE, body.into())
            }
        },
    }
}
