//! What a signature says about the body: `x-amz-content-sha256`.

use crate::error::AuthError;
use crate::policy::Policy;
use crate::text;

/// What the last line of the canonical request says about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The SHA-256 the client wrote in `x-amz-content-sha256`.
    Hash([u8; 32]),
    /// No header: the SHA-256 of the body as it arrives.
    Body,
    /// The body is not signed.
    Unsigned,
    /// The body comes in chunks, each signed.
    StreamingSigned,
    /// The body comes in chunks, each signed, with signed trailing headers.
    StreamingSignedTrailer,
    /// The body comes in unsigned chunks with trailing headers.
    StreamingUnsignedTrailer,
}

const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const STREAMING: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const STREAMING_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const STREAMING_UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

impl Payload {
    /// Reads the value of `x-amz-content-sha256`.
    ///
    /// # Errors
    /// [`AuthError::MalformedPayloadHash`].
    pub fn parse(value: &str, policy: &Policy) -> Result<Payload, AuthError> {
        let bad = || AuthError::MalformedPayloadHash { value: value.to_owned() };
        match value {
            UNSIGNED if policy.unsigned_payload => Ok(Payload::Unsigned),
            STREAMING if policy.content_sha256 => Ok(Payload::StreamingSigned),
            STREAMING_TRAILER if policy.content_sha256 => Ok(Payload::StreamingSignedTrailer),
            STREAMING_UNSIGNED_TRAILER if policy.content_sha256 => Ok(Payload::StreamingUnsignedTrailer),
            digest => text::unhex(digest.as_bytes()).map(Payload::Hash).ok_or_else(bad),
        }
    }

    /// The last line of the canonical request, given the hash of the body where that is what it says.
    pub(crate) fn line(self, body: &[u8; 32]) -> Line {
        match self {
            Payload::Hash(hash) => Line::Hex(text::hex(&hash)),
            Payload::Body => Line::Hex(text::hex(body)),
            Payload::Unsigned => Line::Word(UNSIGNED),
            Payload::StreamingSigned => Line::Word(STREAMING),
            Payload::StreamingSignedTrailer => Line::Word(STREAMING_TRAILER),
            Payload::StreamingUnsignedTrailer => Line::Word(STREAMING_UNSIGNED_TRAILER),
        }
    }
}

/// The last line of the canonical request.
pub(crate) enum Line {
    Hex([u8; 64]),
    Word(&'static str),
}

impl Line {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Line::Hex(hex) => hex,
            Line::Word(word) => word.as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_reads_as_it_is_written() {
        for payload in [
            Payload::Hash([7; 32]),
            Payload::Unsigned,
            Payload::StreamingSigned,
            Payload::StreamingSignedTrailer,
            Payload::StreamingUnsignedTrailer,
        ] {
            let line = payload.line(&[0; 32]);
            let text = std::str::from_utf8(line.as_bytes()).unwrap();
            assert_eq!(Payload::parse(text, &Policy::S3), Ok(payload));
            let elsewhere = Payload::parse(text, &Policy::DEFAULT);
            assert_eq!(elsewhere.is_ok(), matches!(payload, Payload::Hash(_)));
        }
        assert_eq!(Payload::Body.line(&[1; 32]).as_bytes(), "01".repeat(32).as_bytes());
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in ["", "UNSIGNED", "unsigned-payload", "zz", &"AB".repeat(32), &"ab".repeat(33)] {
            let refused = Err(AuthError::MalformedPayloadHash { value: bad.to_owned() });
            assert_eq!(Payload::parse(bad, &Policy::S3), refused);
        }
    }
}
