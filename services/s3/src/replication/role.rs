//! Acting as the role that a configuration names: S3 assumes it, so its trust policy has to let S3, and everything that is
//! done for a copy is asked of the role's policies and of those of the buckets.

use kernel::{Call, Principal};
use model_sts::ops::AssumeRole;
use model_sts::types::AssumeRoleInput;
use service::Target;
use wire::{Protocol, ServiceError as _};

use super::failure::{Reason, Trouble, passes};
use crate::bucket::Bucket;
use crate::resource::target;
use crate::s3::S3;

/// The name of the sessions, which policies and events show.
const SESSION: &str = "s3-replication";

/// A session of the role, by which one copy is made.
pub struct Copier {
    pub call: Call,
}

impl Copier {
    /// Assumes the role for a bucket, in the name of S3.
    pub async fn new(s3: &S3, bucket: &Bucket, role: &str, request_id: &str) -> Result<Self, Trouble> {
        let place = (bucket.owner(), bucket.place.region.as_str());
        let own = Call::of_service("s3", place, request_id.to_owned(), s3.clock.now());
        let own = Call { source: Some(bucket.arn.clone()), ..own };
        let input = AssumeRoleInput {
            role_arn: role.into(),
            role_session_name: SESSION.into(),
            ..Default::default()
        };
        let output = s3.cloud.call::<AssumeRole>(own.clone(), input).await.map_err(|error| {
            let fault = error.fault();
            if passes(fault) {
                return Trouble::Passing(fault.message(Protocol::Query).into_owned());
            }
            tracing::info!(role, bucket = bucket.name, "S3 may not assume the role to replicate");
            Reason::AssumeRoleNotPermitted.into()
        })?;
        let principal = opened(s3, &own, output).ok_or(Reason::AssumeRoleNotPermitted)?;
        let account = principal.account.clone();
        Ok(Self { call: Call { principal, account, source: None, ..own } })
    }

    /// Whether the role may do all this in a bucket: to the bucket itself, or to an object in it.
    pub fn may(&self, s3: &S3, bucket: &Bucket, key: &str, actions: &[&'static str]) -> bool {
        s3.may(&self.call, &self.target(s3, bucket, key).for_actions(actions.iter().copied()))
    }

    fn target(&self, s3: &S3, bucket: &Bucket, key: &str) -> Target {
        target(s3, &self.call, bucket, bucket.object_arn(key), None)
    }
}

/// Who the credentials of a session stand for.
fn opened(s3: &S3, call: &Call, output: model_sts::types::AssumeRoleOutput) -> Option<Principal> {
    let credentials = output.credentials?;
    let (id, token) = (credentials.access_key_id?, credentials.session_token?);
    let opened = identity::token::open(&s3.vault, &id, &token, call.now);
    opened.map(|(_, principal)| principal).ok()
}
