//! ListSecrets, and the search that it shares with BatchGetSecretValue.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use serde::{Deserialize, Serialize};
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _};
use wire::Enum as _;

use crate::error::{corrupt, of_store};
use crate::filter::Filters;
use crate::limits::{LIST_DEFAULT, SCAN_PAGE};
use crate::records::Secret;
use crate::secrets::{Found, Secrets};
use crate::{keys, page};

/// A search among the caller's secrets.
pub struct Wanted<'a> {
    pub filters: &'a [Filter],
    /// Whether those marked for deletion are wanted too.
    pub marked: bool,
    pub by: SortByType,
    pub descending: bool,
    pub max: usize,
    pub token: Option<&'a str>,
}

/// What secrets are sorted by: a time where there is one, then the name, which makes it unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Rank(i64, String);

impl Secrets {
    pub async fn list_secrets(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListSecretsInput,
    ) -> Result<ListSecretsOutput, Error> {
        let wanted = Wanted {
            filters: input.filters.as_deref().unwrap_or_default(),
            marked: input.include_planned_deletion == Some(true),
            by: input.sort_by.and_then(|by| by.known()).unwrap_or(SortByType::CreatedDate),
            descending: input.sort_order.and_then(|order| order.known()) != Some(SortOrderType::Asc),
            max: page::size(input.max_results, LIST_DEFAULT),
            token: input.next_token.as_deref(),
        };
        let (found, next_token) = self.search(&call, &wanted)?;
        let entries = found.iter().map(|found| self.list_entry(found)).collect::<Result<_, _>>()?;
        Ok(ListSecretsOutput { secret_list: Some(entries), next_token })
    }

    /// A page of the secrets that are wanted, and the token of the next. All are looked at; as many are kept as a page
    /// has, and one.
    pub fn search(&self, call: &Call, wanted: &Wanted<'_>) -> Result<(Vec<Found>, Option<String>), Error> {
        let filters = Filters::read(wanted.filters)?;
        let asked = wanted.asked();
        let after: Option<Rank> = page::decode(wanted.token, &asked)?;
        let mut best: BTreeSet<Ranked> = BTreeSet::new();
        let mut range = KeyRange::prefix(keys::secrets(&call.account, &call.region));
        loop {
            let page = self
                .store
                .snapshot()
                .range(range.clone(), RangeOptions::limit(SCAN_PAGE))
                .map_err(of_store)?;
            for (_, bytes) in &page.entries {
                let secret = Secret::decode(bytes).map_err(|error| of_store(corrupt(error)))?;
                let found = Found { account: call.account.clone(), region: call.region.clone(), secret };
                if (found.secret.purge_ms.is_some() && !wanted.marked) || !filters.hold(&found) {
                    continue;
                }
                let rank = self.rank(&found, wanted.by)?;
                if after.as_ref().is_some_and(|after| wanted.order(&rank, after) != Ordering::Greater) {
                    continue;
                }
                best.insert(Ranked { rank, descending: wanted.descending, found });
                if best.len() > wanted.max + 1 {
                    best.pop_last();
                }
            }
            match page.entries.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => break,
            }
        }
        if best.len() <= wanted.max {
            return Ok((best.into_iter().map(|ranked| ranked.found).collect(), None));
        }
        best.pop_last();
        let token = best.last().map(|last| page::encode(&last.rank, &asked));
        Ok((best.into_iter().map(|ranked| ranked.found).collect(), token))
    }

    fn rank(&self, found: &Found, by: SortByType) -> Result<Rank, Error> {
        let secret = &found.secret;
        let time_ms = match by {
            SortByType::CreatedDate => secret.created_ms,
            SortByType::LastChangedDate => secret.changed_ms,
            SortByType::LastAccessedDate => self.accessed(found, "")?.map_or(0, |day| day.millis()),
            SortByType::Name => 0,
        };
        Ok(Rank(time_ms, secret.name.clone()))
    }
}

impl Wanted<'_> {
    /// What must not change between pages, written out.
    fn asked(&self) -> String {
        let mut asked = format!("{}\n{}\n{}", self.marked, self.by.as_str(), self.descending);
        for filter in self.filters {
            asked.push('\n');
            asked.push_str(filter.key.as_ref().map_or("", |key| key.as_str()));
            for value in filter.values.iter().flatten() {
                asked.push('\t');
                asked.push_str(value);
            }
        }
        asked
    }

    fn order(&self, one: &Rank, other: &Rank) -> Ordering {
        if self.descending { other.cmp(one) } else { one.cmp(other) }
    }
}

/// A secret in the order of its list.
struct Ranked {
    rank: Rank,
    descending: bool,
    found: Found,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.descending { other.rank.cmp(&self.rank) } else { self.rank.cmp(&other.rank) }
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}
