//! Is the signature right?

use crate::canonical;
use crate::chunk::ChunkSigner;
use crate::date;
use crate::error::{AuthError, Mismatch};
use crate::key::SigningKey;
use crate::payload::Payload;
use crate::policy::Policy;
use crate::request::Request;
use crate::scope::Expected;
use crate::signed::Signed;
use crate::text;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Proof that a request's signature is right, and what is left to check while its body is read.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What is known of the body.
    pub body: BodyCheck,
    signature: [u8; 32],
}

/// What a right signature says about the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyCheck {
    /// The hash given to [`Signed::verify`] is the signed one.
    Done,
    /// The body was not at hand: its SHA-256 must turn out to be this.
    Expect([u8; 32]),
    /// The body is not signed.
    Unsigned,
    /// The body comes in chunks of the `aws-chunked` encoding.
    Chunks {
        /// Each chunk carries a signature: see [`Verified::chunk_signer`].
        signed: bool,
        /// Headers follow the last chunk.
        trailer: bool,
    },
}

impl Verified {
    /// The signer of the chunks that follow. `signed` and `key` are those the request was verified with.
    pub fn chunk_signer(&self, signed: &Signed, key: &SigningKey) -> ChunkSigner {
        ChunkSigner::new(key.clone(), signed.time(), signed.scope(), self.signature)
    }
}

impl Signed {
    /// Verifies time, scope, coverage and signature.
    ///
    /// `req` is the request this was parsed from and `key` the one derived for this access key, date, region
    /// and service. `body_hash` is the SHA-256 of the body where it is at hand; it is needed when
    /// [`Signed::payload`] is [`Payload::Body`]. `now` is unix seconds.
    ///
    /// # Errors
    /// [`AuthError::SignatureDoesNotMatch`], or what is wrong about time, scope, signed headers or body.
    pub fn verify(
        &self,
        req: &Request,
        key: &SigningKey,
        body_hash: Option<&[u8; 32]>,
        now: i64,
        policy: &Policy,
    ) -> Result<Verified, AuthError> {
        self.check_time(now, policy)?;
        self.check_coverage(req, policy)?;
        self.check_scope(Expected::default())?;
        let line = match (self.payload, body_hash) {
            (Payload::Body, None) => return Err(AuthError::BodyHashNeeded),
            (payload, hash) => payload.line(hash.unwrap_or(&[0; 32])),
        };
        let list = self.signed_headers();
        let hash = canonical::request_hash(req, list, line.as_bytes(), policy)?;
        let signature = key.sign(&self.string_to_sign(&text::hex(&hash), &date::iso(self.time)));
        let right = self.signature.is_some_and(|presented| presented.ct_eq(&signature).into());
        if !right {
            return Err(self.mismatch(req, line.as_bytes(), policy));
        }
        Ok(Verified { body: self.body_check(body_hash)?, signature })
    }

    /// Only after the signature: what the client wrote about its body is not worth answering before.
    fn body_check(&self, body_hash: Option<&[u8; 32]>) -> Result<BodyCheck, AuthError> {
        let trailer =
            matches!(self.payload, Payload::StreamingSignedTrailer | Payload::StreamingUnsignedTrailer);
        match (self.payload, body_hash) {
            (Payload::Body, _) => Ok(BodyCheck::Done),
            (Payload::Hash(signed), None) => Ok(BodyCheck::Expect(signed)),
            (Payload::Hash(signed), Some(body)) if signed == *body => Ok(BodyCheck::Done),
            (Payload::Hash(signed), Some(body)) => Err(AuthError::BodyDiffers { signed, body: *body }),
            (Payload::Unsigned, _) => Ok(BodyCheck::Unsigned),
            (Payload::StreamingUnsignedTrailer, _) => Ok(BodyCheck::Chunks { signed: false, trailer }),
            (_, _) => Ok(BodyCheck::Chunks { signed: true, trailer }),
        }
    }

    /// The signed header names cover what they must.
    fn check_coverage(&self, req: &Request, policy: &Policy) -> Result<(), AuthError> {
        if !self.signs("host") {
            return Err(AuthError::HostNotSigned);
        }
        let must_sign = |name: &str| {
            let chosen = if policy.sign_all_amz_headers {
                name.starts_with("x-amz-")
            } else {
                matches!(name, "x-amz-date" | "x-amz-target")
            };
            chosen && !self.signs(name)
        };
        let unsigned = |name: &&http::HeaderName| must_sign(name.as_str());
        let names: Vec<String> =
            req.headers.keys().filter(unsigned).map(|name| name.as_str().to_owned()).collect();
        if names.is_empty() { Ok(()) } else { Err(AuthError::HeadersNotSigned { names }) }
    }

    fn string_to_sign<'a>(&'a self, hash: &'a [u8; 64], time: &'a [u8; 16]) -> [&'a [u8]; 7] {
        [crate::ALGORITHM.as_bytes(), b"\n", time, b"\n", self.scope().as_bytes(), b"\n", hash]
    }

    fn mismatch(&self, req: &Request, line: &[u8], policy: &Policy) -> AuthError {
        let mut canonical = Vec::new();
        if let Err(error) = canonical::request(&mut canonical, req, self.signed_headers(), line, policy) {
            return error;
        }
        let hash = text::hex(&Sha256::digest(&canonical).into());
        let string_to_sign = self.string_to_sign(&hash, &date::iso(self.time)).concat();
        AuthError::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key: self.access_key().to_owned(),
            signature: self.signature_text().to_owned(),
            canonical_request: String::from_utf8_lossy(&canonical).into_owned(),
            string_to_sign: String::from_utf8_lossy(&string_to_sign).into_owned(),
        }))
    }
}
