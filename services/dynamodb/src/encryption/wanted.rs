//! What a request wants of a table's encryption.

use model_dynamodb::Error;
use model_dynamodb::types::{SseSpecification, SseType};
use wire::Open;

use crate::error::wrong;

/// Whose key is to close the table's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The service's own.
    Own,
    /// A KMS key: this one, as the request names it, or the account's for this service.
    Kms(Option<String>),
}

impl Wanted {
    /// Of a request. Texts, and what is said by leaving something out, are as recorded from the real service.
    ///
    /// # Errors
    /// `ValidationException` for members that do not go together.
    pub fn of(given: &SseSpecification) -> Result<Self, Error> {
        let kind = given.sse_type.as_ref().and_then(Open::known);
        let key = given.kms_master_key_id.clone();
        match (given.enabled, kind) {
            (Some(false), Some(_)) => Err(wrong("SSEType can not be specified if Enabled is false")),
            (Some(false), None) if key.is_some() => {
                Err(wrong("KMSMasterKeyId can not be specified if Enabled is false"))
            }
            (_, Some(SseType::Aes256)) => Err(wrong("SSEType AES256 is not supported")),
            (_, Some(SseType::Kms)) => Ok(Self::Kms(key)),
            (_, None) if key.is_some() => {
                Err(wrong("SSEType KMS is required if KMSMasterKeyId is specified"))
            }
            (Some(true), None) => Ok(Self::Kms(None)),
            (Some(false) | None, None) => Ok(Self::Own),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_refused() {
        let of = |enabled: Option<bool>, kind: Option<SseType>, key: Option<&str>| {
            let key = key.map(str::to_owned);
            Wanted::of(&SseSpecification { enabled, sse_type: kind.map(Open::from), kms_master_key_id: key })
                .map_err(|error| format!("{error:?}"))
        };
        let kms = Some(SseType::Kms);
        for own in [of(None, None, None), of(Some(false), None, None)] {
            assert_eq!(own, Ok(Wanted::Own));
        }
        for managed in [of(Some(true), None, None), of(Some(true), kms, None), of(None, kms, None)] {
            assert_eq!(managed, Ok(Wanted::Kms(None)));
        }
        assert_eq!(of(None, kms, Some("a")), Ok(Wanted::Kms(Some("a".to_owned()))));
        for (refused, text) in [
            (of(Some(false), kms, Some("a")), "SSEType can not be specified if Enabled is false"),
            (of(Some(false), None, Some("a")), "KMSMasterKeyId can not be specified if Enabled is false"),
            (of(Some(true), Some(SseType::Aes256), None), "SSEType AES256 is not supported"),
            (of(Some(true), None, Some("a")), "SSEType KMS is required if KMSMasterKeyId is specified"),
        ] {
            assert!(refused.unwrap_err().contains(text), "{text}");
        }
    }
}
