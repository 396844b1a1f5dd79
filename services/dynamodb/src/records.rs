//! What is stored of tables. Items are [`Row`](crate::row::Row)s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::encryption::Encryption;
use crate::schema::{KeyNames, Scalar};

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// A UUID, as the service shows it.
    pub id: String,
    /// Where its contents are: they belong to it, not to the name, which may be used again.
    pub home: Home,
    pub created_ms: i64,
    pub attributes: Vec<(String, Scalar)>,
    pub key: KeyNames,
    pub indexes: Vec<Index>,
    /// The id of the next index; the table's own is 0.
    pub next_index: u32,
    pub billing: Billing,
    /// None where it is provisioned.
    pub ceilings: Ceilings,
    pub warm: Warm,
    /// When it came to be on demand.
    pub on_demand_since_ms: Option<i64>,
    pub infrequent_access: bool,
    pub deletion_protected: bool,
    pub tags: BTreeMap<String, String>,
    pub time_to_live: Option<TimeToLive>,
    /// The stream that was begun last.
    pub stream: Option<TableStream>,
    pub recovery: Option<Recovery>,
    /// Who needs the log.
    pub holds: Vec<Hold>,
    pub restore: Option<Restore>,
    /// The id of the import that makes it; none when it is there.
    pub import: Option<String>,
    /// Who else may use it.
    pub policy: Option<Policy>,
    /// The replicas of a global table, of which it is one.
    pub group: Option<Group>,
    /// How its items are sealed; none if they are in the clear.
    pub encryption: Option<Encryption>,
}
store::record!(Table, kind = 1);

/// Where contents and their log are: in a region, under an id. All replicas of a global table have the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    pub region: String,
    /// A UUID.
    pub id: String,
}

/// The replicas of a global table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Whether it was asked for as one whose regions see the same (`STRONG`).
    pub strong: bool,
    /// The region that is a witness: it has no table.
    pub witness: Option<String>,
    /// In the order in which they came, two at least.
    pub members: Vec<Member>,
}

/// A replica, as all replicas know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub region: String,
    pub added_ms: i64,
    /// The region in which it was asked for; none of the table that was there first.
    pub source: Option<String>,
    /// What it needs of each change.
    pub images: Option<Images>,
    /// Days back that it can be restored to.
    pub recovery_days: Option<i64>,
}

/// Which images of items a log is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    pub old: bool,
    pub new: bool,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub id: u32,
    pub name: String,
    /// Of a partition of the table, rather than of all.
    pub local: bool,
    pub key: KeyNames,
    pub projection: Projection,
    pub throughput: Option<Throughput>,
    pub ceilings: Ceilings,
    /// Nothing of a local one.
    pub warm: Warm,
    pub state: IndexState,
}

/// What of an item an index shows, besides the keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Projection {
    All,
    KeysOnly,
    Include(Vec<String>),
}

/// How far an index is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexState {
    /// Items that were there before it are being put into it.
    Creating,
    Active,
    /// Its rows are being removed.
    Deleting,
}

/// How a table is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Billing {
    OnDemand,
    Provisioned(Throughput),
}

/// Units a second that were asked for, and how the figures came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throughput {
    pub read: i64,
    pub write: i64,
    pub increased_ms: Option<i64>,
    pub decreased_ms: Option<i64>,
}

/// The most units a second that are to be used of what is on demand; none: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ceilings {
    pub read: Option<i64>,
    pub write: Option<i64>,
}

/// Units a second that can be had at once, whatever is provisioned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warm {
    pub read: i64,
    pub write: i64,
}

/// Which attribute says when an item ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToLive {
    pub attribute: String,
    pub enabled: bool,
    /// Whether the ends of items that were there before are known.
    pub filled: bool,
}

/// The policy of a table or stream itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub document: String,
    /// Of this document: another has another.
    pub revision: String,
}

impl Policy {
    /// A document in the place of another. Its revision is the time, or what follows the one before.
    pub fn new(document: &str, before: Option<&Self>, now_ms: i64) -> Self {
        let last = before.and_then(|before| before.revision.parse().ok()).unwrap_or(i64::MIN);
        Self { document: document.to_owned(), revision: now_ms.max(last.saturating_add(1)).to_string() }
    }
}

/// A transaction that was done, by its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub expires_ms: i64,
    /// The SHA-256 of the request.
    pub request: [u8; 32],
}
store::record!(Token, kind = 2);

/// The stream of a table that was begun last, as the table knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStream {
    pub label: String,
    pub view: View,
    pub enabled: bool,
}

/// What a stream shows of items besides their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    KeysOnly,
    New,
    Old,
    Both,
}

impl View {
    /// Whether it shows items as they were before.
    pub fn has_old(self) -> bool {
        matches!(self, Self::Old | Self::Both)
    }

    /// Whether it shows items as they are after.
    pub fn has_new(self) -> bool {
        matches!(self, Self::New | Self::Both)
    }
}

/// A stream. It outlives its end, and the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// The log that it is a part of.
    pub log: Home,
    pub key: KeyNames,
    pub view: View,
    pub created_ms: i64,
    pub ended_ms: Option<i64>,
    /// Who else may read it.
    pub policy: Option<Policy>,
}
store::record!(Stream, kind = 3);

/// A table can be restored to any time since this, and for so many days back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    pub since_ms: i64,
    pub days: i64,
}

/// A copy that needs a table's log from a version on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The id of the contents that are made.
    pub by: String,
    pub from: u64,
}

/// What a table was restored from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    pub table_arn: String,
    pub backup_arn: Option<String>,
    /// The moment whose items it has.
    pub at_ms: i64,
    /// How far its items are; none when they are there.
    pub copy: Option<Copy>,
    /// Whether its indexes are there, too.
    pub done: bool,
}

/// A copy that is being made of a table's items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The contents that are copied.
    pub from: Home,
    pub source: Source,
    pub state: CopyState,
}

/// What a copy is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A table, which is written to meanwhile.
    Table { region: String, name: String, cut: Cut },
    /// A backup: the name of its table, and its id.
    Backup { table: String, id: String },
}

/// The moment of a copy: changes from here on are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cut {
    Version(u64),
    /// When the copy was begun: a mark is kept of it.
    Mark,
}

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopyState {
    /// Changes up to this stamp, which is not among them, are noted: what was changed is to be copied.
    Gathering { from: (u64, u16) },
    /// Items up to this one are copied: the part of its key behind the prefix of all, none at the beginning.
    Copying { after: Vec<u8> },
    /// Changes from this stamp on are undone.
    Undoing { before: (u64, u16) },
}

/// A backup of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backup {
    pub name: String,
    /// Made when a table was deleted that could be restored to any time.
    pub system: bool,
    pub contents: Home,
    /// The table as it was.
    pub table: Table,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    /// How far it is; none when it is there.
    pub copy: Option<Copy>,
    /// Tables that are being restored from it.
    pub used_by: Vec<String>,
}
store::record!(Backup, kind = 4);
