//! Who signed a request.

use std::net::SocketAddr;
use std::sync::Arc;

use kernel::{Clock, Principal};
use sha2::{Digest, Sha256};
use sigv4::{AuthError, Dialect, Expected, KeyCache, Payload, Place, Policy, Presented, ScopeFault, Signed};
use wire::{CommonError, Protocol, ServiceModel};

use crate::browser;
use crate::credentials::{Credentials, NoCredential, Presentation};

/// Checks signatures.
pub(crate) struct Authenticator {
    credentials: Arc<dyn Credentials>,
    keys: KeyCache,
    clock: Clock,
}

/// An authenticated caller, and the region the request was signed for.
pub(crate) struct Caller {
    pub principal: Principal,
    pub region: String,
}

/// The region of those who do not say one.
const REGION: &str = "us-east-1";

/// Derived keys kept: one per access key, day, region and service in use.
const KEYS: usize = 4096;

/// How services want to be signed for.
pub(crate) fn policy(service: &ServiceModel) -> &'static Policy {
    match service.signing_name {
        "s3" => &Policy::S3,
        "sts" => &Policy::STS,
        _ => &Policy::DEFAULT,
    }
}

/// Reads the signature for routing, before the service is known. What differs between services is looked at
/// again when the service is.
pub(crate) fn present(request: &sigv4::Request<'_>) -> Result<Presented, AuthError> {
    match sigv4::parse(request, &Policy::DEFAULT)? {
        Presented::Signed(signed) if signed.service() == "s3" => sigv4::parse(request, &Policy::S3),
        presented => Ok(presented),
    }
}

impl Authenticator {
    pub fn new(credentials: Arc<dyn Credentials>, clock: Clock) -> Self {
        Self { credentials, keys: KeyCache::new(KEYS), clock }
    }

    /// Checks the signature of a request to `service`. Without one there is no caller, unless the operation is open to
    /// anyone.
    pub fn verify(
        &self,
        request: &sigv4::Request<'_>,
        body: &[u8],
        service: &ServiceModel,
        presented: &Result<Presented, AuthError>,
        listener: SocketAddr,
        open_to_anyone: bool,
    ) -> Result<Caller, AuthError> {
        let signed = match presented {
            Ok(Presented::Signed(signed)) => signed,
            Ok(Presented::Anonymous) if open_to_anyone => {
                return Ok(Caller { principal: Principal::anonymous(), region: REGION.to_owned() });
            }
            Ok(Presented::Anonymous) => return Err(AuthError::MissingAuthenticationToken),
            Err(error) => return Err(error.clone()),
        };
        signed.check_scope(Expected { region: None, service: Some(service.signing_name) })?;
        if !is_region(signed.region()) {
            let fault = ScopeFault::Region { got: signed.region().to_owned(), want: REGION.to_owned() };
            let place = if signed.is_presigned() { Place::Query } else { Place::Header };
            return Err(AuthError::WrongScope { place, faults: vec![fault] });
        }
        let now = self.time_of(signed, policy(service))?;
        let access_key = signed.access_key();
        let presentation =
            Presentation { access_key, token: signed.session_token(), listener, now: self.clock.now() };
        let credential = self.credentials.find(&presentation).map_err(|why| match why {
            NoCredential::Unknown => unknown(access_key),
            NoCredential::Expired => AuthError::ExpiredToken,
        })?;
        if credential.well_known && browser::is_foreign(request.headers) {
            tracing::warn!(access_key, "refused: a web page of another site sent this request");
            return Err(unknown(access_key));
        }
        let key =
            self.keys.get(access_key, &credential.secret, signed.date(), signed.region(), signed.service());
        let hash: [u8; 32] = match signed.payload() {
            Payload::Unsigned => [0; 32],
            _ => Sha256::digest(body).into(),
        };
        signed.verify(request, &key, Some(&hash), now, policy(service))?;
        Ok(Caller { principal: credential.principal, region: signed.region().to_owned() })
    }

    /// Tells the source of credentials that a call was authenticated.
    pub fn used(&self, call: &kernel::Call) {
        self.credentials.used(call);
    }

    /// The time to judge the signature by, in unix seconds. Clients sign with their own time, which is the
    /// host's; those that correct their clock by our `Date` sign with the advanced one. Either will do.
    fn time_of(&self, signed: &Signed, policy: &Policy) -> Result<i64, AuthError> {
        let host = self.clock.host_now().secs();
        match signed.check_time(host, policy) {
            Err(_) if !self.clock.advanced().is_zero() => {
                let advanced = self.clock.now().secs();
                signed.check_time(advanced, policy).map(|()| advanced)
            }
            checked => checked.map(|()| host),
        }
    }
}

fn unknown(access_key: &str) -> AuthError {
    AuthError::InvalidClientTokenId { access_key: access_key.to_owned() }
}

/// The form of a region's name; it becomes part of keys and ARNs.
fn is_region(text: &str) -> bool {
    const MAX: usize = 32;
    (1..=MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The error as a service of this protocol says it. `resource` is the URL that was asked for.
pub(crate) fn refusal(
    error: &AuthError,
    service: &ServiceModel,
    protocol: Protocol,
    resource: impl FnOnce() -> String,
) -> CommonError {
    let dialect = match protocol {
        _ if service.signing_name == "s3" => Dialect::S3,
        Protocol::Json10 | Protocol::Json11 | Protocol::RpcCbor => Dialect::Json,
        Protocol::RestJson => Dialect::RestJson,
        Protocol::Ec2 => Dialect::Ec2,
        Protocol::Query | Protocol::RestXml => Dialect::Query,
    };
    if service.query_compatible {
        return compatible_refusal(error, service, dialect, resource);
    }
    CommonError::Coded {
        code: error.code(dialect).into(),
        query_code: None,
        status: error.status(dialect),
        message: error.message(dialect).to_string(),
    }
}

/// A service that left the query protocol kept its codes for those who know them, and its statuses; SQS also its
/// own answer to requests without a signature (recorded).
fn compatible_refusal(
    error: &AuthError,
    service: &ServiceModel,
    dialect: Dialect,
    resource: impl FnOnce() -> String,
) -> CommonError {
    let (code, query_code, message) = match error {
        AuthError::MissingAuthenticationToken if service.signing_name == "sqs" => {
            let code = if dialect == Dialect::Json { "AccessDeniedException" } else { "AccessDenied" };
            (code, "AccessDenied", format!("Access to the resource {} is denied.", resource()))
        }
        _ => (error.code(dialect), error.code(Dialect::Query), error.message(dialect).to_string()),
    };
    let status = error.status(Dialect::Query);
    CommonError::Coded { code: code.into(), query_code: Some(query_code), status, message }
}
