//! Smithy RPC v2 with CBOR: the operation in the path, everything else in one CBOR document.

use crate::cbor;
use crate::error::DecodeError;
use crate::fault::Fault;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::value::Structure;

use super::aws_json::error_type;
use super::{Codec, Request, Response};

pub(super) struct RpcCbor;

const CONTENT_TYPE: &str = "application/cbor";

impl Codec for RpcCbor {
    fn decode(
        &self,
        _operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError> {
        if request.body.is_empty() { Ok(()) } else { cbor::decode(request.body, into) }
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, _request_id: &str) -> Response {
        let mut response = if operation.has_output {
            let mut body = Vec::with_capacity(256);
            cbor::encode_structure(output, &mut body);
            Response::new(operation.http.status, CONTENT_TYPE, body)
        } else {
            Response::empty(operation.http.status)
        };
        response.header("smithy-protocol", "rpc-v2-cbor");
        response
    }

    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, _request_id: &str) -> Response {
        let facts = fault.facts(Protocol::RpcCbor);
        let kind = error_type(service, &facts);
        let mut body = Vec::with_capacity(128);
        match facts.structure {
            Some(structure) => cbor::encode_with(structure, Some(("__type", &kind)), &mut body),
            None => {
                let message = facts.message.as_deref().unwrap_or_default();
                cbor::encode_texts(&[("__type", &kind), ("message", message)], &mut body);
            }
        }
        let mut response = Response::new(facts.status, CONTENT_TYPE, body);
        response.header("smithy-protocol", "rpc-v2-cbor");
        if service.query_compatible {
            response.query_error(facts.query_code, facts.sender);
        }
        response
    }
}
