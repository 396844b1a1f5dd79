//! What the store says of files, for those who compare it with the files that are there.

use blob::BlobId;
use bytes::Bytes;
use service::places;
use store::{Error, KeyRange, KeyReader, RangeOptions, Record as _, Store};

use crate::data;
use crate::keys::{self, Inside, Place, SERVICE};
use crate::records::{Blob, Bucket, Data, Name, Object, Part, Version};

/// Rows looked at before another snapshot is taken: snapshots are not for keeping.
const PAGE: usize = 256;

/// The files that objects are in, as the store knows them.
#[derive(Clone, Debug)]
pub struct Files {
    store: Store,
    places: Vec<Place>,
}

/// A file in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// Its name.
    pub id: BlobId,
    /// Bytes of the blob in it.
    pub size: u64,
    /// How many objects, versions and parts name it.
    pub uses: u32,
    /// Where it stands among the others, for [`Files::in_use`].
    pub position: Bytes,
}

/// What the store says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Something is in it.
    Used,
    /// It is to be removed.
    Garbage,
    /// Nothing: it was left by what ended before its end.
    No,
}

/// Something whose bytes are kept by themselves: an object, another version of it, or a part.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key.
    pub key: &'a str,
    /// Where its bytes are.
    pub bytes: Found,
}

/// Where bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the store, or there are none.
    InStore,
    /// In this file.
    File(BlobId),
    /// They are not where they should be in the store.
    Missing,
}

impl Files {
    /// Those of a store. What comes to a region later that has none yet is not among them.
    pub fn of(store: &Store) -> Result<Self, Error> {
        let places = places(store, SERVICE)?;
        let places = places.into_iter().map(|(account, region)| Place { account, region }).collect();
        Ok(Self { store: store.clone(), places })
    }

    /// Files in use, in an order that stays: up to `limit` of those after the position `after`. None: there are no more.
    pub fn in_use(&self, after: Option<&[u8]>, limit: usize) -> Result<Vec<InUse>, Error> {
        for place in &self.places {
            let prefix = place.blobs();
            let all = KeyRange::prefix(&prefix);
            let range = match after {
                Some(after) if after >= &all.end[..] => continue,
                Some(after) => all.after(after),
                None => all,
            };
            let page = self.store.snapshot().range(range, RangeOptions::limit(limit))?;
            if !page.entries.is_empty() {
                return page.entries.iter().map(|(row, value)| in_use(&prefix, row, value)).collect();
            }
        }
        Ok(Vec::new())
    }

    /// What there is to be known of a file.
    pub fn known(&self, id: &BlobId) -> Result<Known, Error> {
        let snapshot = self.store.snapshot();
        for place in &self.places {
            if snapshot.get(&place.blob(id.bytes()))?.is_some() {
                return Ok(Known::Used);
            }
            if snapshot.get(&place.garbage(id.bytes()))?.is_some() {
                return Ok(Known::Garbage);
            }
        }
        Ok(Known::No)
    }

    /// Goes through everything that has bytes. Memory is bounded by what one object is; time is not, and what changes
    /// meanwhile may be seen or not.
    pub fn users(&self, mut visit: impl FnMut(User<'_>)) -> Result<(), Error> {
        let names = keys::names();
        pages(&self.store, &names, |row, value| {
            let name = keys::text_after(row, &names)?;
            let Name { account, region } = Name::decode(value)?;
            let place = Place { account, region };
            match self.store.snapshot().get(&place.bucket(&name))? {
                Some(bucket) => self.users_in(&name, place.inside(&Bucket::decode(&bucket)?.id), &mut visit),
                None => Ok(()),
            }
        })
    }

    fn users_in(
        &self,
        bucket: &str,
        inside: Inside<'_>,
        visit: &mut impl FnMut(User<'_>),
    ) -> Result<(), Error> {
        let place = inside.place();
        let (objects, versions) = (inside.objects(), inside.versions());
        pages(&self.store, &objects, |row, value| {
            let key = keys::text_after(row, &objects)?;
            self.object(place, &Object::decode(value)?, |bytes| visit(User { bucket, key: &key, bytes }))
        })?;
        pages(&self.store, &versions, |row, value| {
            let (key, _) = keys::version_after(row, &versions)?;
            match Version::decode(value)? {
                Version::Object(object) => {
                    self.object(place, &object, |bytes| visit(User { bucket, key: &key, bytes }))
                }
                Version::Marker(_) => Ok(()),
            }
        })?;
        let uploads = inside.uploads();
        pages(&self.store, &uploads, |row, _| {
            let (key, upload) = (keys::text_after(row, &uploads)?, keys::upload_after(row, &uploads)?);
            pages(&self.store, &inside.parts(&upload), |_, value| {
                let bytes = self.kept(place, &Part::decode(value)?.data)?;
                visit(User { bucket, key: &key, bytes });
                Ok(())
            })
        })
    }

    fn object(&self, place: &Place, object: &Object, mut visit: impl FnMut(Found)) -> Result<(), Error> {
        let Data::Parts { id } = &object.data else {
            visit(self.kept(place, &object.data)?);
            return Ok(());
        };
        match data::parts(&mut self.store.snapshot(), place, id, object.parts.unwrap_or(0)) {
            Ok(parts) => parts.iter().try_for_each(|part| {
                visit(self.kept(place, &part.data)?);
                Ok(())
            }),
            Err(Error::Corrupt(_)) => {
                visit(Found::Missing);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn kept(&self, place: &Place, data: &Data) -> Result<Found, Error> {
        Ok(match data {
            Data::Empty => Found::InStore,
            Data::Blob(blob) => Found::File(BlobId::from_bytes(blob.id)),
            Data::Inline { id } => match self.store.snapshot().get(&place.data(id))? {
                Some(_) => Found::InStore,
                None => Found::Missing,
            },
            Data::Parts { .. } => Found::Missing,
        })
    }
}

fn in_use(prefix: &[u8], row: &Bytes, value: &[u8]) -> Result<InUse, Error> {
    let mut reader = KeyReader::after_prefix(row, prefix).unwrap_or_else(|| KeyReader::new(&[]));
    let id = reader.bytes()?;
    let id: [u8; 16] = id[..].try_into().map_err(|_| Error::Corrupt("a file has no name".to_owned()))?;
    let Blob { size, uses } = Blob::decode(value)?;
    Ok(InUse { id: BlobId::from_bytes(id), size, uses, position: row.clone() })
}

/// Goes through rows, page by page.
fn pages(
    store: &Store,
    prefix: &[u8],
    mut visit: impl FnMut(&Bytes, &Bytes) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut range = KeyRange::prefix(prefix);
    loop {
        let page = store.snapshot().range(range.clone(), RangeOptions::limit(PAGE))?;
        for (row, value) in &page.entries {
            visit(row, value)?;
        }
        match page.entries.last() {
            Some((last, _)) if page.more => range = range.after(last),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::BlobRef;

    fn place(account: &str) -> Place {
        Place { account: account.to_owned(), region: "us-east-1".to_owned() }
    }

    #[tokio::test]
    async fn files_come_in_order_from_all_places() {
        let store = Store::in_memory(store::Options::default());
        let (one, other) = (place("111111111111"), place("222222222222"));
        let mut ids = Vec::new();
        let mut tx = store.begin();
        for byte in 0..7u8 {
            let place = if byte < 4 { &one } else { &other };
            data::adopt(&mut tx, place, &BlobRef { id: [byte; 16], size: byte.into() }).unwrap();
            ids.push(BlobId::from_bytes([byte; 16]));
        }
        tx.put(one.bucket("between"), "");
        tx.put(other.garbage(&[9; 16]), "");
        tx.commit().await.unwrap();
        let files = Files::of(&store).unwrap();
        let mut found: Vec<InUse> = Vec::new();
        loop {
            let page = files.in_use(found.last().map(|file| &file.position[..]), 3).unwrap();
            assert!(page.len() <= 3);
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found.iter().map(|file| file.id).collect::<Vec<_>>(), ids);
        assert!(found.iter().all(|file| file.uses == 1 && file.size == u64::from(file.id.bytes()[0])));
        assert_eq!(files.known(&ids[5]).unwrap(), Known::Used);
        assert_eq!(files.known(&BlobId::from_bytes([9; 16])).unwrap(), Known::Garbage);
        assert_eq!(files.known(&BlobId::from_bytes([8; 16])).unwrap(), Known::No);
    }
}
