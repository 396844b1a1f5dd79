//! What exports and imports touch in this service. What they do in buckets is asked for there.

use kernel::{Arn, Call};
use model_dynamodb::Error;
use model_dynamodb::types::*;
use service::{Resource, Target};

use super::Named;
use crate::dynamodb::DynamoDb;
use crate::error::{validation, wrong};
use crate::keys::SERVICE;
use crate::name::TableName;
use crate::transfer::job::{Job, Way};

pub fn export_table(
    service: &DynamoDb,
    call: &Call,
    input: &ExportTableToPointInTimeInput,
) -> Result<Resource<Named>, Error> {
    let named = by_arn(service, call, &input.table_arn)?;
    Ok(Resource::new(named.target(None), named))
}

pub fn import_table(
    _: &DynamoDb,
    call: &Call,
    input: &ImportTableInput,
) -> Result<Resource<TableName>, Error> {
    let name = TableName::parse(call, &input.table_creation_parameters.table_name)?;
    Ok(Resource::new(Target::new(name.arn()), name))
}

pub fn describe_export(_: &DynamoDb, _: &Call, input: &DescribeExportInput) -> Result<Resource<Job>, Error> {
    one(Way::Export, &input.export_arn).ok_or_else(|| validation("Invalid Export ARN"))
}

pub fn describe_import(_: &DynamoDb, _: &Call, input: &DescribeImportInput) -> Result<Resource<Job>, Error> {
    one(Way::Import, &input.import_arn).ok_or_else(|| validation("Invalid Import ARN"))
}

fn one(way: Way, arn: &str) -> Option<Resource<Job>> {
    let job = Job::parse(way, arn)?;
    Some(Resource::new(job.arn(), job))
}

pub fn list_exports(
    service: &DynamoDb,
    call: &Call,
    input: &ListExportsInput,
) -> Result<Resource<Option<Named>>, Error> {
    of_table(service, call, input.table_arn.as_deref())
}

pub fn list_imports(
    service: &DynamoDb,
    call: &Call,
    input: &ListImportsInput,
) -> Result<Resource<Option<Named>>, Error> {
    of_table(service, call, input.table_arn.as_deref())
}

/// A table, or none in particular.
fn of_table(service: &DynamoDb, call: &Call, arn: Option<&str>) -> Result<Resource<Option<Named>>, Error> {
    match arn {
        Some(arn) => {
            let named = by_arn(service, call, arn)?;
            Ok(Resource::new(named.target(None), Some(named)))
        }
        None => Ok(Resource::new(Arn::aws(SERVICE, &call.region, &call.account, "*"), None)),
    }
}

fn by_arn(service: &DynamoDb, call: &Call, given: &str) -> Result<Named, Error> {
    if !given.starts_with("arn:") {
        return Err(wrong("tableArn is not a valid ARN"));
    }
    let is_table = TableName::of_arn(given).is_some_and(|table| table.arn().as_str() == given);
    if !is_table {
        return Err(validation("Invalid Request: Table ARN is invalid."));
    }
    Named::look_up(service, call, given)
}
