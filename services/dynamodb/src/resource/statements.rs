//! The tables of statements.

use kernel::{Arn, Call};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};

use crate::conditions::within;
use crate::dynamodb::DynamoDb;
use crate::keys::SERVICE;
use crate::partiql::Prepared;

/// The table of a statement, and what the statement does to it.
pub fn execute_statement(
    service: &DynamoDb,
    call: &Call,
    input: &ExecuteStatementInput,
) -> Result<Resource<Prepared>, Error> {
    let prepared = Prepared::read(service, call, &input.statement, input.parameters.as_deref())?;
    Ok(Resource::new(prepared.target(), prepared))
}

/// Those of each statement that can be read; what is wrong with the others is said of them alone.
pub fn batch_execute(
    service: &DynamoDb,
    call: &Call,
    input: &BatchExecuteStatementInput,
) -> Result<Resource<Vec<Result<Prepared, Error>>>, Error> {
    let prepared: Vec<_> = input
        .statements
        .iter()
        .map(|request| Prepared::read(service, call, &request.statement, request.parameters.as_deref()))
        .collect();
    let targets = prepared.iter().flatten().map(|one| within(one.target(), "BatchExecuteStatement"));
    let resource = of_statements(call, targets);
    Ok(resource.map(|()| prepared))
}

pub fn execute_transaction(
    service: &DynamoDb,
    call: &Call,
    input: &ExecuteTransactionInput,
) -> Result<Resource<Vec<Prepared>>, Error> {
    let prepared: Vec<_> = input
        .transact_statements
        .iter()
        .map(|request| Prepared::read(service, call, &request.statement, request.parameters.as_deref()))
        .collect::<Result<_, _>>()?;
    let targets = prepared.iter().map(|one| within(one.target(), "ExecuteTransaction"));
    let resource = of_statements(call, targets);
    Ok(resource.map(|()| prepared))
}

fn of_statements(call: &Call, mut targets: impl Iterator<Item = Target>) -> Resource<()> {
    match targets.next() {
        Some(first) => targets.fold(Resource::new(first, ()), |resource, target| resource.and(target)),
        None => Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), ()),
    }
}
