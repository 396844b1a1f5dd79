//! What is stored of tables. Items are [`Row`](crate::row::Row)s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::schema::{KeyNames, Scalar};

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// A UUID: contents belong to it, not to the name, which may be used again.
    pub id: String,
    pub created_ms: i64,
    pub attributes: Vec<(String, Scalar)>,
    pub key: KeyNames,
    pub indexes: Vec<Index>,
    /// The id of the next index; the table's own is 0.
    pub next_index: u32,
    pub billing: Billing,
    /// When it came to be on demand.
    pub on_demand_since_ms: Option<i64>,
    pub infrequent_access: bool,
    pub deletion_protected: bool,
    pub tags: BTreeMap<String, String>,
    pub time_to_live: Option<TimeToLive>,
}
store::record!(Table, kind = 1);

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

/// Which attribute says when an item ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeToLive {
    pub attribute: String,
    pub enabled: bool,
    /// Whether the ends of items that were there before are known.
    pub filled: bool,
}

/// A transaction that was done, by its token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub expires_ms: i64,
    /// The SHA-256 of the request.
    pub request: [u8; 32],
}
store::record!(Token, kind = 2);
