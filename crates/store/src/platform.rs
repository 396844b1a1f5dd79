//! What services tell their callers of the store's errors.

use kernel::PlatformError;

use crate::error::Error;
use crate::key::KeyError;
use crate::record::RecordError;

impl PlatformError for Error {
    fn try_later(&self) -> Option<&'static str> {
        match self {
            Error::Conflict | Error::TooOld | Error::Contention => {
                Some("The resource is being changed by too many requests at once. Please try again.")
            }
            Error::Full => Some("There is no space left to store the data."),
            Error::ReadOnly => Some("The data can only be read at the moment."),
            Error::Closed | Error::Unknown => Some("The service is shutting down. Please try again."),
            _ => None,
        }
    }
}

/// A stored value that is not the record it should be is damage.
impl PlatformError for RecordError {
    fn try_later(&self) -> Option<&'static str> {
        None
    }
}

/// A stored key that is not what it should be is damage.
impl PlatformError for KeyError {
    fn try_later(&self) -> Option<&'static str> {
        None
    }
}
