//! The documented code and HTTP status of each error.

use super::{AuthError, Dialect, Place};

/// The codes of the services that are not S3, before each dialect's spelling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Incomplete,
    UnknownKey,
    Mismatch,
    Outdated,
    ExpiredToken,
    BadQuery,
    Internal,
}

impl AuthError {
    fn kind(&self) -> Kind {
        use AuthError as E;
        match self {
            E::MissingAuthenticationToken | E::UnsupportedAuthorization | E::SignatureV2 => Kind::Missing,
            E::UnsupportedAlgorithm { .. }
            | E::MalformedHeader { .. }
            | E::NotKeyValue { .. }
            | E::IncompleteHeader { .. }
            | E::IncompleteQuery { .. }
            | E::IncompleteLink
            | E::MalformedLinkExpiry { .. }
            | E::RepeatedParameter { .. }
            | E::MalformedParameter { .. }
            | E::MalformedCredential { .. }
            | E::MalformedSignedHeaders { .. }
            | E::MalformedDate { .. }
            | E::ExpiresNotANumber
            | E::ExpiresNegative
            | E::ExpiresTooLong { .. }
            | E::MissingPayloadHash
            | E::MalformedPayloadHash { .. }
            | E::TooLarge { .. } => Kind::Incomplete,
            E::TwoMechanisms
            | E::WrongScope { .. }
            | E::HostNotSigned
            | E::HeadersNotSigned { .. }
            | E::SignedHeaderMissing { .. }
            | E::BodyDiffers { .. }
            | E::SignatureDoesNotMatch(_) => Kind::Mismatch,
            E::TooSkewed { .. } | E::NotYetValid { .. } | E::Expired { .. } | E::LinkExpired { .. } => {
                Kind::Outdated
            }
            E::InvalidClientTokenId { .. } | E::InvalidToken => Kind::UnknownKey,
            E::ExpiredToken => Kind::ExpiredToken,
            E::MalformedUri => Kind::BadQuery,
            E::BodyHashNeeded => Kind::Internal,
        }
    }

    /// The error code in a dialect.
    pub fn code(&self, dialect: Dialect) -> &'static str {
        self.answer(dialect).0
    }

    /// The HTTP status in a dialect.
    pub fn status(&self, dialect: Dialect) -> u16 {
        self.answer(dialect).1
    }

    fn answer(&self, dialect: Dialect) -> (&'static str, u16) {
        match dialect {
            Dialect::Json => (json_code(self.kind()), if self.is_internal() { 500 } else { 400 }),
            Dialect::RestJson => (json_code(self.kind()), rest_json_status(self.kind())),
            Dialect::Query => query(self.kind()),
            Dialect::Ec2 => ec2(self.kind()),
            Dialect::S3 => self.s3(),
        }
    }

    fn is_internal(&self) -> bool {
        self.kind() == Kind::Internal
    }

    fn s3(&self) -> (&'static str, u16) {
        use AuthError as E;
        match self {
            E::MissingAuthenticationToken
            | E::HeadersNotSigned { .. }
            | E::HostNotSigned
            | E::NotYetValid { .. }
            | E::IncompleteLink
            | E::MalformedLinkExpiry { .. }
            | E::LinkExpired { .. }
            | E::Expired { .. } => ("AccessDenied", 403),
            E::IncompleteHeader { names, .. } if names == &["X-Amz-Date"] => ("AccessDenied", 403),
            E::MalformedDate { place: Place::Header, .. } => ("AccessDenied", 403),
            E::TwoMechanisms
            | E::UnsupportedAuthorization
            | E::MalformedHeader { .. }
            | E::MalformedPayloadHash { .. } => ("InvalidArgument", 400),
            E::SignatureV2 | E::MissingPayloadHash => ("InvalidRequest", 400),
            E::UnsupportedAlgorithm { algorithm, .. } if algorithm == crate::ALGORITHM_V4A => {
                ("NotImplemented", 501)
            }
            E::UnsupportedAlgorithm { place: Place::Header, .. } => ("InvalidArgument", 400),
            E::NotKeyValue { .. }
            | E::IncompleteHeader { .. }
            | E::MalformedCredential { place: Place::Header, .. }
            | E::WrongScope { place: Place::Header, .. }
            | E::MalformedSignedHeaders { place: Place::Header, .. } => ("AuthorizationHeaderMalformed", 400),
            E::UnsupportedAlgorithm { .. }
            | E::IncompleteQuery { .. }
            | E::RepeatedParameter { .. }
            | E::MalformedParameter { .. }
            | E::MalformedCredential { .. }
            | E::WrongScope { .. }
            | E::MalformedSignedHeaders { .. }
            | E::MalformedDate { .. }
            | E::ExpiresNotANumber
            | E::ExpiresNegative
            | E::ExpiresTooLong { .. } => ("AuthorizationQueryParametersError", 400),
            E::TooSkewed { .. } => ("RequestTimeTooSkewed", 403),
            E::SignedHeaderMissing { .. } | E::SignatureDoesNotMatch(_) => ("SignatureDoesNotMatch", 403),
            E::BodyDiffers { .. } => ("XAmzContentSHA256Mismatch", 400),
            E::InvalidClientTokenId { .. } => ("InvalidAccessKeyId", 403),
            E::InvalidToken => ("InvalidToken", 400),
            E::ExpiredToken => ("ExpiredToken", 400),
            E::MalformedUri => ("InvalidURI", 400),
            E::TooLarge { .. } => ("InvalidRequest", 400),
            E::BodyHashNeeded => ("InternalError", 500),
        }
    }
}

fn json_code(kind: Kind) -> &'static str {
    match kind {
        Kind::Missing => "MissingAuthenticationTokenException",
        Kind::Incomplete => "IncompleteSignatureException",
        Kind::UnknownKey => "UnrecognizedClientException",
        Kind::Mismatch | Kind::Outdated => "InvalidSignatureException",
        Kind::ExpiredToken => "ExpiredTokenException",
        Kind::BadQuery => "MalformedQueryString",
        Kind::Internal => "InternalFailure",
    }
}

fn rest_json_status(kind: Kind) -> u16 {
    match kind {
        Kind::BadQuery => 400,
        Kind::Internal => 500,
        _ => 403,
    }
}

fn query(kind: Kind) -> (&'static str, u16) {
    match kind {
        Kind::Missing => ("MissingAuthenticationToken", 403),
        Kind::Incomplete => ("IncompleteSignature", 400),
        Kind::UnknownKey => ("InvalidClientTokenId", 403),
        Kind::Mismatch | Kind::Outdated => ("SignatureDoesNotMatch", 403),
        Kind::ExpiredToken => ("ExpiredToken", 403),
        Kind::BadQuery => ("MalformedQueryString", 404),
        Kind::Internal => ("InternalFailure", 500),
    }
}

fn ec2(kind: Kind) -> (&'static str, u16) {
    match kind {
        Kind::Missing => ("MissingAuthenticationToken", 403),
        Kind::Incomplete => ("IncompleteSignature", 400),
        Kind::UnknownKey | Kind::Mismatch => ("AuthFailure", 401),
        Kind::Outdated | Kind::ExpiredToken => ("RequestExpired", 400),
        Kind::BadQuery => ("MalformedQueryString", 400),
        Kind::Internal => ("InternalFailure", 500),
    }
}
