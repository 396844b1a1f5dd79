//! Lists of exports and imports.

use kernel::Call;
use model_dynamodb::Error;
use store::{KeyRange, RangeOptions};

use crate::dynamodb::DynamoDb;
use crate::error::validation;
use crate::keys::Place;
use crate::limits::TRANSFERS_PAGE;
use crate::resource::Named;
use crate::transfer::job::{Job, Way};

/// What is listed, and from where.
pub struct Wanted<'w> {
    pub way: Way,
    /// Of this table only.
    pub table: Option<&'w Named>,
    pub limit: Option<i32>,
    pub token: Option<&'w String>,
}

impl DynamoDb {
    /// A page of exports or imports, of each table the newest first, and the token of the next page. `show` leaves out what is
    /// not to be listed.
    pub fn transfers<T>(
        &self,
        call: &Call,
        wanted: &Wanted<'_>,
        show: impl Fn(&Job, &[u8]) -> Result<Option<T>, store::Error>,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let place = wanted.table.map_or_else(|| Place::of(call), |table| table.name.place.clone());
        let limit = wanted.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(TRANSFERS_PAGE);
        let all = place.transfers(wanted.way);
        let mut range = match wanted.table {
            Some(table) => KeyRange::prefix(place.transfers_of(wanted.way, &table.name.name)),
            None => KeyRange::prefix(&all),
        };
        if let Some(token) = wanted.token {
            let last = Job::of_list_token(wanted.way, &place, token).ok_or_else(|| {
                validation(format!("Invalid Request: Provided nextToken is invalid: {token}"))
            })?;
            range = range.before(&last.row());
        }
        let snapshot = self.store.snapshot();
        let mut found: Vec<(Job, T)> = Vec::new();
        let more = loop {
            // One more than are wanted tells whether there are more.
            let page = snapshot.range(range.clone(), RangeOptions::limit(limit + 1).reversed())?;
            for (row, record) in &page.entries {
                let job = Job::of_row(wanted.way, &place, row, &all)?;
                if let Some(shown) = show(&job, record)? {
                    found.push((job, shown));
                }
            }
            match page.entries.last() {
                _ if found.len() > limit => break true,
                Some((last, _)) if page.more => range = range.before(last),
                _ => break false,
            }
        };
        found.truncate(limit);
        let token = found.last().filter(|_| more).map(|(job, _)| job.list_token());
        Ok((found.into_iter().map(|(_, shown)| shown).collect(), token))
    }
}
