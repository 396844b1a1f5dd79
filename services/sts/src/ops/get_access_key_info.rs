//! GetAccessKeyInfo.

use std::sync::Arc;

use identity::records::AccessKey;
use identity::{keys, token};
use kernel::Call;
use model_sts::Error;
use model_sts::types::{GetAccessKeyInfoInput, GetAccessKeyInfoOutput};
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _};

use crate::error;
use crate::sts::Sts;

impl Sts {
    /// Lasting keys are looked up. The ids of temporary ones hold their account and are kept nowhere: one that names an
    /// account without identities was not issued here.
    pub async fn get_access_key_info(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetAccessKeyInfoInput,
    ) -> Result<GetAccessKeyInfoOutput, Error> {
        let id = &*input.access_key_id;
        let account = match id.starts_with("ASIA") {
            true => token::account_of(id).filter(|account| self.knows(&call, account)),
            false => self.account_of_lasting(id)?,
        };
        match account {
            Some(account) => Ok(GetAccessKeyInfoOutput { account: Some(account) }),
            None => Err(error::invalid(format!("Access key {id} does not exist."))),
        }
    }

    fn account_of_lasting(&self, id: &str) -> Result<Option<String>, Error> {
        match self.deps.store.snapshot().get(&keys::access_key(id))? {
            Some(bytes) => Ok(Some(AccessKey::decode(&bytes).map_err(store::Error::from)?.account)),
            None => Ok(None),
        }
    }

    fn knows(&self, call: &Call, account: &str) -> bool {
        if account == call.account {
            return true;
        }
        let range = KeyRange::prefix(keys::everything(account));
        let options = RangeOptions::limit(1);
        let found = self.deps.store.snapshot().range(range, options);
        found.is_ok_and(|page| !page.entries.is_empty())
    }
}
