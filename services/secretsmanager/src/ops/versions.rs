//! ListSecretVersionIds.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions};

use crate::envelope::MANAGED_KEY_LISTED;
use crate::error::{corrupt, of_store};
use crate::limits::{LIST_DEFAULT, SCAN_PAGE};
use crate::page;
use crate::resource::Named;
use crate::secrets::{Found, Secrets};

impl Secrets {
    pub async fn list_secret_version_ids(
        self: Arc<Self>,
        _: Arc<Call>,
        named: Allowed<Named>,
        input: ListSecretVersionIdsInput,
    ) -> Result<ListSecretVersionIdsOutput, Error> {
        let found = named.existing()?;
        let deprecated = input.include_deprecated == Some(true);
        let max = page::size(input.max_results, LIST_DEFAULT);
        let arn = found.arn();
        let asked = format!("{arn}\n{deprecated}");
        let after: Option<(i64, String)> = page::decode(input.next_token.as_deref(), &asked)?;
        let mut ids = self.ids_by_age(found, after, deprecated, max + 1)?;
        let next_token = (ids.len() > max).then(|| {
            ids.truncate(max);
            page::encode(ids.last(), &asked)
        });
        let mut versions = Vec::new();
        for (_, id) in &ids {
            versions.extend(self.version_entry(found, id)?);
        }
        Ok(ListSecretVersionIdsOutput {
            versions: Some(versions),
            next_token,
            arn: Some(arn.as_str().to_owned()),
            name: Some(found.secret.name.clone()),
        })
    }

    /// The oldest versions behind `after`, so many at most.
    fn ids_by_age(
        &self,
        found: &Found,
        after: Option<(i64, String)>,
        deprecated: bool,
        most: usize,
    ) -> Result<Vec<(i64, String)>, Error> {
        let rows = found.rows();
        let mut range = KeyRange::prefix(rows.by_age());
        if let Some((created_ms, id)) = after {
            range = range.after(&rows.aged(created_ms, &id));
        }
        let mut ids = Vec::new();
        loop {
            let page = self
                .store
                .snapshot()
                .range(range.clone(), RangeOptions::limit(SCAN_PAGE))
                .map_err(of_store)?;
            for (key, _) in &page.entries {
                let (created_ms, id) = rows.age_of(key).map_err(|error| of_store(corrupt(error)))?;
                if deprecated || found.secret.labels_of(&id).next().is_some() {
                    ids.push((created_ms, id));
                }
                if ids.len() == most {
                    return Ok(ids);
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return Ok(ids),
            }
        }
    }

    fn version_entry(&self, found: &Found, id: &str) -> Result<Option<SecretVersionsListEntry>, Error> {
        // It may have been removed meanwhile.
        let Some(version) = self.version(found, id)? else { return Ok(None) };
        let labels: Vec<String> = found.secret.labels_of(id).map(str::to_owned).collect();
        Ok(Some(SecretVersionsListEntry {
            version_id: Some(id.to_owned()),
            version_stages: (!labels.is_empty()).then_some(labels),
            last_accessed_date: self.accessed(found, id)?,
            created_date: Some(Timestamp::from_millis(version.created_ms)),
            kms_key_ids: Some(vec![version.kms_key.unwrap_or_else(|| MANAGED_KEY_LISTED.to_owned())]),
        }))
    }
}
