//! What the models' shapes look like on the wire: the models' conventions, applied once for every user.

use wire::{Bounds, Kind, Location, Protocol, TimestampFormat};

use crate::model::{MemberRef, Metadata, Model, Namespace, Shape};

/// The kind of a shape.
pub fn kind(shape: &Shape) -> Result<Kind, String> {
    Ok(match shape.kind.as_str() {
        "structure" if shape.document => Kind::Document,
        "structure" if shape.union => Kind::Union,
        "structure" => Kind::Structure,
        "list" => Kind::List,
        "map" => Kind::Map,
        "string" | "character" => Kind::String,
        "boolean" => Kind::Boolean,
        "integer" | "short" | "byte" => Kind::Integer,
        "long" => Kind::Long,
        "float" => Kind::Float,
        "double" => Kind::Double,
        "blob" => Kind::Blob,
        "timestamp" => Kind::Timestamp,
        other => return Err(format!("unknown type {other}")),
    })
}

/// Bounds; an error where they are not whole numbers.
pub fn bounds(shape: &Shape) -> Result<Bounds, String> {
    let whole = |n: &serde_json::Number| n.as_i64().ok_or_else(|| format!("bound {n} is not a whole number"));
    Ok(Bounds {
        min: shape.min.as_ref().map(whole).transpose()?,
        max: shape.max.as_ref().map(whole).transpose()?,
    })
}

/// A timestamp's format.
pub fn timestamp_format(name: Option<&str>) -> Result<Option<TimestampFormat>, String> {
    Ok(match name {
        None => None,
        Some("iso8601") => Some(TimestampFormat::Iso8601),
        Some("unixTimestamp") => Some(TimestampFormat::EpochSeconds),
        Some("rfc822") => Some(TimestampFormat::HttpDate),
        Some(other) => return Err(format!("unknown timestamp format {other}")),
    })
}

/// Where a member goes.
pub fn location(member: &MemberRef) -> Result<Location, String> {
    Ok(match member.location.as_deref() {
        None => Location::Body,
        Some("uri") => Location::Uri,
        Some("querystring") => Location::Query,
        Some("header") => Location::Header,
        Some("headers") => Location::Headers,
        Some("statusCode") => Location::StatusCode,
        Some(other) => return Err(format!("unknown location {other}")),
    })
}

/// A namespace as (name, prefix).
pub fn namespace(namespace: Option<&Namespace>) -> Option<(String, String)> {
    namespace.map(|ns| match ns {
        Namespace::Uri(uri) => (uri.clone(), String::new()),
        Namespace::Full { uri, prefix } => (uri.clone(), prefix.clone().unwrap_or_default()),
    })
}

/// The error trait.
pub struct ErrorFacts {
    /// The code in the service's protocol.
    pub code: String,
    /// The code in the older query protocol, where it differs.
    pub query_code: Option<String>,
    /// The text in the older query protocol, where it is fixed and differs.
    pub query_message: Option<String>,
    /// HTTP status.
    pub status: u16,
    /// Whether the caller is at fault.
    pub sender: bool,
}

/// The error trait; `None` for what is no error.
///
/// The models of the JSON protocols mostly give no status: it is 400, or 500 for faults.
pub fn error(name: &str, shape: &Shape) -> Option<ErrorFacts> {
    if !shape.exception && shape.error.is_none() {
        return None;
    }
    let info = shape.error.clone().unwrap_or_default();
    let status = info.http_status_code.unwrap_or(if shape.fault { 500 } else { 400 });
    let sender = info.sender_fault.unwrap_or(!shape.fault && status < 500);
    let code = info.code.unwrap_or_else(|| name.to_owned());
    Some(ErrorFacts { code, query_code: info.query_code, query_message: info.query_message, status, sender })
}

/// The index of the payload member.
pub fn payload(shape: &Shape) -> Option<usize> {
    shape.payload.as_ref().and_then(|name| shape.members.get_index_of(name))
}

/// All protocols of a service, the preferred one first. A service that moved on from the query protocol still
/// speaks it.
pub fn protocols(metadata: &Metadata) -> Result<Vec<Protocol>, String> {
    let mut names: Vec<&str> = metadata.protocols.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.push(&metadata.protocol);
    }
    if metadata.aws_query_compatible.is_some() && !names.contains(&"query") {
        names.push("query");
    }
    names
        .into_iter()
        .map(|name| {
            Ok(match name {
                "json" if metadata.json_version.as_deref() == Some("1.0") => Protocol::Json10,
                "json" => Protocol::Json11,
                "query" => Protocol::Query,
                "ec2" => Protocol::Ec2,
                "rest-json" => Protocol::RestJson,
                "rest-xml" => Protocol::RestXml,
                "smithy-rpc-v2-cbor" => Protocol::RpcCbor,
                other => return Err(format!("unknown protocol {other}")),
            })
        })
        .collect()
}

/// The shape with this name.
pub fn shape<'a>(model: &'a Model, name: &str) -> Result<&'a Shape, String> {
    model.shapes.get(name).ok_or_else(|| format!("no shape {name}"))
}
