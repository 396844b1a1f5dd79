//! Who signed a request.

use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderMap;
use kernel::{Clock, Principal};
use sha2::{Digest, Sha256};
use sigv4::{
    AuthError, BodyCheck, ChunkSigner, Dialect, Expected, Form, KeyCache, OlderQuery, Payload, Place, Policy,
    Presented, ScopeFault, Signed, SigningKey,
};
use wire::{CommonError, CommonSource, Detailed, Protocol, ServiceModel};

use crate::answer::Asked;
use crate::browser;
use crate::credentials::{Credential, Credentials, NoCredential, Presentation};

/// Checks signatures.
pub(crate) struct Authenticator {
    credentials: Arc<dyn Credentials>,
    keys: KeyCache,
    clock: Clock,
}

/// An authenticated caller, and the region the request was signed for.
pub(crate) struct Caller {
    pub principal: Principal,
    pub region: String,
}

/// What a right signature says, or the lack of one where none is needed.
pub(crate) struct Verified {
    pub caller: Caller,
    /// What is left to check of the body.
    pub body: BodyCheck,
    /// What its chunks have to be signed with.
    pub signer: Option<ChunkSigner>,
}

/// The region of those who do not say one.
pub(crate) const REGION: &str = "us-east-1";

/// Derived keys kept: one per access key, day, region and service in use.
const KEYS: usize = 4096;

/// How a service wants to be signed for.
fn policy(service: &ServiceModel) -> &'static Policy {
    Policy::of(service.signing_name)
}

/// Whether a signature to the service says of the body what it has to be, so that the head alone shows who sends it.
pub(crate) fn signs_by_head(service: &ServiceModel) -> bool {
    policy(service).content_sha256
}

/// Reads the signature for routing, by the rules of the service that it is scoped to. What is scoped to none can only be
/// for `open`, which knows other forms, and has words for what is none.
pub(crate) fn present(
    request: &sigv4::Request<'_>,
    open: Option<&ServiceModel>,
) -> Result<Presented, AuthError> {
    let unscoped = open.map_or(&Policy::DEFAULT, policy);
    sigv4::parse_for(request, |scope| scope.map_or(unscoped, Policy::of))
}

/// What is wrong with a request's signature, as the service sees it that it turned out to be for. What was no signature
/// by the rules it was read by stays refused, whatever those of the service say.
fn wrong_for(service: &ServiceModel, request: &sigv4::Request<'_>, found: &AuthError) -> AuthError {
    sigv4::parse(request, policy(service)).err().unwrap_or_else(|| found.clone())
}

/// The service that a malformed signature seems to be for: only good for choosing how to say so.
pub(crate) fn claimed_service<'a>(request: &sigv4::Request<'a>) -> Option<&'a str> {
    let header = request.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let name = |text: &'a str, slash: &str| {
        let (before, _) = text.split_once("aws4_request")?;
        before.strip_suffix(slash)?.rsplit(slash).next()
    };
    header
        .and_then(|text| name(text.split_once("Credential=")?.1, "/"))
        .or_else(|| name(request.query, "%2F").or_else(|| name(request.query, "/")))
}

impl Authenticator {
    pub fn new(credentials: Arc<dyn Credentials>, clock: Clock) -> Self {
        Self { credentials, keys: KeyCache::new(KEYS), clock }
    }

    /// Checks the signature of a request to `service` by its head. Without a signature there is no caller, unless the
    /// operation is open to anyone or the service's policies are.
    pub fn verify_head(
        &self,
        asked: &Asked<'_>,
        service: &ServiceModel,
        open_to_anyone: bool,
    ) -> Result<Verified, AuthError> {
        self.verify(asked, None, service, open_to_anyone)
    }

    /// The same with the whole body, which has to be the one that was signed.
    pub fn verify_whole(
        &self,
        asked: &Asked<'_>,
        body: &[u8],
        service: &ServiceModel,
        open_to_anyone: bool,
    ) -> Result<Caller, AuthError> {
        let verified = self.verify(asked, Some(body), service, open_to_anyone)?;
        // Nobody would check what this leaves to be checked.
        if verified.body == BodyCheck::Done {
            Ok(verified.caller)
        } else {
            Err(AuthError::MissingPayloadHash)
        }
    }

    fn verify(
        &self,
        asked: &Asked<'_>,
        body: Option<&[u8]>,
        service: &ServiceModel,
        open_to_anyone: bool,
    ) -> Result<Verified, AuthError> {
        let (request, listener) = (&asked.signing, asked.head.listener);
        let signed = match asked.presented {
            Ok(Presented::Signed(signed)) => signed,
            Ok(Presented::Older(link)) => {
                return self.verify_link(asked, link, service);
            }
            Ok(Presented::Anonymous) if open_to_anyone || service.anonymous => {
                let body = if signs_by_head(service) {
                    unsigned_body(request.headers, policy(service))?
                } else {
                    BodyCheck::Done
                };
                return Ok(Verified { caller: nobody(), body, signer: None });
            }
            Ok(Presented::Anonymous) => return Err(AuthError::MissingAuthenticationToken),
            Err(error) => return Err(wrong_for(service, request, error)),
        };
        // A scope is never right in a request of another time; the time is what the client has to be told of.
        let now = self.time_of(signed, policy(service))?;
        signed.check_scope(Expected { region: None, service: Some(service.signing_name) })?;
        let credential = self.credential(signed, request.headers, listener, is_visit(request, service))?;
        let key = self.key(signed, &credential);
        let hash: Option<[u8; 32]> = body.map(|body| Sha256::digest(body).into());
        let verified = signed.verify(request, &key, hash.as_ref(), now, policy(service))?;
        let signer = matches!(verified.body, BodyCheck::Chunks { signed: true, .. })
            .then(|| verified.chunk_signer(signed, &key));
        let caller = Caller { principal: credential.principal, region: signed.region().to_owned() };
        Ok(Verified { caller, body: verified.body, signer })
    }

    /// Checks the signature of a link of version 2. It says nothing of the body, nor of a region.
    fn verify_link(
        &self,
        asked: &Asked<'_>,
        link: &OlderQuery,
        service: &ServiceModel,
    ) -> Result<Verified, AuthError> {
        let request = &asked.signing;
        if !policy(service).knows_signature_v2 {
            return Err(AuthError::SignatureV2);
        }
        self.in_time(|now| link.check_time(now))?;
        let who = (link.access_key(), link.session_token());
        let credential = self.find(who, request.headers, asked.head.listener, is_visit(request, service))?;
        // The path as it was sent, with the bucket where the host names that.
        link.verify(request, asked.target.path, &credential.secret)?;
        let caller = Caller { principal: credential.principal, region: REGION.to_owned() };
        Ok(Verified { caller, body: unsigned_body(link.headers(), policy(service))?, signer: None })
    }

    /// Checks the signature among the fields of a form to `service`; `field` gives them by their names in lower case.
    pub fn verify_form<'a>(
        &self,
        service: &ServiceModel,
        headers: &HeaderMap,
        field: impl Fn(&str) -> Option<&'a str>,
        listener: SocketAddr,
    ) -> Result<Caller, AuthError> {
        let form = match Form::parse(field)? {
            None => return Ok(nobody()),
            Some(Form::Signed(form)) => form,
            Some(Form::Older(form)) => {
                let who = (form.access_key(), form.session_token());
                let credential = self.find(who, headers, listener, false)?;
                form.verify(&credential.secret)?;
                return Ok(Caller { principal: credential.principal, region: REGION.to_owned() });
            }
        };
        let signed = form.signed();
        signed.check_scope(Expected { region: None, service: Some(service.signing_name) })?;
        let credential = self.credential(signed, headers, listener, false)?;
        form.verify(&self.key(signed, &credential))?;
        Ok(Caller { principal: credential.principal, region: signed.region().to_owned() })
    }

    fn credential(
        &self,
        signed: &Signed,
        headers: &HeaderMap,
        listener: SocketAddr,
        visit: bool,
    ) -> Result<Credential, AuthError> {
        if !is_region(signed.region()) {
            let fault = ScopeFault::Region { got: signed.region().to_owned(), want: REGION.to_owned() };
            let place = if signed.is_presigned() { Place::Query } else { Place::Header };
            return Err(AuthError::WrongScope { place, faults: vec![fault] });
        }
        self.find((signed.access_key(), signed.session_token()), headers, listener, visit)
    }

    /// The credential of an access key and session token.
    fn find(
        &self,
        (access_key, token): (&str, Option<&str>),
        headers: &HeaderMap,
        listener: SocketAddr,
        visit: bool,
    ) -> Result<Credential, AuthError> {
        let presentation = Presentation { access_key, token, listener, now: self.clock.now() };
        let credential = self.credentials.find(&presentation).map_err(|why| match why {
            NoCredential::Unknown => unknown(access_key),
            NoCredential::Expired => AuthError::ExpiredToken,
        })?;
        if credential.well_known && browser::is_foreign(headers, visit) {
            tracing::warn!(access_key, "refused: a web page of another site sent this request");
            return Err(unknown(access_key));
        }
        Ok(credential)
    }

    fn key(&self, signed: &Signed, credential: &Credential) -> SigningKey {
        let (access_key, secret) = (signed.access_key(), &credential.secret);
        self.keys.get(access_key, secret, signed.date(), signed.region(), signed.service())
    }

    /// Tells the source of credentials that a call was authenticated.
    pub fn used(&self, call: &kernel::Call) {
        self.credentials.used(call);
    }

    /// The time to judge the signature by, in unix seconds. Clients sign with their own time, which is the
    /// host's; those that correct their clock by our `Date` sign with the advanced one. Either will do.
    fn time_of(&self, signed: &Signed, policy: &Policy) -> Result<i64, AuthError> {
        self.in_time(|now| signed.check_time(now, policy))
    }

    /// The first of those times that passes the check.
    fn in_time(&self, check: impl Fn(i64) -> Result<(), AuthError>) -> Result<i64, AuthError> {
        let host = self.clock.host_now().secs();
        match check(host) {
            Err(_) if !self.clock.advanced().is_zero() => {
                let advanced = self.clock.now().secs();
                check(advanced).map(|()| advanced)
            }
            checked => checked.map(|()| host),
        }
    }
}

fn nobody() -> Caller {
    Caller { principal: Principal::anonymous(), region: REGION.to_owned() }
}

fn unknown(access_key: &str) -> AuthError {
    AuthError::InvalidClientTokenId { access_key: access_key.to_owned() }
}

/// What a request says of its body whose signature does not, or that has none.
fn unsigned_body(headers: &HeaderMap, policy: &Policy) -> Result<BodyCheck, AuthError> {
    let Some(value) = headers.get("x-amz-content-sha256") else { return Ok(BodyCheck::Unsigned) };
    let text = value.to_str().map_err(|_| AuthError::MalformedHeader { name: "x-amz-content-sha256" })?;
    match Payload::parse(text.trim(), policy)? {
        Payload::Hash(hash) => Ok(BodyCheck::Expect(hash)),
        Payload::Body | Payload::Unsigned => Ok(BodyCheck::Unsigned),
        Payload::StreamingUnsignedTrailer => Ok(BodyCheck::Chunks { signed: false, trailer: true }),
        // Chunks cannot be signed by nobody.
        Payload::StreamingSigned | Payload::StreamingSignedTrailer => {
            Err(AuthError::MissingAuthenticationToken)
        }
    }
}

/// Whether the request shows something to whoever follows a link, and does nothing: a presigned link to an object.
fn is_visit(request: &sigv4::Request<'_>, service: &ServiceModel) -> bool {
    service.anonymous && matches!(request.method, "GET" | "HEAD")
}

/// The form of a region's name; it becomes part of keys and ARNs.
fn is_region(text: &str) -> bool {
    const MAX: usize = 32;
    (1..=MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The error as a service of this protocol says it. `resource` is the URL that was asked for.
pub(crate) fn refusal(
    error: &AuthError,
    service: &ServiceModel,
    protocol: Protocol,
    resource: impl FnOnce() -> String,
) -> CommonError {
    let dialect = match protocol {
        _ if signs_by_head(service) => return s3_refusal(error),
        Protocol::Json10 | Protocol::Json11 | Protocol::RpcCbor => Dialect::Json,
        Protocol::RestJson => Dialect::RestJson,
        Protocol::Ec2 => Dialect::Ec2,
        Protocol::Query | Protocol::RestXml => Dialect::Query,
    };
    if service.query_compatible {
        return compatible_refusal(error, service, dialect, resource);
    }
    CommonError::Coded {
        code: error.code(dialect).into(),
        query_code: None,
        status: error.status(dialect),
        message: error.message(dialect).to_string(),
    }
}

/// The error as S3 says it, with what it adds.
pub(crate) fn s3_refusal(error: &AuthError) -> CommonError {
    let dialect = Dialect::S3;
    let mut detailed = Detailed::new(error.code(dialect), error.status(dialect), error.message(dialect));
    detailed.members = error.s3_fields();
    detailed.into_common()
}

/// A service that left the query protocol kept its codes for those who know them, and its statuses.
fn compatible_refusal(
    error: &AuthError,
    service: &ServiceModel,
    dialect: Dialect,
    resource: impl FnOnce() -> String,
) -> CommonError {
    let (code, query_code, message) = match error {
        AuthError::MissingAuthenticationToken if service.denies_unsigned => {
            let code = if dialect == Dialect::Json { "AccessDeniedException" } else { "AccessDenied" };
            (code, "AccessDenied", format!("Access to the resource {} is denied.", resource()))
        }
        _ => (error.code(dialect), error.code(Dialect::Query), error.message(dialect).to_string()),
    };
    let status = error.status(Dialect::Query);
    CommonError::Coded { code: code.into(), query_code: Some(query_code), status, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Head;
    use wire::codegen::SERVICE;

    struct NoKeys;

    impl Credentials for NoKeys {
        fn find(&self, _: &Presentation<'_>) -> Result<Credential, NoCredential> {
            Err(NoCredential::Unknown)
        }

        fn used(&self, _: &kernel::Call) {}
    }

    /// Whether a request without a signature is let in to a service that signs in this name, with its head and its body.
    fn let_in(signing_name: &'static str) -> (bool, bool) {
        let (parts, ()) = http::Request::post("/").body(()).unwrap().into_parts();
        let address = ([127, 0, 0, 1], 4566).into();
        let head = Head { parts: &parts, listener: address, peer: address, request_id: String::new() };
        let signing = sigv4::Request { method: "POST", path: "/", query: "", headers: &parts.headers };
        let presented = present(&signing, Some(&ServiceModel { signing_name: "s3", ..SERVICE }));
        let target = wire::Target {
            method: "POST",
            path: "/",
            query: "",
            headers: &parts.headers,
            hosted: None,
            signing_name: None,
            unsigned: true,
        };
        let asked = Asked { head: &head, signing, presented: &presented, target, host: None };
        let service = ServiceModel { signing_name, ..SERVICE };
        let authenticator = Authenticator::new(Arc::new(NoKeys), Clock::system(std::time::Duration::ZERO));
        let whole = authenticator.verify_whole(&asked, b"body", &service, true);
        (authenticator.verify_head(&asked, &service, true).is_ok(), whole.is_ok())
    }

    #[test]
    fn who_has_the_whole_body_leaves_nothing_of_it_to_be_checked() {
        assert_eq!(let_in("s3"), (true, false));
        assert_eq!(let_in("sts"), (true, true));
    }

    fn claimed(authorization: Option<&'static str>, query: &'static str) -> Option<String> {
        let headers = authorization
            .map(|text| (http::header::AUTHORIZATION, http::HeaderValue::from_static(text)))
            .into_iter()
            .collect();
        let request = sigv4::Request { method: "GET", path: "/", query, headers: &headers };
        claimed_service(&request).map(str::to_owned)
    }

    #[test]
    fn the_service_of_what_is_no_signature() {
        let header = Some("AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/s3/aws4_request");
        assert_eq!(claimed(header, "").as_deref(), Some("s3"));
        assert_eq!(claimed(None, "X-Amz-Credential=a%2F2%2Fr%2Fsqs%2Faws4_request").as_deref(), Some("sqs"));
        assert_eq!(claimed(None, "X-Amz-Credential=a/2/r/sqs/aws4_request").as_deref(), Some("sqs"));
        assert_eq!(claimed(Some("AWS a:b"), "x=aws4_request"), None);
        assert_eq!(claimed(None, ""), None);
    }
}
