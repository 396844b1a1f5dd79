//! The line that every API request goes through.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use hyper::body::Body;
use kernel::{Call, Clock, Ids};
use service::{Cloud, EdgeHead, Ended, Failure, Invocation, Service};
use sigv4::{AuthError, Presented};
use wire::{
    Access, ByteStream, CommonError, Fault, Located, Operation, Protocol, Router, ServiceModel, Structure,
    Target, View, codec, host_id,
};

use crate::access_log::Entry;
use crate::arriving::Arriving;
use crate::authenticate::{Authenticator, Caller, claimed_service, present, signs_by_head};
use crate::credentials::Credentials;
use crate::endpoint::{endpoint, host_of};
use crate::limits::Limits;
use crate::pack::pack;
use crate::read::BodyMemory;
use crate::virtual_host::{BucketHost, bucket_host, path_with};

/// Answers API requests.
pub struct Gateway {
    pub(crate) router: Router,
    pub(crate) cloud: Cloud,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) clock: Clock,
    ids: Ids,
    pub(crate) limits: Limits,
    pub(crate) memory: BodyMemory,
    /// The service for requests that say nothing of themselves.
    pub(crate) open: Option<&'static ServiceModel>,
}

/// A request's head, and where it came in.
pub(crate) struct Head<'a> {
    pub parts: &'a Parts,
    pub listener: SocketAddr,
    pub peer: SocketAddr,
    pub request_id: String,
}

/// A head as it was understood.
pub(crate) struct Asked<'a> {
    pub head: &'a Head<'a>,
    pub signing: sigv4::Request<'a>,
    pub presented: &'a Result<Presented, AuthError>,
    pub target: Target<'a>,
    /// What the host says of a bucket.
    pub host: Option<&'a BucketHost>,
}

/// A response, and its body where that is still to come.
pub(crate) struct Answer {
    pub response: wire::Response,
    pub body: Option<ByteStream>,
    /// Whose it is, as far as that was found out.
    service: &'static ServiceModel,
}

/// An operation that is available.
pub(crate) struct Found<'a> {
    pub service: &'a Service,
    pub operation: &'static Operation,
    pub protocol: Protocol,
}

impl Gateway {
    /// A gateway to the services of `cloud`; `catalog` is every service that can be named.
    pub fn new(
        catalog: &[&'static ServiceModel],
        cloud: Cloud,
        credentials: Arc<dyn Credentials>,
        clock: Clock,
        limits: Limits,
    ) -> Self {
        Self {
            router: Router::new(catalog),
            cloud,
            authenticator: Arc::new(Authenticator::new(credentials, clock.clone())),
            clock,
            ids: Ids,
            limits,
            memory: BodyMemory::new(&limits),
            open: catalog.iter().copied().find(|service| service.anonymous),
        }
    }

    /// The services that are available, in the order of their names.
    pub fn services(&self) -> Vec<&Service> {
        self.cloud.services()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn request_id(&self) -> String {
        self.ids.uuid()
    }

    /// Answers one request: route, authenticate, decode, authorise, handle, encode. Where the head alone does not show
    /// what it is, or from whom, its body is read first.
    pub(crate) async fn answer<B>(&self, head: Head<'_>, body: Arriving<B>, log: &mut Entry) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let signing = signing_request(head.parts);
        let presented = present(&signing, self.open);
        let signing_name = match &presented {
            Ok(Presented::Signed(signed)) => Some(signed.service()),
            // No other service takes them.
            Ok(Presented::Older(_)) => self.open.map(|service| service.signing_name),
            Ok(Presented::Anonymous) => None,
            Err(_) => claimed_service(&signing),
        };
        let sent_host = host_of(&head.parts.headers);
        let marked = self.router.marked(head.parts.uri.path(), &head.parts.headers);
        let host = self.open.filter(|_| marked.is_none()).and_then(|service| {
            let signed = signing_name == Some(service.signing_name);
            bucket_host(sent_host, service.endpoint_prefix, signed, &self.router)
        });
        let path = match &host {
            Some(host) if !host.website => Cow::Owned(path_with(&host.bucket, head.parts.uri.path())),
            _ => Cow::Borrowed(head.parts.uri.path()),
        };
        let target = Target {
            method: head.parts.method.as_str(),
            path: &path,
            query: head.parts.uri.query().unwrap_or_default(),
            headers: match &presented {
                Ok(Presented::Older(link)) => link.headers(),
                _ => &head.parts.headers,
            },
            hosted: match host {
                Some(_) => self.open,
                None => marked.or_else(|| self.router.hosted(sent_host)),
            },
            signing_name,
            // What is no signature is refused, in the words of the service that would take it for none.
            unsigned: !matches!(presented, Ok(Presented::Signed(_))) && signing_name.is_none(),
        };
        let asked = Asked { head: &head, signing, presented: &presented, target, host: host.as_ref() };
        self.watch(&asked, log);
        let mut answer = self.find_way(&asked, body, log).await;
        self.dress(&asked, &mut answer);
        if answer.service.packed && answer.body.is_none() {
            pack(asked.target.headers, &mut answer.response).await;
        }
        let is_own = self.open.is_some_and(|model| model.id == answer.service.id);
        log.answered(is_own.then_some(&answer.response.headers));
        answer
    }

    /// Lets a service watch a request that may be to it.
    fn watch(&self, asked: &Asked<'_>, log: &mut Entry) {
        let Some(edge) =
            self.open.and_then(|model| self.cloud.service(model.id)).and_then(|service| service.edge())
        else {
            return;
        };
        let edge_head = asked.edge_head();
        if edge.watches(&edge_head) {
            log.watched(edge.clone(), self.to_end(asked.head, &edge_head));
        }
    }

    /// What is known of a request before it is answered.
    fn to_end(&self, head: &Head<'_>, edge_head: &EdgeHead<'_>) -> Ended {
        Ended {
            method: edge_head.method.clone(),
            path: edge_head.path.to_owned(),
            query: edge_head.query.to_owned(),
            version: head.parts.version,
            headers: edge_head.headers.clone(),
            bucket: edge_head.bucket.map(str::to_owned),
            website: edge_head.website,
            peer: head.peer.ip(),
            request_id: head.request_id.clone(),
            operation: None,
            principal: None,
            began: self.clock.now(),
            turn_around: Duration::ZERO,
            total: Duration::ZERO,
            status: 0,
            fault: String::new(),
            answer: HeaderMap::new(),
            sent: 0,
        }
    }

    async fn find_way<B>(&self, asked: &Asked<'_>, body: Arriving<B>, log: &mut Entry) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        if let Some(service) = self.edge_for(asked) {
            return self.at_edge(asked, service, body, log).await;
        }
        let located = self.router.locate(&asked.target);
        let service = match &located {
            Ok(located) => located.map(|located| located.service),
            Err(error) => Some(error.service),
        };
        match located {
            Ok(Some(located)) if signs_by_head(located.service) => {
                self.by_head(asked, located, body, log).await
            }
            Err(error) if service.is_some_and(signs_by_head) => {
                log.located(error.service.id, None);
                fault(error.service, error.protocol, Fault::Common(&error.error), asked.head, log)
            }
            located => self.by_body(asked, located, body, log).await,
        }
    }

    /// What every answer of a service has that its operations do not know of.
    fn dress(&self, asked: &Asked<'_>, answer: &mut Answer) {
        let response = &mut answer.response;
        if signs_by_head(answer.service) {
            let id = &asked.head.request_id;
            for (name, id) in [("x-amz-request-id", id.as_str()), ("x-amz-id-2", &host_id(id))] {
                if let Ok(value) = HeaderValue::from_str(id) {
                    response.headers.insert(name, value);
                }
            }
        }
        if let Some(edge) = self.cloud.service(answer.service.id).and_then(Service::edge) {
            edge.decorate(&asked.edge_head(), response.status, &mut response.headers);
        }
    }

    /// The operation, if it is available.
    pub(crate) fn available(&self, located: &Located) -> Option<Found<'_>> {
        let service = self.cloud.service(located.service.id)?;
        let operation = service.operation(located.operation.name)?;
        Some(Found { service, operation, protocol: located.protocol })
    }

    pub(crate) fn call(
        &self,
        head: &Head<'_>,
        caller: Caller,
        model: &ServiceModel,
        name: &'static str,
    ) -> Call {
        Call {
            request_id: head.request_id.clone(),
            service: model.endpoint_prefix,
            operation: name,
            account: caller.principal.account.clone(),
            region: caller.region,
            now: self.clock.now(),
            principal: caller.principal,
            endpoint: endpoint(&head.parts.headers, head.listener),
            source_ip: Some(head.peer.ip()),
            user_agent: text(head, &http::header::USER_AGENT),
            referer: text(head, &http::header::REFERER),
            called_via: Vec::new(),
            source: None,
        }
    }

    /// Runs an operation and writes what comes of it.
    pub(crate) async fn run(
        &self,
        found: Found<'_>,
        request: &wire::Request<'_>,
        caller: Caller,
        head: &Head<'_>,
        log: &mut Entry,
    ) -> Answer {
        let Found { service, operation, protocol } = found;
        let call = Arc::new(self.call(head, caller, operation.service, operation.name));
        self.authenticator.used(&call);
        match self.invoke(service, protocol, operation, request, call).await {
            Ok(output) => {
                let response = codec(protocol).encode(operation, &*output, &head.request_id);
                let payload = operation.output.payload.map(|i| output.get(i).view());
                let body = match payload {
                    Some(View::Stream(stream)) => Some(stream.clone()),
                    _ => None,
                };
                Answer { response, body, service: service.model() }
            }
            Err(failure) => fault(service.model(), protocol, failure.fault(), head, log),
        }
    }

    async fn invoke(
        &self,
        service: &Service,
        protocol: Protocol,
        operation: &'static Operation,
        request: &wire::Request<'_>,
        call: Arc<Call>,
    ) -> Result<Box<dyn Structure>, Failure> {
        let Some(authorizer) = self.cloud.authorizer() else {
            return Err(not_implemented(service.model(), operation.name).into());
        };
        let dialect = service.dialect();
        let mut fill = |input: &mut dyn Structure| {
            codec(protocol).decode(operation, request, input).map_err(dialect.unread)?;
            dialect.check(input)
        };
        let invocation = Invocation { call, authorizer, fill: &mut fill };
        service.invoke(operation.name, invocation).await
    }
}

impl Found<'_> {
    /// Whether requests without a signature get in.
    pub fn is_open(&self) -> bool {
        self.operation.access == Access::Anyone
    }
}

impl Asked<'_> {
    pub fn edge_head(&self) -> EdgeHead<'_> {
        EdgeHead {
            method: &self.head.parts.method,
            path: self.head.parts.uri.path(),
            query: self.target.query,
            headers: self.target.headers,
            bucket: self.host.map(|host| host.bucket.as_str()),
            website: self.host.is_some_and(|host| host.website),
        }
    }
}

impl Answer {
    pub fn streamed(
        service: &'static ServiceModel,
        status: u16,
        headers: HeaderMap,
        body: ByteStream,
    ) -> Self {
        let response = wire::Response { status, headers, body: Bytes::new() };
        Self { response, body: Some(body), service }
    }
}

pub(crate) fn not_implemented(service: &ServiceModel, operation: &str) -> CommonError {
    CommonError::NotImplemented { service: service.id, operation: operation.to_owned() }
}

pub(crate) fn fault(
    service: &'static ServiceModel,
    protocol: Protocol,
    fault: Fault<'_>,
    head: &Head<'_>,
    log: &mut Entry,
) -> Answer {
    log.fault(fault.code(protocol));
    let response = codec(protocol).encode_fault(service, fault, &head.request_id);
    Answer { response, body: None, service }
}

/// The URL that was asked for, without its query.
pub(crate) fn url(head: &Head<'_>) -> String {
    let kernel::Endpoint { scheme, authority } = endpoint(&head.parts.headers, head.listener);
    format!("{scheme}://{authority}{}", head.parts.uri.path())
}

/// A header's text; none where it is not text or absurdly long.
fn text(head: &Head<'_>, name: &http::HeaderName) -> Option<String> {
    const MAX: usize = 1024;
    let text = head.parts.headers.get(name)?.to_str().ok()?;
    (text.len() <= MAX).then(|| text.to_owned())
}

fn signing_request(parts: &Parts) -> sigv4::Request<'_> {
    sigv4::Request {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    }
}
