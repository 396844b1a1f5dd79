//! What can be wrong with a request's authentication, and how each family of services says so.

mod answer;
mod message;

use std::fmt;

/// Where a signature was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The `Authorization` header.
    Header,
    /// `X-Amz-*` query parameters.
    Query,
}

/// The family of services an error is answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `awsJson` services: all client errors are 400, codes end in `Exception`.
    Json,
    /// `restJson` services: the same codes with status 403.
    RestJson,
    /// `awsQuery` and `restXml` services: codes without suffix.
    Query,
    /// EC2: most failures are `AuthFailure`.
    Ec2,
    /// S3.
    S3,
}

/// One part of a credential scope that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeFault {
    /// Another region than the endpoint's.
    Region {
        /// As presented.
        got: String,
        /// The endpoint's.
        want: String,
    },
    /// Another service than the endpoint's.
    Service {
        /// As presented.
        got: String,
        /// The endpoint's.
        want: String,
    },
    /// Not `aws4_request`.
    Terminator {
        /// As presented.
        got: String,
    },
    /// Another day than that of the request time.
    Date {
        /// As presented.
        got: String,
        /// The request time, unix seconds.
        time: i64,
    },
}

/// What a wrong signature should have been made over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The access key id presented.
    pub access_key: String,
    /// The signature presented.
    pub signature: String,
    /// The canonical request as computed here; empty for chunks of a body and for forms, which have none.
    pub canonical_request: String,
    /// The string to sign as computed here.
    pub string_to_sign: String,
}

/// Why a request is not authenticated. [`AuthError::code`], [`AuthError::message`] and [`AuthError::status`]
/// give the answer in the dialect of the service addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthError {
    /// No credentials where they are needed.
    MissingAuthenticationToken,
    /// Both an `Authorization` header and a signature in the query.
    TwoMechanisms,
    /// Signature Version 2, where it is not taken.
    SignatureV2,
    /// A link of version 2 lacks parameters.
    IncompleteLink,
    /// The end of a link of version 2 is no time in unix seconds.
    MalformedLinkExpiry {
        /// As presented.
        value: String,
    },
    /// A link of version 2 is past its end.
    LinkExpired {
        /// The end, unix seconds.
        expires: i64,
        /// The server's time, unix seconds.
        now: i64,
    },
    /// An `Authorization` scheme that is no AWS signature.
    UnsupportedAuthorization,
    /// An AWS signature by another algorithm (SigV4A is `AWS4-ECDSA-P256-SHA256`).
    UnsupportedAlgorithm {
        /// Where it was presented.
        place: Place,
        /// As presented.
        algorithm: String,
    },
    /// A header that must occur once occurs twice, or is not visible ASCII.
    MalformedHeader {
        /// The header.
        name: &'static str,
    },
    /// A field of the `Authorization` header has no equal-sign.
    NotKeyValue {
        /// The field.
        field: String,
        /// The whole header.
        header: String,
    },
    /// The `Authorization` header lacks fields, or there is no date header (`X-Amz-Date`).
    IncompleteHeader {
        /// What is missing.
        names: Vec<&'static str>,
        /// The whole header.
        header: String,
    },
    /// The query lacks authentication parameters.
    IncompleteQuery {
        /// What is missing.
        names: Vec<&'static str>,
    },
    /// An authentication parameter occurs twice in the query.
    RepeatedParameter {
        /// The parameter.
        parameter: &'static str,
    },
    /// An authentication parameter is not text.
    MalformedParameter {
        /// The parameter.
        parameter: &'static str,
    },
    /// The credential has not five parts.
    MalformedCredential {
        /// Where it was presented.
        place: Place,
        /// As presented.
        credential: String,
    },
    /// The credential scope does not fit the request time or the endpoint.
    WrongScope {
        /// Where it was presented.
        place: Place,
        /// All that is wrong, at least one.
        faults: Vec<ScopeFault>,
    },
    /// The list of signed headers is empty, names a header twice or is no list of names.
    MalformedSignedHeaders {
        /// Where it was presented.
        place: Place,
        /// As presented.
        value: String,
    },
    /// The request time is no date.
    MalformedDate {
        /// Where it was presented.
        place: Place,
        /// As presented.
        value: String,
    },
    /// `X-Amz-Expires` is no number.
    ExpiresNotANumber,
    /// `X-Amz-Expires` is negative.
    ExpiresNegative,
    /// `X-Amz-Expires` is over the longest life of a presigned request.
    ExpiresTooLong {
        /// The longest life, seconds.
        max_s: i64,
    },
    /// `host` is not among the signed headers.
    HostNotSigned,
    /// Headers that must be signed are present and not signed.
    HeadersNotSigned {
        /// Their names, at least one.
        names: Vec<String>,
    },
    /// A signed header is not in the request.
    SignedHeaderMissing {
        /// Its name.
        name: String,
    },
    /// `x-amz-content-sha256` is required and missing.
    MissingPayloadHash,
    /// `x-amz-content-sha256` is neither a hash nor a known word.
    MalformedPayloadHash {
        /// As presented.
        value: String,
    },
    /// The body is not the one `x-amz-content-sha256` describes.
    BodyDiffers {
        /// The hash in the header.
        signed: [u8; 32],
        /// The hash of the body.
        body: [u8; 32],
    },
    /// The path or the query is not percent-encoded.
    MalformedUri,
    /// Something is longer than this crate is willing to hash.
    TooLarge {
        /// What.
        what: &'static str,
        /// Its limit.
        limit: usize,
    },
    /// The request time is too far from the server's.
    TooSkewed {
        /// The request time, unix seconds.
        time: i64,
        /// The server's time, unix seconds.
        now: i64,
        /// The tolerance, seconds.
        skew_s: i64,
    },
    /// A presigned request from the future.
    NotYetValid {
        /// The request time, unix seconds.
        time: i64,
        /// The server's time, unix seconds.
        now: i64,
        /// The tolerance, seconds.
        skew_s: i64,
    },
    /// A presigned request past its life.
    Expired {
        /// The request time, unix seconds.
        time: i64,
        /// Its life, seconds.
        expires_s: i64,
        /// The server's time, unix seconds.
        now: i64,
    },
    /// The access key id is unknown. For the caller, who looks it up.
    InvalidClientTokenId {
        /// The access key id.
        access_key: String,
    },
    /// The session token does not belong to the access key. For the caller, who looks it up.
    InvalidToken,
    /// The temporary credentials have expired. For the caller, who looks them up.
    ExpiredToken,
    /// The signature is wrong.
    SignatureDoesNotMatch(Box<Mismatch>),
    /// A mistake of the caller: the signature covers the body and its hash was not given.
    BodyHashNeeded,
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(Dialect::Query), self.message(Dialect::Query))
    }
}

impl std::error::Error for AuthError {}
