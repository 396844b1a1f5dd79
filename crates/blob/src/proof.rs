//! Compares a file with its checksum.

use std::fmt;
use std::sync::Arc;

use checksum::Hasher;

use crate::blobs::{Shared, Turn};
use crate::buffers::BUFFER;
use crate::disk::Source;
use crate::format::{self, CHECKSUM, HEADER};
use crate::job::Job;
use crate::read::{self, Opened};
use crate::{BlobId, Damage, Error};

/// A file that is being compared with its checksum. What of it was in memory is read from the disk.
///
/// It shows what a disk has lost or changed, and needs no key. It does not show what somebody changed on purpose who
/// computed the checksum anew: that is found by reading the blob.
pub struct Proof {
    /// None at the end.
    state: Option<State>,
    has_checksum: bool,
}

struct State {
    shared: Arc<Shared>,
    id: BlobId,
    source: Box<dyn Source>,
    hasher: Hasher,
    at: u64,
    /// Where the checksum is, or would be.
    end: u64,
    has_checksum: bool,
    /// Last, so that the file is closed before another has its turn.
    _turn: Turn,
}

impl Proof {
    pub(crate) async fn open(shared: Arc<Shared>, id: BlobId, size: u64, turn: Turn) -> Result<Self, Error> {
        let state = Job::start(move || State::open(shared, id, size, turn)).await??;
        Ok(Self { has_checksum: state.has_checksum, state: Some(state) })
    }

    /// Whether the file has a checksum: those that older versions of this program wrote have none, of which only length
    /// and header are compared.
    pub fn has_checksum(&self) -> bool {
        self.has_checksum
    }

    /// Reads on, 256 KiB at most; says how many bytes that were. None at the end: the file is what was written. After an
    /// error it ends.
    pub async fn next(&mut self) -> Option<Result<u64, Error>> {
        let mut state = self.state.take()?;
        let step = Job::start(move || state.step().map(|read| (read, state))).await;
        match step.and_then(|step| step) {
            Ok((0, _)) => None,
            Ok((read, state)) => {
                self.state = Some(state);
                Some(Ok(read))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

impl State {
    fn open(shared: Arc<Shared>, id: BlobId, size: u64, turn: Turn) -> Result<Self, Error> {
        let Opened { source, header, head } = read::open(&shared, id, size)?;
        source.forget();
        let mut hasher = format::hasher();
        hasher.update(&header);
        let end = source.len() - head.checksum_len();
        let has_checksum = head.checksum_len() > 0;
        Ok(Self { shared, id, source, hasher, at: HEADER as u64, end, has_checksum, _turn: turn })
    }

    /// Reads a chunk; none is left when it gives zero.
    fn step(&mut self) -> Result<u64, Error> {
        let read = (self.end - self.at).min(BUFFER as u64);
        if read == 0 {
            self.compare()?;
            return Ok(0);
        }
        let mut buffer = self.shared.buffers.get();
        let chunk = &mut buffer[..read as usize];
        self.source.read_at(chunk, self.at)?;
        self.hasher.update(chunk);
        self.at += read;
        Ok(read)
    }

    fn compare(&mut self) -> Result<(), Error> {
        // Nobody else is to lose room in memory to what was read here.
        self.source.forget();
        if !self.has_checksum {
            return Ok(());
        }
        let mut kept = [0; CHECKSUM];
        self.source.read_at(&mut kept, self.end)?;
        let found = std::mem::replace(&mut self.hasher, format::hasher()).finish();
        match found.bytes() == kept {
            true => Ok(()),
            false => Err(Error::Corrupt { id: self.id, damage: Damage::Checksum }),
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("has_checksum", &self.has_checksum).finish_non_exhaustive()
    }
}
