//! The versions of an object.
//!
//! The current version, where it is an object, has a row of its own, which is all that reading and listing a bucket
//! without versions ever touches. Every other version, delete markers among them, is a row of the history. So an object
//! is current if it has that row, whatever the history says; and a delete marker is current if it is the newest of the
//! history and that row is not there.

use kernel::{Ids, Timestamp};
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::data;
use crate::error::Failure;
use crate::keys::Inside;
use crate::records::{Marker, NullVersion, Object, Version, Versioning};
use crate::s3::Read;
use crate::uploads;

/// The version id of versions made while versioning was not enabled.
pub const NULL: &str = "null";

impl Version {
    /// Greater than that of every older version.
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Object(object) => object.sequence,
            Self::Marker(marker) => marker.sequence,
        }
    }

    /// When it was made.
    pub fn modified_ms(&self) -> i64 {
        match self {
            Self::Object(object) => object.modified_ms,
            Self::Marker(marker) => marker.modified_ms,
        }
    }

    /// Its id as the API writes it.
    pub fn id(&self) -> &str {
        match self {
            Self::Object(object) => object.id(),
            Self::Marker(marker) => marker.version.as_deref().unwrap_or(NULL),
        }
    }

    fn is_null(&self) -> bool {
        self.id() == NULL
    }
}

impl Object {
    /// Its version id as the API writes it.
    pub fn id(&self) -> &str {
        self.version.as_deref().unwrap_or(NULL)
    }
}

/// The version that a request without a version id means: an object, a delete marker, or nothing.
pub fn current(from: &mut impl Read, inside: Inside<'_>, key: &str) -> Result<Option<Object>, store::Error> {
    from.record(&inside.object(key))
}

/// The version with this id.
pub fn find(
    from: &mut impl Read,
    inside: Inside<'_>,
    key: &str,
    id: &str,
) -> Result<Option<Version>, store::Error> {
    if let Some(object) = current(from, inside, key)?.filter(|object| object.id() == id) {
        return Ok(Some(Version::Object(object)));
    }
    let sequence = match id {
        NULL => from.record::<NullVersion>(&inside.null_version(key))?.map(|null| null.sequence),
        id => sequence_of(id),
    };
    let Some(sequence) = sequence else { return Ok(None) };
    let found: Option<Version> = from.record(&inside.version(key, sequence))?;
    Ok(found.filter(|version| version.id() == id))
}

/// The newest version of the history.
pub fn newest_of_history(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
) -> Result<Option<Version>, store::Error> {
    let page = tx.range(KeyRange::prefix(inside.versions_of(key)), RangeOptions::limit(1))?;
    page.entries.first().map(|(_, bytes)| Version::decode(bytes)).transpose().map_err(store::Error::from)
}

/// Makes an object the current version: gives it its place among the versions and its id, and frees what it replaces.
pub fn put(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    versioning: Versioning,
    (ids, now): (&Ids, Timestamp),
    mut object: Object,
) -> Result<Object, Failure> {
    let before = current(tx, inside, key)?;
    if versioning == Versioning::Never {
        if let Some(before) = &before {
            data::release(tx, inside.place(), before)?;
        }
        object.sequence = next(before.as_ref().map(|before| before.sequence), (ids, now));
        object.version = None;
    } else {
        object.sequence = next_of(tx, inside, key, before.as_ref(), (ids, now))?;
        object.version = (versioning == Versioning::Enabled).then(|| new_id(object.sequence, ids));
        make_way(tx, inside, key, versioning, before)?;
    }
    tx.put(inside.object(key), object.encode());
    Ok(object)
}

/// Deletes without naming a version: leaves a delete marker where the bucket keeps versions.
pub fn delete(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    versioning: Versioning,
    (ids, now): (&Ids, Timestamp),
    owner: &str,
) -> Result<Option<Marker>, Failure> {
    let before = current(tx, inside, key)?;
    if before.is_some() {
        uploads::note_deletion(tx, inside, key)?;
    }
    if versioning == Versioning::Never {
        if let Some(before) = &before {
            data::release(tx, inside.place(), before)?;
            tx.delete(inside.object(key));
        }
        return Ok(None);
    }
    let sequence = next_of(tx, inside, key, before.as_ref(), (ids, now))?;
    let marker = Marker {
        sequence,
        version: (versioning == Versioning::Enabled).then(|| new_id(sequence, ids)),
        modified_ms: now.millis(),
        owner: owner.to_owned(),
    };
    let was_object = before.is_some();
    make_way(tx, inside, key, versioning, before)?;
    if was_object {
        tx.delete(inside.object(key));
    }
    remember(tx, inside, key, Version::Marker(marker.clone()));
    Ok(Some(marker))
}

/// Gives a version of another bucket, whose id is not `null`, the place among those of its key that its id says; whether
/// that is free.
pub fn insert(tx: &mut Tx, inside: Inside<'_>, key: &str, version: Version) -> Result<bool, Failure> {
    let sequence = version.sequence();
    let before = current(tx, inside, key)?;
    let taken = before.as_ref().is_some_and(|before| before.sequence == sequence)
        || tx.get(&inside.version(key, sequence))?.is_some();
    if taken {
        return Ok(false);
    }
    let newest = newest_of_history(tx, inside, key)?.map(|version| version.sequence());
    if newest.max(before.as_ref().map(|before| before.sequence)).is_some_and(|newest| newest > sequence) {
        remember(tx, inside, key, version);
        return Ok(true);
    }
    if let Some(before) = before {
        remember(tx, inside, key, Version::Object(before));
    }
    match version {
        Version::Object(object) => tx.put(inside.object(key), object.encode()),
        Version::Marker(_) => {
            uploads::note_deletion(tx, inside, key)?;
            tx.delete(inside.object(key));
            remember(tx, inside, key, version);
        }
    }
    Ok(true)
}

/// Deletes one version for good. Where it was the current one, the next older takes its place.
pub fn delete_version(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    id: &str,
) -> Result<Option<Version>, Failure> {
    let Some(version) = find(tx, inside, key, id)? else { return Ok(None) };
    let was_current = current(tx, inside, key)?.is_some_and(|object| object.sequence == version.sequence());
    if let Version::Object(object) = &version {
        data::release(tx, inside.place(), object)?;
    }
    if was_current {
        uploads::note_deletion(tx, inside, key)?;
        tx.delete(inside.object(key));
    } else {
        forget(tx, inside, key, &version);
    }
    let has_current = !was_current && current(tx, inside, key)?.is_some();
    if !has_current && let Some(Version::Object(object)) = newest_of_history(tx, inside, key)? {
        forget(tx, inside, key, &Version::Object(object.clone()));
        tx.put(inside.object(key), object.encode());
    }
    Ok(Some(version))
}

/// Writes a version that has been changed, as to its tags, in its place.
pub fn replace(tx: &mut Tx, inside: Inside<'_>, key: &str, object: Object) -> Result<(), Failure> {
    let is_current = current(tx, inside, key)?.is_some_and(|found| found.sequence == object.sequence);
    if is_current {
        tx.put(inside.object(key), object.encode());
    } else {
        tx.put(inside.version(key, object.sequence), Version::Object(object).encode());
    }
    Ok(())
}

/// Moves the current version into the history; where the new one is the version `null`, the old `null` ends.
fn make_way(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    versioning: Versioning,
    before: Option<Object>,
) -> Result<(), Failure> {
    if versioning == Versioning::Suspended
        && let Some(null) = find(tx, inside, key, NULL)?
    {
        if let Version::Object(object) = &null {
            data::release(tx, inside.place(), object)?;
        }
        if before.as_ref().is_some_and(|before| before.sequence == null.sequence()) {
            return Ok(());
        }
        forget(tx, inside, key, &null);
    }
    if let Some(before) = before {
        remember(tx, inside, key, Version::Object(before));
    }
    Ok(())
}

fn remember(tx: &mut Tx, inside: Inside<'_>, key: &str, version: Version) {
    if version.is_null() {
        tx.put(inside.null_version(key), NullVersion { sequence: version.sequence() }.encode());
    }
    tx.put(inside.version(key, version.sequence()), version.encode());
}

fn forget(tx: &mut Tx, inside: Inside<'_>, key: &str, version: &Version) {
    if version.is_null() {
        tx.delete(inside.null_version(key));
    }
    tx.delete(inside.version(key, version.sequence()));
}

fn next_of(
    tx: &mut Tx,
    inside: Inside<'_>,
    key: &str,
    current: Option<&Object>,
    when: (&Ids, Timestamp),
) -> Result<u64, store::Error> {
    let history = newest_of_history(tx, inside, key)?.map(|version| version.sequence());
    Ok(next(history.max(current.map(|object| object.sequence)), when))
}

/// The time, unless an older version says that it is later: two versions never have the same, whatever the clock does.
/// Something random is in it, so that versions of one key hardly meet that two buckets make in the same millisecond
/// and copy to each other.
fn next(newest: Option<u64>, (ids, now): (&Ids, Timestamp)) -> u64 {
    const IN_A_MILLISECOND: u32 = 16;
    let random = u64::from(u16::from_le_bytes(ids.bytes()) >> 1);
    let by_clock = (u64::try_from(now.millis()).unwrap_or(0) << IN_A_MILLISECOND) | random;
    newest.map_or(by_clock, |newest| by_clock.max(newest + 1))
}

/// Digits of the sequence in a version id, and as many random ones.
const HALF: usize = 16;

/// An id from which the version's place follows. Its first half counts down, as the ids that clients page by do.
fn new_id(sequence: u64, ids: &Ids) -> String {
    format!("{:016x}{}", u64::MAX - sequence, ids.hex(HALF))
}

/// The place of the version with this id among the versions of its key; none if no version has such an id.
pub fn sequence_of(id: &str) -> Option<u64> {
    let well_formed = id.len() == 2 * HALF && id.bytes().all(|b| b.is_ascii_hexdigit());
    let half = id.get(..HALF).filter(|_| well_formed)?;
    Some(u64::MAX - u64::from_str_radix(half, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use store::{Options, Store};

    use super::*;
    use crate::keys::Place;

    fn marker(sequence: u64) -> Version {
        let version = Some(format!("{:016x}{:016x}", u64::MAX - sequence, 7));
        Version::Marker(Marker { sequence, version, modified_ms: 0, owner: String::new() })
    }

    /// What stands in the history, newest first.
    fn history(tx: &mut Tx, inside: Inside<'_>) -> Vec<u64> {
        let page = tx.range(KeyRange::prefix(inside.versions_of("k")), RangeOptions::limit(9)).unwrap();
        page.entries.iter().map(|(_, bytes)| Version::decode(bytes).unwrap().sequence()).collect()
    }

    #[test]
    fn versions_of_others_take_the_places_of_their_ids() {
        let store = Store::in_memory(Options::default());
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let inside = place.inside(b"01234567");
        let mut tx = store.begin();
        assert!(insert(&mut tx, inside, "k", marker(50)).unwrap());
        assert!(insert(&mut tx, inside, "k", marker(30)).unwrap(), "an older one");
        assert!(!insert(&mut tx, inside, "k", marker(30)).unwrap(), "its place is taken");
        assert!(insert(&mut tx, inside, "k", marker(70)).unwrap());
        assert_eq!(history(&mut tx, inside), [70, 50, 30]);
        let found = find(&mut tx, inside, "k", marker(30).id()).unwrap();
        assert_eq!(found, Some(marker(30)));
        assert!(current(&mut tx, inside, "k").unwrap().is_none());
    }
}
