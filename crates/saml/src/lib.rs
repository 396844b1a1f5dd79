//! SAML 2.0 responses of identity providers: who signed them, and what they say.
//!
//! A response is parsed once. Signatures are checked on nodes of that very tree, and what is read afterwards lies below
//! the node whose signature was checked: nothing is looked up by its id a second time, so that no other element can take
//! the place of the signed one.

mod assertion;
mod canonical;
mod error;
mod metadata;
mod response;
mod signature;
mod time;
mod xml;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;

pub use crate::assertion::Assertion;
pub use crate::error::SamlError;
use crate::metadata::Metadata;

/// Characters of a response in base 64 at most: what AssumeRoleWithSAML takes by its model.
pub const RESPONSE_CHARS_MAX: usize = 100_000;

/// Checks a response (in base 64) against the metadata of the provider that is said to have signed it, and reads its
/// assertion. `now` is the time by which the provider goes.
///
/// # Errors
/// [`SamlError`] says why the response is not believed.
pub fn verify(response: &str, metadata: &str, now: Timestamp) -> Result<Assertion, SamlError> {
    if response.len() > RESPONSE_CHARS_MAX {
        return Err(SamlError::TooLong);
    }
    let packed: Vec<u8> = response.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = STANDARD.decode(packed).map_err(|_| SamlError::Malformed("it is not in base 64".into()))?;
    let text = String::from_utf8(bytes).map_err(|_| SamlError::Malformed("its text is not UTF-8".into()))?;
    let metadata = Metadata::read(metadata, now)?;
    let document = xml::parse(&text, xml::RESPONSE_NODES_MAX).map_err(SamlError::Malformed)?;
    let node = response::signed_assertion(&document, &metadata.keys)?;
    assertion::read(node, &metadata.entity_id, now)
}
