//! What a service answers besides its operations: requests that name none, and headers of every answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::{HeaderMap, Method, Version};
use kernel::{Call, Principal, Timestamp};
use wire::{ByteStream, CommonError};

/// Answers what is no operation of a service: what browsers ask before they send, the forms they upload, websites.
///
/// The gateway brings to it what is addressed to the service, by host or else because no other service can be meant,
/// and is one of: an `OPTIONS` request, a form (`multipart/form-data`) without a signature in its head, any request to a
/// website's host.
pub trait Edge: Send + Sync {
    /// Whether such a request is answered here. One that is not goes on to be an operation; that to a website's host is
    /// refused.
    fn wants(&self, head: &EdgeHead<'_>) -> bool;

    /// The answer to a request that [`Edge::wants`] said yes to. Nobody has been authenticated: the call of the request
    /// is by nobody. An error is written as the service's operations write theirs.
    fn answer(&self, request: EdgeRequest) -> BoxFuture<'static, Result<EdgeResponse, CommonError>>;

    /// Changes the headers of an answer of the service, whatever it answers to and whoever gave it.
    fn decorate(&self, head: &EdgeHead<'_>, status: u16, headers: &mut HeaderMap);

    /// Whether it wants to know how a request to the service ends. Asked before anything else is known of it, and of
    /// every request that may be one: it has to be cheap.
    fn watches(&self, _: &EdgeHead<'_>) -> bool {
        false
    }

    /// A request that is watched has ended: its answer has been sent, or as much of it as was asked for.
    fn ended(&self, _: Ended) {}
}

/// How a request went that was watched.
#[derive(Clone, Debug)]
pub struct Ended {
    /// HTTP method.
    pub method: Method,
    /// The path as it was sent: without the bucket, if the host names it.
    pub path: String,
    /// The query string as it was sent.
    pub query: String,
    /// The protocol's version.
    pub version: Version,
    /// All headers of the request.
    pub headers: HeaderMap,
    /// The bucket that the host names.
    pub bucket: Option<String>,
    /// Whether the host is that of a bucket's website.
    pub website: bool,
    /// The peer's address.
    pub peer: IpAddr,
    /// The request's id.
    pub request_id: String,
    /// The operation, if it is one.
    pub operation: Option<&'static str>,
    /// Who signed, if that was found out.
    pub principal: Option<Principal>,
    /// When it came.
    pub began: Timestamp,
    /// How long it took to find the answer.
    pub turn_around: Duration,
    /// How long it took until the last byte of it.
    pub total: Duration,
    /// HTTP status.
    pub status: u16,
    /// The error's code; empty if there is none.
    pub fault: String,
    /// Headers of the answer.
    pub answer: HeaderMap,
    /// Bytes of the answer's body that were sent.
    pub sent: u64,
}

/// A request's head.
#[derive(Clone, Copy, Debug)]
pub struct EdgeHead<'a> {
    /// HTTP method.
    pub method: &'a Method,
    /// The path as it was sent: without the bucket, if the host names it.
    pub path: &'a str,
    /// The query string as it was sent.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The bucket that the host names.
    pub bucket: Option<&'a str>,
    /// Whether the host is that of a bucket's website.
    pub website: bool,
}

/// A request that is no operation.
#[derive(Clone)]
pub struct EdgeRequest {
    /// HTTP method.
    pub method: Method,
    /// The path as it was sent: without the bucket, if the host names it.
    pub path: String,
    /// The query string as it was sent.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The bucket that the host names.
    pub bucket: Option<String>,
    /// Whether the host is that of a bucket's website.
    pub website: bool,
    /// The body. It is not asked for before it is opened.
    pub body: ByteStream,
    /// A call by nobody, in the region of those who name none, for no operation: to be made that of whom a form turns
    /// out to be from.
    pub call: Call,
    /// Who says whom a form is from.
    pub forms: Arc<dyn Forms>,
}

/// An answer.
#[derive(Debug, Default)]
pub struct EdgeResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers, without those that every response gets.
    pub headers: HeaderMap,
    /// The body.
    pub body: ByteStream,
}

/// Says whom the fields of a form are from.
pub trait Forms: Send + Sync {
    /// Who signed the policy of a form. `fields` are its fields with their names in lower case, the file left out;
    /// `request` is the one it came in. A form without any field of a signature is from nobody. How long the policy is
    /// good, and what it allows, is for the caller to see.
    fn signer(
        &self,
        fields: &[(String, String)],
        request: &EdgeRequest,
    ) -> Result<(Principal, String), CommonError>;
}

impl EdgeRequest {
    /// Its head.
    pub fn head(&self) -> EdgeHead<'_> {
        EdgeHead {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            bucket: self.bucket.as_deref(),
            website: self.website,
        }
    }

    /// The call of the request by whom its form is from: see [`Forms::signer`].
    pub fn call_of_form(&self, fields: &[(String, String)]) -> Result<Call, CommonError> {
        let (principal, region) = self.forms.signer(fields, self)?;
        Ok(Call { account: principal.account.clone(), principal, region, ..self.call.clone() })
    }
}
