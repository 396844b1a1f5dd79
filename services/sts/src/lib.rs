//! AWS Security Token Service: who am I, and temporary credentials.
//!
//! The service keeps nothing: credentials hold all they need (see [`identity::token`]). Roles and providers are IAM's
//! records.

mod error;
mod federation;
mod limits;
mod mfa;
mod ops;
mod policies;
mod role;
mod saml_keys;
mod session;
mod sts;
mod tags;
mod web_keys;

use std::sync::Arc;

use model_sts::SERVICE;
use model_sts::ops::*;
use oidc::Issuers;
use service::{Deps, Service};

use crate::ops::{
    assume_role, assume_role_with_saml, assume_role_with_web_identity, get_federation_token, nothing,
};
use crate::sts::Sts;

/// The service, which believes the tokens of `issuers`.
pub fn service(deps: Deps, issuers: Arc<Issuers>) -> Service {
    let sts = Arc::new(Sts::new(deps, issuers));
    Service::builder(&SERVICE, sts)
        .op(AssumeRole, assume_role::resolve, Sts::assume_role)
        .op(AssumeRoleWithSAML, assume_role_with_saml::resolve, Sts::assume_role_with_saml)
        .op(
            AssumeRoleWithWebIdentity,
            assume_role_with_web_identity::resolve,
            Sts::assume_role_with_web_identity,
        )
        .op(DecodeAuthorizationMessage, nothing, Sts::decode_authorization_message)
        .op(GetAccessKeyInfo, nothing, Sts::get_access_key_info)
        .op(GetCallerIdentity, nothing, Sts::get_caller_identity)
        .op(GetFederationToken, get_federation_token::resolve, Sts::get_federation_token)
        .op(GetSessionToken, nothing, Sts::get_session_token)
        .build()
}
