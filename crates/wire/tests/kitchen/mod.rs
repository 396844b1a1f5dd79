//! A structure with a member of every kind, itself among them, and an operation that takes and gives it.

#![allow(dead_code)]

use http::HeaderMap;
use wire::codegen::{MEMBER, SCHEMA, SERVICE};
use wire::{
    Bytes, DecodeError, Dyn, HttpTrait, Kind, Location, Member, Operation, Protocol, Request, Schema,
    ServiceModel, Structure, codec,
};

const fn scalar(kind: Kind) -> Schema {
    Schema { kind, ..SCHEMA }
}

const fn member(name: &'static str, target: &'static Schema) -> Member {
    Member { name, wire: name, target, ..MEMBER }
}

static BOOLEAN: Schema = scalar(Kind::Boolean);
static INTEGER: Schema = scalar(Kind::Integer);
static LONG: Schema = scalar(Kind::Long);
static FLOAT: Schema = scalar(Kind::Float);
static DOUBLE: Schema = scalar(Kind::Double);
static STRING: Schema = scalar(Kind::String);
static BLOB: Schema = scalar(Kind::Blob);
static TIMESTAMP: Schema = scalar(Kind::Timestamp);
static DOCUMENT: Schema = scalar(Kind::Document);

static TEXT_ENTRY: Member = member("member", &STRING);
static KITCHEN_ENTRY: Member = member("member", &KITCHEN);
static KEY: Member = member("key", &STRING);
static KITCHEN_VALUE: Member = member("value", &KITCHEN);
static INTEGER_VALUE: Member = member("value", &INTEGER);

static TEXTS: Schema = Schema { kind: Kind::List, element: Some(&TEXT_ENTRY), ..SCHEMA };
static SPARSE_TEXTS: Schema = Schema { kind: Kind::List, element: Some(&TEXT_ENTRY), sparse: true, ..SCHEMA };
static KITCHENS: Schema = Schema { kind: Kind::List, element: Some(&KITCHEN_ENTRY), ..SCHEMA };
static KITCHEN_MAP: Schema =
    Schema { kind: Kind::Map, key: Some(&KEY), element: Some(&KITCHEN_VALUE), ..SCHEMA };
static SPARSE_MAP: Schema =
    Schema { kind: Kind::Map, key: Some(&KEY), element: Some(&INTEGER_VALUE), sparse: true, ..SCHEMA };
static CHOICE: Schema = Schema { name: "Choice", kind: Kind::Union, members: &CHOICES, ..SCHEMA };
static CHOICES: [Member; 3] = [member("Text", &STRING), member("Number", &LONG), member("Kitchen", &KITCHEN)];

pub static KITCHEN: Schema = Schema { name: "Kitchen", members: &MEMBERS, ..SCHEMA };
static MEMBERS: [Member; 16] = [
    member("Boolean", &BOOLEAN),
    member("Integer", &INTEGER),
    member("Long", &LONG),
    member("Float", &FLOAT),
    member("Double", &DOUBLE),
    member("String", &STRING),
    member("Blob", &BLOB),
    member("Timestamp", &TIMESTAMP),
    member("Document", &DOCUMENT),
    member("Texts", &TEXTS),
    member("SparseTexts", &SPARSE_TEXTS),
    member("Kitchens", &KITCHENS),
    member("KitchenMap", &KITCHEN_MAP),
    member("SparseMap", &SPARSE_MAP),
    member("Nested", &KITCHEN),
    member("Choice", &CHOICE),
];

static KITCHEN_SERVICE: ServiceModel = SERVICE;

pub static OPERATION: Operation = Operation {
    service: &KITCHEN_SERVICE,
    name: "Cook",
    http: HttpTrait::new("POST", "/", 200),
    input: &KITCHEN,
    output: &KITCHEN,
    has_output: true,
    result_wrapper: None,
    access: wire::Access::Policy,
    actions: &[],
    checksum: wire::Checksum::None,
};

/// Inputs that REST protocols put everywhere but into the body.
pub static BOUND: Schema = Schema { name: "Bound", members: &BOUND_MEMBERS, ..SCHEMA };
static BOUND_MEMBERS: [Member; 9] = [
    bound("label", Location::Uri, &STRING),
    bound("rest", Location::Uri, &STRING),
    bound("number", Location::Query, &INTEGER),
    bound("texts", Location::Query, &TEXTS),
    bound("all", Location::Query, &SPARSE_MAP),
    bound("x-time", Location::Header, &TIMESTAMP),
    bound("x-list", Location::Header, &TEXTS),
    Member { named: true, ..bound("x-meta-", Location::Headers, &TEXT_MAP) },
    member("Body", &STRING),
];
static TEXT_MAP: Schema = Schema { kind: Kind::Map, key: Some(&KEY), element: Some(&TEXT_ENTRY), ..SCHEMA };

const fn bound(name: &'static str, location: Location, target: &'static Schema) -> Member {
    Member { location, ..member(name, target) }
}

pub static BOUND_OPERATION: Operation = Operation {
    service: &KITCHEN_SERVICE,
    name: "Bind",
    http: HttpTrait::new("POST", "/a/{label}/{rest+}?x", 200),
    input: &BOUND,
    output: &BOUND,
    has_output: true,
    result_wrapper: None,
    access: wire::Access::Policy,
    actions: &[],
    checksum: wire::Checksum::None,
};

pub const PROTOCOLS: [Protocol; 7] = [
    Protocol::Json10,
    Protocol::Json11,
    Protocol::Query,
    Protocol::Ec2,
    Protocol::RestJson,
    Protocol::RestXml,
    Protocol::RpcCbor,
];

/// Reads a body as a kitchen.
pub fn decode(protocol: Protocol, body: &[u8]) -> Result<Box<dyn Structure>, DecodeError> {
    let (headers, body) = (HeaderMap::new(), Bytes::copy_from_slice(body));
    let request =
        Request { path: "/", query: "", headers: &headers, body: &body, stream: None, params: None };
    let mut input = Dyn::structure(&KITCHEN);
    codec(protocol).decode(&OPERATION, &request, &mut *input)?;
    Ok(input)
}
