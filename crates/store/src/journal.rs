//! Where commits go besides memory: for a durable store the log and the flusher, for a memory store nowhere.

use std::sync::Arc;

use crate::base::BaseMark;
use crate::core::{Core, View};
use crate::dir::DataDir;
use crate::error::Error;
use crate::flush::{Flusher, Job};
use crate::generation::Generation;
use crate::log::Log;
use crate::log::format::{RECORDS_START, RecordWriter};
use crate::options::Options;
use crate::stats::Counters;

/// Generations waiting for the flusher. Each costs every read a look.
const FROZEN_MAX: usize = 4;
/// Range deletions in one generation. Each costs every lookup that misses a comparison.
const ERASED_MAX: usize = 256;

pub(crate) enum Journal {
    Memory { bytes_max: usize },
    Durable(Box<Durable>),
}

pub(crate) struct Durable {
    pub log: Log,
    pub flusher: Flusher,
    pub options: Options,
    /// Log written since the active generation began, in bytes.
    pub log_bytes: u64,
    /// Held until everything above is gone.
    pub _dir: DataDir,
}

impl Journal {
    /// Puts the record of the versions after `before` up to `last` on the disk.
    pub fn append(
        &mut self,
        counters: &Counters,
        record: RecordWriter,
        before: u64,
        last: u64,
    ) -> Result<(), Error> {
        let Journal::Durable(durable) = self else { return Ok(()) };
        let record = record.finish(before + 1, last);
        let len = record.len();
        if !durable.log.has_room(len) {
            let spare = durable.flusher.take_spare(RECORDS_START + len as u64);
            durable.log.roll(spare, len, before)?;
        }
        durable.log.append(record)?;
        durable.log_bytes += len as u64;
        Counters::add(&counters.syncs, 1);
        Counters::add(&counters.log_bytes, len as u64);
        if durable.log.wants_spare() {
            durable.flusher.want_spare();
        }
        Ok(())
    }

    /// Whether a group of `bytes` may be added to what these layers hold.
    pub fn has_room(&self, view: &View, bytes: usize) -> Result<bool, Error> {
        match self {
            Journal::Memory { bytes_max } => {
                if view.active.bytes().saturating_add(bytes) > *bytes_max {
                    Err(Error::Full)
                } else {
                    Ok(true)
                }
            }
            Journal::Durable(durable) => {
                let held = view.overlay_bytes();
                let fits = held.saturating_add(bytes) <= durable.options.overlay_bytes_max;
                // A group larger than all of the overlay still gets its turn when it is alone.
                let alone = view.frozen.is_empty() && view.active.is_empty();
                let log_bounded =
                    view.frozen.len() < FROZEN_MAX || durable.log_bytes < durable.options.log_freeze_bytes;
                Ok((fits || alone) && log_bounded)
            }
        }
    }

    /// Lets the flusher get on; `false` when it has nothing to do.
    pub fn wait_for_flusher(&self) -> Result<bool, Error> {
        let Journal::Durable(durable) = self else { return Ok(true) };
        if let Some(error) = durable.flusher.stalled() {
            return Err(error);
        }
        Ok(durable.flusher.wait_for_progress())
    }

    /// Whether the active generation should be handed over now.
    pub fn wants_freeze(&self, view: &View) -> bool {
        let Journal::Durable(durable) = self else { return false };
        let full = view.active.bytes() >= durable.options.overlay_freeze_bytes
            || durable.log_bytes >= durable.options.log_freeze_bytes
            || view.active.erased_count() >= ERASED_MAX;
        full && view.frozen.len() < FROZEN_MAX
    }

    /// Hands the active generation, which ends with `version`, to the flusher; returns the one that follows it, or
    /// `None` when nothing has been written since the last.
    pub fn freeze(
        &mut self,
        core: &Core,
        active: &Arc<Generation>,
        version: u64,
    ) -> Result<Option<Arc<Generation>>, Error> {
        let Journal::Durable(durable) = self else { return Ok(None) };
        if durable.log_bytes == 0 {
            return Ok(None);
        }
        // The next generation's records begin a segment of their own, so that this one's can be freed.
        let spare = durable.flusher.take_spare(RECORDS_START);
        durable.log.roll(spare, 0, version)?;
        durable.log_bytes = 0;
        let next = Arc::new(Generation::new(false));
        core.replace_view(|view| View {
            active: next.clone(),
            frozen: std::iter::once(&view.active).chain(&view.frozen).cloned().collect(),
            base: view.base.clone(),
        });
        durable.flusher.push(Job {
            generation: active.clone(),
            mark: BaseMark { flushed: version, live_segment: durable.log.segment_number() },
        });
        Ok(Some(next))
    }
}
