//! Amazon DynamoDB.
//!
//! Truth is in the store ([`keys`], [`records`], [`row`]): items under the hash of their partition and their sort key, what
//! indexes show of them beside them, written in the item's transaction ([`write`]). Values are those of the crate
//! `attribute`, expressions those of the crate `expression`. What is written is noted in the table's log ([`log`]) while
//! something needs it; [`streams`] is the service that shows it.

mod access_policy;
mod backup;
mod bill;
mod capacity;
mod ceilings;
mod conditions;
mod copy;
mod definition;
mod dynamodb;
mod encryption;
mod error;
mod expiry;
mod export;
mod housekeeping;
mod import;
mod keys;
mod latches;
mod legacy;
mod limits;
mod log;
mod name;
mod ops;
mod partiql;
mod read;
mod records;
mod removal;
mod replica_regions;
mod replicas;
mod request;
mod resource;
mod restoring;
mod row;
mod schema;
mod stream;
mod streams;
mod table;
mod throttle;
mod transfer;
mod trimming;
mod warm;
mod write;

use std::sync::Arc;

use model_dynamodb::ops::*;
use serde::Deserialize;
use service::{Deps, Service};

use crate::dynamodb::DynamoDb;
use crate::resource::said;

/// What of the service can be otherwise: `[dynamodb]` of the configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether who uses more capacity than is provisioned is throttled.
    pub throttle: bool,
}

/// DynamoDB and DynamoDB Streams, which have the same state.
pub fn services(deps: Deps, settings: Settings) -> [Service; 2] {
    let dynamodb = Arc::new(DynamoDb::new(deps.clone(), settings));
    let streams = streams::service(deps, dynamodb.rings.clone());
    [service(dynamodb), streams]
}

fn service(dynamodb: Arc<DynamoDb>) -> Service {
    Service::builder(&model_dynamodb::SERVICE, dynamodb.clone())
        .op(BatchExecuteStatement, resource::batch_execute, DynamoDb::batch_execute_statement)
        .op(BatchGetItem, resource::batch_get, DynamoDb::batch_get_item)
        .op(BatchWriteItem, resource::batch_write, DynamoDb::batch_write_item)
        .op(CreateBackup, resource::create_backup, DynamoDb::create_backup)
        .op(CreateTable, resource::create_table, DynamoDb::create_table)
        .op(DeleteBackup, resource::delete_backup, DynamoDb::delete_backup)
        .op_described(DeleteItem, resource::delete_item, said::delete_item, DynamoDb::delete_item)
        .op(DeleteResourcePolicy, resource::delete_policy, DynamoDb::delete_resource_policy)
        .op(DeleteTable, resource::delete_table, DynamoDb::delete_table)
        .op(DescribeBackup, resource::describe_backup, DynamoDb::describe_backup)
        .op(
            DescribeContinuousBackups,
            resource::describe_continuous_backups,
            DynamoDb::describe_continuous_backups,
        )
        .op(DescribeEndpoints, resource::any, DynamoDb::describe_endpoints)
        .op(DescribeExport, resource::describe_export, DynamoDb::describe_export)
        .op(DescribeImport, resource::describe_import, DynamoDb::describe_import)
        .op(DescribeLimits, resource::any, DynamoDb::describe_limits)
        .op(DescribeTable, resource::describe_table, DynamoDb::describe_table)
        .op(DescribeTimeToLive, resource::describe_time_to_live, DynamoDb::describe_time_to_live)
        .op(ExecuteStatement, resource::execute_statement, DynamoDb::execute_statement)
        .op(ExecuteTransaction, resource::execute_transaction, DynamoDb::execute_transaction)
        .op(ExportTableToPointInTime, resource::export_table, DynamoDb::export_table_to_point_in_time)
        .op_described(GetItem, resource::get_item, said::get_item, DynamoDb::get_item)
        .op(GetResourcePolicy, resource::get_policy, DynamoDb::get_resource_policy)
        .op(ImportTable, resource::import_table, DynamoDb::import_table)
        .op(ListBackups, resource::any, DynamoDb::list_backups)
        .op(ListExports, resource::list_exports, DynamoDb::list_exports)
        .op(ListImports, resource::list_imports, DynamoDb::list_imports)
        .op(ListTables, resource::any, DynamoDb::list_tables)
        .op(ListTagsOfResource, resource::list_tags, DynamoDb::list_tags_of_resource)
        .op_described(PutItem, resource::put_item, said::put_item, DynamoDb::put_item)
        .op(PutResourcePolicy, resource::put_policy, DynamoDb::put_resource_policy)
        .op_described(Query, resource::query, said::query, DynamoDb::query)
        .op(RestoreTableFromBackup, resource::restore_from_backup, DynamoDb::restore_table_from_backup)
        .op(
            RestoreTableToPointInTime,
            resource::restore_to_point_in_time,
            DynamoDb::restore_table_to_point_in_time,
        )
        .op_described(Scan, resource::scan, said::scan, DynamoDb::scan)
        .op(TagResource, resource::tag, DynamoDb::tag_resource)
        .op(TransactGetItems, resource::transact_get, DynamoDb::transact_get_items)
        .op(TransactWriteItems, resource::transact_write, DynamoDb::transact_write_items)
        .op(UntagResource, resource::untag, DynamoDb::untag_resource)
        .op(UpdateContinuousBackups, resource::update_continuous_backups, DynamoDb::update_continuous_backups)
        .op_described(UpdateItem, resource::update_item, said::update_item, DynamoDb::update_item)
        .op(UpdateTable, resource::update_table, DynamoDb::update_table)
        .op(UpdateTimeToLive, resource::update_time_to_live, DynamoDb::update_time_to_live)
        .background(write::work(dynamodb.clone()))
        .background(transfer::run(dynamodb.clone()))
        .background(housekeeping::run(dynamodb))
        .build()
}
