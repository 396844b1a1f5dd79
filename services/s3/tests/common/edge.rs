//! Requests that are no operations, put to the service's edge as the gateway puts them.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use kernel::{Call, Principal};
use service::{EdgeHead, EdgeRequest, EdgeResponse, Forms};
use testkit::{ACCOUNT, Kit, REGION};
use wire::{ByteStream, Bytes, CommonError, Protocol};

use super::anonymous;

/// Believes whoever says in a field which account a form is from.
struct Believing;

impl Forms for Believing {
    fn signer(
        &self,
        fields: &[(String, String)],
        _: &EdgeRequest,
    ) -> Result<(Principal, String), CommonError> {
        let signed = fields.iter().any(|(name, _)| name == "x-amz-signature");
        let principal = if signed { Principal::root(ACCOUNT, "test") } else { Principal::anonymous() };
        Ok((principal, REGION.to_owned()))
    }
}

/// A request by nobody.
pub fn request(kit: &Kit, method: Method, path: &str, headers: &[(&str, &str)]) -> EdgeRequest {
    let headers = headers.iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    });
    EdgeRequest {
        method,
        path: path.to_owned(),
        query: String::new(),
        headers: headers.collect(),
        bucket: None,
        website: false,
        body: ByteStream::default(),
        call: Call { service: "s3", ..anonymous(kit) },
        forms: Arc::new(Believing),
    }
}

fn edge(kit: &Kit) -> Arc<dyn service::Edge> {
    let services = kit.deps().cloud.services();
    let s3 = services.into_iter().find(|service| service.model().endpoint_prefix == "s3").expect("S3");
    s3.edge().expect("an edge").clone()
}

/// Whether the edge wants the request.
pub fn wants(kit: &Kit, request: &EdgeRequest) -> bool {
    edge(kit).wants(&request.head())
}

/// The edge's answer; an error by its code and status.
pub async fn answer(kit: &Kit, request: EdgeRequest) -> Result<EdgeResponse, (String, u16, String)> {
    assert!(wants(kit, &request));
    edge(kit).answer(request).await.map_err(|error| {
        let resolved = error.resolve(Protocol::RestXml);
        (resolved.code.to_owned(), resolved.status, resolved.message.into_owned())
    })
}

/// The headers that an answer to such a request gets.
pub fn decorated(kit: &Kit, head: &EdgeHead<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    edge(kit).decorate(head, 200, &mut headers);
    headers
}

/// A header's text.
pub fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().expect("a text"))
}

/// A whole body.
pub async fn body(response: &EdgeResponse) -> Bytes {
    response.body.open().whole(1 << 20).await.expect("a body").expect("a short body")
}
