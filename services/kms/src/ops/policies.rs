//! GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;

use crate::key_policy;
use crate::kms::Kms;
use crate::limits::{PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS};
use crate::ops::page;
use crate::ops::subject::check_stays;
use crate::resource::Subject;

/// The one name of a key's policy.
const NAME: &str = "default";

fn check_name(name: Option<&str>) -> Result<(), Error> {
    match name {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(Error::not_found_exception("No such policy exists")),
    }
}

impl Kms {
    pub async fn get_key_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: GetKeyPolicyInput,
    ) -> Result<GetKeyPolicyOutput, Error> {
        let key = self.key(&call, subject.into_inner()).await?;
        check_name(input.policy_name.as_deref())?;
        Ok(GetKeyPolicyOutput { policy: Some(key.record.policy.clone()), policy_name: Some(NAME.into()) })
    }

    pub async fn put_key_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: PutKeyPolicyInput,
    ) -> Result<PutKeyPolicyOutput, Error> {
        let key = self.own_key(&call, subject.into_inner()).await?;
        check_name(input.policy_name.as_deref())?;
        let bypass = input.bypass_policy_lockout_safety_check.unwrap_or(false);
        key_policy::check(&call, key.arn.as_str(), &input.policy, bypass)?;
        self.change(&key, |_, record| {
            check_stays(&key.arn, record)?;
            record.policy = input.policy.to_string();
            Ok(())
        })
        .await?;
        Ok(PutKeyPolicyOutput {})
    }

    pub async fn list_key_policies(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: ListKeyPoliciesInput,
    ) -> Result<ListKeyPoliciesOutput, Error> {
        self.key(&call, subject.into_inner()).await?;
        let page =
            page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS)?;
        let (names, next_marker) = page.cut(std::iter::once(NAME.to_owned()), String::clone);
        Ok(ListKeyPoliciesOutput {
            policy_names: Some(names),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
