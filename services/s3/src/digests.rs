//! The digests of bytes that come in: MD5 for the ETag, and the checksums that may be wanted of them. Long bytes are digested on threads that may
//! block, while the next ones come.

use bytes::Bytes;
use checksum::{Algorithm, Digest, Hasher};
use model_s3::Error;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::internal;

/// Bytes that are gathered for one go of a thread that may block: MD5 takes about half a millisecond for so many, against
/// which the change of threads does not count. A request holds up to twice as many.
const BATCH: usize = 256 * 1024;
/// So many at the end are digested where they are: no more than about 50 microseconds.
const AT_ONCE: usize = 32 * 1024;

/// Digests under way.
pub struct Digests {
    /// None while a job has them.
    hashers: Option<Hashers>,
    job: Option<JoinHandle<Hashers>>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
}

struct Hashers {
    md5: Hasher,
    /// Each once, and none that is MD5.
    others: Vec<(Algorithm, Hasher)>,
}

/// What was computed.
pub struct Computed {
    pub md5: Digest,
    others: Vec<(Algorithm, Digest)>,
}

impl Computed {
    /// The checksum of this algorithm, if it was computed.
    pub fn of(&self, algorithm: Algorithm) -> Option<Digest> {
        if algorithm == Algorithm::Md5 {
            return Some(self.md5);
        }
        self.others.iter().find(|(found, _)| *found == algorithm).map(|(_, digest)| *digest)
    }
}

impl Hashers {
    fn update(mut self, pieces: &[Bytes]) -> Self {
        for piece in pieces {
            self.md5.update(piece);
            for (_, hasher) in &mut self.others {
                hasher.update(piece);
            }
        }
        self
    }
}

impl Digests {
    /// MD5, and these; the same one may be named more than once.
    pub fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut others: Vec<(Algorithm, Hasher)> = Vec::new();
        for algorithm in algorithms {
            if algorithm != Algorithm::Md5 && others.iter().all(|(found, _)| *found != algorithm) {
                others.push((algorithm, Hasher::new(algorithm)));
            }
        }
        let hashers = Hashers { md5: Hasher::new(Algorithm::Md5), others };
        Self { hashers: Some(hashers), job: None, waiting: Vec::new(), waiting_bytes: 0 }
    }

    /// Takes the next bytes; waits if it is a batch behind.
    pub async fn update(&mut self, piece: Bytes) -> Result<(), Error> {
        self.waiting_bytes += piece.len();
        self.waiting.push(piece);
        if self.waiting_bytes >= BATCH {
            let hashers = self.hashers().await?;
            let pieces = std::mem::take(&mut self.waiting);
            self.waiting_bytes = 0;
            self.job = Some(spawn_blocking(move || hashers.update(&pieces)));
        }
        Ok(())
    }

    /// The digests of all bytes taken.
    pub async fn finish(mut self) -> Result<Computed, Error> {
        let hashers = self.hashers().await?;
        let pieces = std::mem::take(&mut self.waiting);
        let hashers = if self.waiting_bytes <= AT_ONCE {
            hashers.update(&pieces)
        } else {
            spawn_blocking(move || hashers.update(&pieces)).await.map_err(internal)?
        };
        let others = hashers.others.into_iter().map(|(algorithm, hasher)| (algorithm, hasher.finish()));
        Ok(Computed { md5: hashers.md5.finish(), others: others.collect() })
    }

    async fn hashers(&mut self) -> Result<Hashers, Error> {
        if let Some(job) = self.job.take() {
            return job.await.map_err(internal);
        }
        self.hashers.take().ok_or_else(|| internal("a digest was given up before"))
    }
}
