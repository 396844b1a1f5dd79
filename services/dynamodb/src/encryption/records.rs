//! What is stored of tables' keys.

use serde::{Deserialize, Serialize};

/// How the rows of a table are sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// The ARN of the KMS key that closes the table's; none: the service's own does.
    pub kms_key: Option<String>,
    /// Whether that is the account's key for this service, rather than one that somebody has made.
    pub managed: bool,
    /// Whether there may be rows from before the table had a key, in the clear.
    pub filling: bool,
    /// Since when the KMS key is known to be of no use.
    pub inaccessible_ms: Option<i64>,
}

/// The key that rows of contents are sealed with, closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataKey {
    /// By the vault.
    Own { sealed: Vec<u8> },
    /// By a KMS key.
    Kms {
        key_arn: String,
        blob: Vec<u8>,
        /// The table that its encryption context names.
        table: String,
        /// By which the service may use the key.
        grant: String,
    },
}
store::record!(DataKey, kind = 10);
