//! awsQuery: form parameters in, XML out.

use crate::error::{CommonError, DecodeError};
use crate::fault::Fault;
use crate::model::{Operation, PathParameter, Protocol, ServiceModel};
use crate::query::{Names, Params};
use crate::schema::XmlNamespace;
use crate::value::{Slot, Structure, View};
use crate::xml::{XmlNames, XmlWriter, encode_members};

use super::{Codec, Request, Response};

pub(super) struct Query;

const CONTENT_TYPE: &str = "text/xml";

pub(super) fn decode(
    request: &Request<'_>,
    into: &mut dyn Structure,
    names: Names,
) -> Result<(), DecodeError> {
    match request.params {
        Some(params) => params.decode(into, names),
        None => Params::parse(request.query, request.body)?.decode(into, names),
    }
}

impl Codec for Query {
    fn decode(
        &self,
        operation: &Operation,
        request: &Request<'_>,
        into: &mut dyn Structure,
    ) -> Result<(), DecodeError> {
        decode(request, into, Names::Query)?;
        if let Some(parameter) = &operation.service.path_parameter {
            from_path(parameter, request.path, into);
        }
        Ok(())
    }

    fn encode(&self, operation: &Operation, output: &dyn Structure, request_id: &str) -> Response {
        let mut xml = XmlWriter::document(XmlNames::Query);
        let root = format!("{}Response", operation.name);
        xml.start(&root, namespace(operation.service).as_ref());
        xml.content();
        if operation.has_output {
            let wrapper =
                operation.result_wrapper.map_or_else(|| format!("{}Result", operation.name), str::to_owned);
            xml.start(&wrapper, None);
            xml.content();
            encode_members(output, &mut xml);
            xml.end(&wrapper);
        }
        xml.start("ResponseMetadata", None);
        xml.content();
        xml.leaf("RequestId", request_id);
        xml.end("ResponseMetadata");
        xml.end(&root);
        Response::new(operation.http.status, CONTENT_TYPE, xml.finish())
    }

    fn encode_fault(&self, service: &ServiceModel, fault: Fault<'_>, request_id: &str) -> Response {
        if let Fault::Common(CommonError::NoOperation) = fault {
            return no_operation();
        }
        let facts = fault.facts(Protocol::Query);
        let mut xml = XmlWriter::document(XmlNames::Query);
        xml.start("ErrorResponse", namespace(service).as_ref());
        xml.content();
        xml.start("Error", None);
        xml.content();
        xml.leaf("Type", if facts.sender { "Sender" } else { "Receiver" });
        xml.leaf("Code", facts.query_code);
        error_members(facts.structure, facts.message.as_deref(), &mut xml);
        if service.error_detail {
            xml.empty("Detail");
        }
        xml.end("Error");
        xml.leaf("RequestId", request_id);
        xml.end("ErrorResponse");
        Response::new(facts.status, CONTENT_TYPE, xml.finish())
    }
}

/// Fills a parameter that the request gave by its path alone.
fn from_path(parameter: &PathParameter, path: &str, into: &mut dyn Structure) {
    let Some(at) = into.schema().members.iter().position(|member| member.name == parameter.name) else {
        return;
    };
    if matches!(into.get(at).view(), View::Absent)
        && PathParameter::is_resource(path)
        && let Slot::Text(text) = into.get_mut(at).slot()
    {
        text.set(path.to_owned());
    }
}

/// What the common front of the query services answers to a request without an action.
fn no_operation() -> Response {
    let mut xml = XmlWriter::document(XmlNames::Query);
    xml.empty("UnknownOperationException");
    Response::new(404, CONTENT_TYPE, xml.finish())
}

/// `Message`, and the other members of an error under their own names.
pub(super) fn error_members(structure: Option<&dyn Structure>, message: Option<&str>, xml: &mut XmlWriter) {
    if let Some(message) = message {
        xml.leaf("Message", message);
    }
    if let Some(structure) = structure {
        encode_members(&WithoutMessage(structure), xml);
    }
}

/// An error without its text, which every protocol writes in its own place.
struct WithoutMessage<'a>(&'a dyn Structure);

impl Structure for WithoutMessage<'_> {
    fn schema(&self) -> &'static crate::schema::Schema {
        self.0.schema()
    }
    fn get(&self, i: usize) -> &dyn crate::value::Value {
        if self.0.schema().members[i].name.eq_ignore_ascii_case("message") {
            return &None::<String>;
        }
        self.0.get(i)
    }
    fn get_mut(&mut self, _i: usize) -> &mut dyn crate::value::Value {
        unreachable!("an error is only read when it is sent")
    }
}

fn namespace(service: &ServiceModel) -> Option<XmlNamespace> {
    service.xml_namespace.map(|uri| XmlNamespace { uri, prefix: "" })
}
