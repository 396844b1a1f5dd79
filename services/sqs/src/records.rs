//! Everything that is stored, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::Stamp;

/// A queue. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Random; a queue made again under the same name has another.
    pub id: u64,
    /// Counts the purges: messages belong to an epoch of a queue, so a purge is one write.
    pub epoch: u32,
    pub created_ms: i64,
    pub modified_ms: i64,
    pub purged_ms: Option<i64>,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
}
store::record!(Queue, kind = 0x0101);

/// The settable attributes of a queue, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attributes {
    pub delay_secs: u32,
    pub message_bytes_max: u32,
    pub retention_secs: u32,
    pub wait_secs: u32,
    pub visibility_secs: u32,
    pub policy: Option<String>,
    pub redrive: Option<Redrive>,
    pub redrive_allow: Option<RedriveAllow>,
    pub kms_key: Option<String>,
    pub kms_reuse_secs: Option<u32>,
    pub managed_sse: bool,
    /// Only FIFO queues have these.
    pub fifo: Option<FifoAttributes>,
}

/// Where messages go that are received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrive {
    pub target_arn: String,
    pub max_receives: u32,
}

/// Which queues may use this one as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RedriveAllow {
    All,
    None,
    Sources(Vec<String>),
}

/// What only FIFO queues have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FifoAttributes {
    pub content_dedup: bool,
    /// Deduplication looks at the message group only, not at the whole queue.
    pub dedup_by_group: bool,
    pub limit_by_group: bool,
}

/// A name that must rest after its queue was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub deleted_ms: i64,
}
store::record!(Deleted, kind = 0x0102);

/// A message as it was sent; written once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub body_md5: [u8; 16],
    pub attributes: Vec<(String, Attribute)>,
    pub trace_header: Option<String>,
    pub sender: String,
    pub sent_ms: i64,
    /// When it becomes visible for the first time; where its row is in the index of a standard queue until then.
    pub visible_ms: i64,
    pub group: Option<String>,
    pub dedup_id: Option<String>,
    /// ARN of the queue that it was moved from as a dead letter.
    pub dead_letter_source: Option<String>,
    /// What other queues have counted before.
    pub receives_before: u32,
    pub first_receive_ms: Option<i64>,
}
store::record!(Message, kind = 0x0103);

/// A user attribute of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// With its label, as in `Number.int`.
    pub data_type: String,
    pub value: AttributeValue,
}

/// Its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// What changes about a message. A standard queue writes it at the first receive, a FIFO queue at the send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When it entered this queue: part of the key of the message, and the begin of its retention.
    pub enqueued_ms: i64,
    pub group: Option<String>,
    /// Since the first receive.
    pub received: Option<Received>,
}
store::record!(State, kind = 0x0104);

/// The receives of a message from this queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub count: u32,
    pub first_ms: i64,
    pub last_ms: i64,
    /// The message is invisible until then.
    pub visible_ms: i64,
    /// Random, part of the handle of the last receive.
    pub nonce: u64,
}

/// A row of a standard queue's index by time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visible {
    pub enqueued_ms: i64,
    /// Whether it has been received: in flight rather than delayed while it is not due.
    pub received: bool,
}
store::record!(Visible, kind = 0x0105);

/// A message sent with a deduplication id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dedup {
    pub expires_ms: i64,
    pub message_id: String,
}
store::record!(Dedup, kind = 0x0106);

/// What expires at the time in the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expiring {
    /// The deduplication of this id; the group is empty unless it counts.
    Dedup { group: String, id: String },
    /// The receive attempt of this id.
    Attempt { id: String },
}
store::record!(Expiring, kind = 0x0107);

/// What a receive with an attempt id took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub expires_ms: i64,
    pub taken: Vec<Taken>,
}
store::record!(Attempt, kind = 0x0108);

/// One message of an attempt, as it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Version and counter of the message's stamp.
    pub stamp: (u64, u16),
    pub nonce: u64,
    pub visible_ms: i64,
}

impl Taken {
    pub fn stamp(&self) -> Stamp {
        Stamp::new(self.stamp.0, self.stamp.1)
    }
}

/// An epoch of a queue whose rows are to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Garbage {
    pub since_ms: i64,
}
store::record!(Garbage, kind = 0x0109);

/// That a queue names another as its dead-letter queue: the row's key says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterSource {}
store::record!(DeadLetterSource, kind = 0x010A);

/// A task that moves dead letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveTask {
    pub id: String,
    pub source_arn: String,
    pub destination_arn: Option<String>,
    pub rate: Option<u32>,
    pub started_ms: i64,
    /// Messages enqueued later are left alone: the task ends though more dead letters arrive.
    pub started_version: u64,
    pub status: MoveStatus,
    pub moved: i64,
    pub to_move: i64,
    /// The last message looked at.
    pub cursor: Option<(i64, (u64, u16))>,
}
store::record!(MoveTask, kind = 0x010B);

/// How a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveStatus {
    Running,
    Cancelling,
    Cancelled,
    Completed,
    Failed(String),
}

impl MoveStatus {
    /// Whether a worker is to go on with it.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Running | Self::Cancelling)
    }

    /// As the API says it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Completed => "COMPLETED",
            Self::Failed(_) => "FAILED",
        }
    }
}

impl Queue {
    pub fn is_fifo(&self) -> bool {
        self.attributes.fifo.is_some()
    }

    /// How long messages live, in milliseconds.
    pub fn retention_ms(&self) -> i64 {
        i64::from(self.attributes.retention_secs) * 1000
    }

    /// Messages that entered the queue at this time or before are gone.
    pub fn expired_at(&self, now_ms: i64) -> i64 {
        now_ms - self.retention_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Record;

    /// Bytes as version 1 wrote them: kept so that they stay readable.
    #[test]
    fn fixtures() {
        let state = State {
            enqueued_ms: 1,
            group: Some("g".into()),
            received: Some(Received { count: 2, first_ms: 3, last_ms: 4, visible_ms: 5, nonce: 6 }),
        };
        let bytes = b"\x04\x01\x01\0\x02\x01\x01g\x01\x02\x06\x08\x0a\x06";
        assert_eq!(&state.encode()[..], bytes);
        assert_eq!(State::decode(bytes), Ok(state));
        let visible = Visible { enqueued_ms: 7, received: true };
        assert_eq!(&visible.encode()[..], b"\x05\x01\x01\0\x0e\x01");
        assert_eq!(Visible::decode(b"\x05\x01\x01\0\x0e\x01"), Ok(visible));
        assert_eq!(Garbage::decode(b"\x09\x01\x01\0\x02"), Ok(Garbage { since_ms: 1 }));
        assert_eq!(Deleted::decode(b"\x02\x01\x01\0\x02"), Ok(Deleted { deleted_ms: 1 }));
        let dedup = Dedup { expires_ms: 1, message_id: "m".into() };
        assert_eq!(Dedup::decode(b"\x06\x01\x01\0\x02\x01m"), Ok(dedup));
    }
}
