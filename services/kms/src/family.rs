//! Multi-Region keys: one key in several regions, with one of them the primary.

use model_kms::Error;

use crate::kms::{Key, Kms};
use crate::records;

/// Fails if the key is a replica: some things are done with the primary key only.
pub fn check_primary(key: &Key) -> Result<(), Error> {
    match &key.record.multi_region {
        Some(multi) if multi.primary != key.region => Err(not_primary(key)),
        _ => Ok(()),
    }
}

/// The key is not the primary one of several regions.
pub fn not_primary(key: &Key) -> Error {
    Error::unsupported_operation_exception(format!("{} is not a multi-region primary key.", key.arn))
}

/// The other regions of a key.
pub fn others(region: &str, record: &records::Key) -> Vec<String> {
    let regions = record.multi_region.iter().flat_map(records::MultiRegion::regions);
    regions.filter(|other| *other != region).map(str::to_owned).collect()
}

impl Kms {
    /// Drops what memory holds of a key in any region.
    pub fn forget_family(&self, key: &Key) {
        for region in others(&key.region, &key.record) {
            self.forget(&key.account, &region, &key.id);
        }
        self.forget(&key.account, &key.region, &key.id);
    }
}
