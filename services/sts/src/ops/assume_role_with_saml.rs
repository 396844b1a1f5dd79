//! AssumeRoleWithSAML. The request is not signed: the assertion is the proof, and the role's trust policy decides.

use std::sync::Arc;

use identity::{keys, records};
use kernel::{Arn, Call, Timestamp};
use model_sts::Error;
use model_sts::types::{AssumeRoleWithSAMLInput, AssumeRoleWithSAMLOutput};
use saml::{Assertion, SamlError};
use service::{Allowed, Resource};
use store::{Record as _, Snapshot};

use crate::federation::Proof;
use crate::role;
use crate::session::{self, Begin};
use crate::sts::{Answer, Sts};
use crate::tags::SessionTags;
use crate::{error, policies, saml_keys};

/// What the trust policy is asked about.
const ACTION: &str = "sts:AssumeRoleWithSAML";

/// The role that is asked for, in whichever account.
pub fn resolve(_: &Sts, _: &Call, input: &AssumeRoleWithSAMLInput) -> Result<Resource<Arn>, Error> {
    let arn = role::parse_arn(&input.role_arn)?;
    Ok(Resource::new(arn.clone(), arn))
}

impl Sts {
    pub async fn assume_role_with_saml(
        self: Arc<Self>,
        call: Arc<Call>,
        arn: Allowed<Arn>,
        input: AssumeRoleWithSAMLInput,
    ) -> Result<AssumeRoleWithSAMLOutput, Error> {
        let arn = arn.into_inner();
        let denied = || error::denied(format!("Not authorized to perform {ACTION}"));
        let snapshot = self.deps.store.snapshot();
        let (provider_arn, provider) = provider(&snapshot, &arn, &input.principal_arn)?;
        // The provider goes by the world's time, however far this cloud's own was advanced.
        let now = self.deps.clock.host_now();
        let assertion = saml::verify(&input.saml_assertion, &provider.metadata, now).map_err(not_believed)?;
        check_names(&assertion)?;
        // The provider says which roles the user may have, and by which of the account's providers.
        let pair = (arn.to_string(), provider_arn.to_string());
        if !assertion.roles.contains(&pair) {
            return Err(denied());
        }
        let account = arn.account();
        let proof = Proof {
            provider: pair.1,
            keys: saml_keys::of(account, &provider.name, &assertion),
            kept: saml_keys::kept(),
            tags: SessionTags::new(assertion.tags, assertion.transitive_tags, None)?,
            source_identity: assertion.source_identity.clone(),
        };
        let found = role::find(&snapshot, &arn)?;
        proof.check(&call, found.as_ref(), ACTION, &assertion.session_name)?;
        let role = found.ok_or_else(denied)?;

        let wanted = session::seconds(&role, input.duration_seconds, false)?;
        let secs = within(wanted, assertion.session_ends, now);
        let policies = policies::check(&snapshot, account, input.policy, input.policy_arns)?;
        let principal = role.principal(&assertion.session_name);
        let begin = Begin {
            name: assertion.session_name,
            secs,
            policies,
            tags: proof.tags.clone(),
            source_identity: proof.source_identity.clone(),
        };
        let session = proof.mark(session::begin(&call, &role, begin));
        let user = session::assumed_role_user(&principal);
        let Answer { credentials, packed_policy_size, session_token_size, session_token_utilization } =
            self.issue(principal, session, input.minimum_session_token_size)?;
        Ok(AssumeRoleWithSAMLOutput {
            credentials,
            assumed_role_user: Some(user),
            packed_policy_size,
            name_qualifier: Some(saml_keys::name_qualifier(&assertion.issuer, account, &provider.name)),
            subject: Some(assertion.subject),
            subject_type: Some(assertion.subject_type),
            issuer: Some(assertion.issuer),
            audience: Some(assertion.recipient),
            source_identity: assertion.source_identity,
            session_token_utilization,
            session_token_size,
        })
    }
}

/// The provider with this ARN, which must be in the role's account.
fn provider(snapshot: &Snapshot, role: &Arn, text: &str) -> Result<(Arn, records::SamlProvider), Error> {
    let missing = || Error::invalid_identity_token_exception("Specified provider doesn't exist");
    let arn: Arn = text.parse().map_err(|_| error::invalid(format!("{text} is invalid")))?;
    let name = arn.resource().strip_prefix("saml-provider/").filter(|name| !name.is_empty());
    let name = name.filter(|_| arn.service() == "iam" && arn.region().is_empty());
    let name = name.ok_or_else(|| error::invalid("Request ARN is invalid"))?;
    if arn.account() != role.account() || arn.partition() != role.partition() {
        return Err(missing());
    }
    let bytes = snapshot.get(&keys::saml_provider(arn.account(), name))?.ok_or_else(missing)?;
    let provider = records::SamlProvider::decode(&bytes).map_err(store::Error::from)?;
    // ARNs are compared to the letter.
    if provider.name != name {
        return Err(missing());
    }
    if let Some(bytes) = snapshot.get(&keys::saml_keys(arn.account(), name))? {
        let keys = records::SamlKeys::decode(&bytes).map_err(store::Error::from)?;
        if keys.required {
            return Err(Error::invalid_identity_token_exception(
                "The provider requires encrypted assertions, which are not available.",
            ));
        }
    }
    Ok((arn, provider))
}

/// The session's name and source identity become parts of ARNs and of what policies compare.
fn check_names(assertion: &Assertion) -> Result<(), Error> {
    let is_name = |text: &str| {
        (2..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
    };
    if !is_name(&assertion.session_name) {
        return Err(Error::invalid_identity_token_exception(
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ));
    }
    let identity = assertion.source_identity.as_deref();
    if identity.is_some_and(|identity| !is_name(identity)) {
        return Err(Error::invalid_identity_token_exception(
            "Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with \"aws:\"",
        ));
    }
    Ok(())
}

/// As long as wanted, but not longer than the session at the provider.
fn within(wanted: i32, ends: Option<Timestamp>, now: Timestamp) -> i32 {
    let left = ends.map(|ends| i32::try_from(ends.since(now).as_secs()).unwrap_or(i32::MAX));
    wanted.min(left.unwrap_or(i32::MAX))
}

fn not_believed(error: SamlError) -> Error {
    let invalid = |text: String| Error::invalid_identity_token_exception(text);
    match error {
        SamlError::Expired { now, ended } => Error::expired_token_exception(format!(
            "Response has expired: current date/time {now} must be before the expiration date/time {ended}"
        )),
        SamlError::Refused(status) => Error::idp_rejected_claim_exception(format!(
            "The identity provider did not sign in the user: {status}"
        )),
        SamlError::Signature(why) => invalid(format!("Response signature invalid: {why}")),
        SamlError::Issuer => invalid("Issuer not present in specified provider".into()),
        SamlError::Audience => invalid("Response does not contain the required audience.".into()),
        SamlError::Recipient => invalid("The response is not for a sign-in endpoint of AWS.".into()),
        SamlError::NotYet => invalid("The response is not valid yet.".into()),
        SamlError::Encrypted => invalid("Encrypted assertions are not available.".into()),
        SamlError::Missing(name) => invalid(format!("{name} is required in AuthnResponse")),
        SamlError::Attribute(name) => invalid(format!("{name} in AuthnResponse cannot be read")),
        SamlError::Metadata(why) => invalid(format!("Could not parse metadata: {why}")),
        SamlError::TooLong | SamlError::Malformed(_) => {
            invalid(format!("Your request included an invalid SAML response: {error}"))
        }
    }
}
