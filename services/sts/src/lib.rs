//! AWS Security Token Service: who am I.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_sts::types::{GetCallerIdentityInput, GetCallerIdentityOutput};
use model_sts::{Error, SERVICE, ops};
use service::{Allowed, Resource, Service};

/// The service has no state: everything it says is in the call.
struct Sts;

/// The service.
pub fn service() -> Service {
    Service::builder(&SERVICE, Arc::new(Sts)).op(ops::GetCallerIdentity, nothing, get_caller_identity).build()
}

/// The operation touches no resource but the caller.
fn nothing(_: &Sts, call: &Call, _: &GetCallerIdentityInput) -> Result<Resource<()>, Error> {
    Ok(Resource::new(Arn::aws("sts", "", &call.account, "*"), ()))
}

async fn get_caller_identity(
    _: Arc<Sts>,
    call: Arc<Call>,
    _: Allowed<()>,
    _: GetCallerIdentityInput,
) -> Result<GetCallerIdentityOutput, Error> {
    let who = &call.principal;
    Ok(GetCallerIdentityOutput {
        user_id: Some(who.user_id.clone()),
        account: Some(who.account.clone()),
        arn: Some(who.arn.to_string()),
    })
}
