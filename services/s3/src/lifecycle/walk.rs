//! Walking through a bucket, page by page, for what is due.

use bytes::Bytes;
use store::{KeyRange, RangeOptions, Record as _, Snapshot};

use super::due::{Due, Rules, moves, removes};
use super::rules::{Subject, abort_of, expiration_of, marker_expires, transition_of};
use crate::keys::{Inside, text_after, upload_after, version_after};
use crate::records::{Object, Upload, Version};
use crate::s3::Read as _;

/// Rows of a page: a row is about a kilobyte, so this is what is held at once, and read from one snapshot.
const PAGE: usize = 500;

/// A walk through the rows of one kind.
pub struct Walk {
    range: Option<KeyRange>,
}

impl Walk {
    /// Through all rows that begin with this.
    pub fn new(prefix: &Bytes) -> Self {
        Self { range: Some(KeyRange::prefix(prefix)) }
    }

    /// The next page; none at the end.
    fn page(&mut self, snapshot: &Snapshot) -> Result<Option<Vec<(Bytes, Bytes)>>, store::Error> {
        let Some(range) = self.range.take() else { return Ok(None) };
        let page = snapshot.range(range.clone(), RangeOptions::limit(PAGE))?;
        self.range = page.entries.last().filter(|_| page.more).map(|(last, _)| range.after(last));
        Ok(Some(page.entries))
    }

    /// What is due of a page of current versions; none at the end.
    pub fn objects(
        &mut self,
        snapshot: &Snapshot,
        inside: Inside<'_>,
        rules: &Rules<'_>,
    ) -> Result<Option<Vec<Due>>, store::Error> {
        let Some(page) = self.page(snapshot)? else { return Ok(None) };
        let mut all = Vec::new();
        for (row, value) in page {
            let key = text_after(&row, &inside.objects())?;
            let object = Object::decode(&value)?;
            let subject = Subject::of(&key, &object);
            if expiration_of(rules.rules, &subject).is_some_and(|(at, _)| at <= rules.now) {
                all.push(Due::Expire { key });
            } else if transition_of(rules.rules, rules.least, &subject, rules.now).is_some() {
                let (version, sequence) = (object.id().to_owned(), object.sequence);
                all.push(Due::Move { key, version, sequence });
            }
        }
        Ok(Some(all))
    }

    /// What is due of a page of uploads; none at the end.
    pub fn uploads(
        &mut self,
        snapshot: &Snapshot,
        inside: Inside<'_>,
        rules: &Rules<'_>,
    ) -> Result<Option<Vec<Due>>, store::Error> {
        let Some(page) = self.page(snapshot)? else { return Ok(None) };
        let base = inside.uploads();
        let mut all = Vec::new();
        for (row, value) in page {
            let key = text_after(&row, &base)?;
            let initiated_ms = Upload::decode(&value)?.initiated_ms;
            if abort_of(rules.rules, &key, initiated_ms).is_some_and(|(at, _)| at <= rules.now) {
                all.push(Due::Abort { key, upload: upload_after(&row, &base)? });
            }
        }
        Ok(Some(all))
    }
}

/// A walk through the history, which knows what stands before a version: a page may end between two of a key.
pub struct HistoryWalk {
    walk: Walk,
    /// The key that was looked at last.
    key: Option<String>,
    /// When the version before was made: since then, the next one is not the current one.
    newer_ms: i64,
    /// Versions before it that are not the current one.
    newer: u64,
    /// A delete marker that nothing came behind as yet.
    alone: Option<(Due, i64)>,
}

impl HistoryWalk {
    pub fn new(inside: Inside<'_>) -> Self {
        Self { walk: Walk::new(&inside.versions()), key: None, newer_ms: 0, newer: 0, alone: None }
    }

    /// What is due of a page; none at the end.
    pub fn next(
        &mut self,
        snapshot: &Snapshot,
        inside: Inside<'_>,
        rules: &Rules<'_>,
    ) -> Result<Option<Vec<Due>>, store::Error> {
        let mut all = Vec::new();
        let Some(page) = self.walk.page(snapshot)? else { return Ok(None) };
        for (row, value) in page {
            let (key, _) = version_after(&row, &inside.versions())?;
            let version = Version::decode(&value)?;
            if self.key.as_ref() != Some(&key) {
                all.extend(self.end_of_key(rules));
                self.key = Some(key.clone());
                self.newer = 0;
                let current = (&mut &*snapshot).record::<Object>(&inside.object(&key))?;
                match current {
                    Some(current) => self.newer_ms = current.modified_ms,
                    None => {
                        self.newer_ms = version.modified_ms();
                        self.alone = marker(&key, &version);
                        continue;
                    }
                }
            }
            // It was not alone.
            self.alone = None;
            all.extend(of_older(rules, &key, &version, (self.newer_ms, self.newer)));
            self.newer_ms = version.modified_ms();
            self.newer += 1;
        }
        if self.walk.range.is_none() {
            all.extend(self.end_of_key(rules));
        }
        Ok(Some(all))
    }

    fn end_of_key(&mut self, rules: &Rules<'_>) -> Option<Due> {
        let (due, modified_ms) = self.alone.take()?;
        let key = self.key.as_deref().unwrap_or_default();
        marker_expires(rules.rules, key, modified_ms, rules.now).then_some(due)
    }
}

fn marker(key: &str, version: &Version) -> Option<(Due, i64)> {
    let Version::Marker(marker) = version else { return None };
    let (id, sequence) = (version.id().to_owned(), version.sequence());
    Some((Due::RemoveMarker { key: key.to_owned(), version: id, sequence }, marker.modified_ms))
}

/// What is due of a version that is not the current one.
fn of_older(rules: &Rules<'_>, key: &str, version: &Version, since: (i64, u64)) -> Option<Due> {
    let (key, id, sequence) = (key.to_owned(), version.id().to_owned(), version.sequence());
    if removes(rules, &key, version, since) {
        return Some(Due::Remove { key, version: id, sequence });
    }
    moves(rules, &key, version, since).then_some(Due::Move { key, version: id, sequence })
}
