//! ListKeys.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions};

use crate::error::corrupt;
use crate::key_id::key_arn;
use crate::keys;
use crate::kms::Kms;
use crate::limits::{PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS};
use crate::ops::page;

impl Kms {
    pub async fn list_keys(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListKeysInput,
    ) -> Result<ListKeysOutput, Error> {
        let page =
            page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT_KEYS, PAGE_MAX_KEYS)?;
        let owners = input.resource_owners.unwrap_or_default();
        let own = owners.is_empty()
            || owners.iter().any(|owner| owner.known() == Some(ResourceOwnerType::SelfValue));
        let (account, region) = (&*call.account, &*call.region);
        let prefix = keys::keys(account, region);
        let mut range = KeyRange::prefix(&prefix);
        if let Some(after) = &page.after {
            range = range.after(&keys::key(account, region, after));
        }
        let found = self.store.snapshot().range(range, RangeOptions::limit(page.max + 1))?;
        // No account shares its keys with another in the way that the other value asks for.
        let rows = found.entries.iter().filter(|_| own);
        let ids =
            rows.map(|(row, _)| keys::last(row, &prefix).map_err(corrupt)).collect::<Result<Vec<_>, _>>()?;
        let (ids, next_marker) = page.cut(ids.into_iter(), String::clone);
        let entry = |id: String| KeyListEntry {
            key_arn: Some(key_arn(account, region, &id).to_string()),
            key_id: Some(id),
        };
        Ok(ListKeysOutput {
            keys: Some(ids.into_iter().map(entry).collect()),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
