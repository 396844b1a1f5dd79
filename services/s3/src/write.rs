//! Takes in the bytes of an object or part: short ones for the store, others into a file.

use blob::Writer;
use bytes::Bytes;
use checksum::{Algorithm, Digest, Hasher, hex};
use futures::StreamExt as _;
use model_s3::Error;
use store::Tx;
use wire::{ByteStream, Detailed};

use crate::data;
use crate::digests::Digests;
use crate::error::{Failure, internal};
use crate::expected::{self, Expected};
use crate::keys::Place;
use crate::limits::INLINE_BYTES_MAX;
use crate::object_key::ObjectKey;
use crate::orphans::Unclaimed;
use crate::records::{BlobRef, Checksum, Data, Sealing};
use crate::s3::S3;

/// Bytes that were taken in, whole and as they were said to be. They are kept once [`Written::place_in`] was part of a
/// commit; after that, [`Written::committed`] has to be called. Otherwise they go.
pub struct Written {
    pub data: Data,
    /// In bytes.
    pub size: u64,
    /// What their ETag shows.
    pub tag: [u8; 16],
    /// The client's, or else the one that S3 adds.
    pub checksum: Checksum,
    /// Whether the client named the checksum's algorithm by giving a checksum.
    pub checksum_given: bool,
    /// That of parts of the upload (see [`Expected::of_part`]).
    pub checksum_of_part: Option<Checksum>,
    sealed: Bytes,
    unclaimed: Option<Unclaimed>,
}

impl Written {
    /// Keeps the bytes, in the transaction that writes the record naming them.
    pub fn place_in(&self, tx: &mut Tx, place: &Place) -> Result<(), Failure> {
        match &self.data {
            Data::Empty | Data::Parts { .. } => Ok(()),
            Data::Inline { id } => {
                tx.put(place.data(id), self.sealed.clone());
                Ok(())
            }
            Data::Blob(blob) => data::adopt(tx, place, blob),
        }
    }

    /// The transaction has committed.
    pub fn committed(self) {
        if let Some(unclaimed) = self.unclaimed {
            unclaimed.claim();
        }
    }

    /// The MD5, or what stands for it, in hexadecimal digits.
    pub fn etag(&self) -> String {
        hex(&self.tag)
    }
}

/// Where bytes go before it is known how many there are.
enum Sink {
    Gathering(Vec<u8>),
    File(Box<Writer>),
}

impl S3 {
    /// Reads a body to its end, encrypts it under `key` and keeps it in the bucket's `place`, where nobody sees it yet.
    ///
    /// # Errors
    /// What the body ends in; `EntityTooLarge`; `BadDigest` where the bytes are not what was said of them; what the disk
    /// says. In each case nothing is left.
    pub(crate) async fn write(
        &self,
        place: &Place,
        (sealing, key): (&Sealing, &ObjectKey),
        body: &ByteStream,
        expected: &Expected,
    ) -> Result<Written, Error> {
        if let Some(length) = body.length().filter(|length| *length > expected.bytes_max) {
            return Err(too_large(length, expected.bytes_max));
        }
        let mut reader = body.open();
        let mut digests = Digests::new(&self.digest_jobs, expected.algorithms());
        let mut sink = Sink::Gathering(Vec::new());
        let mut size = 0;
        while let Some(piece) = reader.next().await {
            let piece = piece?;
            size += piece.len() as u64;
            if size > expected.bytes_max {
                return Err(too_large(size, expected.bytes_max));
            }
            digests.update(piece.clone()).await?;
            sink = self.sink(sink, piece, key).await?;
        }
        let computed = digests.finish().await?;
        expected.check_md5(&computed.md5)?;
        let (algorithm, said) = expected.kept(reader.trailers())?;
        let checksum = computed.of(algorithm);
        let (data, sealed, unclaimed, checksum) = match sink {
            Sink::Gathering(plain) => {
                let checksum = checksum.unwrap_or_else(|| Hasher::of(algorithm, &plain));
                let id = self.ids.bytes();
                let data = if plain.is_empty() { Data::Empty } else { Data::Inline { id } };
                (data, key.seal_inline(&id, &plain).into(), None, checksum)
            }
            Sink::File(writer) => {
                let written = writer.finish().await?;
                let id = *written.id.bytes();
                let unclaimed = Unclaimed::new(&self.orphans, place, id);
                let checksum = match checksum {
                    Some(checksum) => checksum,
                    None => self.digest_of_file(key, written, algorithm).await?,
                };
                (Data::Blob(BlobRef { id, size }), Bytes::new(), Some(unclaimed), checksum)
            }
        };
        expected::check(algorithm, said.as_ref(), &checksum)?;
        let md5 = computed.md5.bytes().try_into().map_err(internal)?;
        Ok(Written {
            data,
            size,
            tag: key.tag(sealing, md5),
            checksum: kept(algorithm, &checksum),
            checksum_given: said.is_some(),
            checksum_of_part: expected
                .of_parts()
                .and_then(|algorithm| Some(kept(algorithm, &computed.of(algorithm)?))),
            sealed,
            unclaimed,
        })
    }

    async fn sink(&self, sink: Sink, piece: Bytes, key: &ObjectKey) -> Result<Sink, Error> {
        match sink {
            Sink::Gathering(mut plain) => {
                if plain.len() as u64 + piece.len() as u64 <= INLINE_BYTES_MAX {
                    plain.extend_from_slice(&piece);
                    return Ok(Sink::Gathering(plain));
                }
                let mut writer = Box::new(self.blobs.create(&key.of_blobs()).await?);
                writer.write(plain.into()).await?;
                writer.write(piece).await?;
                Ok(Sink::File(writer))
            }
            Sink::File(mut writer) => {
                writer.write(piece).await?;
                Ok(Sink::File(writer))
            }
        }
    }

    /// A checksum that could not be computed while the bytes came: which one is wanted came behind them.
    async fn digest_of_file(
        &self,
        key: &ObjectKey,
        written: blob::Written,
        algorithm: Algorithm,
    ) -> Result<Digest, Error> {
        let mut digests = Digests::new(&self.digest_jobs, [algorithm]);
        let mut reading = self.blobs.read(written.id, &key.of_blobs(), 0..written.size, written.size).await?;
        while let Some(piece) = reading.next().await {
            digests.update(piece?).await?;
        }
        let computed = digests.finish().await?;
        computed.of(algorithm).ok_or_else(|| internal("a checksum was not computed"))
    }
}

fn kept(algorithm: Algorithm, digest: &Digest) -> Checksum {
    Checksum { algorithm: algorithm.name().to_owned(), value: digest.base64(), composite: false }
}

fn too_large(proposed: u64, max: u64) -> Error {
    let text = "Your proposed upload exceeds the maximum allowed size";
    Detailed::new("EntityTooLarge", 400, text)
        .with("ProposedSize", proposed.to_string())
        .with("MaxSizeAllowed", max.to_string())
        .into()
}
