//! A secret's value in the clear.

use std::fmt;

use bytes::Bytes;
use model_secretsmanager::Error;
use wire::CommonError;
use zeroize::Zeroizing;

use crate::error::{invalid, refused};
use crate::limits::VALUE_BYTES_MAX;

/// A value. Its memory is wiped when it is dropped, and it is never shown.
pub struct Payload {
    bytes: Zeroizing<Vec<u8>>,
    binary: bool,
}

/// What an answer shows of a value: text or bytes.
pub type Shown = (Option<String>, Option<Bytes>);

impl Payload {
    /// A value as it is kept.
    pub fn new(bytes: Zeroizing<Vec<u8>>, binary: bool) -> Self {
        Self { bytes, binary }
    }

    /// What a request gives; nothing if it gives neither.
    pub fn given(text: Option<String>, binary: Option<Bytes>) -> Result<Option<Self>, Error> {
        let payload = match (text, binary) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "You can't specify both a binary secret value and a string secret value in the same secret.",
                ));
            }
            (Some(text), None) => Self::new(Zeroizing::new(text.into_bytes()), false),
            (None, Some(bytes)) => Self::new(Zeroizing::new(bytes.to_vec()), true),
            (None, None) => return Ok(None),
        };
        // The model counts characters, the quota bytes.
        if payload.bytes.len() > VALUE_BYTES_MAX {
            let member = if payload.binary { "secretBinary" } else { "secretString" };
            return Err(CommonError::Validation(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length \
                 less than or equal to {VALUE_BYTES_MAX}"
            ))
            .into());
        }
        Ok(Some(payload))
    }

    /// The same where a value must be given.
    pub fn required(text: Option<String>, binary: Option<Bytes>) -> Result<Self, Error> {
        Self::given(text, binary)?
            .ok_or_else(|| refused("You must provide either SecretString or SecretBinary."))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn is_binary(&self) -> bool {
        self.binary
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    pub fn same(&self, other: &Self) -> bool {
        self.binary == other.binary
            && aws_lc_rs::constant_time::verify_slices_are_equal(&self.bytes, &other.bytes).is_ok()
    }

    /// For an answer.
    pub fn show(mut self) -> Result<Shown, Error> {
        let bytes = std::mem::take(&mut *self.bytes);
        if self.binary {
            return Ok((None, Some(bytes.into())));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok((Some(text), None)),
            Err(_) => Err(Error::internal_service_error("The secret value is damaged.")),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two() {
        let text = |len: usize| Some("x".repeat(len));
        assert!(Payload::given(text(1), Some(Bytes::from_static(b"x"))).is_err());
        assert!(Payload::required(None, None).is_err());
        assert!(Payload::given(None, None).unwrap().is_none());
        assert!(Payload::given(text(65_536), None).is_ok());
        assert!(Payload::given(text(65_537), None).is_err());
        assert!(Payload::given(Some("é".repeat(32_769)), None).is_err(), "bytes count");
    }

    #[test]
    fn shown_as_given_and_never_in_debug() {
        let payload = Payload::required(Some("canary".into()), None).unwrap();
        assert!(!format!("{payload:?}").contains("canary"));
        let binary = Payload::required(None, Some(Bytes::from_static(b"canary"))).unwrap();
        assert!(!payload.same(&binary));
        assert_eq!(payload.show().unwrap(), (Some("canary".into()), None));
        assert_eq!(binary.show().unwrap(), (None, Some(Bytes::from_static(b"canary"))));
    }
}
