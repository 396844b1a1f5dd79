//! Serving a bucket as a website: to everybody, as far as the bucket's policy and lists let everybody read.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kernel::Call;
use model_s3::ops::{GetObject, HeadObject};
use model_s3::types::{GetObjectInput, HeadObjectInput, WebsiteConfiguration};
use model_s3::{Error, SERVICE};
use service::{EdgeRequest, EdgeResponse};
use wire::{ByteStream, OperationType as _, Protocol, ServiceError as _, Structure};

use super::named;
use crate::bucket::kind;
use crate::error::{method_not_allowed, no_such_bucket, not_configured};
use crate::s3::S3;
use crate::website::{self, Moved, Step, Visit};

/// An object as it is answered.
struct Found {
    status: u16,
    headers: HeaderMap,
    body: ByteStream,
    /// Where the object itself sends visitors.
    redirect: Option<String>,
}

/// A failure with its status.
struct Failed {
    status: u16,
    error: Error,
}

/// Answers a visit. Errors are pages.
pub async fn answer(s3: &S3, request: &EdgeRequest) -> EdgeResponse {
    let (name, key) = named(&request.head());
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let error = Error::from(method_not_allowed(request.method.as_str(), "OBJECT"));
        return page(&failed(error), &[], &key, request);
    }
    let website = match website_of(s3, &name) {
        Ok(website) => website,
        Err(error) => return page(&failed(error), &[], &key, request),
    };
    let visit =
        Visit { scheme: request.call.endpoint.scheme, host: &request.call.endpoint.authority, key: &key };
    let wanted = match website::first(&website, &visit) {
        Step::Redirect(to) => return moved(&to),
        Step::Serve(wanted) => wanted,
    };
    let call = &request.call;
    let failure = match object(s3, call, request, (&name, &wanted), true).await {
        Ok(found) => return served(found),
        Err(failure) => failure,
    };
    if let Some(index) = website::folder_index(&website, &wanted)
        && failure.status != StatusCode::NOT_MODIFIED.as_u16()
        && is_there(s3, call, (&name, &index)).await
    {
        return moved(&website::to_folder(&visit));
    }
    if failure.status < 400 {
        return EdgeResponse { status: failure.status, ..Default::default() };
    }
    if let Some(to) = website::after_error(&website, &visit, failure.status) {
        return moved(&to);
    }
    let Some(document) = &website.error_document else { return page(&failure, &[], &wanted, request) };
    match object(s3, call, request, (&name, &document.key), false).await {
        Ok(mut found) => {
            found.status = failure.status;
            served(found)
        }
        Err(second) => {
            let text = "An error occurred while attempting to retrieve a custom error document";
            let code = code_of(&second.error);
            page(&failure, &[("Error document", text), ("Error document code", &code)], &wanted, request)
        }
    }
}

fn website_of(s3: &S3, name: &str) -> Result<std::sync::Arc<WebsiteConfiguration>, Error> {
    let bucket = s3.find_bucket(name)?.ok_or_else(|| no_such_bucket(name))?;
    let found = bucket.configuration::<WebsiteConfiguration>(s3, kind::WEBSITE)?;
    let text = "The specified bucket does not have a website configuration";
    Ok(found.ok_or_else(|| not_configured("NoSuchWebsiteConfiguration", text, name))?)
}

/// Whether everybody may read an object with this key.
async fn is_there(s3: &S3, call: &Call, (bucket, key): (&str, &str)) -> bool {
    let input = HeadObjectInput { bucket: bucket.into(), key: key.into(), ..Default::default() };
    s3.cloud.call::<HeadObject>(call.clone(), input).await.is_ok()
}

/// The object with this key, as everybody may read it; `conditional` if what the visitor has already counts.
async fn object(
    s3: &S3,
    call: &Call,
    request: &EdgeRequest,
    (bucket, key): (&str, &str),
    conditional: bool,
) -> Result<Found, Failed> {
    let text = |name: header::HeaderName| {
        let value = request.headers.get(name).filter(|_| conditional)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (if_none_match, range) = (text(header::IF_NONE_MATCH), text(header::RANGE));
    if request.method == Method::HEAD {
        let input = HeadObjectInput {
            bucket: bucket.into(),
            key: key.into(),
            if_none_match,
            range,
            ..Default::default()
        };
        let output = s3.cloud.call::<HeadObject>(call.clone(), input).await.map_err(failed)?;
        let redirect = output.website_redirect_location.clone();
        return Ok(found(HeadObject::descriptor(), &output, ByteStream::default(), redirect));
    }
    let input =
        GetObjectInput { bucket: bucket.into(), key: key.into(), if_none_match, range, ..Default::default() };
    let mut output = s3.cloud.call::<GetObject>(call.clone(), input).await.map_err(failed)?;
    let body = output.body.take().unwrap_or_default();
    let redirect = output.website_redirect_location.clone();
    Ok(found(GetObject::descriptor(), &output, body, redirect))
}

fn found(
    operation: &wire::Operation,
    output: &dyn Structure,
    body: ByteStream,
    redirect: Option<String>,
) -> Found {
    let response = wire::codec(Protocol::RestXml).encode(operation, output, "");
    Found { status: response.status, headers: response.headers, body, redirect }
}

fn failed(error: Error) -> Failed {
    let status = wire::codec(Protocol::RestXml).encode_fault(&SERVICE, error.fault(), "").status;
    Failed { status, error }
}

fn served(found: Found) -> EdgeResponse {
    match found.redirect {
        Some(to) if found.status < 300 => moved(&website::by_object(&to)),
        _ => EdgeResponse { status: found.status, headers: found.headers, body: found.body },
    }
}

fn moved(to: &Moved) -> EdgeResponse {
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(&to.location) {
        headers.insert(header::LOCATION, location);
    }
    EdgeResponse { status: to.status, headers, ..Default::default() }
}

fn code_of(error: &Error) -> String {
    error.fault().code(Protocol::RestXml).to_owned()
}

fn page(failure: &Failed, more: &[(&str, &str)], key: &str, request: &EdgeRequest) -> EdgeResponse {
    let (code, message) = (code_of(&failure.error), failure.error.fault().message(Protocol::RestXml));
    let mut facts = vec![("Code", code.as_str()), ("Message", &message), ("Key", key)];
    facts.extend(more);
    facts.push(("RequestId", &request.call.request_id));
    let reason = StatusCode::from_u16(failure.status).ok().and_then(|status| status.canonical_reason());
    let text = website::error_page(failure.status, reason.unwrap_or_default(), &facts);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let body = if request.method == Method::HEAD { ByteStream::default() } else { text.into_bytes().into() };
    EdgeResponse { status: failure.status, headers, body }
}
