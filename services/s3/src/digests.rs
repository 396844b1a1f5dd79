//! The digests of bytes that come in: MD5 for the ETag, and the checksums that may be wanted of them. Long bytes are digested on threads that may
//! block, while the next ones come.

use std::sync::Arc;

use bytes::Bytes;
use checksum::{Algorithm, Digest};
use model_s3::Error;
use tokio::sync::oneshot;

use crate::digest_jobs::{DigestJobs, Hashers};
use crate::error::internal;

/// Bytes that are gathered for one go of a thread that may block: MD5 takes about half a millisecond for so many, against
/// which the change of threads does not count. A request holds up to twice as many.
const BATCH: usize = 256 * 1024;
/// So many at the end are digested where they are: no more than about 50 microseconds.
const AT_ONCE: usize = 32 * 1024;

/// Digests under way.
pub struct Digests {
    jobs: Arc<DigestJobs>,
    /// None while a job has them.
    hashers: Option<Hashers>,
    job: Option<oneshot::Receiver<Hashers>>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
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

impl Digests {
    /// MD5, and these; the same one may be named more than once.
    pub fn new(jobs: &Arc<DigestJobs>, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let hashers = Some(Hashers::new(algorithms));
        Self { jobs: jobs.clone(), hashers, job: None, waiting: Vec::new(), waiting_bytes: 0 }
    }

    /// Takes the next bytes; waits if it is a batch behind.
    pub async fn update(&mut self, piece: Bytes) -> Result<(), Error> {
        self.waiting_bytes += piece.len();
        self.waiting.push(piece);
        if self.waiting_bytes >= BATCH {
            let hashers = self.hashers().await?;
            let pieces = std::mem::take(&mut self.waiting);
            self.waiting_bytes = 0;
            self.job = Some(self.jobs.submit(hashers, pieces));
        }
        Ok(())
    }

    /// The digests of all bytes taken.
    pub async fn finish(mut self) -> Result<Computed, Error> {
        let mut hashers = self.hashers().await?;
        let pieces = std::mem::take(&mut self.waiting);
        if self.waiting_bytes <= AT_ONCE {
            hashers.update(&pieces);
        } else {
            hashers = self.jobs.submit(hashers, pieces).await.map_err(internal)?;
        }
        let (md5, others) = hashers.finish();
        Ok(Computed { md5, others })
    }

    async fn hashers(&mut self) -> Result<Hashers, Error> {
        if let Some(job) = self.job.take() {
            return job.await.map_err(internal);
        }
        self.hashers.take().ok_or_else(|| internal("a digest was given up before"))
    }
}
