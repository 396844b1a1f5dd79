//! What services tell their callers of these errors.

use kernel::PlatformError;

use crate::Error;

impl PlatformError for Error {
    fn try_later(&self) -> Option<&'static str> {
        match self {
            Self::Full => Some("There is no space left to store the data."),
            Self::ReadOnly => Some("The data can only be read at the moment."),
            Self::Busy => Some("Too many objects are being read or written. Please try again."),
            Self::Ending => Some("The service is shutting down. Please try again."),
            _ => None,
        }
    }
}
