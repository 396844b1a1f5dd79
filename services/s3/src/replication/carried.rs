//! The bytes of a version on their way into another bucket. Within an account and region the copy uses the same files;
//! elsewhere each is written once more, under the same key.

use blob::BlobId;
use bytes::Bytes;
use store::{Snapshot, Tx};

use super::failure::{Reason, Trouble};
use crate::bucket::Bucket;
use crate::data;
use crate::error::Failure;
use crate::keys::Place;
use crate::object_key::ObjectKey;
use crate::orphans::Unclaimed;
use crate::records::{Blob, BlobRef, Data, Object, Part};
use crate::s3::{Read as _, S3};

/// Bytes that are ready to be used by a copy.
pub struct Carried {
    pub data: Data,
    parts: Vec<Part>,
    /// Sealed for the store.
    inline: Vec<([u8; 16], Bytes)>,
    shared: Vec<BlobRef>,
    written: Vec<BlobRef>,
    /// Dropped after the commit as well: a file that is used by then is left alone.
    _unclaimed: Vec<Unclaimed>,
}

impl Carried {
    /// Whether the files it shares are still in use, and so are there.
    pub fn is_there(&self, tx: &mut Tx, place: &Place) -> Result<bool, Failure> {
        for blob in &self.shared {
            if tx.record::<Blob>(&place.blob(&blob.id))?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes all of it into use.
    pub fn place_in(&self, tx: &mut Tx, place: &Place) -> Result<(), Failure> {
        for (id, sealed) in &self.inline {
            tx.put(place.data(id), sealed.clone());
        }
        for blob in &self.shared {
            data::share(tx, place, blob)?;
        }
        for blob in &self.written {
            data::adopt(tx, place, blob)?;
        }
        if let Data::Parts { id } = &self.data {
            data::put_parts(tx, place, id, &self.parts);
        }
        Ok(())
    }
}

/// Makes the bytes of a version ready for a bucket. The caller keeps its files from being removed meanwhile.
pub async fn carry(
    s3: &S3,
    snapshot: &Snapshot,
    (from, object): (&Bucket, &Object),
    to: &Bucket,
    key: &ObjectKey,
) -> Result<Carried, Trouble> {
    let mut carrying = Carrying { s3, snapshot, from: &from.place, to: &to.place, key, carried: empty() };
    carrying.carried.data = match &object.data {
        Data::Parts { id } => {
            for part in data::parts(&mut &*snapshot, &from.place, id, object.parts.unwrap_or(0))? {
                let data = carrying.one(&part.data).await?;
                carrying.carried.parts.push(Part { data, ..part });
            }
            Data::Parts { id: s3.ids.bytes() }
        }
        alone => carrying.one(alone).await?,
    };
    Ok(carrying.carried)
}

fn empty() -> Carried {
    Carried {
        data: Data::Empty,
        parts: Vec::new(),
        inline: Vec::new(),
        shared: Vec::new(),
        written: Vec::new(),
        _unclaimed: Vec::new(),
    }
}

struct Carrying<'a> {
    s3: &'a S3,
    snapshot: &'a Snapshot,
    from: &'a Place,
    to: &'a Place,
    key: &'a ObjectKey,
    carried: Carried,
}

impl Carrying<'_> {
    async fn one(&mut self, data: &Data) -> Result<Data, Trouble> {
        Ok(match data {
            Data::Empty => Data::Empty,
            Data::Inline { id } => {
                let sealed = self.snapshot.get(&self.from.data(id))?.ok_or(Trouble::Gone)?;
                let plain = self.key.open_inline(id, &sealed).ok_or(Reason::SrcObjectNotEligible)?;
                let id = self.s3.ids.bytes();
                self.carried.inline.push((id, self.key.seal_inline(&id, &plain).into()));
                Data::Inline { id }
            }
            Data::Blob(blob) if self.from == self.to => {
                self.carried.shared.push(*blob);
                Data::Blob(*blob)
            }
            Data::Blob(blob) => Data::Blob(self.write(blob).await?),
            Data::Parts { .. } => return Err(Reason::SrcObjectNotEligible.into()),
        })
    }

    async fn write(&mut self, blob: &BlobRef) -> Result<BlobRef, Trouble> {
        let (blobs, key) = (&self.s3.blobs, self.key.of_blobs());
        let mut reading = blobs.read(BlobId::from_bytes(blob.id), &key, 0..blob.size, blob.size).await?;
        let mut writer = blobs.create(&key).await?;
        while let Some(piece) = reading.next().await {
            writer.write(piece?).await?;
        }
        let written = writer.finish().await?;
        let id = *written.id.bytes();
        self.carried._unclaimed.push(Unclaimed::new(&self.s3.orphans, self.to, id));
        let written = BlobRef { id, size: written.size };
        self.carried.written.push(written);
        Ok(written)
    }
}
