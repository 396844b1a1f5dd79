//! GetSessionToken.

use std::sync::Arc;

use kernel::{Arn, Call, Principal, PrincipalKind, Session};
use model_sts::Error;
use model_sts::types::{GetSessionTokenInput, GetSessionTokenOutput};
use service::Allowed;

use crate::sts::{Answer, Sts};
use crate::{error, limits, session};

impl Sts {
    /// A session of the user itself.
    pub async fn get_session_token(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetSessionTokenInput,
    ) -> Result<GetSessionTokenOutput, Error> {
        let secs = seconds_of_user(&call, input.duration_seconds)?;
        let (serial, code) = (input.serial_number.as_deref(), input.token_code.as_deref());
        let mfa = self.second_factor(&call, serial, code).await?.then_some(call.now);
        let session = Session { mfa, ..of_user(&call, secs) };
        let Answer { credentials, session_token_size, session_token_utilization, .. } =
            self.issue(call.principal.clone(), session, input.minimum_session_token_size)?;
        Ok(GetSessionTokenOutput { credentials, session_token_utilization, session_token_size })
    }
}

/// How long a session that the caller begins with its lasting credentials is good for.
pub fn seconds_of_user(call: &Call, wanted: Option<i32>) -> Result<i32, Error> {
    let caller = &call.principal;
    match caller.kind {
        _ if caller.session.is_some() => Err(error::not_with_session(caller, call.operation)),
        PrincipalKind::User => Ok(wanted.unwrap_or(limits::USER_SECS)),
        // The root user gets an hour when it asks for more (documented).
        PrincipalKind::Root => Ok(wanted.unwrap_or(limits::ROOT_SECS).min(limits::ROOT_SECS)),
        _ => Err(error::not_with_session(caller, call.operation)),
    }
}

/// A session of the calling user, as of now.
pub fn of_user(call: &Call, secs: i32) -> Session {
    let Principal { arn, user_id, .. } = &call.principal;
    let issuer: &Arn = arn;
    Session {
        issuer_arn: issuer.to_string(),
        issuer_id: user_id.clone(),
        issued: call.now,
        expires: session::ends(call, secs),
        ..Session::default()
    }
}
