//! Why a response is not believed.

use kernel::Timestamp;

/// Why a response is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamlError {
    /// It has more characters than [`crate::RESPONSE_CHARS_MAX`].
    #[error("the response is too long")]
    TooLong,
    /// It is no response of SAML 2.0, or not one that can be read in one way only.
    #[error("the response cannot be read: {0}")]
    Malformed(String),
    /// The provider's metadata cannot be used.
    #[error("the provider's metadata cannot be used: {0}")]
    Metadata(String),
    /// The provider says that it did not sign in the user.
    #[error("the provider reports {0}")]
    Refused(String),
    /// The assertion is encrypted.
    #[error("the assertion is encrypted")]
    Encrypted,
    /// There is no signature, or none that is right.
    #[error("the signature is not valid: {0}")]
    Signature(&'static str),
    /// It is from somebody else than the provider.
    #[error("the issuer is not the provider")]
    Issuer,
    /// It is for somebody else.
    #[error("the audience is another")]
    Audience,
    /// It is to be shown elsewhere.
    #[error("the recipient is another")]
    Recipient,
    /// Its time is over.
    #[error("it ended at {ended}, and it is {now}")]
    Expired {
        /// Now.
        now: Timestamp,
        /// When it ended.
        ended: Timestamp,
    },
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYet,
    /// Something that has to be in the assertion is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An attribute says something that cannot be.
    #[error("{0} cannot be read")]
    Attribute(&'static str),
}
