//! Where the bytes of objects are: in the store or in files, alone or in parts, and who uses them.

use store::{Record as _, Tx};

use crate::error::{Failure, corrupt};
use crate::keys::Place;
use crate::limits::MANIFEST_PARTS;
use crate::records::{Blob, BlobRef, Data, Garbage, Manifest, Object, Part};
use crate::s3::Read;

/// The topic of the change log that says which files are garbage.
pub const GARBAGE: u16 = 0x0a01;

/// Gives up the bytes of an object whose record goes in the same transaction.
pub fn release(tx: &mut Tx, place: &Place, object: &Object) -> Result<(), Failure> {
    if let Data::Parts { id } = &object.data {
        for part in parts(tx, place, id, object.parts.unwrap_or(0))? {
            release_data(tx, place, &part.data)?;
        }
        tx.delete_range(place.manifests(id));
        return Ok(());
    }
    release_data(tx, place, &object.data)
}

/// Gives up the bytes of one part, or of an object that has no parts.
pub fn release_data(tx: &mut Tx, place: &Place, data: &Data) -> Result<(), Failure> {
    match data {
        Data::Empty => {}
        Data::Inline { id } => tx.delete(place.data(id)),
        Data::Blob(blob) => {
            let row = place.blob(&blob.id);
            let Some(mut file) = tx.record::<Blob>(&row)? else {
                return Err(corrupt("a file is used that has no row").into());
            };
            file.uses = file.uses.saturating_sub(1);
            if file.uses == 0 {
                tx.delete(row);
                discard(tx, place, &blob.id);
            } else {
                tx.put(row, file.encode());
            }
        }
        Data::Parts { .. } => return Err(corrupt("parts within parts").into()),
    }
    Ok(())
}

/// Takes a file into use that has just been written.
///
/// # Errors
/// [`store::Error::Corrupt`] if it was given up already: see [`give_up`].
pub fn adopt(tx: &mut Tx, place: &Place, blob: &BlobRef) -> Result<(), Failure> {
    if tx.get(&place.garbage(&blob.id))?.is_some() {
        return Err(corrupt("a file is used that was given up").into());
    }
    tx.put(place.blob(&blob.id), Blob { size: blob.size, uses: 1 }.encode());
    Ok(())
}

/// Makes garbage of a file whose request ended before it was told of a commit, unless that commit came after all. One
/// of the two transactions fails: each writes a row that the other reads.
pub fn give_up(tx: &mut Tx, place: &Place, id: &[u8; 16]) -> Result<(), Failure> {
    if tx.get(&place.blob(id))?.is_none() {
        discard(tx, place, id);
    }
    Ok(())
}

fn discard(tx: &mut Tx, place: &Place, id: &[u8; 16]) {
    tx.put(place.garbage(id), "");
    tx.emit(
        GARBAGE,
        Garbage { account: place.account.clone(), region: place.region.clone(), id: *id }.encode(),
    );
}

/// Uses a file once more.
///
/// # Errors
/// [`store::Error::Corrupt`] if nobody uses it.
pub fn share(tx: &mut Tx, place: &Place, blob: &BlobRef) -> Result<(), Failure> {
    let row = place.blob(&blob.id);
    let Some(mut file) = tx.record::<Blob>(&row)? else {
        return Err(corrupt("a file is used that has no row").into());
    };
    file.uses += 1;
    tx.put(row, file.encode());
    Ok(())
}

/// The parts of an object, in order.
pub fn parts(
    from: &mut impl Read,
    place: &Place,
    id: &[u8; 16],
    count: u32,
) -> Result<Vec<Part>, store::Error> {
    let count = count as usize;
    let mut parts = Vec::with_capacity(count.min(crate::limits::PARTS_MAX as usize));
    for chunk in 0.. {
        if parts.len() >= count {
            break;
        }
        let Some(manifest) = from.record::<Manifest>(&place.manifest(id, chunk))? else {
            return Err(corrupt("the list of an object's parts is not whole"));
        };
        parts.extend(manifest.parts);
    }
    Ok(parts)
}

/// Writes the list of an object's parts.
pub fn put_parts(tx: &mut Tx, place: &Place, id: &[u8; 16], parts: &[Part]) {
    for (chunk, parts) in (0..).zip(parts.chunks(MANIFEST_PARTS)) {
        tx.put(place.manifest(id, chunk), Manifest { parts: parts.to_vec() }.encode());
    }
}

#[cfg(test)]
mod tests {
    use store::{Options, Store};

    use super::*;

    /// A request may end at any moment, also while its commit is under way: its file is kept or goes, never both.
    #[tokio::test]
    async fn a_file_is_taken_into_use_or_given_up() {
        let store = Store::in_memory(Options::default());
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let blob = |byte| BlobRef { id: [byte; 16], size: 1 };
        let mut late = store.begin();
        adopt(&mut late, &place, &blob(1)).unwrap();
        store.transact(|tx| give_up(tx, &place, &[1; 16])).await.unwrap();
        assert!(late.commit().await.is_err(), "it was given up");
        assert!(store.transact(|tx| adopt(tx, &place, &blob(1))).await.is_err());
        let mut late = store.begin();
        give_up(&mut late, &place, &[2; 16]).unwrap();
        store.transact(|tx| adopt(tx, &place, &blob(2))).await.unwrap();
        assert!(late.commit().await.is_err(), "it is in use");
        store.transact(|tx| give_up(tx, &place, &[2; 16])).await.unwrap();
        assert!(store.snapshot().get(&place.garbage(&[2; 16])).unwrap().is_none());
        assert_eq!(store.changes(GARBAGE, store::Stamp::ZERO, 9).unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_file_is_garbage_when_its_last_user_is_gone() {
        let store = Store::in_memory(Options::default());
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let blob = BlobRef { id: [1; 16], size: 1 };
        store.transact(|tx| adopt(tx, &place, &blob)).await.unwrap();
        store.transact(|tx| share(tx, &place, &blob)).await.unwrap();
        let garbage = || store.snapshot().get(&place.garbage(&blob.id)).unwrap().is_some();
        store.transact(|tx| release_data(tx, &place, &Data::Blob(blob))).await.unwrap();
        assert!(!garbage());
        store.transact(|tx| release_data(tx, &place, &Data::Blob(blob))).await.unwrap();
        assert!(garbage());
        assert!(store.transact(|tx| release_data(tx, &place, &Data::Blob(blob))).await.is_err());
    }
}
