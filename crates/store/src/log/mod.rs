//! The write-ahead log: every group of commits as one record, on disk before anyone is told.

pub(crate) mod files;
pub(crate) mod format;
pub(crate) mod recover;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use files::{Blank, Segment};
use format::{RECORDS_START, SEGMENT_HEADER, seal};
use recover::LogEnd;

/// The log's writing end.
pub(crate) struct Log {
    dir: PathBuf,
    segment: Segment,
    position: u64,
    /// Size of a segment that must be made on the spot: small, because commits wait for it.
    small: u64,
}

impl Log {
    /// Begins a log whose first segment is `number`.
    pub fn create(dir: &Path, number: u64, after_version: u64, small: u64) -> io::Result<Log> {
        let blank = Blank::create(dir, small.max(2 * SEGMENT_HEADER as u64))?;
        let segment = blank.become_segment(dir, number, after_version)?;
        Ok(Log { dir: dir.to_owned(), segment, position: RECORDS_START, small })
    }

    /// Continues the log where [`recover::replay`] found its end. What was replayed is on the disk when this returns.
    pub fn reopen(dir: &Path, first: u64, end: &LogEnd, small: u64) -> Result<Log, OpenError> {
        // A record may have been read from memory that never reached the disk; readers must not see it before it does.
        for number in first..=end.number {
            let path = files::path_of(dir, number);
            let file = OpenOptions::new().write(true).open(&path).map_err(OpenError::io("open", &path))?;
            file.sync_data().map_err(OpenError::io("sync", &path))?;
        }
        let path = files::path_of(dir, end.number);
        let file =
            OpenOptions::new().read(true).write(true).open(&path).map_err(OpenError::io("open", &path))?;
        let mut head = [0; SEGMENT_HEADER];
        file.read_exact_at(&mut head, 0).map_err(OpenError::io("read", &path))?;
        let header = format::SegmentHeader::decode(&head)
            .ok_or_else(|| OpenError::corrupt(&path, 0, "segment header is damaged"))?;
        let len = file.metadata().map_err(OpenError::io("examine", &path))?.len();
        let segment = Segment { seed: header.seed(), file, path, number: header.number, len };
        Ok(Log { dir: dir.to_owned(), segment, position: end.position, small })
    }

    /// Number of the segment appended to.
    pub fn segment_number(&self) -> u64 {
        self.segment.number
    }

    /// Whether a record of `len` bytes fits the segment.
    pub fn has_room(&self, len: usize) -> bool {
        self.position + len as u64 <= self.segment.len
    }

    /// Whether it is time to have a spare segment ready.
    pub fn wants_spare(&self) -> bool {
        self.position > self.segment.len / 2
    }

    /// Goes on in a new segment with room for `len` bytes: `spare` if it will do, else one made now.
    pub fn roll(&mut self, spare: Option<Blank>, len: usize, after_version: u64) -> io::Result<()> {
        let needed = RECORDS_START + len as u64;
        let blank = match spare {
            Some(blank) if blank.len >= needed => blank,
            _ => Blank::create(&self.dir, needed.max(self.small))?,
        };
        self.segment = blank.become_segment(&self.dir, self.segment.number + 1, after_version)?;
        self.position = RECORDS_START;
        Ok(())
    }

    /// Writes a record and waits until it is on the disk. After an error nothing of it remains.
    ///
    /// When the disk fails to sync, what it holds is unknown and asking again proves nothing: the process ends.
    pub fn append(&mut self, mut record: Vec<u8>) -> io::Result<()> {
        seal(&mut record, self.segment.seed);
        if let Err(error) = self.segment.file.write_all_at(&record, self.position) {
            // An incomplete record never passes its checksum; its head goes too, so that nothing looks begun.
            let blank = [0; format::RECORD_HEADER];
            if let Err(again) = self.segment.file.write_all_at(&blank, self.position) {
                tracing::warn!(error = %again, "the head of a failed log record could not be cleared");
            }
            return Err(error);
        }
        if let Err(error) = self.segment.file.sync_data() {
            tracing::error!(%error, file = %self.segment.path.display(), "the log cannot be synced: stopping");
            std::process::abort();
        }
        self.position += record.len() as u64;
        Ok(())
    }
}
