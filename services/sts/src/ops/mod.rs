//! The operations, each in a file of its own.

pub mod assume_role;
pub mod assume_role_with_saml;
pub mod assume_role_with_web_identity;
mod decode_authorization_message;
mod get_access_key_info;
mod get_caller_identity;
pub mod get_federation_token;
mod get_session_token;

use kernel::{Arn, Call};
use model_sts::Error;
use service::Resource;

use crate::sts::Sts;

/// For operations that touch no resource but the caller.
pub fn nothing<I>(_: &Sts, call: &Call, _: &I) -> Result<Resource<()>, Error> {
    Ok(Resource::new(Arn::aws("sts", "", &call.account, "*"), ()))
}
