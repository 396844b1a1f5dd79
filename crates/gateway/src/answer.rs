//! The line that every API request goes through.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Body;
use kernel::{Call, Clock, Ids};
use service::{Cloud, Failure, Invocation, Service};
use sigv4::{AuthError, Presented};
use wire::{
    Access, CommonError, DecodeError, Fault, Located, Operation, Params, Protocol, RouteError, Router,
    ServiceModel, Structure, Target, codec,
};

use crate::access_log::Entry;
use crate::authenticate::{Authenticator, Caller, present, refusal};
use crate::credentials::Credentials;
use crate::endpoint::{endpoint, host_of};
use crate::limits::Limits;
use crate::read::{BodyMemory, ReadError};

/// Answers API requests.
pub struct Gateway {
    router: Router,
    cloud: Cloud,
    authenticator: Authenticator,
    clock: Clock,
    ids: Ids,
    pub(crate) limits: Limits,
    memory: BodyMemory,
}

/// A request's head, and where it came in.
pub(crate) struct Head<'a> {
    pub parts: &'a Parts,
    pub listener: SocketAddr,
    pub peer: SocketAddr,
    pub request_id: String,
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
            authenticator: Authenticator::new(credentials, clock.clone()),
            clock,
            ids: Ids,
            limits,
            memory: BodyMemory::new(&limits),
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

    /// Answers one request: reads its body, then route, authenticate, decode, authorise, handle, encode.
    pub(crate) async fn answer<B>(&self, head: Head<'_>, body: B, log: &mut Entry) -> wire::Response
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let signing = signing_request(head.parts);
        let presented = present(&signing);
        let target = target(head.parts, &presented);
        let body = match self.memory.read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return self.unread(error, &target, &head, log),
        };
        let (located, params) = match self.route(&target, &body.bytes) {
            Ok(routed) => routed,
            Err(RouteError { service, protocol, error }) => {
                log.located(service.id, None);
                return fault(service, protocol, Fault::Common(&error), &head, log);
            }
        };
        let Located { service, protocol, operation } = located;
        log.located(service.id, Some(operation.name));

        let available = self.cloud.service(service.id).and_then(|s| Some((s, s.operation(operation.name)?)));
        let anyone = available.is_some_and(|(_, operation)| operation.access == Access::Anyone);
        let caller = match self.authenticator.verify(
            &signing,
            &body.bytes,
            service,
            &presented,
            head.listener,
            anyone,
        ) {
            Ok(caller) => caller,
            Err(error) => {
                let error = refusal(&error, service, protocol, || url(&head));
                return fault(service, protocol, Fault::Common(&error), &head, log);
            }
        };
        log.caller(&caller.principal);

        let Some((service, operation)) = available else {
            let error =
                CommonError::NotImplemented { service: service.id, operation: operation.name.to_owned() };
            return fault(service, protocol, Fault::Common(&error), &head, log);
        };
        let request = wire::Request {
            path: target.path,
            query: target.query,
            headers: target.headers,
            body: &body.bytes,
            params: params.as_ref(),
        };
        let call = self.call(&head, caller, operation);
        self.authenticator.used(&call);
        match self.invoke(service, protocol, operation, &request, call).await {
            Ok(output) => codec(protocol).encode(operation, &*output, &head.request_id),
            Err(failure) => fault(service.model(), protocol, failure.fault(), &head, log),
        }
    }

    fn route(&self, target: &Target<'_>, body: &Bytes) -> Result<(Located, Option<Params>), RouteError> {
        if let Some(located) = self.router.locate(target)? {
            return Ok((located, None));
        }
        let params = self.router.params(target, body)?;
        let located = self.router.locate_action(target, &params)?;
        Ok((located, Some(params)))
    }

    fn call(&self, head: &Head<'_>, caller: Caller, operation: &'static Operation) -> Arc<Call> {
        Arc::new(Call {
            request_id: head.request_id.clone(),
            service: operation.service.endpoint_prefix,
            operation: operation.name,
            account: caller.principal.account.clone(),
            region: caller.region,
            now: self.clock.now(),
            principal: caller.principal,
            endpoint: endpoint(&head.parts.headers, head.listener),
            source_ip: Some(head.peer.ip()),
            user_agent: text(head, &http::header::USER_AGENT),
            called_via: Vec::new(),
            source: None,
        })
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
            let error = CommonError::NotImplemented {
                service: service.model().id,
                operation: operation.name.to_owned(),
            };
            return Err(error.into());
        };
        let dialect = service.dialect();
        let mut fill = |input: &mut dyn Structure| {
            codec(protocol).decode(operation, request, input).map_err(CommonError::Malformed)?;
            dialect.check(input)
        };
        let invocation = Invocation { call, authorizer, fill: &mut fill };
        service.invoke(operation.name, invocation).await
    }

    /// The answer to a request whose body could not be read. It is said in the protocol that the head shows.
    fn unread(
        &self,
        error: ReadError,
        target: &Target<'_>,
        head: &Head<'_>,
        log: &mut Entry,
    ) -> wire::Response {
        let error = match error {
            ReadError::TooLarge => CommonError::RequestTooLarge { limit: self.limits.body_bytes },
            ReadError::TimedOut => {
                CommonError::coded("RequestTimeout", 408, "The request's body did not arrive in time.")
            }
            ReadError::Broken => CommonError::Malformed(DecodeError("The request's body is broken.".into())),
        };
        let (service, protocol) = match self.router.locate(target) {
            Ok(Some(located)) => (located.service, located.protocol),
            Ok(None) => (self.router.nobody(), Protocol::Query),
            Err(error) => (error.service, error.protocol),
        };
        log.located(service.id, None);
        fault(service, protocol, Fault::Common(&error), head, log)
    }
}

fn fault(
    service: &ServiceModel,
    protocol: Protocol,
    fault: Fault<'_>,
    head: &Head<'_>,
    log: &mut Entry,
) -> wire::Response {
    log.fault(fault.code(protocol));
    codec(protocol).encode_fault(service, fault, &head.request_id)
}

/// The URL that was asked for, without its query.
fn url(head: &Head<'_>) -> String {
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

fn target<'a>(parts: &'a Parts, presented: &'a Result<Presented, AuthError>) -> Target<'a> {
    Target {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        host: host_of(&parts.headers),
        signing_name: match presented {
            Ok(Presented::Signed(signed)) => Some(signed.service()),
            _ => None,
        },
        unsigned: matches!(presented, Ok(Presented::Anonymous)),
    }
}
