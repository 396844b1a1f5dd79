//! Filling a page of parameters from the store.

use kernel::Timestamp;
use store::{KeyRange, RangeOptions, Store};

use crate::keys::Place;
use crate::limits::{SCAN_BUDGET, SCAN_READ_COST, SCAN_ROWS, SCAN_ROWS_AFTER_LEAP};
use crate::records::Parameter;
use crate::ssm;

/// A page, and where the next begins.
pub struct Page<T> {
    pub items: Vec<T>,
    /// The last name looked at, if there may be more behind it.
    pub last: Option<String>,
}

/// What to look for.
pub struct Search<'a> {
    pub place: Place<'a>,
    /// The names begin so.
    pub beginning: &'a str,
    /// What lies deeper than this many levels is skipped without being read.
    pub one_level: bool,
    /// The names are behind this one.
    pub after: Option<&'a str>,
    pub max: usize,
    pub now: Timestamp,
}

impl Search<'_> {
    /// Takes parameters in the order of their names, until the page is full, all were seen, or enough was read.
    pub fn page<T>(
        &self,
        store: &Store,
        mut take: impl FnMut(&str, Parameter) -> Result<Option<T>, store::Error>,
    ) -> Result<Page<T>, store::Error> {
        let snapshot = store.snapshot();
        let mut range = self.place.parameters(self.beginning);
        if let Some(after) = self.after {
            range = range.after(&self.place.parameter(after));
        }
        let mut page = Page { items: Vec::new(), last: None };
        let (mut limit, mut spent) = (SCAN_ROWS, 0);
        while spent < SCAN_BUDGET {
            let rows = snapshot.range(range.clone(), RangeOptions::limit(limit))?;
            spent += SCAN_READ_COST + rows.entries.len();
            limit = (2 * limit).min(SCAN_ROWS);
            let mut next = None;
            for (key, value) in &rows.entries {
                let name = self.place.parameter_name(key)?;
                if let Some(deeper) = self.deeper(&name) {
                    next = Some(KeyRange::new(deeper, range.end.clone()));
                    limit = SCAN_ROWS_AFTER_LEAP;
                    page.last = Some(name);
                    break;
                }
                let parameter = ssm::decode(value)?;
                if ssm::is_live(&parameter, self.now)
                    && let Some(item) = take(&name, parameter)?
                {
                    if page.items.len() == self.max {
                        return Ok(page);
                    }
                    page.items.push(item);
                }
                page.last = Some(name);
            }
            range = match (next, rows.entries.last()) {
                (Some(next), _) => next,
                (None, Some((last, _))) if rows.more => range.after(last),
                _ => {
                    page.last = None;
                    return Ok(page);
                }
            };
        }
        Ok(page)
    }

    /// For a name too deep: the first key behind everything that is as deep below the same level.
    fn deeper(&self, name: &str) -> Option<bytes::Bytes> {
        let rest = name.get(self.beginning.len()..).filter(|_| self.one_level)?;
        let at = self.beginning.len() + rest.find('/')?;
        Some(self.place.parameters(&name[..=at]).end)
    }
}
