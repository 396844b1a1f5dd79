//! Reading the log back. Nothing is changed on disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::files::{list, path_of};
use super::format::{ALIGN, RECORDS_START, Record, SegmentHeader};
use crate::error::OpenError;
use crate::writes::Write;

/// No segment is ever longer: a record is at most a group and one transaction more, and a segment made for an outsized
/// record is as long as that record.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// Where the log ends.
#[derive(Debug)]
pub(crate) struct LogEnd {
    /// The segment to append to.
    pub number: u64,
    /// Where in it, in bytes.
    pub position: u64,
    /// The last version in the log, or the one asked to continue from.
    pub version: u64,
    pub segments: usize,
    pub records: u64,
    /// Bytes of records.
    pub bytes: u64,
}

/// Reads all records after version `flushed` from the segments numbered `first` and up, in order.
///
/// Versions run without gaps, so a record that is missing anywhere but at the very end is noticed. A record that is not
/// intact at the very end is the one a crash interrupted; it was never acknowledged.
pub(crate) fn replay(
    dir: &Path,
    first: u64,
    flushed: u64,
    mut visit: impl FnMut(Vec<(u64, Write)>),
) -> Result<LogEnd, OpenError> {
    let numbers: Vec<u64> = list(dir)
        .map_err(OpenError::io("list", dir))?
        .into_iter()
        .filter(|number| *number >= first)
        .collect();
    let mut end = LogEnd {
        number: first,
        position: RECORDS_START,
        version: flushed,
        segments: 0,
        records: 0,
        bytes: 0,
    };
    let mut next_version: Option<u64> = None;
    // Where the records of the segment before ended.
    let mut ended: Option<(u64, u64)> = None;
    for (index, number) in (first..).zip(&numbers).map(|(expected, found)| (expected, *found)) {
        if number != index {
            return Err(OpenError::corrupt(&path_of(dir, index), 0, "segment is missing"));
        }
        let path = path_of(dir, number);
        let bytes = read(&path)?;
        let header = SegmentHeader::decode(&bytes)
            .filter(|header| header.number == number)
            .ok_or_else(|| OpenError::corrupt(&path, 0, "segment header is damaged"))?;
        if bytes.len() as u64 != header.len {
            let why = format!("segment is {} bytes long, not {}", bytes.len(), header.len);
            return Err(OpenError::corrupt(&path, bytes.len() as u64, why));
        }
        match next_version {
            None if header.after_version > flushed => {
                let why =
                    format!("log begins after version {}, data ends at {flushed}", header.after_version);
                return Err(OpenError::corrupt(&path, 0, why));
            }
            Some(next) if header.after_version + 1 != next => {
                let (number, offset) = ended.unwrap_or((number, 0));
                return Err(OpenError::corrupt(
                    &path_of(dir, number),
                    offset,
                    "acknowledged records are missing",
                ));
            }
            _ => {}
        }
        next_version.get_or_insert(header.after_version + 1);
        end.segments += 1;
        let mut at = RECORDS_START as usize;
        while let Some(record) = bytes.get(at..).and_then(|rest| Record::read(rest, header.seed())) {
            if Some(record.first) != next_version || record.last < record.first {
                return Err(OpenError::corrupt(&path, at as u64, "versions do not follow one another"));
            }
            let writes = record
                .writes()
                .ok_or_else(|| OpenError::corrupt(&path, at as u64, "record does not decode"))?;
            if record.last > flushed {
                visit(writes.into_iter().filter(|(version, _)| *version > flushed).collect());
                end.version = record.last;
            }
            next_version = Some(record.last + 1);
            end.records += 1;
            end.bytes += record.len as u64;
            at += record.len;
        }
        if let Some(later) = find_record(&bytes, at + ALIGN, header.seed()) {
            let why = format!("a damaged record is followed by an intact one at byte {later}");
            return Err(OpenError::corrupt(&path, at as u64, why));
        }
        ended = Some((number, at as u64));
        (end.number, end.position) = (number, at as u64);
    }
    if end.segments == 0 {
        return Err(OpenError::corrupt(&path_of(dir, first), 0, "segment is missing"));
    }
    if next_version.is_some_and(|next| next <= flushed) {
        let why = format!(
            "log ends at version {}, data is at {flushed}",
            next_version.unwrap_or(0).saturating_sub(1)
        );
        return Err(OpenError::corrupt(&path_of(dir, end.number), end.position, why));
    }
    Ok(end)
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    let file = File::open(path).map_err(OpenError::io("open", path))?;
    let len = file.metadata().map_err(OpenError::io("examine", path))?.len();
    if len > SEGMENT_BYTES_MAX {
        return Err(OpenError::corrupt(path, 0, format!("segment of {len} bytes is too long")));
    }
    let mut bytes = Vec::with_capacity(len as usize);
    file.take(SEGMENT_BYTES_MAX).read_to_end(&mut bytes).map_err(OpenError::io("read", path))?;
    Ok(bytes)
}

/// The first intact record at `from` or behind.
fn find_record(bytes: &[u8], from: usize, seed: u32) -> Option<usize> {
    (from..bytes.len()).step_by(ALIGN).find(|&at| Record::read(&bytes[at..], seed).is_some())
}
