//! Requests whose head says all that is needed to let them in: the body comes when the operation wants it.

use bytes::Bytes;
use http::{HeaderMap, Method};
use hyper::body::Body;
use wire::{ByteStream, CommonError, CommonSource, Detailed, Fault, Located, Operation};

use crate::access_log::Entry;
use crate::answer::{Answer, Asked, Found, Gateway, fault, not_implemented, url};
use crate::arriving::Arriving;
use crate::authenticate::{Caller, Verified, refusal};
use crate::body_checksum;
use crate::payload::{Payload, without_encoding};
use crate::read::{Held, ReadError};
use crate::upload;

/// A body as an operation takes it.
enum Input {
    Stream(ByteStream),
    Whole { bytes: Bytes, _held: Held },
}

impl Gateway {
    pub(crate) async fn by_head<B>(
        &self,
        asked: &Asked<'_>,
        located: Located,
        body: Arriving<B>,
        log: &mut Entry,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let Located { service, protocol, operation } = located;
        log.located(service.id, Some(operation.name));
        match self.admit(asked, &located, body, log).await {
            Ok((found, caller, headers, input)) => {
                let (bytes, stream) = match &input {
                    Input::Stream(stream) => (&Bytes::new(), Some(stream)),
                    Input::Whole { bytes, .. } => (bytes, None),
                };
                let request = wire::Request {
                    path: asked.target.path,
                    query: asked.target.query,
                    headers: headers.as_ref().unwrap_or(asked.target.headers),
                    body: bytes,
                    stream,
                    params: None,
                };
                self.run(found, &request, caller, asked.head, log).await
            }
            Err(error) => fault(service, protocol, Fault::Common(&error), asked.head, log),
        }
    }

    /// Lets a request in: who sends it is known, the operation is there, and the body is, or will be, what was said.
    async fn admit<B>(
        &self,
        asked: &Asked<'_>,
        located: &Located,
        body: Arriving<B>,
        log: &mut Entry,
    ) -> Result<(Found<'_>, Caller, Option<HeaderMap>, Input), CommonError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let head = asked.head;
        let found = self.available(located);
        let Verified { caller, body: check, signer } = self
            .authenticator
            .verify_head(asked, located.service, found.as_ref().is_some_and(Found::is_open))
            .map_err(|error| refusal(&error, located.service, located.protocol, || url(head)))?;
        log.caller(&caller.principal);
        let found = found.ok_or_else(|| not_implemented(located.service, located.operation.name))?;
        let streamed = streams(found.operation);
        let headers = asked.target.headers;
        let payload = Payload::read(headers, check, signer, streamed, self.limits.object_bytes)?;
        let without = without_encoding(headers);
        let access_key = &caller.principal.access_key;
        if streamed {
            body_checksum::check_head(found.operation.checksum, headers)?;
            let stream = upload::stream(body, payload, access_key, self.memory.clone(), self.limits);
            return Ok((found, caller, without, Input::Stream(stream)));
        }
        let held = self.memory.read(body, &self.limits).await.map_err(|error| self.unreadable(&error))?;
        let (bytes, trailers) = upload::unframe(held.bytes.clone(), payload, access_key)?;
        if matches!(head.parts.method, Method::PUT | Method::POST) {
            body_checksum::check(found.operation.checksum, headers, &trailers, &bytes)?;
        }
        Ok((found, caller, without, Input::Whole { bytes, _held: held }))
    }

    fn unreadable(&self, error: &ReadError) -> CommonError {
        match error {
            ReadError::TooLarge => {
                Detailed::new("MaxMessageLengthExceeded", 400, "Your request was too big.")
                    .with("MaxMessageLengthBytes", self.limits.body_bytes.to_string())
                    .into_common()
            }
            ReadError::TimedOut => upload::timed_out(),
            ReadError::Broken => upload::incomplete(),
        }
    }
}

/// Whether the operation takes its body as it comes.
fn streams(operation: &Operation) -> bool {
    operation.input.payload.is_some_and(|i| operation.input.members[i].streaming)
}
