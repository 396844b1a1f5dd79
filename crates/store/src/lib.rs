//! Ordered transactional key-value store.
//!
//! Keys and values are bytes; keys are ordered. [`Store::run`] runs a transaction: it reads at one version, collects
//! writes, and commits only if nothing it read was changed meanwhile. A commit returns after it is on the disk.
//!
//! A durable store is a log, an overlay in memory and a base file. One thread puts transactions in order and writes a
//! group of them as one log record with one sync. The overlay holds what the log has and the base has not; full
//! generations of it are written to the base in the background, after which their log segments are used again.
//! Conflict checks, stamps, counters, the change log and watches are made above all of this, so that a memory store
//! has them too.

mod backup;
mod base;
mod changes;
mod check;
mod commit;
mod conflict;
mod core;
mod dir;
mod error;
mod flush;
mod generation;
mod journal;
mod key;
mod layer;
mod limits;
mod log;
mod options;
mod platform;
mod range;
mod record;
mod retry;
mod scan;
mod snapshot;
mod stamp;
mod stats;
mod store;
mod submit;
mod tx;
mod watch;
mod writes;

pub use backup::{BackupSink, restore};
pub use changes::Change;
pub use check::{CheckReport, check};
pub use error::{Error, OpenError};
pub use key::{KeyError, KeyReader, KeyWriter, prefix_end};
pub use limits::Limits;
pub use options::Options;
pub use range::{KeyRange, Page, RangeOptions};
pub use record::{Never, Record, RecordError};
pub use retry::back_off;
pub use snapshot::Snapshot;
pub use stamp::{Stamp, StampedKey};
pub use stats::Stats;
pub use store::Store;
pub use tx::Tx;
pub use watch::Watch;
