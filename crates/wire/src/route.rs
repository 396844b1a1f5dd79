//! Which service and operation a request is for: a closed table, made from the models.
//!
//! Every way in is exact: a target header, an RPC path, an action with its API version, or a path of the
//! service that the request was signed for. What fits nothing, or more than one service, is an error; no service
//! is ever a fall-back for another's requests.

use std::collections::{HashMap, HashSet};

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::error::{CommonError, CommonSource, DecodeError, Detailed};
use crate::model::{Mark, OperationName, PathParameter, Protocol, SERVICE, ServiceModel};
use crate::percent::{Pair, parse_form};
use crate::query::Params;
use crate::rest::UriPattern;

/// The table.
pub struct Router {
    by_target: HashMap<&'static str, &'static ServiceModel>,
    by_rpc: HashMap<&'static str, &'static ServiceModel>,
    by_signing: HashMap<&'static str, Vec<&'static ServiceModel>>,
    by_host: HashMap<&'static str, Vec<&'static ServiceModel>>,
    query_services: Vec<&'static ServiceModel>,
    /// By service and method.
    rest: HashMap<&'static str, HashMap<&'static str, Vec<Entry>>>,
    /// Parameters that choose the operation, by service: [`ServiceModel::discriminated`].
    choosing: HashMap<&'static str, HashSet<&'static str>>,
    /// Services whose requests are known by a mark.
    marked: Vec<&'static ServiceModel>,
    /// Services that take requests without a signature.
    anonymous: Vec<&'static ServiceModel>,
}

/// What routing looks at besides the body.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The raw path.
    pub path: &'a str,
    /// The raw query string.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The service whose endpoint the host is.
    pub hosted: Option<&'static ServiceModel>,
    /// The service that the signature is scoped to.
    pub signing_name: Option<&'a str>,
    /// Whether the request carries no signature at all.
    pub unsigned: bool,
}

/// Where a request goes.
#[derive(Clone, Copy)]
pub struct Located {
    /// The service.
    pub service: &'static ServiceModel,
    /// The protocol to decode and answer in.
    pub protocol: Protocol,
    /// The operation.
    pub operation: &'static OperationName,
}

/// Why a request goes nowhere, and in which protocol to say so.
pub struct RouteError {
    /// The service, as far as it was found out.
    pub service: &'static ServiceModel,
    /// The protocol to answer in.
    pub protocol: Protocol,
    /// The error.
    pub error: CommonError,
}

/// Stands in for a service in answers to requests that name none.
static NO_SERVICE: ServiceModel = SERVICE;

/// More parameters than any documented request has.
const MAX_PARAMETERS: usize = 2_000;

impl Router {
    /// Builds the table. Services must not share a target prefix or an RPC name; the code generator sees to that.
    pub fn new(services: &[&'static ServiceModel]) -> Self {
        let mut router = Self {
            by_target: HashMap::new(),
            by_rpc: HashMap::new(),
            by_signing: HashMap::new(),
            by_host: HashMap::new(),
            query_services: Vec::new(),
            rest: HashMap::new(),
            choosing: HashMap::new(),
            marked: services.iter().copied().filter(|service| service.mark.is_some()).collect(),
            anonymous: Vec::new(),
        };
        for &service in services {
            router.by_target.extend(service.target_prefix.map(|prefix| (prefix, service)));
            router.by_rpc.extend(service.rpc_name.map(|name| (name, service)));
            router.by_signing.entry(service.signing_name).or_default().push(service);
            router.by_host.entry(service.endpoint_prefix).or_default().push(service);
            if service.anonymous && rest_protocol(service).is_some() {
                router.anonymous.push(service);
            }
            if query_protocol(service).is_some() {
                router.query_services.push(service);
            }
            if rest_protocol(service).is_some() {
                let mut patterns: Vec<_> =
                    service.operations.iter().map(|op| (UriPattern::parse(op.uri), op)).collect();
                patterns.sort_by_key(|entry| std::cmp::Reverse(exactness(entry)));
                if service.discriminated {
                    let choosing = patterns.iter().flat_map(choosing).collect();
                    router.choosing.insert(service.id, choosing);
                }
                let by_method = router.rest.entry(service.id).or_default();
                for entry in patterns {
                    by_method.entry(entry.1.method).or_default().push(entry);
                }
            }
        }
        router
    }

    /// Routes by everything but a form body. `Ok(None)`: the parameters decide; see [`Router::locate_action`].
    pub fn locate(&self, target: &Target<'_>) -> Result<Option<Located>, RouteError> {
        if let Some(name) = target.headers.get("x-amz-target") {
            return self.by_target_header(name.as_bytes(), target.headers).map(Some);
        }
        let speaks_cbor = target.headers.get("smithy-protocol").is_some_and(|v| v == "rpc-v2-cbor");
        if let Some(path) = target.path.strip_prefix("/service/").filter(|_| speaks_cbor) {
            return self.by_rpc_path(path).map(Some);
        }
        if is_form(target) && self.may_be_query(target) {
            return Ok(None);
        }
        self.by_rest(target).map(Some)
    }

    /// Whether a request may be one of the query protocols: whom it is signed for, or else sent to, speaks one, or is
    /// not known. What says nothing of itself is only where it is sent to such a service's own path, or to that of a
    /// resource that stands for a parameter: below other paths lie objects that may be open to everybody.
    fn may_be_query(&self, target: &Target<'_>) -> bool {
        let speaks = |service: &ServiceModel| query_protocol(service).is_some();
        match target.signing_name {
            Some(name) => {
                self.by_signing.get(name).is_none_or(|all| all.iter().any(|service| speaks(service)))
            }
            None => match target.hosted {
                Some(service) => speaks(service),
                None => !target.unsigned || target.path == "/" || PathParameter::is_resource(target.path),
            },
        }
    }

    /// Whether hosts of some service begin with this label.
    pub fn is_prefix(&self, label: &str) -> bool {
        self.by_host.contains_key(label)
    }

    /// The service that stands in where none is known.
    pub fn nobody(&self) -> &'static ServiceModel {
        &NO_SERVICE
    }

    /// Reads the parameters of a request that [`Router::locate`] left open.
    pub fn params(&self, target: &Target<'_>, body: &[u8]) -> Result<Params, RouteError> {
        Params::parse(target.query, body).map_err(|error| RouteError {
            service: &NO_SERVICE,
            protocol: Protocol::Query,
            error: CommonError::Malformed(error),
        })
    }

    /// Routes a request of the query protocols by its `Action` and `Version`.
    pub fn locate_action(&self, target: &Target<'_>, params: &Params) -> Result<Located, RouteError> {
        let fitting: Vec<_> = self
            .query_services
            .iter()
            .copied()
            .filter(|s| target.signing_name.is_none_or(|name| name == s.signing_name))
            .filter(|s| params.get("Version").is_none_or(|version| version == s.api_version))
            .collect();
        let service = match (fitting.as_slice(), target.hosted) {
            ([one], _) => *one,
            (several, Some(hosted)) => match several.iter().find(|s| std::ptr::eq(**s, hosted)) {
                Some(found) => found,
                None => return Err(no_service(target, Protocol::Query)),
            },
            // Neither signed nor versioned: the action alone is no address.
            _ => return Err(no_service(target, Protocol::Query)),
        };
        let protocol = query_protocol(service).unwrap_or(Protocol::Query);
        let Some(action) = params.get("Action") else {
            let error =
                CommonError::coded("MissingAction", 400, "The request must contain the parameter Action.");
            return Err(RouteError { service, protocol, error });
        };
        let resource = service.path_parameter.as_ref().filter(|_| PathParameter::is_resource(target.path));
        let refused = |resource: &PathParameter| {
            resource.not_for.contains(&action) || service.operation(action).is_none()
        };
        if resource.is_some_and(refused) {
            let text = format!("The action {action} is not valid for this endpoint.");
            return Err(RouteError { service, protocol, error: CommonError::UnknownOperation(text) });
        }
        let operation = service.operation(action).ok_or_else(|| {
            let version = params.get("Version").unwrap_or(service.api_version);
            let text = format!("Could not find operation {action} for version {version}");
            RouteError { service, protocol, error: CommonError::UnknownOperation(text) }
        })?;
        Ok(Located { service, protocol, operation })
    }

    fn by_target_header(&self, value: &[u8], headers: &HeaderMap) -> Result<Located, RouteError> {
        // A version that the content type names, or else that of the service.
        let named = match headers.get(CONTENT_TYPE).map(|v| v.as_bytes()) {
            Some(b"application/x-amz-json-1.0") => Some(Protocol::Json10),
            Some(b"application/x-amz-json-1.1") => Some(Protocol::Json11),
            _ => None,
        };
        let protocol = |service| named.or(json_protocol(service)).unwrap_or(Protocol::Json10);
        let value = String::from_utf8_lossy(value);
        let unknown = |service| RouteError {
            service,
            protocol: protocol(service),
            error: CommonError::UnknownOperation(format!("The operation {value:.200} is not known.")),
        };
        let (prefix, name) = value.rsplit_once('.').ok_or_else(|| unknown(&NO_SERVICE))?;
        let service = self.by_target.get(prefix).ok_or_else(|| unknown(&NO_SERVICE))?;
        let operation = service.operation(name).ok_or_else(|| unknown(service))?;
        Ok(Located { service, protocol: protocol(service), operation })
    }

    fn by_rpc_path(&self, path: &str) -> Result<Located, RouteError> {
        let protocol = Protocol::RpcCbor;
        let unknown = |service| RouteError {
            service,
            protocol,
            error: CommonError::UnknownOperation(format!("The operation {path:.200} is not known.")),
        };
        let (name, operation) = path.split_once("/operation/").ok_or_else(|| unknown(&NO_SERVICE))?;
        let service = self.by_rpc.get(name).ok_or_else(|| unknown(&NO_SERVICE))?;
        let operation = service.operation(operation).ok_or_else(|| unknown(service))?;
        Ok(Located { service, protocol, operation })
    }

    fn by_rest(&self, target: &Target<'_>) -> Result<Located, RouteError> {
        let candidates = match (target.signing_name, &target.hosted) {
            // Of those that are signed for alike, the host tells which is meant.
            (Some(name), Some(service)) if service.signing_name == name => std::slice::from_ref(service),
            (Some(name), _) => self.by_signing.get(name).map(Vec::as_slice).unwrap_or_default(),
            (None, Some(service)) => std::slice::from_ref(service),
            // Only a service whose resources can be open to everybody takes a request that says nothing of itself.
            (None, None) if target.unsigned && !speaks_rpc(target.headers) => &self.anonymous,
            (None, None) => &[],
        };
        let is_get = target.method == "GET";
        let Some(first) = candidates.iter().find(|s| rest_protocol(s).is_some()) else {
            // The service, if there is one, speaks no REST.
            return Err(match candidates.first() {
                Some(service) => RouteError {
                    service,
                    // A browser's request gets what clients of the query protocol read.
                    protocol: query_protocol(service).filter(|_| is_get).unwrap_or(service.protocols[0]),
                    error: CommonError::NoOperation,
                },
                None => no_service(target, error_protocol(target)),
            });
        };
        let malformed = |error: DecodeError| RouteError {
            service: first,
            protocol: rest_protocol(first).unwrap_or(Protocol::RestJson),
            error: CommonError::Malformed(error),
        };
        let query = parse_form(target.query, MAX_PARAMETERS).map_err(malformed)?;
        for service in candidates {
            let Some(protocol) = rest_protocol(service) else { continue };
            let by_method = self.rest.get(service.id).and_then(|by_method| by_method.get(target.method));
            let patterns = by_method.map(Vec::as_slice).unwrap_or_default();
            let mut fitting = patterns.iter().filter(|(pattern, op)| {
                has_all(op, &query, target.headers) && pattern.matches(target.path, &query)
            });
            let Some(first) = fitting.next() else { continue };
            // The order of the table decides only between patterns that are not equally exact.
            if fitting.next().is_some_and(|next| exactness(next) == exactness(first)) {
                let error =
                    CommonError::UnknownOperation("Several operations fit this method and path.".to_owned());
                return Err(RouteError { service, protocol, error });
            }
            if let Some(choosing) = self.choosing.get(service.id) {
                of_no_other(first, choosing, target.method, &query).map_err(|error| RouteError {
                    service,
                    protocol,
                    error,
                })?;
            }
            return Ok(Located { service, protocol, operation: first.1 });
        }
        Err(RouteError {
            service: first,
            protocol: rest_protocol(first).unwrap_or(Protocol::RestJson),
            error: CommonError::UnknownOperation("No operation has this method and path.".to_owned()),
        })
    }

    /// The service whose mark a request bears.
    pub fn marked(&self, path: &str, headers: &HeaderMap) -> Option<&'static ServiceModel> {
        let bears = |mark: &Mark| path.starts_with(mark.path) && headers.contains_key(mark.header);
        self.marked.iter().copied().find(|service| service.mark.as_ref().is_some_and(bears))
    }

    /// The service whose endpoint prefix is the first label of the host (without its port), as in `sqs.localhost`.
    pub fn hosted(&self, host: &str) -> Option<&'static ServiceModel> {
        let (label, rest) = host.split_once('.')?;
        let services = self.by_host.get(label).filter(|_| !rest.is_empty())?;
        match services.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// A pattern with its operation.
type Entry = (UriPattern, &'static OperationName);

/// Of two operations that fit a request the one that is more exact is meant.
fn exactness((pattern, operation): &Entry) -> impl Ord + use<> {
    (pattern.specificity(), operation.query.len() + operation.headers.len())
}

fn has_all(operation: &OperationName, query: &[Pair<'_>], headers: &HeaderMap) -> bool {
    operation.query.iter().all(|name| query.iter().any(|(found, _)| found == name))
        && operation.headers.iter().all(|name| headers.contains_key(*name))
}

/// The parameters by which an operation is chosen: those of its path, or else those that it needs.
fn choosing((pattern, operation): &Entry) -> impl Iterator<Item = &'static str> {
    let mut own: Vec<_> = pattern.query_names().collect();
    if own.is_empty() {
        own.extend(operation.query);
    }
    own.into_iter()
}

/// A parameter that chooses an operation must not be passed over: the request would do something else than it says.
/// So must no bare parameter that nobody knows, in a request that may change something.
fn of_no_other(
    (pattern, operation): &Entry,
    choosing: &HashSet<&'static str>,
    method: &str,
    query: &[Pair<'_>],
) -> Result<(), CommonError> {
    for (name, value) in query {
        let name = &**name;
        if pattern.query_names().chain(operation.query.iter().copied()).any(|own| own == name)
            || operation.query_options.contains(&name)
        {
            continue;
        }
        if choosing.contains(name) {
            let text = "The specified method is not allowed against this resource.";
            return Err(CommonError::UnknownOperation(text.to_owned()));
        }
        if value.is_empty() && !matches!(method, "GET" | "HEAD") {
            let text = "A parameter you provided implies functionality that is not implemented.";
            return Err(Detailed::new("NotImplemented", 501, text).with("Parameter", name).into_common());
        }
    }
    Ok(())
}

/// Whether the parameters of a form, in the body or the query string, name the operation.
fn is_form(target: &Target<'_>) -> bool {
    let form_body = target.method == "POST"
        && target.headers.get(CONTENT_TYPE).is_some_and(|v| {
            let kind = v.as_bytes().split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
            kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
        });
    form_body || target.query.split('&').any(|pair| pair.starts_with("Action="))
}

fn json_protocol(service: &ServiceModel) -> Option<Protocol> {
    service.protocols.iter().copied().find(|p| matches!(p, Protocol::Json10 | Protocol::Json11))
}

fn query_protocol(service: &ServiceModel) -> Option<Protocol> {
    service.protocols.iter().copied().find(|p| matches!(p, Protocol::Query | Protocol::Ec2))
}

fn rest_protocol(service: &ServiceModel) -> Option<Protocol> {
    service.protocols.iter().copied().find(|p| matches!(p, Protocol::RestJson | Protocol::RestXml))
}

/// Whether the content type is one of protocols without paths.
fn speaks_rpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    kind.starts_with(b"application/x-amz-json-") || kind == b"application/cbor"
}

/// The protocol to answer in when not even the service is known.
fn error_protocol(target: &Target<'_>) -> Protocol {
    match target.headers.get(CONTENT_TYPE).map(|v| v.as_bytes()) {
        Some(b"application/cbor") => Protocol::RpcCbor,
        Some(b"application/x-amz-json-1.0") => Protocol::Json10,
        Some(b"application/x-amz-json-1.1") => Protocol::Json11,
        Some(b"application/x-www-form-urlencoded") => Protocol::Query,
        _ => Protocol::RestJson,
    }
}

fn no_service(target: &Target<'_>, protocol: Protocol) -> RouteError {
    let error = match target.signing_name {
        None => CommonError::coded("MissingAuthenticationToken", 403, "Missing Authentication Token"),
        Some(name) => CommonError::UnknownOperation(format!("No service here is signed for as {name:.64}.")),
    };
    RouteError { service: &NO_SERVICE, protocol, error }
}
