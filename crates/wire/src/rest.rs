//! Where REST protocols put the members of inputs and outputs: path, query string, headers, status, body.

mod bind;
mod headers;
mod uri;

pub(crate) use bind::{Body, decode_bindings, encode_bindings, request_payload, response_payload};
pub(crate) use uri::UriPattern;
