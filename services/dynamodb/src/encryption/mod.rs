//! Tables whose items are sealed.
//!
//! The contents of such a table have a key of their own, which never changes. It lies beside them, closed by a KMS key or by the
//! service's own ([`records::DataKey`]): to change the KMS key of a table is to close its key by another. What is copied of a table stays
//! sealed as it is, and its key is closed once more for the copy. A table that had no key when items were put into it has them
//! sealed behind requests ([`pass`]).
//!
//! Keys of items are not sealed: they are what rows are found by, and stand in their order.

mod kms;
mod pass;
mod records;
mod refused;
mod ring;
mod rings;
mod wanted;

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_dynamodb::Error;
use model_dynamodb::types::{SseDescription, SseSpecification, SseStatus, SseType};

pub use pass::{look, seal_all};
pub use records::Encryption;
pub use ring::{OVERHEAD, Ring};
pub use rings::{NewKey, Rings, forget, put, share};
pub use wanted::Wanted;

use crate::dynamodb::DynamoDb;
use crate::error::{Failure, corrupt};
use crate::name::TableName;
use crate::records::Home;
use crate::table::Table;

impl DynamoDb {
    /// The key of a table that is to be made; none where the service's own is wanted, or nothing is said.
    pub async fn new_key(
        &self,
        call: &Call,
        table: &TableName,
        wanted: Option<&Wanted>,
    ) -> Result<Option<NewKey>, Error> {
        match wanted {
            None | Some(Wanted::Own) => Ok(None),
            Some(wanted) => Ok(Some(self.rings.close(call, table, wanted, None).await?)),
        }
    }

    /// The key of a table whose contents are to be a copy of others: theirs, if they have one, closed as is wanted or else as
    /// it is for them.
    pub async fn key_of_copy(
        &self,
        call: &Call,
        table: &TableName,
        (encryption, home): (Option<&Encryption>, &Home),
        wanted: Option<Wanted>,
    ) -> Result<Option<NewKey>, Error> {
        let Some(encryption) = encryption else { return self.new_key(call, table, wanted.as_ref()).await };
        let ring = self.rings.find(call, &table.place, home).await?;
        let wanted = wanted.unwrap_or_else(|| match &encryption.kms_key {
            Some(key_arn) => Wanted::Kms(Some(key_arn.clone())),
            None => Wanted::Own,
        });
        Ok(Some(self.rings.close(call, table, &wanted, ring).await?))
    }

    /// The key of a table's rows, for the caller; none if they are in the clear.
    ///
    /// # Errors
    /// Those of KMS, for a KMS key that cannot be used, or not by the caller.
    pub async fn ring(&self, call: &Call, table: &Table) -> Result<Option<Arc<Ring>>, Error> {
        if table.record.encryption.is_none() {
            return Ok(None);
        }
        there(self.rings.find(call, &table.place, &table.record.home).await?)
    }

    /// The same for the service's own work.
    pub async fn own_ring(&self, table: &Table) -> Result<Option<Arc<Ring>>, Error> {
        if table.record.encryption.is_none() {
            return Ok(None);
        }
        there(self.rings.find_own(&table.place, &table.record.home).await?)
    }

    /// The same in a transaction, for which it was found before.
    pub fn ring_at_hand(&self, table: &Table) -> Result<Option<Arc<Ring>>, Failure> {
        if table.record.encryption.is_none() {
            return Ok(None);
        }
        let ring = self.rings.at_hand(&table.place, &table.record.home);
        // Found again, it is kept for longer than any request takes.
        ring.map(Some)
            .ok_or_else(|| Error::internal_server_error("The table's key has to be found again.").into())
    }
}

fn there(ring: Option<Arc<Ring>>) -> Result<Option<Arc<Ring>>, Error> {
    match ring {
        Some(ring) => Ok(Some(ring)),
        None => Err(corrupt("a table's key is not there").into()),
    }
}

/// What is said of a table's encryption: nothing where the key is the service's own.
pub fn described(encryption: Option<&Encryption>) -> Option<SseDescription> {
    let encryption = encryption?;
    let key_arn = encryption.kms_key.clone()?;
    let status = if encryption.filling { SseStatus::Updating } else { SseStatus::Enabled };
    Some(SseDescription {
        status: Some(status.into()),
        sse_type: Some(SseType::Kms.into()),
        kms_master_key_arn: Some(key_arn),
        inaccessible_encryption_date_time: encryption.inaccessible_ms.map(Timestamp::from_millis),
    })
}

/// The same as a request would ask for it.
pub fn specified(encryption: Option<&Encryption>) -> Option<SseSpecification> {
    let kms_master_key_id = Some(encryption?.kms_key.clone()?);
    Some(SseSpecification { enabled: Some(true), sse_type: Some(SseType::Kms.into()), kms_master_key_id })
}
