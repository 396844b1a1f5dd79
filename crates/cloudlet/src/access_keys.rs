//! Access keys: the developer's own, those of the configuration file, and those that the store holds.

use gateway::{Credential, Credentials, LocalKeys, NoCredential, Presentation};
use identity::{KeyError, Keyring, Usage, keys};
use kernel::Call;
use store::{KeyRange, RangeOptions, Store};
use wire::{Protocol, ServiceError};

use crate::configured_keys::ConfiguredKeys;

/// Whether there is any access key in the store.
pub fn exist(store: &Store) -> Result<bool, store::Error> {
    let options = RangeOptions { limit: 1, ..RangeOptions::default() };
    let page = store.snapshot().range(KeyRange::prefix(keys::access_keys()), options)?;
    Ok(!page.entries.is_empty())
}

/// The developer's keys and those of the configuration file where those are accepted, and the keys of the store
/// everywhere.
pub struct AccessKeys {
    /// The keys of the configuration file.
    pub configured: ConfiguredKeys,
    /// The keys of the store, and temporary ones.
    pub keyring: Keyring,
    /// When they were last used.
    pub usage: Usage,
}

impl Credentials for AccessKeys {
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential> {
        let local = LocalKeys.find(presented).or_else(|| self.configured.find(presented));
        if let Some(local) = local {
            return Ok(local);
        }
        let found = self.keyring.find(presented.access_key, presented.token, presented.now);
        let found = found.map_err(|error| match error {
            KeyError::Unknown => NoCredential::Unknown,
            KeyError::Expired => NoCredential::Expired,
        })?;
        Ok(Credential { secret: found.secret, principal: found.principal, well_known: false })
    }

    fn used(&self, call: &Call) {
        self.usage.note(call);
    }
}

/// What a service said went wrong, for a command's output.
pub fn failure(error: &impl ServiceError) -> anyhow::Error {
    let fault = error.fault();
    let (code, message) = (fault.code(Protocol::Query), fault.message(Protocol::Query));
    match message.as_ref() {
        "" => anyhow::anyhow!("no access key was made: {code}"),
        message => anyhow::anyhow!("no access key was made: {message} ({code})"),
    }
}

#[cfg(test)]
mod tests {
    use model_iam::Error;
    use wire::CommonError;

    use super::*;

    #[test]
    fn a_failure_says_what_the_service_says() {
        let full = CommonError::Coded {
            code: "LimitExceeded".into(),
            query_code: None,
            status: 409,
            message: "Cannot exceed quota for AccessKeysPerUser: 2".to_owned(),
        };
        assert_eq!(
            failure(&Error::from(full)).to_string(),
            "no access key was made: Cannot exceed quota for AccessKeysPerUser: 2 (LimitExceeded)"
        );
        let mute =
            CommonError::Coded { code: "Mute".into(), query_code: None, status: 400, message: String::new() };
        assert_eq!(failure(&Error::from(mute)).to_string(), "no access key was made: Mute");
    }
}
