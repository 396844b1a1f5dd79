//! Uploads in parts, from their beginning to their end.

use aws_lc_rs::digest;
use bytes::Bytes;
use kernel::{Ids, Timestamp};
use store::{KeyRange, RangeOptions, Record as _, Snapshot, Tx};

use crate::data;
use crate::error::{Failure, no_such_upload};
use crate::keys::Inside;
use crate::limits::PARTS_MAX;
use crate::records::{Part, Upload};
use crate::s3::Read;

/// Digits of the time and random ones in an upload id.
const TIME_DIGITS: usize = 14;
const RANDOM_DIGITS: usize = 50;

/// Uploads of one key that a deletion of its object is noted in. Those beyond, were there ever so many at once, learn
/// nothing of it, and a conditional end of theirs succeeds as an unconditional one would.
const NOTED_MAX: usize = 100;

/// An id that nobody can guess. Ids of one key are in the order in which they were given.
pub fn new_id(ids: &Ids, now: Timestamp) -> String {
    format!("{:0TIME_DIGITS$x}{}", now.millis().max(0), ids.hex(RANDOM_DIGITS))
}

/// The upload with this id for this key.
pub fn find(
    from: &mut impl Read,
    inside: Inside<'_>,
    key: &str,
    id: &str,
) -> Result<Option<Upload>, store::Error> {
    // Nothing else is an id; and what is longer is no key of the store.
    let is_id = id.len() == TIME_DIGITS + RANDOM_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { from.record(&inside.upload(key, id)) } else { Ok(None) }
}

/// The same.
///
/// # Errors
/// `NoSuchUpload`.
pub fn named(from: &mut impl Read, inside: Inside<'_>, key: &str, id: &str) -> Result<Upload, Failure> {
    Ok(find(from, inside, key, id)?.ok_or_else(|| no_such_upload(id))?)
}

/// The id of the bytes of the object that an upload becomes. It follows from the upload's, so that an object says which
/// upload it was.
pub fn data_id(upload: &str) -> [u8; 16] {
    let hash = digest::digest(&digest::SHA256, upload.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_ref()[..16]);
    id
}

/// All parts of an upload, in order. The commit fails if one comes or goes meanwhile.
pub fn parts(tx: &mut Tx, inside: Inside<'_>, upload: &str) -> Result<Vec<Part>, Failure> {
    let mut range = KeyRange::prefix(inside.parts(upload));
    let mut parts = Vec::new();
    loop {
        let page = tx.range(range.clone(), RangeOptions::limit(PARTS_MAX as usize))?;
        for (_, value) in &page.entries {
            parts.push(Part::decode(value)?);
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(parts),
        }
    }
}

/// Some of the parts of an upload behind the part `after`, and whether there are more.
pub fn parts_after(
    snapshot: &Snapshot,
    inside: Inside<'_>,
    upload: &str,
    after: u32,
    count: usize,
) -> Result<(Vec<Part>, bool), store::Error> {
    let range = KeyRange::prefix(inside.parts(upload)).after(&inside.part(upload, after));
    let page = snapshot.range(range, RangeOptions::limit(count + 1))?;
    let parts: Result<Vec<_>, _> =
        page.entries.iter().take(count).map(|(_, value)| Part::decode(value)).collect();
    Ok((parts?, page.entries.len() > count))
}

/// Ends an upload without an object: its parts go. Says how many they were.
pub fn abort(tx: &mut Tx, inside: Inside<'_>, key: &str, id: &str) -> Result<usize, Failure> {
    let parts = parts(tx, inside, id)?;
    for part in &parts {
        data::release_data(tx, inside.place(), &part.data)?;
    }
    forget(tx, inside, key, id);
    Ok(parts.len())
}

/// Removes the rows of an upload whose parts have been given up or taken over.
pub fn forget(tx: &mut Tx, inside: Inside<'_>, key: &str, id: &str) {
    tx.delete_range(KeyRange::prefix(inside.parts(id)));
    tx.delete(inside.upload(key, id));
}

/// Notes in the uploads of a key that its object was deleted while they went on: one that is to end only where there is
/// no object, or a certain one, cannot tell any more.
pub fn note_deletion(tx: &mut Tx, inside: Inside<'_>, key: &str) -> Result<(), Failure> {
    let uploads: Bytes = inside.uploads_of(key);
    // An upload that begins meanwhile has nothing to note.
    let page = tx.range_unchecked(KeyRange::prefix(uploads), RangeOptions::limit(NOTED_MAX))?;
    for (row, _) in page.entries {
        let Some(mut upload) = tx.record::<Upload>(&row)? else { continue };
        if !upload.disturbed {
            upload.disturbed = true;
            tx.put(row, upload.encode());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_lead_to_one_object() {
        let (first, second) = (new_id(&Ids, Timestamp::from_secs(1)), new_id(&Ids, Timestamp::from_secs(2)));
        assert_eq!(first.len(), 64);
        assert!(first < second);
        assert_eq!(data_id(&first), data_id(&first));
        assert_ne!(data_id(&first), data_id(&second));
    }
}
