//! The service's state, and how sessions become credentials.

use std::sync::Arc;

use identity::token::{self, Issued, MintError};
use kernel::{Principal, Session};
use model_sts::Error;
use model_sts::types::Credentials;
use oidc::Issuers;
use service::Deps;

use crate::error;

/// What the operations work with.
pub struct Sts {
    pub deps: Deps,
    pub issuers: Arc<Issuers>,
}

/// Credentials as answers show them.
pub struct Answer {
    pub credentials: Option<Credentials>,
    pub packed_policy_size: Option<i32>,
    pub session_token_size: Option<i32>,
    pub session_token_utilization: Option<i32>,
}

impl Sts {
    pub fn new(deps: Deps, issuers: Arc<Issuers>) -> Self {
        Self { deps, issuers }
    }

    /// Issues credentials for a session of `principal`, whose token has at least `min_size` characters.
    pub fn issue(
        &self,
        principal: Principal,
        session: Session,
        min_size: Option<i32>,
    ) -> Result<Answer, Error> {
        let principal = Principal { session: Some(Arc::new(session)), ..principal };
        let min_size = usize::try_from(min_size.unwrap_or(0)).unwrap_or(0);
        let issued = token::mint(&self.deps.vault, self.deps.ids, &principal, min_size);
        match issued {
            Ok(issued) => Ok(answer(issued)),
            Err(MintError::TooLarge { percent }) => Err(error::packed_too_large(percent)),
            Err(MintError::NoSession) => Err(error::not_with_session(&principal, "AssumeRole")),
        }
    }
}

fn answer(issued: Issued) -> Answer {
    let size = issued.token.len();
    let shown = |number: usize| i32::try_from(number).ok();
    Answer {
        packed_policy_size: issued.packed_percent.and_then(|percent| shown(percent as usize)),
        session_token_size: shown(size),
        session_token_utilization: shown((size * 100).div_ceil(token::TOKEN_MAX)),
        credentials: Some(Credentials {
            access_key_id: Some(issued.access_key_id),
            secret_access_key: Some(issued.secret.to_string()),
            session_token: Some(issued.token),
            expiration: Some(issued.expires),
        }),
    }
}
