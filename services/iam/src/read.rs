//! Reading records: the same way in a transaction and from a snapshot.

use bytes::Bytes;
use store::{KeyRange, Page, RangeOptions, Record, Snapshot, Tx};

use crate::error::{Error, corrupt};

/// Something records are read from. In a transaction the commit fails if another changes what was read.
pub trait Reader {
    fn bytes(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error>;
    fn page(&mut self, range: KeyRange, options: RangeOptions) -> Result<Page, store::Error>;

    /// The record at a key.
    fn record<R: Record>(&mut self, key: &[u8]) -> Result<Option<R>, Error> {
        self.bytes(key)?.map(|bytes| R::decode(&bytes).map_err(corrupt)).transpose()
    }

    /// All records under a prefix, in the order of their keys. Quotas bound how many those are.
    fn records<R: Record>(&mut self, prefix: &[u8]) -> Result<Vec<R>, Error> {
        let mut found = Vec::new();
        self.visit(KeyRange::prefix(prefix), |_, bytes| {
            found.push(R::decode(bytes)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// Shows the entries of a range one by one, until `see` gives `false`.
    fn visit(
        &mut self,
        mut range: KeyRange,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        loop {
            let page = self.page(range.clone(), RangeOptions::default())?;
            for (key, value) in &page.entries {
                if !see(key, value)? {
                    return Ok(());
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return Ok(()),
            }
        }
    }
}

impl Reader for Tx {
    fn bytes(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error> {
        self.get(key)
    }

    fn page(&mut self, range: KeyRange, options: RangeOptions) -> Result<Page, store::Error> {
        self.range(range, options)
    }
}

impl Reader for Snapshot {
    fn bytes(&mut self, key: &[u8]) -> Result<Option<Bytes>, store::Error> {
        self.get(key)
    }

    fn page(&mut self, range: KeyRange, options: RangeOptions) -> Result<Page, store::Error> {
        self.range(range, options)
    }
}
