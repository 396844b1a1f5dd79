//! The operations.

mod backups;
mod batch_execute;
mod batch_get;
mod batch_write;
mod continuous_backups;
mod create_table;
mod delete_item;
mod delete_table;
mod described;
mod execute_statement;
mod execute_transaction;
mod get_item;
mod limits;
mod list_tables;
mod put_item;
mod query;
mod resource_policy;
mod restore;
mod scan;
mod tags;
mod time_to_live;
mod transact_get;
mod transact_write;
mod update_item;
mod update_table;
pub use get_item::Shows;
pub use update_item::{check_condition, check_keys, returned, updated};
