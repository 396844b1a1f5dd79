//! The protocols: how requests carry inputs, and responses outputs and errors.

mod aws_json;
mod ec2_query;
mod query;
mod rest_json;
mod rest_xml;
mod rpc_cbor;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::error::DecodeError;
use crate::fault::Fault;
use crate::model::{Operation, Protocol, ServiceModel};
use crate::query::Params;
use crate::stream::ByteStream;
use crate::value::{Slot, Structure, View};

/// A request, as the codecs see it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The raw path, percent-encoded as it came.
    pub path: &'a str,
    /// The raw query string, without the question mark.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body; empty where it is a stream.
    pub body: &'a Bytes,
    /// The body of an operation whose payload is streamed, still to be read.
    pub stream: Option<&'a ByteStream>,
    /// The parameters, when routing already had to read them.
    pub params: Option<&'a Params>,
}

/// A response without the headers that every response gets.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers that the protocol and the output's bindings ask for.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// One protocol.
pub trait Codec: Send + Sync {
    /// Fills the operation's input.
    fn decode(
        &self,
        operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError>;

    /// The response with the operation's output.
    fn encode(&self, operation: &Operation, output: &dyn Structure, request_id: &str) -> Response;

    /// The response with an error.
    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, request_id: &str) -> Response;
}

/// The codec of a protocol.
pub fn codec(protocol: Protocol) -> &'static dyn Codec {
    match protocol {
        Protocol::Json10 => {
            &aws_json::AwsJson { content_type: "application/x-amz-json-1.0", v: Protocol::Json10 }
        }
        Protocol::Json11 => {
            &aws_json::AwsJson { content_type: "application/x-amz-json-1.1", v: Protocol::Json11 }
        }
        Protocol::Query => &query::Query,
        Protocol::Ec2 => &ec2_query::Ec2Query,
        Protocol::RestJson => &rest_json::RestJson,
        Protocol::RestXml => &rest_xml::RestXml,
        Protocol::RpcCbor => &rpc_cbor::RpcCbor,
    }
}

impl Response {
    fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into() }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Sets a header whose value is made of codes; one that cannot stand in a header is left out.
    fn header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// What clients that know a service by its older query protocol read instead of the code.
    fn query_error(&mut self, code: &str, sender: bool) {
        let side = if sender { "Sender" } else { "Receiver" };
        self.header("x-amzn-query-error", &format!("{code};{side}"));
    }

    /// A body that is a member as it is; its type is the output's own `Content-Type`, if it is bound to one.
    fn raw(mut self, content_type: &'static str, body: Bytes) -> Self {
        self.headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        self.body = body;
        self
    }
}

/// The second id that S3 gives every answer, beside the request's: as opaque as the real one, and made of the first.
pub fn host_id(request_id: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(request_id)
}

/// Fills a member that is the whole body as it is.
fn raw_payload(into: &mut dyn Structure, i: usize, request: &Request<'_>) -> Result<(), DecodeError> {
    let body = request.body;
    match into.get_mut(i).slot() {
        Slot::Blob(blob) => *blob = body.clone(),
        Slot::Stream(stream) => *stream = request.stream.cloned().unwrap_or_else(|| body.clone().into()),
        Slot::Text(text) => {
            let body =
                std::str::from_utf8(body).map_err(|_| DecodeError::new("The body is not valid UTF-8."))?;
            text.set(body.to_owned());
        }
        _ => return Err(DecodeError::new("The body cannot be read as this member.")),
    }
    Ok(())
}

/// Answers with a member that is the whole body as it is.
fn raw_body(response: Response, output: &dyn Structure, i: usize) -> Response {
    match output.get(i).view() {
        View::Blob(blob) => response.raw("application/octet-stream", blob.clone()),
        // What sends the response takes the stream out of the output.
        View::Stream(_) => response.raw("binary/octet-stream", Bytes::new()),
        View::Text(text) => response.raw("text/plain", text.to_owned().into()),
        _ => response,
    }
}
