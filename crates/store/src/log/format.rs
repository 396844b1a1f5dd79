//! How the log lies on disk.
//!
//! A segment is a file written full of zeros, so that appending to it changes no file size and one `fdatasync` puts a
//! record on the disk. It begins with a header; records follow, each at a multiple of [`ALIGN`]. All numbers are
//! little-endian. A segment is used again after its records have reached the base: the header's number and salt go
//! into every checksum, so what an earlier life left behind never passes for a record.

use bytes::Bytes;

use crate::range::KeyRange;
use crate::writes::Write;

pub(crate) const SEGMENT_HEADER: usize = 64;
pub(crate) const RECORD_HEADER: usize = 32;
pub(crate) const ALIGN: usize = 16;
/// Records begin behind the segment's header.
pub(crate) const RECORDS_START: u64 = SEGMENT_HEADER as u64;

const SEGMENT_MAGIC: &[u8; 8] = b"clt-log\x01";
const RECORD_MAGIC: u32 = 0x4345_5231;

/// What the head of a segment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Segments are numbered without gaps.
    pub number: u64,
    /// Drawn anew for each life of a segment file.
    pub salt: [u8; 16],
    /// The version before the first record.
    pub after_version: u64,
    /// Length of the file in bytes: a shortened file has lost records.
    pub len: u64,
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; SEGMENT_HEADER] {
        let mut out = [0; SEGMENT_HEADER];
        out[..8].copy_from_slice(SEGMENT_MAGIC);
        out[8..16].copy_from_slice(&self.number.to_le_bytes());
        out[16..32].copy_from_slice(&self.salt);
        out[32..40].copy_from_slice(&self.after_version.to_le_bytes());
        out[40..48].copy_from_slice(&self.len.to_le_bytes());
        let crc = crc32c::crc32c(&out[..SEGMENT_HEADER - 4]);
        out[SEGMENT_HEADER - 4..].copy_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` when the bytes are no intact header.
    pub fn decode(bytes: &[u8]) -> Option<SegmentHeader> {
        let header = bytes.get(..SEGMENT_HEADER)?;
        let (body, crc) = header.split_last_chunk::<4>()?;
        if &body[..8] != SEGMENT_MAGIC || crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        Some(SegmentHeader {
            number: u64::from_le_bytes(body[8..16].try_into().ok()?),
            salt: body[16..32].try_into().ok()?,
            after_version: u64::from_le_bytes(body[32..40].try_into().ok()?),
            len: u64::from_le_bytes(body[40..48].try_into().ok()?),
        })
    }

    /// What every record's checksum in this segment begins with.
    pub fn seed(&self) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(&self.salt), &self.number.to_le_bytes())
    }
}

/// Builds the record of one group of transactions.
pub(crate) struct RecordWriter {
    out: Vec<u8>,
}

impl RecordWriter {
    pub fn new() -> RecordWriter {
        RecordWriter { out: vec![0; RECORD_HEADER] }
    }

    /// Appends a transaction's writes.
    pub fn transaction(&mut self, writes: &[Write]) {
        self.varint(writes.len());
        for write in writes {
            match write {
                Write::Put(key, value) => self.parts(1, &[key, value]),
                Write::Delete(key) => self.parts(2, &[key]),
                Write::DeleteRange(range) => self.parts(3, &[&range.start, &range.end]),
            }
        }
    }

    /// The record, its checksum left to [`seal`]. It holds the versions `first` to `last`.
    pub fn finish(mut self, first: u64, last: u64) -> Vec<u8> {
        let len = (self.out.len() - RECORD_HEADER) as u32;
        self.out[..4].copy_from_slice(&RECORD_MAGIC.to_le_bytes());
        self.out[8..12].copy_from_slice(&len.to_le_bytes());
        self.out[16..24].copy_from_slice(&first.to_le_bytes());
        self.out[24..32].copy_from_slice(&last.to_le_bytes());
        self.out.resize(self.out.len().next_multiple_of(ALIGN), 0);
        self.out
    }

    fn parts(&mut self, tag: u8, parts: &[&Bytes]) {
        self.out.push(tag);
        for part in parts {
            self.varint(part.len());
            self.out.extend_from_slice(part);
        }
    }

    fn varint(&mut self, mut n: usize) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }
}

/// Writes the checksum that binds a record to its segment.
pub(crate) fn seal(record: &mut [u8], seed: u32) {
    let crc = crc32c::crc32c_append(seed, &record[8..]);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// An intact record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub first: u64,
    pub last: u64,
    pub body: &'a [u8],
    /// Its whole length with header and padding.
    pub len: usize,
}

impl<'a> Record<'a> {
    /// The record at the start of `bytes`; `None` when there is no intact one.
    pub fn read(bytes: &'a [u8], seed: u32) -> Option<Record<'a>> {
        let header = bytes.get(..RECORD_HEADER)?;
        if header[..4] != RECORD_MAGIC.to_le_bytes() {
            return None;
        }
        let body_len = u32::from_le_bytes(header[8..12].try_into().ok()?) as usize;
        let len = RECORD_HEADER.checked_add(body_len)?.checked_next_multiple_of(ALIGN)?;
        let whole = bytes.get(..len)?;
        if crc32c::crc32c_append(seed, &whole[8..]) != u32::from_le_bytes(header[4..8].try_into().ok()?) {
            return None;
        }
        Some(Record {
            first: u64::from_le_bytes(header[16..24].try_into().ok()?),
            last: u64::from_le_bytes(header[24..32].try_into().ok()?),
            body: &whole[RECORD_HEADER..RECORD_HEADER + body_len],
            len,
        })
    }

    /// Its writes with their versions; `None` when the body does not decode.
    pub fn writes(&self) -> Option<Vec<(u64, Write)>> {
        let mut body = Body { rest: self.body };
        let mut writes = Vec::new();
        for version in self.first..=self.last {
            for _ in 0..body.varint()? {
                writes.push((version, body.write()?));
            }
        }
        body.rest.is_empty().then_some(writes)
    }
}

struct Body<'a> {
    rest: &'a [u8],
}

impl Body<'_> {
    fn write(&mut self) -> Option<Write> {
        let (tag, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(match tag {
            1 => Write::Put(self.part()?, self.part()?),
            2 => Write::Delete(self.part()?),
            3 => Write::DeleteRange(KeyRange { start: self.part()?, end: self.part()? }),
            _ => return None,
        })
    }

    /// Copied, so that a small value does not keep its whole segment in memory.
    fn part(&mut self) -> Option<Bytes> {
        let len = self.varint()?;
        let (part, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Bytes::copy_from_slice(part))
    }

    fn varint(&mut self) -> Option<usize> {
        let mut n = 0usize;
        // Five groups of seven bits hold any length that fits a record.
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            n |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(n);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader { number: 7, salt: [9; 16], after_version: 3, len: 4096 }
    }

    #[test]
    fn a_record_reads_back_and_only_in_its_segment() {
        let writes = [
            Write::Put("k".into(), vec![5u8; 300].into()),
            Write::Delete("d".into()),
            Write::DeleteRange(KeyRange::new("a", "b")),
        ];
        let mut writer = RecordWriter::new();
        writer.transaction(&writes[..1]);
        writer.transaction(&writes[1..]);
        let mut bytes = writer.finish(4, 5);
        seal(&mut bytes, header().seed());
        let record = Record::read(&bytes, header().seed());
        assert_eq!(record.map(|r| (r.first, r.last, r.len)), Some((4, 5, bytes.len())));
        let expected = writes.iter().cloned().zip([4, 5, 5]).map(|(w, v)| (v, w)).collect();
        assert_eq!(record.and_then(|r| r.writes()), Some(expected));
        let recycled = SegmentHeader { number: 8, ..header() };
        assert_eq!(Record::read(&bytes, recycled.seed()), None);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let mut writer = RecordWriter::new();
        writer.transaction(&[Write::Put("key".into(), "value".into())]);
        let mut bytes = writer.finish(1, 1);
        seal(&mut bytes, header().seed());
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::read(&bytes, header().seed()), None, "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let mut head = header().encode();
        assert_eq!(SegmentHeader::decode(&head), Some(header()));
        for bit in 0..head.len() * 8 {
            head[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&head), None, "bit {bit}");
            head[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
