//! Requests that are no operations: services answer them as they like.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use hyper::body::Body;
use kernel::{Call, Principal};
use service::{EdgeRequest, EdgeResponse, Forms, Service};
use sigv4::{BodyCheck, Presented};
use wire::{CommonError, Fault, Protocol, ServiceModel};

use crate::access_log::Entry;
use crate::answer::{Answer, Asked, Gateway, fault};
use crate::arriving::Arriving;
use crate::authenticate::{Authenticator, Caller, REGION, refusal};
use crate::payload::Payload;
use crate::upload;

/// What a form may have around its file, in bytes. The real service takes 20 KB of fields.
const FORM_BYTES: u64 = 64 * 1024;

/// The protocol that an edge's errors are written in.
const PROTOCOL: Protocol = Protocol::RestXml;

impl Gateway {
    /// The service whose edge is asked for.
    pub(crate) fn edge_for(&self, asked: &Asked<'_>) -> Option<&Service> {
        let head = asked.edge_head();
        let unsigned_form = || matches!(asked.presented, Ok(Presented::Anonymous)) && is_form(asked);
        let is_edge = head.website
            || head.method == Method::OPTIONS
            || (head.method == Method::POST && unsigned_form());
        let model = self.open.filter(|model| is_edge && self.is_addressed(asked, model))?;
        let service = self.cloud.service(model.id)?;
        let wanted = service.edge().is_some_and(|edge| edge.wants(&head));
        (wanted || head.website).then_some(service)
    }

    /// Whether the request is to the service, or to none that can be told.
    fn is_addressed(&self, asked: &Asked<'_>, model: &ServiceModel) -> bool {
        if asked.host.is_some() {
            return true;
        }
        match (asked.target.signing_name, asked.target.hosted) {
            (Some(name), _) => name == model.signing_name,
            (None, Some(hosted)) => hosted.id == model.id,
            (None, None) => true,
        }
    }

    pub(crate) async fn at_edge<B>(
        &self,
        asked: &Asked<'_>,
        service: &Service,
        body: Arriving<B>,
        log: &mut Entry,
    ) -> Answer
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let (model, head) = (service.model(), asked.head);
        log.located(model.id, None);
        let answer = match self.edge_request(asked, model, body) {
            Ok(request) => match service.edge().filter(|edge| edge.wants(&request.head())) {
                Some(edge) => edge.answer(request).await,
                None => {
                    let text = "The specified method is not allowed against this resource.";
                    Err(CommonError::UnknownOperation(text.to_owned()))
                }
            },
            Err(error) => Err(error),
        };
        match answer {
            Ok(EdgeResponse { status, headers, body }) => Answer::streamed(model, status, headers, body),
            Err(error) => fault(model, PROTOCOL, Fault::Common(&error), head, log),
        }
    }

    fn edge_request<B>(
        &self,
        asked: &Asked<'_>,
        model: &'static ServiceModel,
        body: Arriving<B>,
    ) -> Result<EdgeRequest, CommonError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
    {
        let head = asked.edge_head();
        let length_max = self.limits.object_bytes + FORM_BYTES;
        let is_object = head.method == Method::POST;
        let payload = Payload::read(head.headers, BodyCheck::Unsigned, None, is_object, length_max)?;
        let nobody = Caller { principal: Principal::anonymous(), region: REGION.to_owned() };
        Ok(EdgeRequest {
            method: head.method.clone(),
            path: head.path.to_owned(),
            query: head.query.to_owned(),
            headers: head.headers.clone(),
            bucket: head.bucket.map(str::to_owned),
            website: head.website,
            body: upload::stream(body, payload, "", self.memory.clone(), self.limits),
            call: self.call(asked.head, nobody, model, ""),
            forms: Arc::new(FormSigners {
                authenticator: self.authenticator.clone(),
                service: model,
                listener: asked.head.listener,
            }),
        })
    }
}

fn is_form(asked: &Asked<'_>) -> bool {
    const FORM: &[u8] = b"multipart/form-data";
    asked.target.headers.get(CONTENT_TYPE).is_some_and(|value| {
        let kind = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(FORM)
    })
}

/// Says whom forms are from that come in at one listener.
struct FormSigners {
    authenticator: Arc<Authenticator>,
    service: &'static ServiceModel,
    listener: SocketAddr,
}

impl Forms for FormSigners {
    fn signer(
        &self,
        fields: &[(String, String)],
        request: &EdgeRequest,
    ) -> Result<(Principal, String), CommonError> {
        let field =
            |name: &str| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let Caller { principal, region } = self
            .authenticator
            .verify_form(self.service, &request.headers, field, self.listener)
            .map_err(|error| refusal(&error, self.service, PROTOCOL, || request.path.clone()))?;
        let call = Call { account: principal.account.clone(), principal, region, ..request.call.clone() };
        self.authenticator.used(&call);
        Ok((call.principal, call.region))
    }
}
