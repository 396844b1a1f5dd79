//! Walking through a bucket, page by page, for what is due. A row that cannot be read is told and passed over: what is
//! wrong with one object does not keep the rules from being followed for the others.

use bytes::Bytes;
use store::{Error, KeyRange, RangeOptions, Record as _, Snapshot};

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
    fn page(&mut self, snapshot: &Snapshot) -> Result<Option<Vec<(Bytes, Bytes)>>, Error> {
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
    ) -> Result<Option<Vec<Due>>, Error> {
        let Some(page) = self.page(snapshot)? else { return Ok(None) };
        let mut all = Vec::new();
        for (row, value) in page {
            let read = || Ok((text_after(&row, &inside.objects())?, Object::decode(&value)?));
            let Some((key, object)) = readable(&row, read())? else { continue };
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
    ) -> Result<Option<Vec<Due>>, Error> {
        let Some(page) = self.page(snapshot)? else { return Ok(None) };
        let base = inside.uploads();
        let mut all = Vec::new();
        for (row, value) in page {
            let read = || Ok((text_after(&row, &base)?, upload_after(&row, &base)?, Upload::decode(&value)?));
            let Some((key, id, upload)) = readable(&row, read())? else { continue };
            if abort_of(rules.rules, &key, upload.initiated_ms).is_some_and(|(at, _)| at <= rules.now) {
                all.push(Due::Abort { key, upload: id });
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
    /// Whether something of the key could not be read: then nobody knows since when what came before is not the current
    /// version, nor how many are newer, and it stays.
    unreadable: bool,
}

impl HistoryWalk {
    pub fn new(inside: Inside<'_>) -> Self {
        let walk = Walk::new(&inside.versions());
        Self { walk, key: None, newer_ms: 0, newer: 0, alone: None, unreadable: false }
    }

    /// What is due of a page; none at the end.
    pub fn next(
        &mut self,
        snapshot: &Snapshot,
        inside: Inside<'_>,
        rules: &Rules<'_>,
    ) -> Result<Option<Vec<Due>>, Error> {
        let mut all = Vec::new();
        let Some(page) = self.walk.page(snapshot)? else { return Ok(None) };
        for (row, value) in page {
            let named = version_after(&row, &inside.versions()).map_err(Error::from);
            let Some((key, _)) = readable(&row, named)? else { continue };
            let is_first = self.key.as_ref() != Some(&key);
            if is_first {
                all.extend(self.end_of_key(rules));
                self.key = Some(key.clone());
                self.newer = 0;
                self.unreadable = false;
            } else if self.unreadable {
                continue;
            }
            // It was not alone.
            self.alone = None;
            let version = readable(&row, Version::decode(&value).map_err(Error::from))?;
            let Some(version) = version else {
                self.unreadable = true;
                continue;
            };
            if is_first {
                let row = inside.object(&key);
                let found = (&mut &*snapshot).record::<Object>(&row);
                match readable(&row, found)? {
                    Some(Some(current)) => self.newer_ms = current.modified_ms,
                    Some(None) => {
                        self.newer_ms = version.modified_ms();
                        self.alone = marker(&key, &version);
                        continue;
                    }
                    None => {
                        self.unreadable = true;
                        continue;
                    }
                }
            }
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

/// What a row says; none where it makes no sense.
fn readable<T>(row: &Bytes, read: Result<T, Error>) -> Result<Option<T>, Error> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(Error::Corrupt(why)) => {
            tracing::error!(?row, why, "a lifecycle passes over a row that cannot be read");
            Ok(None)
        }
        Err(error) => Err(error),
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
