//! `cloudlet whoami`: whose credentials these are.

use anyhow::Result;
use serde::Deserialize;

use crate::api::{Caller, STS};
use crate::config::Config;
use crate::output::{self, Format};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    get_caller_identity_result: Identity,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    arn: String,
    user_id: String,
    account: String,
}

/// Asks a running Cloudlet who the credentials of the environment are.
pub fn run(config: &Config, format: Format) -> Result<()> {
    let caller = Caller::from_environment()?;
    let answer: Response = caller.call(config, &STS, "GetCallerIdentity", &[])?;
    let who = answer.get_caller_identity_result;
    output::facts(
        format,
        &[("account", who.account.into()), ("arn", who.arn.into()), ("user_id", who.user_id.into())],
    );
    Ok(())
}
