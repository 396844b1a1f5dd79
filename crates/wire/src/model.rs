//! What the models say of services and operations.

use std::sync::OnceLock;

use crate::fault::ServiceError;
use crate::rest::UriPattern;
use crate::schema::Schema;
use crate::value::Structure;

/// The protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// awsJson 1.0
    Json10,
    /// awsJson 1.1
    Json11,
    /// awsQuery
    Query,
    /// ec2Query
    Ec2,
    /// restJson1
    RestJson,
    /// restXml
    RestXml,
    /// Smithy RPC v2 with CBOR
    RpcCbor,
}

/// A service: what routing and the codecs need of its model.
pub struct ServiceModel {
    /// Our name for it: botocore's (`sqs`, `cognito-idp`).
    pub id: &'static str,
    /// The name that signatures are scoped to.
    pub signing_name: &'static str,
    /// The first label of its host names.
    pub endpoint_prefix: &'static str,
    /// Its API version, as the query protocols send it.
    pub api_version: &'static str,
    /// What stands before the operation in `X-Amz-Target`.
    pub target_prefix: Option<&'static str>,
    /// Its name in RPC v2 paths.
    pub rpc_name: Option<&'static str>,
    /// Every protocol it is reached by, the preferred one first.
    pub protocols: &'static [Protocol],
    /// It moved from the query protocol to a newer one, and its errors carry the older codes too.
    pub query_compatible: bool,
    /// What stands before the name of an error's shape in the JSON and CBOR protocols, where it has anything.
    pub error_namespace: Option<&'static str>,
    /// Its XML errors stand alone, without `ErrorResponse` around them.
    pub bare_errors: bool,
    /// Its errors in the query protocol hold an empty `Detail`.
    pub error_detail: bool,
    /// A request without a signature is told that it may not use the resource, rather than that it lacks one.
    pub denies_unsigned: bool,
    /// It takes bodies that are compressed, compresses its answers for those who ask, and says the CRC32 of what it sends.
    pub packed: bool,
    /// The parameter of the query protocol that the request's path can stand for.
    pub path_parameter: Option<PathParameter>,
    /// What its requests are known by, whatever the host.
    pub mark: Option<Mark>,
    /// Namespace of its XML documents.
    pub xml_namespace: Option<&'static str>,
    /// Requests without a signature are let through to the policies: the resource's own may allow them.
    pub anonymous: bool,
    /// Its operations are told apart by the parameters and headers that they need, beside method and path.
    pub discriminated: bool,
    /// Every operation of the model, available here or not, in order of their names.
    pub operations: &'static [OperationName],
}

/// What every request of a service has, and none of another one that is signed for alike: so it is known also where the host
/// names no service.
pub struct Mark {
    /// What its paths begin with.
    pub path: &'static str,
    /// A header that it has.
    pub header: &'static str,
}

/// A parameter that older clients of the query protocol give by the path alone: they send to the resource's own
/// URL, `/{account}/{name}`.
pub struct PathParameter {
    /// Its name.
    pub name: &'static str,
    /// The operations that are refused at such a path, as unknown ones are.
    pub not_for: &'static [&'static str],
}

impl PathParameter {
    /// Whether a path, as it came, is that of a resource.
    pub(crate) fn is_resource(path: &str) -> bool {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        path.strip_prefix('/')
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(account, name)| is_account(account) && !name.is_empty() && !name.contains('/'))
    }
}

/// A service with every trait absent: for answers to requests that name none, and for tests.
pub const SERVICE: ServiceModel = ServiceModel {
    id: "",
    signing_name: "",
    endpoint_prefix: "",
    api_version: "",
    target_prefix: None,
    rpc_name: None,
    protocols: &[],
    query_compatible: false,
    error_namespace: None,
    bare_errors: false,
    error_detail: false,
    denies_unsigned: false,
    packed: false,
    path_parameter: None,
    mark: None,
    xml_namespace: None,
    anonymous: false,
    discriminated: false,
    operations: &[],
};

/// One line of a service's table of operations.
pub struct OperationName {
    /// Its name.
    pub name: &'static str,
    /// HTTP method; meaningful to the REST protocols only.
    pub method: &'static str,
    /// Path and query pattern; likewise.
    pub uri: &'static str,
    /// Parameters of the query string that it cannot be without, in services that tell operations apart by them.
    pub query: &'static [&'static str],
    /// Headers that it cannot be without, likewise.
    pub headers: &'static [&'static str],
    /// Parameters that it may have, and without which or with which another operation would be meant.
    pub query_options: &'static [&'static str],
}

/// An operation that is available here.
pub struct Operation {
    /// Its service.
    pub service: &'static ServiceModel,
    /// Its name.
    pub name: &'static str,
    /// How REST protocols carry it.
    pub http: HttpTrait,
    /// Its input; a structure without members where the model has none.
    pub input: &'static Schema,
    /// Its output; likewise.
    pub output: &'static Schema,
    /// Whether the model gives it an output at all: the query protocol wraps only those.
    pub has_output: bool,
    /// The element around the output in the query protocol.
    pub result_wrapper: Option<&'static str>,
    /// Who gets in.
    pub access: Access,
    /// What a policy must allow for it.
    pub actions: &'static [Action],
    /// Whether a request can say a checksum of its body, and has to.
    pub checksum: Checksum,
}

/// Whether a request says a checksum of its body (`Content-MD5` or `x-amz-checksum-…`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksum {
    /// It is nothing the operation looks at.
    #[default]
    None,
    /// It may; what it says has to be true.
    Optional,
    /// It must.
    Required,
}

/// The marker type of an operation: ties its input, output and error together.
pub trait OperationType: 'static {
    /// Its input.
    type Input: Structure + Default + std::fmt::Debug + Send + 'static;
    /// Its output.
    type Output: Structure + Send + 'static;
    /// Its service's error.
    type Error: ServiceError;

    /// What the model says of it.
    fn descriptor() -> &'static Operation;
}

/// Who gets into an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whom the policies allow it.
    Policy,
    /// Whoever signs the request: no policy takes part.
    Caller,
    /// Anyone, without a signature too: the operation checks a proof of its own.
    Anyone,
}

/// An IAM action that an operation needs, from the service authorization reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// As policies name it: `sqs:SendMessage`.
    pub name: &'static str,
    /// Types of resource it can be limited to; empty: only `*`.
    pub resources: &'static [&'static str],
    /// Condition keys of its own.
    pub condition_keys: &'static [&'static str],
}

/// How REST protocols carry an operation.
pub struct HttpTrait {
    /// HTTP method.
    pub method: &'static str,
    /// Path and query pattern.
    pub uri: &'static str,
    /// Status of a success.
    pub status: u16,
    pattern: OnceLock<UriPattern>,
}

impl HttpTrait {
    /// As the model writes it.
    pub const fn new(method: &'static str, uri: &'static str, status: u16) -> Self {
        Self { method, uri, status, pattern: OnceLock::new() }
    }

    pub(crate) fn pattern(&self) -> &UriPattern {
        self.pattern.get_or_init(|| UriPattern::parse(self.uri))
    }
}

impl ServiceModel {
    /// The table's line of the operation with this name.
    pub fn operation(&self, name: &str) -> Option<&'static OperationName> {
        let at = self.operations.binary_search_by(|op| op.name.cmp(name)).ok()?;
        Some(&self.operations[at])
    }
}
