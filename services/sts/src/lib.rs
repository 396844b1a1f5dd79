//! AWS Security Token Service: who am I, and temporary credentials.
//!
//! The service keeps nothing: credentials hold all they need (see [`identity::token`]). Roles and providers are IAM's
//! records.

mod error;
mod limits;
mod mfa;
mod ops;
mod policies;
mod role;
mod session;
mod sts;
mod tags;

use std::sync::Arc;

use model_sts::SERVICE;
use model_sts::ops::*;
use service::{Deps, Service};

use crate::ops::{assume_role, get_federation_token, nothing};
use crate::sts::Sts;

/// The service.
pub fn service(deps: Deps) -> Service {
    let sts = Arc::new(Sts::new(deps));
    Service::builder(&SERVICE, sts)
        .op(AssumeRole, assume_role::resolve, Sts::assume_role)
        .op(DecodeAuthorizationMessage, nothing, Sts::decode_authorization_message)
        .op(GetAccessKeyInfo, nothing, Sts::get_access_key_info)
        .op(GetCallerIdentity, nothing, Sts::get_caller_identity)
        .op(GetFederationToken, get_federation_token::resolve, Sts::get_federation_token)
        .op(GetSessionToken, nothing, Sts::get_session_token)
        .build()
}
