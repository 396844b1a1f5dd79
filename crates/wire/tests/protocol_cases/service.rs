//! A service with one operation, made from a suite.

use botocore_model::lower;
use botocore_model::runtime::{Schemas, leak};
use wire::{Operation, OperationName, Protocol, Schema, ServiceModel};

use crate::suite::{Case, Suite};

/// What a case is run with.
pub struct Subject {
    pub operation: &'static Operation,
    pub protocol: Protocol,
    /// The schema of the error, in cases of errors.
    pub error: Option<&'static Schema>,
}

/// Builds the service and the operation of a case. The suites do not give their services' XML namespace.
pub fn subject(suite: &Suite, case: &Case, xml_namespace: Option<&str>) -> Result<Subject, String> {
    let metadata = &suite.metadata;
    let protocols = lower::protocols(metadata)?;
    let protocol = protocols[0];
    let name = OperationName {
        name: leak(&case.given.name),
        method: leak(&case.given.http.method),
        uri: leak(&case.given.http.request_uri),
        query: &[],
        headers: &[],
        query_options: &[],
    };
    let prefix = metadata.target_prefix.as_deref().map(leak);
    let service = ServiceModel {
        id: "cases",
        signing_name: "cases",
        endpoint_prefix: "cases",
        api_version: leak(metadata.api_version.as_deref().unwrap_or_default()),
        target_prefix: prefix.filter(|_| matches!(protocol, Protocol::Json10 | Protocol::Json11)),
        rpc_name: prefix.filter(|_| protocol == Protocol::RpcCbor),
        protocols: protocols.leak(),
        query_compatible: metadata.aws_query_compatible.is_some(),
        xml_namespace: xml_namespace.map(leak),
        operations: vec![name].leak(),
        ..wire::codegen::SERVICE
    };
    let service: &'static ServiceModel = Box::leak(Box::new(service));
    let model = suite.model();
    let mut schemas = Schemas::new(&model);
    let error = match (&case.error, case.given.errors.as_slice()) {
        (None, _) => None,
        (Some(_), [shape]) => Some(schemas.get(&shape.shape)?),
        (Some(_), shapes) => return Err(format!("the case has {} errors", shapes.len())),
    };
    Ok(Subject { operation: schemas.operation(service, &case.given)?, protocol, error })
}
