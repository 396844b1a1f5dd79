//! awsJson 1.0 and 1.1: the operation in a header, everything else in one JSON document.

use crate::error::{CommonError, DecodeError};
use crate::fault::{Fault, FaultFacts};
use crate::json;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::value::Structure;

use super::{Codec, Request, Response};

pub(super) struct AwsJson {
    pub content_type: &'static str,
    pub v: Protocol,
}

impl Codec for AwsJson {
    fn decode(
        &self,
        _operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError> {
        // Older clients send nothing where there is nothing to send.
        if request.body.is_empty() { Ok(()) } else { json::decode(request.body, into) }
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, _request_id: &str) -> Response {
        let mut body = Vec::with_capacity(256);
        if operation.has_output {
            json::encode_structure(output, &mut body);
        }
        Response::new(operation.http.status, self.content_type, body)
    }

    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, _request_id: &str) -> Response {
        let facts = fault.facts(self.v);
        // Authorisation answers for all services alike, in its own spelling.
        let denied = matches!(fault, Fault::Common(CommonError::AccessDenied(_)));
        let text_name = if denied { "Message" } else { "message" };
        let body = error_body(service, &facts, text_name);
        let mut response = Response::new(facts.status, self.content_type, body);
        if service.query_compatible {
            response.query_error(facts.query_code, facts.sender);
        }
        response
    }
}

fn error_body(service: &ServiceModel, facts: &FaultFacts<'_>, text_name: &str) -> Vec<u8> {
    let mut body = br#"{"__type":"#.to_vec();
    json::write_text(&error_type(service, facts), &mut body);
    match (facts.structure, &facts.message) {
        (Some(structure), _) => {
            // The members of the error, in the same object.
            let mut members = Vec::new();
            json::encode_structure(structure, &mut members);
            if members.len() > 2 {
                body.push(b',');
                body.extend_from_slice(&members[1..]);
                return body;
            }
        }
        (None, Some(message)) => {
            body.push(b',');
            json::write_text(text_name, &mut body);
            body.push(b':');
            json::write_text(message, &mut body);
        }
        (None, None) => {}
    }
    body.push(b'}');
    body
}

/// The code with the namespace that the service puts before it. Errors that are not of the service's model have
/// that of AWS's common framework.
pub(super) fn error_type(service: &ServiceModel, facts: &FaultFacts<'_>) -> String {
    match (service.error_namespace, facts.structure) {
        (None, _) => facts.code.to_owned(),
        // In the document the name is that of the shape; the code may be an older one.
        (Some(namespace), Some(structure)) => format!("{namespace}#{}", structure.schema().name),
        (Some(_), None) => format!("com.amazon.coral.service#{}", facts.code),
    }
}
