//! Backups: everything at one version as a stream of checksummed blocks, and a store made from such a stream.
//!
//! The stream is a head, blocks of entries, and an empty block as the end. Each part carries its length and a checksum
//! that continues the one before it, so a missing, swapped or shortened part is noticed. All numbers are little-endian.

use std::io::{self, Read};
use std::path::Path;

use bytes::{Bytes, BytesMut};

use crate::base::{BaseFile, BaseMark};
use crate::dir::{DataDir, State};
use crate::error::{Error, OpenError};
use crate::layer::Span;
use crate::log::Log;
use crate::options::Options;
use crate::stamp::Stamp;
use crate::store::{Store, everything};

const MAGIC: &[u8; 8] = b"clt-bak\x01";
/// A block is sent when it holds this much.
const BLOCK_BYTES: usize = 256 * 1024;
/// A block holds at most this much and one entry more; entries are bounded by the limits on keys and values, which a
/// later program may have raised.
const BLOCK_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Entries written to the base at once when restoring, in bytes.
const RESTORE_BYTES: usize = 16 * 1024 * 1024;

/// Takes a backup's bytes, in order. Everything that implements [`io::Write`] does.
pub trait BackupSink {
    /// Takes the next bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl<W: io::Write> BackupSink for W {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

impl Store {
    /// Writes every key and value as of one moment to `sink`, and returns the stamp of that moment. Commits go on
    /// meanwhile. Blocks.
    pub fn backup(&self, sink: &mut dyn BackupSink) -> Result<Stamp, Error> {
        let range = everything();
        let span = Span { lo: range.start.clone(), hi: range.end.clone(), reverse: false };
        self.flush()?;
        if let Some(base) = self.base() {
            let mut out = Writer::begin(sink, base.version())?;
            for entry in base.iter(&span)? {
                let (key, value) = entry?;
                out.entry(&key, &value)?;
            }
            return out.end();
        }
        let snapshot = self.pinned_snapshot();
        let mut out = Writer::begin(sink, snapshot.version())?;
        let mut rest = range;
        loop {
            let page = snapshot.reader.page(None, &rest, crate::RangeOptions::default())?;
            for (key, value) in &page.entries {
                out.entry(key, value)?;
            }
            match page.entries.last() {
                Some((last, _)) if page.more => rest = rest.after(last),
                _ => return out.end(),
            }
        }
    }
}

struct Writer<'a> {
    sink: &'a mut dyn BackupSink,
    crc: u32,
    block: Vec<u8>,
    version: u64,
}

impl<'a> Writer<'a> {
    fn begin(sink: &'a mut dyn BackupSink, version: u64) -> Result<Writer<'a>, Error> {
        let mut writer = Writer { sink, crc: 0, block: Vec::new(), version };
        writer.block.extend_from_slice(MAGIC);
        writer.block.extend_from_slice(&version.to_le_bytes());
        writer.send()?;
        Ok(writer)
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        for part in [key, value] {
            self.block.extend_from_slice(&(part.len() as u32).to_le_bytes());
            self.block.extend_from_slice(part);
        }
        if self.block.len() >= BLOCK_BYTES { self.send() } else { Ok(()) }
    }

    fn end(mut self) -> Result<Stamp, Error> {
        if !self.block.is_empty() {
            self.send()?;
        }
        self.send()?;
        Ok(Stamp::new(self.version, 0))
    }

    fn send(&mut self) -> Result<(), Error> {
        let len = (self.block.len() as u32).to_le_bytes();
        self.crc = crc32c::crc32c_append(crc32c::crc32c_append(self.crc, &len), &self.block);
        self.sink.write(&len)?;
        self.sink.write(&self.crc.to_le_bytes())?;
        self.sink.write(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

/// Makes a store in the empty or missing directory `dir` from the stream of a [`Store::backup`], and returns the
/// backup's stamp; later commits have later ones. When it fails, the directory is left unfit to be opened.
pub fn restore(dir: &Path, source: &mut dyn Read, options: &Options) -> Result<Stamp, OpenError> {
    let mut reader = Reader { source, crc: 0, at: 0, dir };
    let head = reader.block()?;
    let version = head
        .strip_prefix(&MAGIC[..])
        .and_then(|version| version.try_into().ok())
        .map(u64::from_le_bytes)
        .ok_or_else(|| reader.corrupt("it does not begin as a backup"))?;
    let (data, state) = DataDir::open_or_create(dir)?;
    if state == State::Ready {
        return Err(OpenError::NotAStore { dir: dir.to_owned(), why: "it already holds a store".into() });
    }
    data.set_state(State::Restoring)?;
    data.clear()?;
    let mark = BaseMark { flushed: version, live_segment: 1 };
    let base = BaseFile::create(&data.base(), options.cache_bytes, mark)?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    loop {
        let mut block = reader.block()?;
        let last = block.is_empty();
        bytes += block.len();
        while !block.is_empty() {
            let key = take(&mut block).ok_or_else(|| reader.corrupt("an entry is incomplete"))?;
            let value = take(&mut block).ok_or_else(|| reader.corrupt("an entry is incomplete"))?;
            entries.push((key, value));
        }
        if last || bytes >= RESTORE_BYTES {
            base.load(&entries, mark)
                .map_err(|error| OpenError::io("write", &data.base())(io::Error::other(error.to_string())))?;
            entries.clear();
            bytes = 0;
        }
        if last {
            break;
        }
    }
    Log::create(&data.log(), mark.live_segment, version, options.segment_bytes_first)
        .map_err(OpenError::io("create", &data.log()))?;
    drop(base);
    data.set_state(State::Ready)?;
    Ok(Stamp::new(version, 0))
}

/// The next length-prefixed part of a block.
fn take(block: &mut Bytes) -> Option<Bytes> {
    let len = u32::from_le_bytes(block.get(..4)?.try_into().ok()?) as usize;
    if block.len() - 4 < len {
        return None;
    }
    let _ = block.split_to(4);
    Some(block.split_to(len))
}

struct Reader<'a> {
    source: &'a mut dyn Read,
    crc: u32,
    at: u64,
    dir: &'a Path,
}

impl Reader<'_> {
    fn block(&mut self) -> Result<Bytes, OpenError> {
        let mut len = [0; 4];
        let mut crc = [0; 4];
        self.fill(&mut len)?;
        self.fill(&mut crc)?;
        let size = u32::from_le_bytes(len);
        if size > BLOCK_BYTES_MAX {
            return Err(self.corrupt("a block is too long"));
        }
        let mut block = BytesMut::zeroed(size as usize);
        self.fill(&mut block)?;
        self.crc = crc32c::crc32c_append(crc32c::crc32c_append(self.crc, &len), &block);
        if self.crc != u32::from_le_bytes(crc) {
            return Err(self.corrupt("a checksum does not match"));
        }
        self.at += 8 + u64::from(size);
        Ok(block.freeze())
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), OpenError> {
        self.source.read_exact(out).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.corrupt("it ends too early"),
            _ => OpenError::io("read the backup for", self.dir)(error),
        })
    }

    fn corrupt(&self, why: &str) -> OpenError {
        OpenError::corrupt(Path::new("backup stream"), self.at, why)
    }
}
