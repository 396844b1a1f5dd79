//! Gives out the bytes of an object, or a range of them: from the store, from a file, or from the files of its parts
//! one after the other. A part is opened when the one before it has been sent.

use std::ops::Range;
use std::sync::Arc;

use blob::{BlobId, Blobs};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use model_s3::Error;
use store::Store;
use wire::{ByteStream, StreamError};

use crate::data;
use crate::error::internal;
use crate::keys::Place;
use crate::object_key::ObjectKey;
use crate::readers::Pin;
use crate::records::{Data, Object};
use crate::s3::S3;

/// A range of one part.
struct Slice {
    data: Data,
    size: u64,
    range: Range<u64>,
}

/// What is needed to open a part.
struct Source {
    store: Store,
    blobs: Blobs,
    place: Place,
    key: ObjectKey,
    /// Keeps files from being removed that this reading has not opened yet.
    _pin: Arc<Pin>,
}

type Pieces = BoxStream<'static, Result<Bytes, StreamError>>;

impl S3 {
    /// The bytes `range` of an object in `place`, which lies within it. When this returns, the first of them have been
    /// read and are authentic.
    pub(crate) async fn read(
        &self,
        place: &Place,
        object: &Object,
        key: ObjectKey,
        range: Range<u64>,
        pin: Arc<Pin>,
    ) -> Result<ByteStream, Error> {
        if range.is_empty() {
            return Ok(ByteStream::default());
        }
        let mut slices = self.slices(place, object, &range)?.into_iter();
        let source = Arc::new(Source {
            store: self.store.clone(),
            blobs: self.blobs.clone(),
            place: place.clone(),
            key,
            _pin: pin,
        });
        let length = Some(range.end - range.start);
        let Some(first) = slices.next() else { return Err(internal("an object has no part in its range")) };
        let first = source.open(first).await?;
        if slices.len() == 0 {
            return Ok(ByteStream::of_bytes(length, first));
        }
        let rest = stream::iter(slices)
            .then(move |slice| {
                let source = source.clone();
                async move {
                    source.open(slice).await.map_err(|error| {
                        tracing::error!(?error, "a part of an object cannot be read");
                        StreamError::Broken
                    })
                }
            })
            .try_flatten();
        Ok(ByteStream::of_bytes(length, first.chain(rest)))
    }

    /// The slices that make up `range`. A list of 10,000 parts is about a MiB.
    fn slices(&self, place: &Place, object: &Object, range: &Range<u64>) -> Result<Vec<Slice>, Error> {
        let Data::Parts { id } = &object.data else {
            let slice = Slice { data: object.data.clone(), size: object.size, range: range.clone() };
            return Ok(vec![slice]);
        };
        let parts = data::parts(&mut self.store.snapshot(), place, id, object.parts.unwrap_or(0))?;
        let mut slices = Vec::new();
        let mut begin = 0;
        for part in parts {
            let end = begin + part.size;
            let (from, to) = (range.start.max(begin), range.end.min(end));
            if from < to {
                slices.push(Slice { data: part.data, size: part.size, range: from - begin..to - begin });
            }
            begin = end;
        }
        Ok(slices)
    }
}

impl Source {
    async fn open(&self, slice: Slice) -> Result<Pieces, Error> {
        match slice.data {
            Data::Inline { id } => {
                let sealed = self.store.snapshot().get(&self.place.data(&id))?;
                let sealed = sealed.ok_or_else(|| internal("the bytes of an object are missing"))?;
                let plain = self.key.open_inline(&id, &sealed);
                let plain = plain.ok_or_else(|| internal("the bytes of an object do not open"))?;
                let bytes = usize::try_from(slice.range.start)
                    .ok()
                    .zip(usize::try_from(slice.range.end).ok())
                    .and_then(|(start, end)| plain.get(start..end))
                    .map(Bytes::copy_from_slice)
                    .ok_or_else(|| internal("an object is shorter than its record says"))?;
                Ok(stream::iter([Ok(bytes)]).boxed())
            }
            Data::Blob(blob) => {
                let id = BlobId::from_bytes(blob.id);
                let reading = self.blobs.read(id, &self.key.of_blobs(), slice.range, slice.size).await?;
                let pieces = reading.map_err(|error| {
                    tracing::error!(%error, "an object cannot be read to its end");
                    StreamError::Broken
                });
                Ok(pieces.boxed())
            }
            Data::Empty => Ok(stream::empty().boxed()),
            Data::Parts { .. } => Err(internal("parts within parts")),
        }
    }
}
