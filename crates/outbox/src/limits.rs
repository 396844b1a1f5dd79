//! Every limit of the outbox, each with its reason.

use std::time::Duration;

/// Largest payload of a delivery in bytes: a queue's classic message size, and what asynchronous invocations carry.
/// Larger things are stored by their owner, and the delivery names them.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Longest order key or timer name in bytes. Bytes of zero take two bytes of a key, and with account, region and kind
/// it must stay below the store's longest key (2,600 bytes).
pub const LABEL_BYTES_MAX: usize = 1_024;

/// Longest reason of a failure that is kept, in bytes: a line for an operator, not a log.
pub const WHY_BYTES_MAX: usize = 512;

/// Most deliveries of one worker under way at once: each may hold a payload, so this is 256 MiB at the very most.
pub const CONCURRENCY_MAX: usize = 1_024;

/// Deliveries a worker has leased and not begun, at least: one read of the index serves so many.
pub(crate) const READY_MIN: usize = 32;

/// The same at most: a lease is about 200 bytes of memory.
pub(crate) const READY_MAX: usize = 1_024;

/// Deliveries settled by one transaction. It reads and writes a few rows for each, so that it stays a short one.
pub(crate) const SETTLE_MAX: usize = 128;

/// Payload settled by one transaction, in bytes: what has failed is written once more. Half of the store's largest
/// transaction (10 MB), the rest being keys.
pub(crate) const SETTLE_BYTES_MAX: usize = 16 * PAYLOAD_BYTES_MAX;

/// Deliveries whose handler is done and which are not settled: beyond it no more are begun, so that a slow disk does
/// not make a crash repeat more than these.
pub(crate) const UNSETTLED_MAX: usize = 128;

/// Rows of the index read at once.
pub(crate) const SCAN_PAGE: usize = 128;

/// Further index rows of a leased delivery that its lease remembers, for its settling to remove. What is not
/// remembered is found again afterwards.
pub(crate) const NOTED_MAX: usize = 1_024;

/// Index rows that arrivals in one order write are so far apart, in milliseconds: one row then stands for all arrivals
/// of that second.
pub(crate) const ARRIVAL_STEP_MS: i64 = 1_000;

/// Most parked deliveries in one page: at their largest these are a few megabytes.
pub const PARKED_PAGE_MAX: usize = 100;

/// Parked deliveries that are kept of one account, region and kind: far more than anybody looks through, and 2.5 GB at
/// the very most. The oldest go first.
pub const PARKED_MAX: u64 = 10_000;

/// How long a parked delivery is kept at least, unless there are too many: what a queue keeps of messages at most.
pub const PARKED_AGE_MAX: Duration = Duration::from_secs(14 * 86_400);

/// Parked deliveries looked at, and thrown away at most, each time that others are parked: more than one settling parks,
/// so that what is beyond the limits becomes less.
pub(crate) const PARKED_TRIM: usize = 2 * SETTLE_MAX;

/// After an error of the store a worker rests so long: the store says in its log what is wrong.
pub(crate) const REST: Duration = Duration::from_secs(5);
