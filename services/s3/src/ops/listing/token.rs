//! Tokens that say where the next page of a list begins. They are of one bucket, and of what was written here.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model_s3::Error;

use crate::bucket::Bucket;
use crate::error::invalid_argument;
use crate::limits::KEY_BYTES_MAX;

/// Bytes of the proof that a token was made here: half of SHA-256's.
const PROOF: usize = 16;

/// The token of the page that begins behind `name`.
pub fn write(bucket: &Bucket, name: &str) -> String {
    let mut token = proof(bucket, name.as_bytes()).to_vec();
    token.extend_from_slice(name.as_bytes());
    URL_SAFE_NO_PAD.encode(token)
}

/// What the page begins behind.
pub fn read(bucket: &Bucket, token: &str) -> Result<String, Error> {
    let name = parse(bucket, token);
    let text = "The continuation token provided is incorrect";
    // The real service does not repeat what came.
    name.ok_or_else(|| {
        let mut error = invalid_argument(text, "continuation-token", "");
        error.members.pop();
        error.into()
    })
}

fn parse(bucket: &Bucket, token: &str) -> Option<String> {
    // In base 64, four characters stand for three bytes.
    if token.len() > (PROOF + KEY_BYTES_MAX).div_ceil(3) * 4 {
        return None;
    }
    let token = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (found, name) = token.split_at_checked(PROOF)?;
    (found == proof(bucket, name)).then(|| String::from_utf8(name.to_vec()).ok()).flatten()
}

/// Nobody outside knows the bucket's id. And whoever guessed it could ask for the same by `start-after`.
fn proof(bucket: &Bucket, name: &[u8]) -> [u8; PROOF] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bucket.record.id);
    let tag = hmac::sign(&key, name);
    let mut proof = [0; PROOF];
    proof.copy_from_slice(&tag.as_ref()[..PROOF]);
    proof
}
