//! Every limit of the service, each with its source.

/// Limits that an installation may set; [`Default`] has the documented quotas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one queue that may be received and not yet deleted (quota "Inflight messages per queue").
    pub in_flight_max: usize,
    /// Messages of a FIFO queue that are looked at to find available groups (developer guide, "FIFO delivery logic").
    pub fifo_window: usize,
    /// Message move tasks running at the same time in one account and region (quota of the redrive API).
    pub move_tasks_running_max: usize,
    /// Queues whose indexes stay in memory while nobody uses them; a bound on memory, not on the number of queues.
    pub hot_queues_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_max: 120_000,
            fifo_window: 120_000,
            move_tasks_running_max: 100,
            hot_queues_max: 10_000,
        }
    }
}

/// An allowed range, both ends included, and what holds when nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Least.
    pub min: u32,
    /// Most.
    pub max: u32,
    /// When not given.
    pub default: u32,
}

/// `DelaySeconds` (API reference, CreateQueue).
pub const DELAY_SECS: Span = Span { min: 0, max: 900, default: 0 };
/// `MaximumMessageSize` in bytes (API reference; 1 MiB since August 2025).
pub const MESSAGE_BYTES: Span = Span { min: 1024, max: 1_048_576, default: 1_048_576 };
/// `MessageRetentionPeriod` in seconds: one minute to fourteen days, four days (API reference, CreateQueue).
pub const RETENTION_SECS: Span = Span { min: 60, max: 1_209_600, default: 345_600 };
/// `ReceiveMessageWaitTimeSeconds` (API reference, CreateQueue).
pub const WAIT_SECS: Span = Span { min: 0, max: 20, default: 0 };
/// `VisibilityTimeout` in seconds (API reference, CreateQueue).
pub const VISIBILITY_SECS: Span = Span { min: 0, max: 43_200, default: 30 };
/// `KmsDataKeyReusePeriodSeconds` (API reference, CreateQueue).
pub const KMS_REUSE_SECS: Span = Span { min: 60, max: 86_400, default: 300 };
/// `MaxNumberOfMessages` of a receive (API reference, ReceiveMessage).
pub const RECEIVE_COUNT: Span = Span { min: 1, max: 10, default: 1 };
/// `maxReceiveCount` of a redrive policy (developer guide, "Dead-letter queues").
pub const MAX_RECEIVES: Span = Span { min: 1, max: 1000, default: 10 };
/// Messages a second of a move task (API reference, StartMessageMoveTask).
pub const MOVE_RATE: Span = Span { min: 1, max: 500, default: 500 };
/// Move tasks listed (API reference, ListMessageMoveTasks).
pub const MOVE_TASKS_LISTED: Span = Span { min: 1, max: 10, default: 1 };

/// Longest queue name in characters (quota "Queue name").
pub const NAME_CHARS_MAX: usize = 80;
/// Total of a batch in bytes, whatever the queue allows for one message (API reference, SendMessageBatch).
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// Entries of a batch (quota "Batched message entries").
pub const BATCH_ENTRIES_MAX: usize = 10;
/// Longest id of a batch entry in characters (API reference).
pub const BATCH_ID_CHARS_MAX: usize = 80;
/// User attributes of a message (quota "Message attributes").
pub const MESSAGE_ATTRIBUTES_MAX: usize = 10;
/// Longest name and longest type of a message attribute in bytes (developer guide, "Message metadata").
pub const ATTRIBUTE_NAME_BYTES_MAX: usize = 256;
/// Longest group, deduplication and receive attempt id in characters (API reference, SendMessage).
pub const FIFO_ID_CHARS_MAX: usize = 128;
/// Deduplication and receive attempts are remembered so long, in milliseconds (developer guide: five minutes).
pub const DEDUP_MS: i64 = 300_000;
/// A queue's name rests so long after a deletion, and a purge is allowed once in so long (API reference).
pub const REST_MS: i64 = 60_000;
/// The longest a message stays invisible after one receive, in milliseconds (API reference: twelve hours).
pub const VISIBILITY_TOTAL_MS: i64 = 43_200_000;
/// Tags of a queue, and characters of their keys and values (developer guide, "Cost allocation tags").
pub const TAGS_MAX: usize = 50;
/// Longest tag key.
pub const TAG_KEY_CHARS_MAX: usize = 128;
/// Longest tag value.
pub const TAG_VALUE_CHARS_MAX: usize = 256;
/// Queue names in one page of a list (API reference, ListQueues).
pub const LIST_MAX: usize = 1000;
/// Source queues that a redrive allow policy can name (API reference, CreateQueue).
pub const REDRIVE_SOURCES_MAX: usize = 10;
/// Statements of a queue policy (quota "Policies").
pub const POLICY_STATEMENTS_MAX: usize = 20;
/// Bytes of a queue policy (quota "Policies").
pub const POLICY_BYTES_MAX: usize = 8192;
/// Principals of a queue policy (quota "Policies").
pub const POLICY_PRINCIPALS_MAX: usize = 50;
/// Conditions of a queue policy (quota "Policies").
pub const POLICY_CONDITIONS_MAX: usize = 10;
/// Actions of one statement (quota "Policies"; API reference, AddPermission).
pub const POLICY_ACTIONS_MAX: usize = 7;

/// Entries that one step reads from the index of due messages: several receives' worth.
pub const REFILL: usize = 256;
/// Due messages held ready in memory for one queue: many steps' worth, and small beside any message.
pub const READY_MAX: usize = 4096;
/// Rows that one sweeping transaction deletes: some hundred kilobytes of log, so that it delays nobody.
pub const SWEEP_ROWS: usize = 500;
/// Bytes of messages that one transaction moves between queues: less than half of what a transaction may hold.
pub const MOVE_BYTES: usize = 4 * 1024 * 1024;
/// Messages that one transaction of a move task moves.
pub const MOVE_BATCH: usize = 100;
/// Rows that one step of a move task looks at.
pub const MOVE_SCAN: usize = 1000;
/// Rounds of a receive that found only dead letters and rows already gone, before it answers without any.
pub const RECEIVE_ROUNDS: usize = 16;
/// Delayed messages of a FIFO queue that are counted one by one.
pub const COUNT_MAX: usize = 100_000;
