//! The operations, one file for each or for a small family.

mod delete;
mod describe_parameters;
mod get_parameter;
mod get_parameter_history;
mod get_parameters_by_path;
mod labels;
mod plan;
mod put_parameter;
mod resource_policies;
mod tags;
