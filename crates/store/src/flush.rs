//! The flusher: writes full generations to the base, then frees their log segments, away from the commits' path.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::base::{BaseFile, BaseMark, Stall};
use crate::core::{Core, View};
use crate::error::Error;
use crate::generation::Generation;
use crate::log::files::{self, Blank};
use crate::stats::Counters;

/// Spare log segments kept: as many as are filled while a generation is written, so that commits need not wait for one
/// to be made.
const SPARES_MAX: usize = 4;

/// A generation to be written, and what the base will then hold.
pub(crate) struct Job {
    pub generation: Arc<Generation>,
    pub mark: BaseMark,
}

#[derive(Default)]
struct Inner {
    jobs: VecDeque<Job>,
    spares: Vec<Blank>,
    spare_wanted: bool,
    finish: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    /// There is a generation to write, or the end has come.
    work: Condvar,
    /// A spare is wanted, or the end has come.
    spare_work: Condvar,
    /// A generation has been written.
    progress: Condvar,
}

/// The committer's end of the flusher.
pub(crate) struct Flusher {
    shared: Arc<Shared>,
    stall: Arc<Stall>,
    threads: Vec<JoinHandle<()>>,
}

impl Flusher {
    pub fn start(
        core: Arc<Core>,
        base: BaseFile,
        log_dir: PathBuf,
        spare_bytes: u64,
    ) -> std::io::Result<Flusher> {
        let shared = Arc::new(Shared {
            inner: Mutex::default(),
            work: Condvar::new(),
            spare_work: Condvar::new(),
            progress: Condvar::new(),
        });
        let stall = base.stall();
        let maker = SpareMaker { log_dir: log_dir.clone(), spare_bytes, shared: shared.clone() };
        let worker =
            Worker { core, base, log_dir, spare_bytes, shared: shared.clone(), stall: stall.clone() };
        // Dropped on an error below, it ends the thread that has begun.
        let mut flusher = Flusher { shared, stall, threads: Vec::new() };
        let thread = |name: &str| std::thread::Builder::new().name(name.into());
        flusher.threads.push(thread("store-flush").spawn(move || worker.run())?);
        flusher.threads.push(thread("store-spare").spawn(move || maker.run())?);
        Ok(flusher)
    }

    pub fn push(&self, job: Job) {
        self.shared.inner.lock().jobs.push_back(job);
        self.shared.work.notify_one();
    }

    /// Why nothing can be written to the base at the moment, if so.
    pub fn stalled(&self) -> Option<Error> {
        self.stall.error()
    }

    /// Waits until a generation has been written, or a moment; `false` when there is none to write.
    pub fn wait_for_progress(&self) -> bool {
        // Long enough not to spin, short enough to notice a stall soon.
        const MOMENT: Duration = Duration::from_millis(20);
        let mut inner = self.shared.inner.lock();
        if inner.jobs.is_empty() {
            return false;
        }
        self.shared.progress.wait_for(&mut inner, MOMENT);
        true
    }

    /// Asks for a spare log segment to be made ready.
    pub fn want_spare(&self) {
        let mut inner = self.shared.inner.lock();
        if inner.spares.is_empty() && !inner.spare_wanted {
            inner.spare_wanted = true;
            self.shared.spare_work.notify_one();
        }
    }

    /// A spare log segment of at least `len` bytes, if one is ready.
    pub fn take_spare(&self, len: u64) -> Option<Blank> {
        let mut inner = self.shared.inner.lock();
        if inner.spares.last().is_some_and(|spare| spare.len >= len) { inner.spares.pop() } else { None }
    }

    /// Writes what is left, unless that is impossible now (the log has it), and ends the threads.
    pub fn finish(&mut self) {
        self.stall.give_up();
        self.shared.inner.lock().finish = true;
        self.shared.work.notify_one();
        self.shared.spare_work.notify_one();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the flusher ended by a panic");
            }
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.finish();
    }
}

struct Worker {
    core: Arc<Core>,
    base: BaseFile,
    log_dir: PathBuf,
    spare_bytes: u64,
    shared: Arc<Shared>,
    stall: Arc<Stall>,
}

impl Worker {
    fn run(self) {
        while let Some((generation, mark)) = self.next() {
            if let Err(error) = self.flush(&generation, mark) {
                tracing::error!(%error, "a generation could not be written to the base");
                self.stall.mark_broken();
                let mut inner = self.shared.inner.lock();
                if inner.finish {
                    return;
                }
                // A broken disk is not mended in an instant.
                const PAUSE: Duration = Duration::from_secs(1);
                self.shared.work.wait_for(&mut inner, PAUSE);
            }
        }
    }

    /// The oldest generation to be written; `None` at the end.
    fn next(&self) -> Option<(Arc<Generation>, BaseMark)> {
        let mut inner = self.shared.inner.lock();
        loop {
            if let Some(job) = inner.jobs.front() {
                return Some((job.generation.clone(), job.mark));
            }
            if inner.finish {
                return None;
            }
            self.shared.work.wait(&mut inner);
        }
    }

    fn flush(&self, generation: &Arc<Generation>, mark: BaseMark) -> Result<(), Error> {
        self.base.apply(generation, mark)?;
        let base = Arc::new(self.base.read_snapshot()?);
        self.core.replace_view(|view| View {
            active: view.active.clone(),
            frozen: view.frozen.iter().filter(|frozen| !Arc::ptr_eq(frozen, generation)).cloned().collect(),
            base,
        });
        Counters::add(&self.core.counters.flushes, 1);
        self.shared.inner.lock().jobs.pop_front();
        self.shared.progress.notify_all();
        self.free_segments(mark.live_segment);
        Ok(())
    }

    /// Keeps some of the segments before `live` as spares and removes the others. A failure leaves files behind that
    /// the next flush or start removes.
    fn free_segments(&self, live: u64) {
        let numbers = match files::list(&self.log_dir) {
            Ok(numbers) => numbers,
            Err(error) => return tracing::warn!(%error, "log segments could not be listed"),
        };
        for number in numbers.into_iter().filter(|number| *number < live) {
            if let Err(error) = self.free_segment(number) {
                tracing::warn!(%error, number, "a log segment could not be freed");
            }
        }
    }

    fn free_segment(&self, number: u64) -> std::io::Result<()> {
        let path = files::path_of(&self.log_dir, number);
        let fits = path.metadata()?.len() == self.spare_bytes;
        if !fits || self.shared.inner.lock().spares.len() >= SPARES_MAX {
            return files::remove_if_there(&path);
        }
        let blank = Blank::recycle(&self.log_dir, number)?;
        self.shared.inner.lock().spares.push(blank);
        Ok(())
    }
}

/// Makes spare segments, in a thread of its own: it is under load that the other one is busy.
struct SpareMaker {
    log_dir: PathBuf,
    spare_bytes: u64,
    shared: Arc<Shared>,
}

impl SpareMaker {
    fn run(self) {
        while self.wanted() {
            let made = Blank::create(&self.log_dir, self.spare_bytes);
            let mut inner = self.shared.inner.lock();
            match made {
                Ok(blank) => inner.spares.push(blank),
                Err(error) => {
                    // The committer makes a small one itself, or says what is wrong. Trying again at once would take
                    // the last space from those who need less.
                    const PAUSE: Duration = Duration::from_secs(1);
                    tracing::warn!(%error, "no spare log segment could be made");
                    if !inner.finish {
                        self.shared.spare_work.wait_for(&mut inner, PAUSE);
                    }
                }
            }
            inner.spare_wanted = false;
        }
    }

    /// Waits until a spare is wanted; `false` at the end.
    fn wanted(&self) -> bool {
        let mut inner = self.shared.inner.lock();
        while !inner.finish {
            if inner.spare_wanted {
                return true;
            }
            self.shared.spare_work.wait(&mut inner);
        }
        false
    }
}
