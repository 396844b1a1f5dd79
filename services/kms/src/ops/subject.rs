//! From what a resolver found to a key that may be used.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_kms::Error;
use model_kms::types::KeyState;

use crate::error::{bad_state, managed_key};
use crate::kms::{Key, Kms};
use crate::records;
use crate::resource::{Found, Subject};
use crate::spec::Usage;

impl Kms {
    /// The key that was found, made if it is one of a service.
    pub async fn key(&self, call: &Call, subject: Subject) -> Result<Arc<Key>, Error> {
        match subject.found {
            Found::Key(key) => Ok(key),
            Found::Missing(error) => Err(*error),
            Found::OfService { service, id } => self.make_key_of_service(call, &service, &id).await,
        }
    }

    /// The key that was found, if its owner may change it.
    pub async fn own_key(&self, call: &Call, subject: Subject) -> Result<Arc<Key>, Error> {
        let key = self.key(call, subject).await?;
        match &key.record.manager {
            Some(_) => Err(managed_key(&key.arn)),
            None => Ok(key),
        }
    }
}

impl Key {
    /// Fails unless the key is there for use.
    pub fn check_enabled(&self) -> Result<(), Error> {
        match self.record.state() {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(Error::disabled_exception(format!("{} is disabled.", self.arn))),
            KeyState::PendingImport => Err(bad_state(&self.arn, "is pending import")),
            _ => self.check_stays(),
        }
    }

    /// Fails if the key is about to be deleted.
    pub fn check_stays(&self) -> Result<(), Error> {
        check_stays(&self.arn, &self.record)
    }

    /// Fails unless the key is for this.
    pub fn check_usage(&self, call: &Call, usage: Usage) -> Result<(), Error> {
        if self.record.usage == usage {
            return Ok(());
        }
        Err(Error::invalid_key_usage_exception(format!(
            "{} key usage is {} which is not valid for {}.",
            self.arn,
            self.record.usage.as_str(),
            call.operation
        )))
    }
}

/// Fails if the key of a record is about to be deleted.
pub fn check_stays(arn: &Arn, record: &records::Key) -> Result<(), Error> {
    match record.state() {
        KeyState::PendingDeletion => Err(bad_state(arn, "is pending deletion")),
        KeyState::PendingReplicaDeletion => Err(bad_state(arn, "is pending replica deletion")),
        _ => Ok(()),
    }
}
