//! What is stored of exports and imports.

use serde::{Deserialize, Serialize};
use service::Caller;

use crate::records::{Copy, Home, Table};
use crate::schema::KeyNames;

/// An export of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    pub table_id: String,
    pub key: KeyNames,
    /// The contents that are made of it, until it is done.
    pub contents: Home,
    pub token: String,
    pub by: Caller,
    pub started_ms: i64,
    pub what: What,
    pub to: Destination,
    /// Of the files that are written.
    pub items: i64,
    pub bytes: i64,
    pub files: u64,
    pub state: ExportState,
}
store::record!(Export, kind = 5);

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// All items as of a moment. `said`: the request names this kind, which is then shown.
    All { at_ms: i64, said: bool },
    /// What has become of items between two moments, of which the first is included.
    Changes { from_ms: i64, to_ms: i64, old_images: bool },
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    pub bucket: String,
    pub owner: Option<String>,
    pub prefix: Option<String>,
    /// Under a key of KMS, rather than of S3.
    pub kms: bool,
    pub kms_key: Option<String>,
}

/// How far an export is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportState {
    /// Whether the bucket takes it is to be seen.
    Beginning(Copy),
    /// Its contents are being made.
    Copying(Copy),
    /// They are being written to files: up to this one, a part of its key behind the prefix of all.
    Writing {
        after: Vec<u8>,
    },
    /// The manifests are being written.
    Closing {
        ended_ms: i64,
    },
    Done {
        ended_ms: i64,
    },
    Failed(Failed),
}

/// Why and when it was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    pub ended_ms: i64,
    pub code: String,
    pub message: String,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    pub key: String,
    pub items: i64,
    /// In base64, as manifests have it.
    pub md5: String,
    pub etag: String,
}
store::record!(DataFile, kind = 6);

/// An item that was changed in the time that is exported: as it was before that. What it is after it is in the contents' rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The last time.
    pub at_ms: i64,
    /// Its row; none if it was not there.
    pub old: Option<Vec<u8>>,
}
store::record!(Changed, kind = 7);

/// An import of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    pub token: String,
    pub by: Caller,
    pub started_ms: i64,
    pub from: Origin,
    pub packing: Packing,
    /// The table as it was wanted.
    pub table: Table,
    pub counts: Counts,
    pub state: ImportState,
}
store::record!(Import, kind = 8);

/// How objects are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Packing {
    None,
    Gzip,
    Zstandard,
}

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub bucket: String,
    pub owner: String,
    pub prefix: Option<String>,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Items and what should have been one.
    pub processed: i64,
    /// Items that the table has now.
    pub imported: i64,
    pub errors: i64,
    /// Of objects, unpacked.
    pub bytes: i64,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportState {
    Reading(Reading),
    Done { ended_ms: i64 },
    Failed(Failed),
}

/// Which objects are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The last that was read to its end.
    pub after: Option<String>,
    /// The next one, if it was read in part.
    pub inside: Option<Inside>,
}

/// An object that was read in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    pub key: String,
    pub etag: Option<String>,
    /// Bytes up to the end of the last line that was taken, unpacked.
    pub bytes: u64,
}

/// What a client token was used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    pub table: String,
    pub id: String,
    /// The SHA-256 of the request.
    pub request: [u8; 32],
    pub expires_ms: i64,
}
store::record!(Used, kind = 9);
