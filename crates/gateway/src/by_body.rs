//! Requests whose body has to be there before they can be understood: it names the operation, or is what was signed.

use bytes::Bytes;
use hyper::body::Body;
use wire::{CommonError, DecodeError, Fault, Located, Params, Protocol, RouteError, ServiceModel};

use crate::access_log::Entry;
use crate::answer::{Answer, Asked, Found, Gateway, fault, not_implemented, url};
use crate::arriving::Arriving;
use crate::authenticate::refusal;
use crate::coding::{Coding, Unknown};
use crate::read::{Held, ReadError};

impl Gateway {
    pub(crate) async fn by_body<B>(
        &self,
        asked: &Asked<'_>,
        located: Result<Option<Located>, RouteError>,
        body: Arriving<B>,
        log: &mut Entry,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let head = asked.head;
        let body = match self.memory.read(body, &self.limits).await {
            Ok(body) => body,
            Err(error) => return self.unread(error, located, asked, log),
        };
        let (located, params) = match self.name(located, asked, &body.bytes) {
            Ok(routed) => routed,
            Err(RouteError { service, protocol, error }) => {
                log.located(service.id, None);
                return fault(service, protocol, Fault::Common(&error), head, log);
            }
        };
        let Located { service, protocol, operation } = located;
        log.located(service.id, Some(operation.name));

        let found = self.available(&located);
        let is_open = found.as_ref().is_some_and(Found::is_open);
        let caller = match self.authenticator.verify_whole(asked, &body.bytes, service, is_open) {
            Ok(caller) => caller,
            Err(error) => {
                let error = refusal(&error, service, protocol, || url(head));
                return fault(service, protocol, Fault::Common(&error), head, log);
            }
        };
        log.caller(&caller.principal);

        let Some(found) = found else {
            let error = not_implemented(service, operation.name);
            return fault(service, protocol, Fault::Common(&error), head, log);
        };
        // Behind the signature, which is that of the body as it came: for nobody else is it worth the work.
        let body = match self.unpacked(asked, service, body).await {
            Ok(body) => body,
            Err(error) => return fault(service, protocol, Fault::Common(&error), head, log),
        };
        let request = wire::Request {
            path: asked.target.path,
            query: asked.target.query,
            headers: asked.target.headers,
            body: &body.bytes,
            stream: None,
            params: params.as_ref(),
        };
        self.run(found, &request, caller, head, log).await
    }

    /// The body without its coding, if it has one that the service takes off.
    async fn unpacked(
        &self,
        asked: &Asked<'_>,
        service: &ServiceModel,
        body: Held,
    ) -> Result<Held, CommonError> {
        if !service.packed {
            return Ok(body);
        }
        // The real service calls its clients' mistakes here an error of its own.
        let broken = |text: &str| CommonError::coded("InternalServerError", 500, text);
        let coding = Coding::of_request(asked.target.headers);
        match coding.map_err(|Unknown| broken("The Content-Encoding of the request is not known."))? {
            None => Ok(body),
            Some(coding) => {
                self.memory.unpack(body, coding, &self.limits).await.map_err(|error| match error {
                    ReadError::Broken => broken("The request's body is not of its Content-Encoding."),
                    error => self.refusal_of(&error),
                })
            }
        }
    }

    fn name(
        &self,
        located: Result<Option<Located>, RouteError>,
        asked: &Asked<'_>,
        body: &Bytes,
    ) -> Result<(Located, Option<Params>), RouteError> {
        if let Some(located) = located? {
            return Ok((located, None));
        }
        let params = self.router.params(&asked.target, body)?;
        let located = self.router.locate_action(&asked.target, &params)?;
        Ok((located, Some(params)))
    }

    fn refusal_of(&self, error: &ReadError) -> CommonError {
        match error {
            ReadError::TooLarge => CommonError::RequestTooLarge { limit: self.limits.body_bytes },
            ReadError::TimedOut => {
                CommonError::coded("RequestTimeout", 408, "The request's body did not arrive in time.")
            }
            ReadError::Broken => CommonError::Malformed(DecodeError::new("The request's body is broken.")),
        }
    }

    /// The answer to a request whose body could not be read. It is said in the protocol that the head shows.
    fn unread(
        &self,
        error: ReadError,
        located: Result<Option<Located>, RouteError>,
        asked: &Asked<'_>,
        log: &mut Entry,
    ) -> Answer {
        let error = self.refusal_of(&error);
        let (service, protocol) = match located {
            Ok(Some(located)) => (located.service, located.protocol),
            Ok(None) => (self.router.nobody(), Protocol::Query),
            Err(error) => (error.service, error.protocol),
        };
        log.located(service.id, None);
        fault(service, protocol, Fault::Common(&error), asked.head, log)
    }
}
