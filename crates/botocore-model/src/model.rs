//! The model files.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A whole service.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Model {
    /// What holds for the service as a whole.
    pub metadata: Metadata,
    /// Operations by name.
    #[serde(default)]
    pub operations: IndexMap<String, OperationModel>,
    /// Shapes by name.
    pub shapes: IndexMap<String, Shape>,
}

/// What holds for a service as a whole.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Metadata {
    pub protocol: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<Namespace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_id: Option<String>,
    /// Present for services that moved on from the query protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_query_compatible: Option<Empty>,
}

/// An object without members that matter.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub struct Empty {}

/// An XML namespace: a name, or a name with a prefix.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Namespace {
    Uri(String),
    Full {
        uri: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefix: Option<String>,
    },
}

/// An operation.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct OperationModel {
    pub name: String,
    #[serde(default)]
    pub http: Http,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<ShapeRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<ShapeRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ShapeRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_checksum: Option<HttpChecksum>,
}

/// What an operation's requests say of their bodies' checksums.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct HttpChecksum {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_algorithm_member: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub request_checksum_required: bool,
}

/// HTTP method, path and status.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Http {
    pub method: String,
    pub request_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_code: Option<u16>,
}

impl Default for Http {
    fn default() -> Self {
        Self { method: "POST".to_owned(), request_uri: "/".to_owned(), response_code: None }
    }
}

/// An operation's reference to its input, output or error.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ShapeRef {
    pub shape: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<Namespace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_wrapper: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
}

/// A shape.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub members: IndexMap<String, MemberRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<MemberRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<MemberRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(default, rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub flattened: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub sparse: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub sensitive: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub union: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub document: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub exception: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub fault: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub streaming: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub eventstream: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<Namespace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorInfo>,
}

/// The error trait.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ErrorInfo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status_code: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_fault: Option<bool>,
    /// Ours: the code of the older query protocol, from an older model or an overlay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_code: Option<String>,
    /// Ours: the text in the older query protocol, from an overlay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_message: Option<String>,
}

/// A member of a structure, or the entry of a list or map.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct MemberRef {
    pub shape: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// EC2's own name; for services that left the query protocol, the name in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_name: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub flattened: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub xml_attribute: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml_namespace: Option<Namespace>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub idempotency_token: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub jsonvalue: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_format: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub streaming: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}
