//! Backups: their names, and what goes on with them behind requests.

use std::fmt;

use bytes::Bytes;
use kernel::Arn;
use model_dynamodb::Error;
use store::{KeyRange, RangeOptions, Record as _};

use crate::copy::{Work, release};
use crate::dynamodb::DynamoDb;
use crate::encryption;
use crate::error::Failure;
use crate::keys::{Place, SERVICE, names_after};
use crate::name::{TableName, below_table, is_name};
use crate::records::Backup;

/// Backups that are looked at from one snapshot.
const PAGE: usize = 100;

/// A backup's ARN, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupArn {
    pub place: Place,
    pub table: String,
    pub id: String,
}

impl BackupArn {
    /// Of its text; none if it is not the ARN of a backup.
    pub fn parse(given: &str) -> Option<Self> {
        let (TableName { place, name: table }, id) = below_table(given, "/backup/")?;
        is_name(&id).then_some(Self { place, table, id })
    }

    /// As policies see it.
    pub fn arn(&self) -> Arn {
        let resource = format!("table/{}/backup/{}", self.table, self.id);
        Arn::aws(SERVICE, &self.place.region, &self.place.account, &resource)
    }

    /// The table that it is of.
    pub fn source(&self) -> TableName {
        TableName { place: self.place.clone(), name: self.table.clone() }
    }

    pub fn row(&self) -> Bytes {
        self.place.backup(&self.table, &self.id)
    }
}

impl fmt::Display for BackupArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.arn().fmt(f)
    }
}

/// Takes backups that are being made further, and removes those whose time has come; whether there is more to do now.
pub async fn look_after(service: &DynamoDb, place: &Place) -> Result<bool, Error> {
    let backups = place.backups();
    let mut range = KeyRange::prefix(&backups);
    let mut more = false;
    loop {
        let page = service.store.snapshot().range(range.clone(), RangeOptions::limit(PAGE))?;
        for (row, record) in &page.entries {
            let backup = Backup::decode(record).map_err(store::Error::from)?;
            let (table, id) = names_after(row, &backups).map_err(store::Error::from)?;
            let arn = BackupArn { place: place.clone(), table, id };
            more |= !advance(service, &arn, &backup).await?;
            if backup.expires_ms.is_some_and(|at| at <= service.clock.now().millis()) {
                expire(service, &arn).await?;
            }
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(more),
        }
    }
}

/// Takes a backup further; whether it is there.
async fn advance(service: &DynamoDb, arn: &BackupArn, backup: &Backup) -> Result<bool, Error> {
    let Some(copy) = &backup.copy else { return Ok(true) };
    let work = Work { place: &arn.place, key: &backup.table.key, to: &backup.contents, changes: false };
    service
        .advance(&work, copy.clone(), |tx, now, next| {
            let Some(found) = tx.get(&arn.row())? else { return Ok(false) };
            let mut backup = Backup::decode(&found)?;
            if backup.copy.as_ref() != Some(now) {
                return Ok(false);
            }
            backup.copy = next.cloned();
            if next.is_none() {
                release(tx, &arn.place, &backup.contents, now)?;
            }
            tx.put(arn.row(), backup.encode());
            Ok(true)
        })
        .await
}

async fn expire(service: &DynamoDb, arn: &BackupArn) -> Result<(), Error> {
    service
        .transact(|tx| {
            let Some(found) = tx.get(&arn.row())? else { return Ok(()) };
            let backup = Backup::decode(&found)?;
            // A table that is being restored from it has it until it is there.
            if backup.used_by.is_empty() {
                tx.delete(arn.row());
                tx.delete_range(arn.place.contents(&backup.contents).range());
                encryption::forget(tx, &arn.place, &backup.contents)?;
            }
            Ok::<_, Failure>(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backups_have_their_names() {
        let text = "arn:aws:dynamodb:us-east-1:123456789012:table/things/backup/01489173575360-b308cd7d";
        let arn = BackupArn::parse(text).expect("an ARN");
        assert_eq!((arn.table.as_str(), arn.id.as_str()), ("things", "01489173575360-b308cd7d"));
        assert_eq!(arn.to_string(), text);
        for wrong in [
            "things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/backup/",
            "arn:aws:dynamodb:us-east-1:123456789012:table/things/backup/abc/d",
            "arn:aws:s3:us-east-1:123456789012:table/things/backup/abc",
        ] {
            assert_eq!(BackupArn::parse(wrong), None, "{wrong}");
        }
    }
}
