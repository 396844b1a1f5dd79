//! Objects of an import: unpacked, and cut into lines.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use futures::StreamExt as _;

use super::batch::Batch;
use super::zstandard::Unpacker;
use crate::table::Table;
use crate::transfer::bucket::{Bucket, Trouble};
use crate::transfer::records::{Inside, Packing};

/// Bytes that are unpacked at a time: even those that gzip packs best are some MiB then.
const SLICE: usize = 4 * 1024;
/// Bytes of a line. An item has 400 KiB; written as JSON it may be seven times as long, if it has only values that say nothing.
const LINE_MAX: usize = 4 * 1024 * 1024;

/// Takes the items of an object. What is wrong with it is counted, and is no error.
pub async fn take(
    bucket: &Bucket<'_>,
    table: &Arc<Table>,
    packing: Packing,
    key: &str,
) -> Result<(), Trouble> {
    let mut batch = Batch::new(bucket.service, bucket.job, table, key)?;
    let begun = batch.begun();
    let found = match bucket.get(key, begun.as_ref().and_then(|inside| inside.etag.as_deref())).await {
        Ok(found) => found,
        // It was changed or removed since it was listed, or begun: the real service counts such an object as wrong, too.
        Err(Trouble::Refused { status: 404 | 412, .. }) => {
            batch.wrong();
            return batch.end().await;
        }
        Err(trouble) => return Err(trouble),
    };
    batch.of(found.etag.clone());
    let mut lines = Lines::new(packing, begun.map_or(0, |inside: Inside| inside.bytes));
    let mut body = found.body.open();
    while let Some(part) = body.next().await {
        let mut part: Bytes = part.map_err(|error| Trouble::Passing(error.to_string()))?;
        while !part.is_empty() {
            let slice = part.split_to(part.len().min(SLICE));
            let mut unpacked = lines.push(&slice);
            loop {
                if !take_lines(&mut batch, &mut lines).await? {
                    return give_up(batch).await;
                }
                match unpacked {
                    Ok(More::Now) => unpacked = lines.more(),
                    Ok(More::Later) => break,
                    Err(_) => return give_up(batch).await,
                }
                // It may be long before more is read. Requests go first.
                tokio::task::yield_now().await;
            }
        }
    }
    if lines.finish().is_err() || !take_lines(&mut batch, &mut lines).await? {
        return give_up(batch).await;
    }
    batch.end().await
}

/// Where the next item begins cannot be told: the rest of the object is one error, as with the real service.
async fn give_up(mut batch: Batch<'_>) -> Result<(), Trouble> {
    batch.wrong();
    batch.end().await
}

/// Takes the lines that are there; whether there may be more.
async fn take_lines(batch: &mut Batch<'_>, lines: &mut Lines) -> Result<bool, Trouble> {
    while let Some(line) = lines.next() {
        if !batch.line(line, lines.read()) {
            return Ok(false);
        }
        if batch.is_full() {
            batch.put().await?;
        }
    }
    Ok(!lines.is_too_long())
}

/// When there is more to be had of an object.
enum More {
    /// Without reading on.
    Now,
    Later,
}

/// Cuts what is unpacked into lines.
struct Lines {
    unpacked: Unpacked,
    /// From here on nothing was given out.
    at: usize,
    /// No line ends before this.
    searched: usize,
    /// Bytes before `at`, of the whole object.
    read: u64,
    /// Bytes of its beginning that were taken before.
    skip: u64,
    ended: bool,
}

enum Unpacked {
    Plain(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstandard(Box<Unpacker>),
    /// Of an object of gzip that is empty so far: it may stay so.
    Nothing,
}

impl Unpacked {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Gzip(decoder) => decoder.get_ref(),
            Self::Zstandard(unpacker) => unpacker.unpacked(),
            Self::Nothing => &[],
        }
    }

    fn bytes_mut(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Plain(bytes) => Some(bytes),
            Self::Gzip(decoder) => Some(decoder.get_mut()),
            Self::Zstandard(unpacker) => Some(unpacker.unpacked_mut()),
            Self::Nothing => None,
        }
    }
}

impl Lines {
    fn new(packing: Packing, skip: u64) -> Self {
        let unpacked = match packing {
            Packing::None => Unpacked::Plain(Vec::new()),
            Packing::Gzip => Unpacked::Nothing,
            Packing::Zstandard => Unpacked::Zstandard(Box::new(Unpacker::new())),
        };
        Self { unpacked, at: 0, searched: 0, read: 0, skip, ended: false }
    }

    /// Bytes up to the end of the last line that was given out, of the whole object.
    fn read(&self) -> u64 {
        self.read
    }

    /// Takes bytes of the object, and unpacks them, if they cannot become too many.
    fn push(&mut self, packed: &[u8]) -> std::io::Result<More> {
        self.drop_taken();
        if matches!(self.unpacked, Unpacked::Nothing) {
            self.unpacked = Unpacked::Gzip(Box::new(MultiGzDecoder::new(Vec::new())));
        }
        match &mut self.unpacked {
            Unpacked::Plain(bytes) => bytes.extend_from_slice(packed),
            Unpacked::Gzip(decoder) => {
                decoder.write_all(packed)?;
                decoder.flush()?;
            }
            Unpacked::Zstandard(unpacker) => {
                unpacker.push(packed);
                return Ok(More::Now);
            }
            Unpacked::Nothing => {}
        }
        self.skip();
        Ok(More::Later)
    }

    /// Unpacks some more of what was pushed.
    fn more(&mut self) -> std::io::Result<More> {
        self.drop_taken();
        let Unpacked::Zstandard(unpacker) = &mut self.unpacked else { return Ok(More::Later) };
        let more = unpacker.more()?;
        self.skip();
        Ok(if more { More::Now } else { More::Later })
    }

    /// Nothing more comes.
    fn finish(&mut self) -> std::io::Result<()> {
        match &mut self.unpacked {
            Unpacked::Gzip(decoder) => decoder.try_finish()?,
            Unpacked::Zstandard(unpacker) if !unpacker.is_at_an_end() => {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            Unpacked::Zstandard(_) | Unpacked::Plain(_) | Unpacked::Nothing => {}
        }
        self.skip();
        self.ended = true;
        Ok(())
    }

    /// Leaves out what was taken before.
    fn skip(&mut self) {
        let rest = self.unpacked.bytes().len() - self.at;
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest);
        self.at += skipped;
        self.searched = self.searched.max(self.at);
        self.read += skipped as u64;
        self.skip -= skipped as u64;
    }

    fn drop_taken(&mut self) {
        let at = std::mem::take(&mut self.at);
        self.searched -= at;
        if let Some(bytes) = self.unpacked.bytes_mut() {
            bytes.drain(..at);
        }
    }

    /// A line; the last may have no end.
    fn next(&mut self) -> Option<Bytes> {
        let bytes = self.unpacked.bytes();
        let end = match bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            Some(found) => self.searched + found + 1,
            None if self.ended && self.at < bytes.len() => bytes.len(),
            None => {
                self.searched = bytes.len();
                return None;
            }
        };
        let line = Bytes::copy_from_slice(&bytes[self.at..end]);
        self.read += (end - self.at) as u64;
        (self.at, self.searched) = (end, end);
        Some(line)
    }

    /// Whether a line has no end in sight.
    fn is_too_long(&self) -> bool {
        self.unpacked.bytes().len() - self.at > LINE_MAX
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::Packing::{Gzip, None, Zstandard};
    use super::*;

    fn packed(text: &[u8], packing: Packing) -> Vec<u8> {
        match packing {
            None => text.to_vec(),
            Gzip => gzip(text),
            Zstandard => compress_to_vec(text, CompressionLevel::Fastest),
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("written");
        encoder.finish().expect("packed")
    }

    /// The lines of an object that comes in pieces of this many bytes, and whether all of it was good.
    fn cut(object: &[u8], packing: Packing, skip: u64, piece: usize) -> (Vec<String>, bool) {
        let mut lines = Lines::new(packing, skip);
        let mut found = Vec::new();
        let mut good = true;
        for piece in object.chunks(piece) {
            let mut more = lines.push(piece);
            loop {
                while let Some(line) = lines.next() {
                    found.push(String::from_utf8(line.to_vec()).expect("text"));
                }
                good &= more.is_ok();
                match more {
                    Ok(More::Now) => more = lines.more(),
                    Ok(More::Later) | Err(_) => break,
                }
            }
        }
        good &= lines.finish().is_ok();
        while let Some(line) = lines.next() {
            found.push(String::from_utf8(line.to_vec()).expect("text"));
        }
        (found, good)
    }

    #[test]
    fn lines_are_found_however_they_come() {
        let text = b"one\ntwo\n\nthree";
        let expected = ["one\n", "two\n", "\n", "three"];
        for packing in [None, Gzip, Zstandard] {
            let whole = packed(text, packing);
            let two_members = [packed(&text[..6], packing), packed(&text[6..], packing)].concat();
            for piece in 1..20 {
                for object in [&whole, &two_members] {
                    let found = cut(object, packing, 0, piece);
                    assert_eq!(found, (expected.map(str::to_owned).to_vec(), true), "{packing:?}");
                    assert_eq!(cut(object, packing, 4, piece).0, expected[1..]);
                    assert_eq!(cut(object, packing, 8, piece).0, expected[2..]);
                    assert_eq!(cut(object, packing, 99, piece).0, [""; 0]);
                }
            }
            assert_eq!(cut(b"", packing, 0, 1), (Vec::new(), true));
        }
    }

    #[test]
    fn what_is_not_packed_is_told() {
        for packing in [Gzip, Zstandard] {
            assert!(!cut(b"plain text", packing, 0, 100).1);
            let text = packed(b"one\ntwo\n", packing);
            assert!(!cut(&text[..text.len() - 4], packing, 0, 100).1);
        }
        // What comes before what is spoiled is good.
        let text = [packed(b"one\n", Zstandard), b"garbage".to_vec()].concat();
        assert_eq!(cut(&text, Zstandard, 0, 100), (vec!["one\n".to_owned()], false));
    }

    #[test]
    fn a_line_without_an_end_is_told() {
        let mut lines = Lines::new(None, 0);
        for _ in 0..LINE_MAX / 1024 {
            lines.push(&[b'x'; 1024]).expect("pushed");
            assert!(lines.next().is_none() && !lines.is_too_long());
        }
        lines.push(b"x").expect("pushed");
        assert!(lines.is_too_long());
    }
}
