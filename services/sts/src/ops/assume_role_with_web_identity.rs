//! AssumeRoleWithWebIdentity. The request is not signed: the token is the proof, and the role's trust policy decides.

use std::sync::Arc;

use identity::{keys, records};
use kernel::{Arn, Call};
use model_sts::Error;
use model_sts::types::{AssumeRoleWithWebIdentityInput, AssumeRoleWithWebIdentityOutput};
use oidc::{Claims, FetchError, TokenError};
use service::{Allowed, Resource};
use store::Record as _;

use crate::federation::Proof;
use crate::role::{self, Role};
use crate::session::{self, Begin};
use crate::sts::{Answer, Sts};
use crate::tags::SessionTags;
use crate::{error, policies, web_keys};

/// What the trust policy is asked about.
const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// The role that is asked for, in whichever account.
pub fn resolve(_: &Sts, _: &Call, input: &AssumeRoleWithWebIdentityInput) -> Result<Resource<Arn>, Error> {
    let arn = role::parse_arn(&input.role_arn)?;
    Ok(Resource::new(arn.clone(), arn))
}

impl Sts {
    pub async fn assume_role_with_web_identity(
        self: Arc<Self>,
        call: Arc<Call>,
        arn: Allowed<Arn>,
        input: AssumeRoleWithWebIdentityInput,
    ) -> Result<AssumeRoleWithWebIdentityOutput, Error> {
        let arn = arn.into_inner();
        let provider = self.provider_of(&arn, &input.web_identity_token)?;
        let clock = &self.deps.clock;
        let claims = self
            .issuers
            .verify(&provider.url, &input.web_identity_token, clock.host_now(), clock.now())
            .await
            .map_err(not_believed)?;
        let audiences = audiences(&claims, &provider)?;
        let audience = audiences.first().cloned();
        let subject = claims.subject.clone();
        let proof = proof(&arn, &provider, claims, audiences)?;
        let name = input.role_session_name.into_inner();
        let snapshot = self.deps.store.snapshot();
        let found = role::find(&snapshot, &arn)?;
        proof.check(&call, found.as_ref(), ACTION, &name)?;
        let role: Role = found.ok_or_else(|| error::denied(format!("Not authorized to perform {ACTION}")))?;

        let secs = session::seconds(&role, input.duration_seconds, false)?;
        let policies = policies::check(&snapshot, arn.account(), input.policy, input.policy_arns)?;
        let principal = role.principal(&name);
        let source_identity = proof.source_identity.clone();
        let begin = Begin {
            name,
            secs,
            policies,
            tags: proof.tags.clone(),
            source_identity: source_identity.clone(),
        };
        let session = proof.mark(session::begin(&call, &role, begin));
        let user = session::assumed_role_user(&principal);
        let Answer { credentials, packed_policy_size, session_token_size, session_token_utilization } =
            self.issue(principal, session, input.minimum_session_token_size)?;
        Ok(AssumeRoleWithWebIdentityOutput {
            credentials,
            subject_from_web_identity_token: Some(subject),
            assumed_role_user: Some(user),
            packed_policy_size,
            provider: Some(proof.provider),
            audience,
            source_identity,
            session_token_utilization,
            session_token_size,
        })
    }

    /// The provider in the role's account whose token this claims to be.
    fn provider_of(&self, role: &Arn, token: &str) -> Result<records::OidcProvider, Error> {
        let issuer = oidc::issuer_of(token).ok_or_else(|| not_believed(TokenError::Malformed))?;
        let key = keys::oidc_provider(role.account(), name_of(&issuer));
        let found = match self.deps.store.snapshot().get(&key)? {
            Some(bytes) => Some(records::OidcProvider::decode(&bytes).map_err(store::Error::from)?),
            None => None,
        };
        // To the letter, and over the same scheme.
        found.filter(|provider| provider.url == issuer).ok_or_else(|| {
            Error::invalid_identity_token_exception(format!(
                "No OpenIDConnect provider found in your account for {issuer}"
            ))
        })
    }
}

/// A provider's URL as its ARN has it.
fn name_of(url: &str) -> &str {
    url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url)
}

/// Those whom the token was issued to, as far as the provider is registered for them.
fn audiences(claims: &Claims, provider: &records::OidcProvider) -> Result<Vec<String>, Error> {
    let own = match &claims.authorized_party {
        Some(party) => std::slice::from_ref(party),
        None => &claims.audiences,
    };
    let registered: Vec<String> = own.iter().filter(|id| provider.client_ids.contains(id)).cloned().collect();
    if registered.is_empty() {
        return Err(Error::invalid_identity_token_exception("Incorrect token audience"));
    }
    Ok(registered)
}

fn proof(
    role: &Arn,
    provider: &records::OidcProvider,
    claims: Claims,
    audiences: Vec<String>,
) -> Result<Proof, Error> {
    let name = name_of(&provider.url);
    let keys = web_keys::of(name, &claims, audiences);
    let arn = Arn::new(role.partition(), "iam", "", role.account(), &format!("oidc-provider/{name}"));
    Ok(Proof {
        provider: arn.to_string(),
        keys,
        kept: web_keys::kept(name),
        tags: SessionTags::new(claims.tags, claims.transitive_tags, None)?,
        source_identity: claims.source_identity,
    })
}

fn not_believed(error: TokenError) -> Error {
    let invalid = |text: String| Error::invalid_identity_token_exception(text);
    let no_key = "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements";
    match error {
        TokenError::Malformed => invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
                .into(),
        ),
        TokenError::Keys(FetchError::Unreachable(_)) => Error::idp_communication_error_exception(
            "The identity provider could not be reached. Please try again.",
        ),
        TokenError::Keys(FetchError::Status(500..)) => Error::idp_communication_error_exception(
            "The identity provider did not answer. Please try again.",
        ),
        TokenError::Keys(_) | TokenError::UnknownKey => invalid(no_key.into()),
        TokenError::Expired { now, expires } => Error::expired_token_exception(format!(
            "Token expired: current date/time {now} must be before the expiration date/time {expires}"
        )),
        TokenError::Missing(claim) => invalid(format!("Missing a required claim: {claim}")),
        TokenError::Unreadable(claim) => {
            Error::idp_rejected_claim_exception(format!("The claim {claim} of the token cannot be read."))
        }
        TokenError::Algorithm => invalid("The token is not signed with a supported algorithm.".into()),
        TokenError::Signature => invalid("The token's signature is not valid.".into()),
        TokenError::NotYet => invalid("The token is not valid yet.".into()),
        TokenError::Issuer => invalid("The token's issuer is not the provider.".into()),
    }
}
