//! Signatures of version 2: HMAC-SHA1 under the secret itself, in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Whether `presented` is the signature of `text`, compared in constant time.
pub(crate) fn is_right(secret: &str, text: &[u8], presented: &str) -> bool {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text);
    // What is no base64 is no signature: nothing has the length of one.
    let presented = STANDARD.decode(presented).unwrap_or_default();
    mac.verify_slice(&presented).is_ok()
}
