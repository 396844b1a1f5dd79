//! Computes the digests of several requests together, on threads that may block.
//!
//! Whoever has bytes to be digested leaves them in a queue. A job takes what waits there, sixteen requests at most, whose MD5s
//! together take about as long as one. Nobody waits for others to come: the queue grows only while all jobs are at work, and
//! then the next one has more to do at once.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use checksum::{Algorithm, Digest, Hasher, Md5, md5_together};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// Requests that are digested together: what [`md5_together`] does at once.
const TOGETHER_MAX: usize = 16;

/// The digests of one request under way.
pub struct Hashers {
    md5: Md5,
    /// Each once, and none that is MD5.
    others: Vec<(Algorithm, Hasher)>,
}

impl Hashers {
    /// MD5, and these; the same one may be named more than once.
    pub fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut others: Vec<(Algorithm, Hasher)> = Vec::new();
        for algorithm in algorithms {
            if algorithm != Algorithm::Md5 && others.iter().all(|(found, _)| *found != algorithm) {
                others.push((algorithm, Hasher::new(algorithm)));
            }
        }
        Self { md5: Md5::new(), others }
    }

    /// Takes the next bytes on the caller's thread.
    pub fn update(&mut self, pieces: &[Bytes]) {
        for piece in pieces {
            self.md5.update(piece);
        }
        self.update_others(pieces);
    }

    /// The MD5 and the others of all bytes taken.
    pub fn finish(self) -> (Digest, Vec<(Algorithm, Digest)>) {
        let others = self.others.into_iter().map(|(algorithm, hasher)| (algorithm, hasher.finish()));
        (self.md5.finish(), others.collect())
    }

    fn update_others(&mut self, pieces: &[Bytes]) {
        for (_, hasher) in &mut self.others {
            for piece in pieces {
                hasher.update(piece);
            }
        }
    }
}

/// What waits to be digested, and who digests. Each request has at most one batch here, so that there are no more than
/// requests under way.
pub struct DigestJobs {
    state: Mutex<State>,
    /// Jobs at once: one for every two processors. MD5 is less than half of what a request costs, and the fewer they are,
    /// the more each has to do together.
    jobs_max: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Batch>,
    jobs: usize,
}

/// Bytes of one request.
struct Batch {
    hashers: Hashers,
    pieces: Vec<Bytes>,
    done: oneshot::Sender<Hashers>,
}

impl DigestJobs {
    /// Has these digests take the next bytes. What is given in return resolves to them; it fails where the program ends.
    /// Must be called within a tokio runtime.
    pub fn submit(self: &Arc<Self>, hashers: Hashers, pieces: Vec<Bytes>) -> oneshot::Receiver<Hashers> {
        let (done, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        state.waiting.push_back(Batch { hashers, pieces, done });
        if state.jobs < self.jobs_max {
            state.jobs += 1;
            drop(state);
            let job = Job { jobs: self.clone(), counted: true };
            drop(spawn_blocking(move || job.run()));
        }
        receiver
    }
}

impl Default for DigestJobs {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            jobs_max: available_parallelism().map_or(1, NonZero::get).div_ceil(2),
        }
    }
}

/// A job, from before it is started.
struct Job {
    jobs: Arc<DigestJobs>,
    /// Whether it is among those that are at work.
    counted: bool,
}

impl Job {
    /// Works until nothing waits.
    fn run(mut self) {
        while let Some(mut batches) = self.next() {
            digest(&mut batches);
            for Batch { hashers, done, .. } in batches {
                // Nobody waits any more if the request was given up.
                let _ = done.send(hashers);
            }
        }
    }

    /// What is to be done next. Finding nothing and being at work no longer are one, so that nothing is left behind.
    fn next(&mut self) -> Option<Vec<Batch>> {
        let mut state = self.jobs.state.lock();
        let some = state.waiting.len().min(TOGETHER_MAX);
        if some == 0 {
            state.jobs -= 1;
            self.counted = false;
            return None;
        }
        Some(state.waiting.drain(..some).collect())
    }
}

impl Drop for Job {
    // It ended otherwise than by having nothing to do: the runtime ends, and did not even start it, or it panicked.
    fn drop(&mut self) {
        if !self.counted {
            return;
        }
        let mut state = self.jobs.state.lock();
        state.jobs -= 1;
        if state.jobs == 0 {
            state.waiting.clear();
        }
    }
}

fn digest(batches: &mut [Batch]) {
    for Batch { hashers, pieces, .. } in &mut *batches {
        hashers.update_others(pieces);
    }
    let mut together: Vec<(&mut Md5, &[Bytes])> =
        batches.iter_mut().map(|batch| (&mut batch.hashers.md5, &batch.pieces[..])).collect();
    md5_together(&mut together);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(request: usize, batch: usize) -> Bytes {
        (0..20_000 + 1_000 * request).map(|at| (at * 7 + (at >> 8) + 31 * request + batch) as u8).collect()
    }

    /// Forty requests of different lengths leave batch after batch; each gets its own digests.
    #[tokio::test]
    async fn every_request_gets_its_own_digests() {
        let jobs: Arc<DigestJobs> = Arc::default();
        let requests = (0..40).map(async |request| {
            let mut hashers = Hashers::new([Algorithm::Crc64Nvme, Algorithm::Md5, Algorithm::Crc64Nvme]);
            for batch in 0..4 {
                let all = bytes(request, batch);
                let pieces = vec![all.slice(..777), all.slice(777..)];
                hashers = jobs.submit(hashers, pieces).await.expect("a job does it");
            }
            hashers.finish()
        });
        for (request, (md5, others)) in futures::future::join_all(requests).await.into_iter().enumerate() {
            let whole: Vec<u8> = (0..4).flat_map(|batch| bytes(request, batch)).collect();
            assert_eq!(md5, Hasher::of(Algorithm::Md5, &whole));
            let crc = Hasher::of(Algorithm::Crc64Nvme, &whole);
            assert_eq!(others, [(Algorithm::Crc64Nvme, crc)]);
        }
        assert_eq!(jobs.state.lock().waiting.len(), 0);
    }

    /// A job that is not run leaves nobody waiting, and the next one is.
    #[tokio::test]
    async fn whoever_waits_for_a_job_that_ended_is_told() {
        let jobs: Arc<DigestJobs> = Arc::default();
        let (done, waits) = oneshot::channel();
        let batch = Batch { hashers: Hashers::new([]), pieces: Vec::new(), done };
        {
            let mut state = jobs.state.lock();
            state.jobs = 1;
            state.waiting.push_back(batch);
        }
        drop(Job { jobs: jobs.clone(), counted: true });
        assert!(waits.await.is_err());
        let hashers = jobs.submit(Hashers::new([]), vec![Bytes::from_static(b"abc")]).await.expect("a job");
        assert_eq!(hashers.finish().0, Hasher::of(Algorithm::Md5, b"abc"));
    }
}
