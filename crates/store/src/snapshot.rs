//! Reading without writing.

use bytes::Bytes;

use crate::core::Reader;
use crate::error::Error;
use crate::range::{KeyRange, Page, RESERVED, RangeOptions};

/// Everything as it was at one version. Reads fail with [`Error::TooOld`] once it has lived longer than
/// [`crate::Limits::tx_age_max`] and what it saw has been forgotten. Drop it soon all the same: it keeps memory, and
/// pages of the base, from being used again.
pub struct Snapshot {
    pub(crate) reader: Reader,
}

impl Snapshot {
    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        if key.first() == Some(&RESERVED) {
            return Ok(None);
        }
        self.reader.get(None, key)
    }

    /// A page of `range`.
    pub fn range(&self, range: KeyRange, options: RangeOptions) -> Result<Page, Error> {
        self.reader.page(None, &range.for_callers(), options)
    }

    /// The version read at.
    pub fn version(&self) -> u64 {
        self.reader.version()
    }
}
