//! Parameter Store of AWS Systems Manager.
//!
//! Truth is in the store ([`keys`], [`records`]). A parameter's row has its newest version and all that policies ask for, so
//! that getting it is one read. Secure strings are encrypted by KMS for the caller ([`secure`]).

mod data_type;
mod error;
mod filter;
mod keys;
mod limits;
mod name;
mod ops;
mod page_token;
mod pattern;
mod policies;
mod public;
mod reading;
mod records;
mod resource;
mod scan;
mod secret;
mod secure;
mod ssm;
mod sweep;

use std::sync::Arc;

use model_ssm::ops::*;
use service::{Deps, Service};
use wire::{CommonError, Constraint, Violation};

pub use limits::Limits;

use crate::ssm::Ssm;

/// The service with the documented quotas.
pub fn service(deps: Deps) -> Service {
    service_with(deps, Limits::default())
}

/// The service with other quotas.
pub fn service_with(deps: Deps, limits: Limits) -> Service {
    let ssm = Arc::new(Ssm::new(deps, limits));
    Service::builder(&model_ssm::SERVICE, ssm.clone())
        .validation(wire::Dialect { render: broken_constraints, ..wire::Dialect::STANDARD })
        .op(AddTagsToResource, resource::add_tags, Ssm::add_tags)
        .op(DeleteParameter, resource::delete, Ssm::delete_parameter)
        .op(DeleteParameters, resource::delete_all, Ssm::delete_parameters)
        .op(DeleteResourcePolicy, resource::delete_policy, Ssm::delete_resource_policy)
        .op(DescribeParameters, resource::any, Ssm::describe_parameters)
        .op(GetParameter, resource::get, Ssm::get_parameter)
        .op(GetParameterHistory, resource::history, Ssm::get_parameter_history)
        .op(GetParameters, resource::get_all, Ssm::get_parameters)
        .op(GetParametersByPath, resource::path, Ssm::get_parameters_by_path)
        .op(GetResourcePolicies, resource::get_policies, Ssm::get_resource_policies)
        .op(LabelParameterVersion, resource::label, Ssm::label_parameter_version)
        .op(ListTagsForResource, resource::list_tags, Ssm::list_tags)
        .op(PutParameter, resource::put, Ssm::put_parameter)
        .op(PutResourcePolicy, resource::put_policy, Ssm::put_resource_policy)
        .op(RemoveTagsFromResource, resource::remove_tags, Ssm::remove_tags)
        .op(UnlabelParameterVersion, resource::unlabel, Ssm::unlabel_parameter_version)
        .background(sweep::run(ssm))
        .build()
}

/// The common text. The model's pattern for resource policies asks only for some character that is not white space, and
/// would refuse a document of several lines: those are read by [`ops`] itself.
fn broken_constraints(violations: &[Violation]) -> Option<CommonError> {
    let is_policy = |violation: &&Violation| {
        violation.member == "Policy" && matches!(violation.constraint, Constraint::Pattern(_))
    };
    let others: Vec<Violation> = violations.iter().filter(|v| !is_policy(v)).cloned().collect();
    (!others.is_empty()).then(|| CommonError::Validation(wire::standard_text(&others)))
}
