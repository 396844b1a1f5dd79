//! Gives out the bytes of an object, or a range of them: from the store, from a file, or from the files of its parts
//! one after the other. A part is opened when the one before it has been sent.

use std::ops::Range;
use std::sync::Arc;

use blob::{BlobId, Blobs};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use model_s3::Error;
use wire::{ByteStream, StreamError};

use crate::data;
use crate::error::internal;
use crate::object_key::ObjectKey;
use crate::readers::Pin;
use crate::records::{Data, Object};
use crate::resource::Asked;
use crate::s3::S3;

/// A range of one part.
struct Slice {
    kept: Kept,
    size: u64,
    range: Range<u64>,
}

/// Where the bytes of a part are.
enum Kept {
    Nowhere,
    /// What the store has of them, sealed: read at once, for its row goes with the object. Of an object's parts only the
    /// last can be so short.
    Here {
        id: [u8; 16],
        sealed: Bytes,
    },
    File(BlobId),
}

/// What is needed to open a part.
struct Source {
    blobs: Blobs,
    key: ObjectKey,
    /// Keeps files from being removed that this reading has not opened yet.
    _pin: Arc<Pin>,
}

type Pieces = BoxStream<'static, Result<Bytes, StreamError>>;

/// A part, or a range of it, that is being read.
enum Opened {
    Held(Bytes),
    Coming(Pieces),
}

impl Opened {
    fn into_pieces(self) -> Pieces {
        match self {
            Self::Held(bytes) => stream::iter([Ok(bytes)]).boxed(),
            Self::Coming(pieces) => pieces,
        }
    }
}

impl S3 {
    /// The bytes `range` of the object that was `asked` for, which lies within it. When this returns, the first of them have
    /// been read and are authentic.
    pub(crate) async fn read(
        &self,
        asked: &Asked,
        object: &Object,
        key: ObjectKey,
        range: Range<u64>,
    ) -> Result<ByteStream, Error> {
        if range.is_empty() {
            return Ok(ByteStream::default());
        }
        let mut slices = slices(asked, object, &range)?.into_iter();
        let source = Arc::new(Source { blobs: self.blobs.clone(), key, _pin: asked.pin.clone() });
        let length = Some(range.end - range.start);
        let Some(first) = slices.next() else { return Err(internal("an object has no part in its range")) };
        let first = source.open(first).await?;
        if slices.len() == 0 {
            return Ok(match first {
                Opened::Held(bytes) => bytes.into(),
                Opened::Coming(pieces) => ByteStream::of_bytes(length, pieces),
            });
        }
        let first = first.into_pieces();
        let rest = stream::iter(slices)
            .then(move |slice| {
                let source = source.clone();
                async move {
                    source.open(slice).await.map(Opened::into_pieces).map_err(|error| {
                        tracing::error!(?error, "a part of an object cannot be read");
                        StreamError::Broken
                    })
                }
            })
            .try_flatten();
        Ok(ByteStream::of_bytes(length, first.chain(rest)))
    }
}

/// The slices that make up `range`. A list of 10,000 parts is about a MiB.
fn slices(asked: &Asked, object: &Object, range: &Range<u64>) -> Result<Vec<Slice>, Error> {
    let place = &asked.bucket.place;
    let Data::Parts { id } = &object.data else {
        let kept = kept(asked, &object.data)?;
        return Ok(vec![Slice { kept, size: object.size, range: range.clone() }]);
    };
    let parts = data::parts(&mut &asked.snapshot, place, id, object.parts.unwrap_or(0))?;
    let mut slices = Vec::new();
    let mut begin = 0;
    for part in parts {
        let end = begin + part.size;
        let (from, to) = (range.start.max(begin), range.end.min(end));
        if from < to {
            let kept = kept(asked, &part.data)?;
            slices.push(Slice { kept, size: part.size, range: from - begin..to - begin });
        }
        begin = end;
    }
    Ok(slices)
}

fn kept(asked: &Asked, data: &Data) -> Result<Kept, Error> {
    match data {
        Data::Empty => Ok(Kept::Nowhere),
        Data::Blob(blob) => Ok(Kept::File(BlobId::from_bytes(blob.id))),
        Data::Inline { id } => {
            let sealed = asked.snapshot.get(&asked.bucket.place.data(id))?;
            let sealed = sealed.ok_or_else(|| internal("the bytes of an object are missing"))?;
            Ok(Kept::Here { id: *id, sealed })
        }
        Data::Parts { .. } => Err(internal("parts within parts")),
    }
}

impl Source {
    async fn open(&self, slice: Slice) -> Result<Opened, Error> {
        match slice.kept {
            Kept::Here { id, sealed } => {
                let plain = self.key.open_inline(&id, &sealed);
                let plain = plain.ok_or_else(|| internal("the bytes of an object do not open"))?;
                let bytes = usize::try_from(slice.range.start)
                    .ok()
                    .zip(usize::try_from(slice.range.end).ok())
                    .filter(|(start, end)| start <= end && *end <= plain.len())
                    .map(|(start, end)| Bytes::from(plain).slice(start..end))
                    .ok_or_else(|| internal("an object is shorter than its record says"))?;
                Ok(Opened::Held(bytes))
            }
            Kept::File(id) => {
                let reading = self.blobs.read(id, &self.key.of_blobs(), slice.range, slice.size).await?;
                let pieces = reading.map_err(|error| {
                    tracing::error!(%error, "an object cannot be read to its end");
                    StreamError::Broken
                });
                Ok(Opened::Coming(pieces.boxed()))
            }
            Kept::Nowhere => Ok(Opened::Held(Bytes::new())),
        }
    }
}
