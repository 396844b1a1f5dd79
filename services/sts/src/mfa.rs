//! A second factor, shown with a request.

use identity::mfa::{self, CheckError, Verdict};
use kernel::{Call, PrincipalKind};
use model_sts::Error;
use store::Store;
use wire::{CommonError, CommonSource as _};

use crate::error;
use crate::sts::Sts;

/// Attempts of a transaction that conflicts with other codes for the same device.
const TRIES: usize = 16;

impl Sts {
    /// Checks the code that came with a request, if one did: whether a second factor was shown. A code is used up, and a
    /// wrong one counted, whatever becomes of the request.
    pub async fn second_factor(
        &self,
        call: &Call,
        serial: Option<&str>,
        code: Option<&str>,
    ) -> Result<bool, Error> {
        let (serial, code) = match (serial, code) {
            (None, None) => return Ok(false),
            (Some(serial), Some(code)) => (serial, code),
            _ => {
                return Err(error::denied(
                    "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ",
                ));
            }
        };
        let caller = &call.principal;
        let user = match caller.kind {
            PrincipalKind::User => caller.arn.resource().rsplit('/').next().unwrap_or_default(),
            _ => return Err(no_device()),
        };
        let check = |tx: &mut store::Tx| {
            mfa::check(tx, &self.deps.vault, (&caller.account, user), serial, code, call.now)
        };
        match commit(&self.deps.store, check).await {
            Ok(Verdict::Right) => Ok(true),
            Ok(Verdict::Wrong) => {
                Err(error::denied("MultiFactorAuthentication failed with invalid MFA one time pass code. "))
            }
            Ok(Verdict::NoDevice) => Err(no_device()),
            Err(CheckError::Store(error)) => Err(error.into_common().into()),
            Err(error) => {
                tracing::error!(%error, serial, "a code cannot be checked");
                Err(CommonError::InternalFailure.into())
            }
        }
    }

    /// The same for those who cannot wait: what a policy may ask for has to be known before it is asked. The thread
    /// waits for one commit, and only where a code was given.
    pub fn second_factor_now(
        &self,
        call: &Call,
        serial: Option<&str>,
        code: Option<&str>,
    ) -> Result<bool, Error> {
        // Unconstrained: a share of the task's time cannot be given back from in here.
        futures::executor::block_on(tokio::task::unconstrained(self.second_factor(call, serial, code)))
    }
}

/// Commits without any pause, for there may be no timer to wait by.
async fn commit(
    store: &Store,
    check: impl Fn(&mut store::Tx) -> Result<Verdict, CheckError>,
) -> Result<Verdict, CheckError> {
    for _ in 0..TRIES {
        let mut tx = store.begin();
        let verdict = check(&mut tx)?;
        match tx.commit().await {
            Ok(_) => return Ok(verdict),
            Err(store::Error::Conflict | store::Error::TooOld) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(store::Error::Contention.into())
}

fn no_device() -> Error {
    error::denied(
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and \
         associated with this user.",
    )
}
