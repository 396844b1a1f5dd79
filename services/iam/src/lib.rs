//! AWS Identity and Access Management.
//!
//! Records and keys are those of the crate `identity`, by which STS and the gateway find what is written here. IAM is
//! global: everything is kept under no region, whatever region a call was signed for.

mod arn;
mod attach;
mod check;
mod encode;
mod error;
mod find;
mod iam;
mod limits;
mod ops;
mod page;
mod quota;
mod read;
mod resource;
mod shape;

use std::sync::Arc;

use model_iam::ops::*;
use service::{Deps, Service};

use crate::iam::Iam;

/// The service.
pub fn service(deps: Deps) -> Service {
    let iam = Arc::new(Iam::new(deps));
    Service::builder(&model_iam::SERVICE, iam)
        // Users.
        .op(CreateUser, resource::new_user, Iam::create_user)
        .op(DeleteUser, resource::user, Iam::delete_user)
        .op(GetUser, resource::self_or_user, Iam::get_user)
        .op(ListUsers, resource::account, Iam::list_users)
        .op(UpdateUser, resource::user, Iam::update_user)
        // Passwords, devices, providers, certificates and reports.
        .build()
}
