//! Errors in every protocol.

use wire::codegen::{MEMBER, SCHEMA, SERVICE};
use wire::{
    CommonError, DecodeError, Dyn, ErrorTrait, Fault, Kind, Location, Member, Protocol, Response, Schema,
    ServiceModel, Slot, Structure, codec,
};

static STRING: Schema = Schema { kind: Kind::String, ..SCHEMA };
static INTEGER: Schema = Schema { kind: Kind::Integer, ..SCHEMA };
static MEMBERS: [Member; 3] = [
    Member { name: "message", wire: "message", target: &STRING, ..MEMBER },
    Member { name: "Resource", wire: "Resource", target: &STRING, ..MEMBER },
    Member { name: "Retry", wire: "Retry-After", location: Location::Header, target: &INTEGER, ..MEMBER },
];
static TOO_MANY: Schema = Schema {
    name: "TooManyThings",
    members: &MEMBERS,
    error: Some(ErrorTrait {
        code: "TooMany",
        query_code: Some("Things.TooMany"),
        query_message: None,
        status: 429,
        sender: true,
    }),
    ..SCHEMA
};

static PLAIN: ServiceModel = SERVICE;
static NAMESPACED: ServiceModel =
    ServiceModel { error_namespace: Some("com.example"), query_compatible: true, ..SERVICE };
static BARE: ServiceModel = ServiceModel { bare_errors: true, ..SERVICE };

fn too_many() -> Box<dyn Structure> {
    let mut error = Dyn::structure(&TOO_MANY);
    for (i, text) in [(0, "It is <too> much."), (1, "r")] {
        if let Slot::Text(slot) = error.get_mut(i).slot() {
            slot.set(text.to_owned());
        }
    }
    if let Slot::Int(slot) = error.get_mut(2).slot() {
        *slot = 7;
    }
    error
}

fn answer(protocol: Protocol, service: &ServiceModel, fault: Fault<'_>) -> (Response, String) {
    let response = codec(protocol).encode_fault(service, fault, "the-id");
    let body = String::from_utf8_lossy(&response.body).into_owned();
    (response, body.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""))
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.get(name).and_then(|v| v.to_str().ok())
}

#[test]
fn errors_of_the_model() {
    let error = too_many();
    let fault = Fault::Modelled(&*error);
    for protocol in [Protocol::Json10, Protocol::Json11] {
        let (response, body) = answer(protocol, &PLAIN, fault);
        assert_eq!((response.status, header(&response, "x-amzn-query-error")), (429, None));
        assert_eq!(body, r#"{"__type":"TooMany","message":"It is <too> much.","Resource":"r"}"#);
    }
    let (response, body) = answer(Protocol::RestJson, &PLAIN, fault);
    assert_eq!(
        (header(&response, "x-amzn-errortype"), header(&response, "retry-after")),
        (Some("TooMany"), Some("7"))
    );
    assert_eq!(body, r#"{"message":"It is <too> much.","Resource":"r"}"#);
    let inner = "<Message>It is &lt;too&gt; much.</Message><Resource>r</Resource>";
    let (response, body) = answer(Protocol::RestXml, &PLAIN, fault);
    assert_eq!(header(&response, "retry-after"), Some("7"));
    assert_eq!(
        body,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>TooMany</Code>{inner}</Error>\
             <RequestId>the-id</RequestId></ErrorResponse>"
        )
    );
    let (_, body) = answer(Protocol::RestXml, &BARE, fault);
    assert_eq!(
        body,
        format!(
            "<Error><Code>TooMany</Code>{inner}<RequestId>the-id</RequestId><HostId>dGhlLWlk</HostId></Error>"
        )
    );
}

#[test]
fn newer_protocols_name_the_shape_and_carry_the_older_code() {
    let error = too_many();
    let fault = Fault::Modelled(&*error);
    let (response, body) = answer(Protocol::Json10, &NAMESPACED, fault);
    assert_eq!(header(&response, "x-amzn-query-error"), Some("Things.TooMany;Sender"));
    assert!(body.starts_with(r#"{"__type":"com.example#TooManyThings","#), "{body}");
    let (response, body) = answer(Protocol::RpcCbor, &NAMESPACED, fault);
    assert_eq!(header(&response, "x-amzn-query-error"), Some("Things.TooMany;Sender"));
    assert_eq!(header(&response, "smithy-protocol"), Some("rpc-v2-cbor"));
    assert!(body.contains("__type") && body.contains("com.example#TooManyThings"), "{body}");
    let (_, body) = answer(Protocol::Query, &NAMESPACED, fault);
    assert!(
        body.starts_with("<ErrorResponse><Error><Type>Sender</Type><Code>Things.TooMany</Code>"),
        "{body}"
    );
    assert!(!body.contains("Detail"));
}

#[test]
fn ec2_has_a_form_of_its_own() {
    let error = CommonError::AccessDenied("You are not authorized.".to_owned());
    let (response, body) = answer(Protocol::Ec2, &PLAIN, Fault::Common(&error));
    assert_eq!((response.status, header(&response, "content-type")), (403, Some("text/xml;charset=UTF-8")));
    assert_eq!(
        body,
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized.</Message></Error>\
         </Errors><RequestID>the-id</RequestID></Response>"
    );
}

#[test]
fn unreadable_requests_are_the_callers_fault_in_every_protocol() {
    let error = CommonError::Malformed(DecodeError::new("x"));
    for (protocol, code) in [
        (Protocol::Json10, "SerializationException"),
        (Protocol::Json11, "SerializationException"),
        (Protocol::RestJson, "SerializationException"),
        (Protocol::RpcCbor, "SerializationException"),
        (Protocol::Query, "MalformedInput"),
        (Protocol::Ec2, "MalformedInput"),
        (Protocol::RestXml, "MalformedXML"),
    ] {
        let (response, body) = answer(protocol, &PLAIN, Fault::Common(&error));
        assert_eq!(response.status, 400, "{protocol:?}");
        let told = body.contains(code) || header(&response, "x-amzn-errortype") == Some(code);
        assert!(told, "{protocol:?}: {body}");
    }
}

#[test]
fn failures_within_are_the_servers_fault_and_say_nothing_of_it() {
    for protocol in [Protocol::Query, Protocol::RestXml] {
        let (response, body) = answer(protocol, &PLAIN, Fault::Common(&CommonError::InternalFailure));
        assert_eq!(response.status, 500);
        assert!(body.contains("<Type>Receiver</Type>"), "{body}");
    }
}

#[test]
fn texts_with_control_characters_stay_well_formed() {
    let error = CommonError::Validation("a\u{1}\r\n\"b\u{FFFF}".to_owned());
    for protocol in [Protocol::Query, Protocol::Ec2, Protocol::RestXml] {
        let (_, body) = answer(protocol, &PLAIN, Fault::Common(&error));
        roxmltree::Document::parse(&body).unwrap_or_else(|e| panic!("{e}: {body}"));
    }
    for protocol in [Protocol::Json10, Protocol::RestJson] {
        let (_, body) = answer(protocol, &PLAIN, Fault::Common(&error));
        let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(json["message"], "a\u{1}\r\n\"b\u{FFFF}");
    }
}
