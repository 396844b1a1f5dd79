//! The whole keyspace of the service. Every key begins with account, region and `"dynamodb"`.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"t"` name | [`Table`](crate::records::Table) |
//! | `"k"` token | [`Token`](crate::records::Token): a transaction that was done |
//! | `"x"` expires ms, token | nothing: when tokens end |
//! | `"l"` log id, stamp | [`Change`](crate::log::Change): one of an item; the id is that of the contents |
//! | `"r"` table name, label | [`Stream`](crate::records::Stream) |
//! | `"m"` log id, label, ends, stamp | nothing: when a stream (region, `/`, label) began, and when it ended; when a copy was begun, whose label is its id; that a replica (region) has these contents |
//! | `"b"` table name, id | [`Backup`](crate::records::Backup) |
//! | `"e"` way, table name, id | [`Export`](crate::transfer::records::Export) or [`Import`](crate::transfer::records::Import) |
//! | `"w"` way, table name, id | nothing: one of them is in progress |
//! | `"o"` ms, way, table name, id | nothing: when one of them is forgotten |
//! | `"q"` way, token | [`Used`](crate::transfer::records::Used): what a client token was used for |
//! | `"f"` contents id, number | [`DataFile`](crate::transfer::records::DataFile): one that an export has written |
//! | `"y"` contents id, region | `DataKey` of [`encryption`](crate::encryption): what rows are sealed with, as it is closed in a region |
//! | `"u"` KMS key, grant, region, contents id | nothing: a grant that the key of contents needs |
//! | `"v"` KMS key, grant | nothing: a grant that is to be given back |
//! | `"c"` id, … | contents of a table: |
//! | … `"i"` partition, sort key | [`Row`](crate::row::Row): an item |
//! | … `"g"` index id, partition, sort key, item | [`Row`](crate::row::Row): what an index shows of an item |
//! | … `"h"` partition, sort key | [`Changed`](crate::transfer::records::Changed): of an export's contents, an item that was changed |
//! | … `"e"` ends s, item | the item's row: when it ends |
//! | … `"n"` index id | number of rows, a counter; index 0 is the table itself |
//! | … `"s"` index id | bytes of rows, a counter |
//!
//! A partition is 16 bytes of the SHA-256 of its key: keys are up to 2,048 bytes long, and a scan in the order of hashes has
//! segments of equal size. A sort key is one element, or one for each of its attributes; numbers are in a form whose
//! order is theirs.

use attribute::{Item, Value, encode_key};
use bytes::Bytes;
use kernel::Call;
use sha2::{Digest as _, Sha256};
use store::{KeyError, KeyRange, KeyReader, KeyWriter, prefix_end};

use crate::log::Log;
use crate::records::Home;
use crate::schema::KeyNames;
use crate::transfer::job::{Job, Way};

/// What stands after account and region in the keys of this service.
pub const SERVICE: &str = "dynamodb";
/// Bytes of a partition in a key.
pub const PARTITION: usize = 16;

/// An account's tables in a region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: String,
    pub region: String,
}

impl Place {
    /// Where a call is.
    pub fn of(call: &Call) -> Self {
        Self { account: call.account.clone(), region: call.region.clone() }
    }

    /// The same account's in another region.
    pub fn in_region(&self, region: &str) -> Self {
        Self { account: self.account.clone(), region: region.to_owned() }
    }

    fn service(&self) -> KeyWriter {
        self.service_in(&self.region)
    }

    fn service_in(&self, region: &str) -> KeyWriter {
        KeyWriter::new().str(&self.account).str(region).str(SERVICE)
    }

    /// A table's row.
    pub fn table(&self, name: &str) -> Bytes {
        self.service().str("t").str(name).finish()
    }

    /// The rows of all tables.
    pub fn tables(&self) -> Bytes {
        self.service().str("t").finish()
    }

    /// A transaction's token.
    pub fn token(&self, token: &str) -> Bytes {
        self.service().str("k").str(token).finish()
    }

    /// When a token ends.
    pub fn token_end(&self, at_ms: i64, token: &str) -> Bytes {
        self.service().str("x").i64(at_ms).str(token).finish()
    }

    /// Tokens in the order of their ends.
    pub fn token_ends(&self) -> Bytes {
        self.service().str("x").finish()
    }

    /// The changes of items, wherever in the account they are.
    pub fn log(&self, home: &Home) -> Log {
        Log::new(self.service_in(&home.region).str("l").str(&home.id).finish())
    }

    /// A stream's row.
    pub fn stream(&self, table: &str, label: &str) -> Bytes {
        self.service().str("r").str(table).str(label).finish()
    }

    /// The rows of all streams.
    pub fn streams(&self) -> Bytes {
        self.service().str("r").finish()
    }

    /// The rows of the streams that a table of this name has or had.
    pub fn streams_of(&self, table: &str) -> Bytes {
        self.service().str("r").str(table).finish()
    }

    /// Where it is kept when something that needs a log began or ended.
    pub fn mark(&self, log: &Home, label: &str, ends: bool) -> KeyWriter {
        self.service_in(&log.region).str("m").str(&log.id).str(label).bool(ends)
    }

    /// The same of both.
    pub fn marks(&self, log: &Home, label: &str) -> Bytes {
        self.service_in(&log.region).str("m").str(&log.id).str(label).finish()
    }

    /// The same of all that need a log.
    pub fn marks_of(&self, log: &Home) -> Bytes {
        self.service_in(&log.region).str("m").str(&log.id).finish()
    }

    /// A backup's row.
    pub fn backup(&self, table: &str, id: &str) -> Bytes {
        self.service().str("b").str(table).str(id).finish()
    }

    /// The rows of all backups.
    pub fn backups(&self) -> Bytes {
        self.service().str("b").finish()
    }

    /// The rows of the backups of tables of this name.
    pub fn backups_of(&self, table: &str) -> Bytes {
        self.service().str("b").str(table).finish()
    }

    /// The row of an export or import.
    pub fn transfer(&self, way: Way, table: &str, id: &str) -> Bytes {
        self.service().str("e").str(way.name()).str(table).str(id).finish()
    }

    /// The rows of all exports or imports.
    pub fn transfers(&self, way: Way) -> Bytes {
        self.service().str("e").str(way.name()).finish()
    }

    /// The rows of those of tables of this name.
    pub fn transfers_of(&self, way: Way, table: &str) -> Bytes {
        self.service().str("e").str(way.name()).str(table).finish()
    }

    /// That one of them is in progress.
    pub fn in_progress(&self, way: Way, table: &str, id: &str) -> Bytes {
        self.service().str("w").str(way.name()).str(table).str(id).finish()
    }

    /// All that are in progress.
    pub fn all_in_progress(&self, way: Way) -> Bytes {
        self.service().str("w").str(way.name()).finish()
    }

    /// When one of them is forgotten.
    pub fn transfer_end(&self, at_ms: i64, job: &Job) -> Bytes {
        let of = self.service().str("o").i64(at_ms).str(job.way.name());
        of.str(&job.table).str(&job.id).finish()
    }

    /// Those that are forgotten before a time.
    pub fn transfer_ends(&self, before_ms: i64) -> KeyRange {
        let ends = || self.service().str("o");
        KeyRange::new(ends().finish(), ends().i64(before_ms).finish())
    }

    /// What a client token was used for.
    pub fn transfer_token(&self, way: Way, token: &str) -> Bytes {
        self.service().str("q").str(way.name()).str(token).finish()
    }

    /// A file that an export has written.
    pub fn data_file(&self, contents: &str, number: u64) -> Bytes {
        self.service().str("f").str(contents).u64(number).finish()
    }

    /// All of them.
    pub fn data_files(&self, contents: &str) -> Bytes {
        self.service().str("f").str(contents).finish()
    }

    /// The key of contents, as it is closed in this region.
    pub fn data_key(&self, home: &Home) -> Bytes {
        self.service_in(&home.region).str("y").str(&home.id).str(&self.region).finish()
    }

    /// The same in all regions.
    pub fn data_keys(&self, home: &Home) -> Bytes {
        self.service_in(&home.region).str("y").str(&home.id).finish()
    }

    /// That the key of contents needs a grant of a KMS key.
    pub fn grant_use(&self, key_arn: &str, grant: &str, home: &Home) -> Bytes {
        self.service().str("u").str(key_arn).str(grant).str(&home.region).str(&home.id).finish()
    }

    /// All that need it.
    pub fn grant_uses(&self, key_arn: &str, grant: &str) -> Bytes {
        self.service().str("u").str(key_arn).str(grant).finish()
    }

    /// That a grant is to be given back.
    pub fn grant_end(&self, key_arn: &str, grant: &str) -> Bytes {
        self.service().str("v").str(key_arn).str(grant).finish()
    }

    /// All of them.
    pub fn grant_ends(&self) -> Bytes {
        self.service().str("v").finish()
    }

    /// What a table has, wherever in the account it is.
    pub fn contents(&self, home: &Home) -> Contents {
        Contents(self.service_in(&home.region).str("c").str(&home.id).finish())
    }
}

/// The end and the token in a row of [`Place::token_ends`].
pub fn token_end(key: &[u8], ends: &[u8]) -> Result<(i64, String), KeyError> {
    let mut rest = KeyReader::after_prefix(key, ends).ok_or(KeyError::End { wanted: "time" })?;
    Ok((rest.i64()?, rest.str()?.into_owned()))
}

/// The name of the table, and the label or id, in a row of [`Place::streams`], [`Place::backups`], [`Place::transfers`] or
/// [`Place::all_in_progress`]; or the KMS key and the grant in one of [`Place::grant_ends`].
pub fn names_after(key: &[u8], prefix: &[u8]) -> Result<(String, String), KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "name" })?;
    Ok((rest.str()?.into_owned(), rest.str()?.into_owned()))
}

/// What is forgotten, in a row of [`Place::transfer_ends`].
pub fn transfer_end_of(key: &[u8], place: &Place) -> Result<Option<Job>, KeyError> {
    let prefix = place.service().str("o").finish();
    let mut rest = KeyReader::after_prefix(key, &prefix).ok_or(KeyError::End { wanted: "time" })?;
    rest.i64()?;
    let (way, table, id) = (rest.str()?, rest.str()?.into_owned(), rest.str()?.into_owned());
    Ok(Way::of(&way).map(|way| Job { way, place: place.clone(), table, id }))
}

/// The text at the end of a key.
pub fn text_after(key: &[u8], prefix: &[u8]) -> Result<String, KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "name" })?;
    Ok(rest.str()?.into_owned())
}

/// The keys of a table's contents.
#[derive(Clone, Debug)]
pub struct Contents(Bytes);

impl Contents {
    /// All of them.
    pub fn range(&self) -> KeyRange {
        KeyRange::prefix(&self.0)
    }

    /// The rows of the table itself (0) or of an index.
    pub fn rows(&self, index: u32) -> Bytes {
        let writer = KeyWriter::from_prefix(&self.0);
        if index == 0 { writer.str("i") } else { writer.str("g").u64(index.into()) }.finish()
    }

    /// Items that were changed, in the contents of an export.
    pub fn changed(&self) -> Bytes {
        KeyWriter::from_prefix(&self.0).str("h").finish()
    }

    /// The rows of all indexes.
    pub fn indexes(&self) -> Bytes {
        KeyWriter::from_prefix(&self.0).str("g").finish()
    }

    /// When items end, in order.
    pub fn ends(&self) -> Bytes {
        KeyWriter::from_prefix(&self.0).str("e").finish()
    }

    /// That the item in this row ends at this second.
    pub fn end(&self, at: i64, of_item: &[u8]) -> Bytes {
        KeyWriter::from_prefix(&self.ends()).i64(at).bytes(&digest(of_item)).finish()
    }

    /// Counts the rows.
    pub fn count(&self, index: u32) -> Bytes {
        KeyWriter::from_prefix(&self.0).str("n").u64(index.into()).finish()
    }

    /// Counts their bytes.
    pub fn bytes(&self, index: u32) -> Bytes {
        KeyWriter::from_prefix(&self.0).str("s").u64(index.into()).finish()
    }
}

/// The partition of these values, which are those of a key.
pub fn partition<'v>(values: impl IntoIterator<Item = &'v Value>) -> [u8; PARTITION] {
    let mut bytes = Vec::with_capacity(64);
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            // Of several attributes each has its length before it, so that no two keys have the same bytes.
            bytes.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        }
        encode_key(value, &mut bytes);
    }
    digest(&bytes)
}

/// Values of one type as bytes in whose order they stand.
pub fn in_order<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<Vec<u8>> {
    let encoded = values.into_iter().map(|value| {
        let mut bytes = Vec::new();
        encode_key(value, &mut bytes);
        bytes
    });
    encoded.collect()
}

fn digest(bytes: &[u8]) -> [u8; PARTITION] {
    let mut digest = [0; PARTITION];
    digest.copy_from_slice(&Sha256::digest(bytes)[..PARTITION]);
    digest
}

/// The second in a row of [`Contents::ends`].
pub fn end_of(key: &[u8], ends: &[u8]) -> Result<i64, KeyError> {
    KeyReader::after_prefix(key, ends).ok_or(KeyError::End { wanted: "time" })?.i64()
}

/// The rows of a partition.
pub fn in_partition(rows: &[u8], partition: &[u8; PARTITION]) -> KeyWriter {
    let mut key = Vec::with_capacity(rows.len() + PARTITION);
    key.extend_from_slice(rows);
    key.extend_from_slice(partition);
    KeyWriter::from_prefix(&key)
}

/// Appends one value of a sort key.
pub fn sort(key: KeyWriter, value: &Value) -> KeyWriter {
    let mut bytes = Vec::with_capacity(32);
    encode_key(value, &mut bytes);
    key.bytes(&bytes)
}

/// Where sort keys lie that begin with this value's bytes.
pub fn sort_prefix(key: KeyWriter, value: &Value) -> KeyRange {
    let key = sort(key, value).finish();
    // Without the byte that ends an element.
    let start = key.slice(..key.len() - 1);
    let end = prefix_end(&start);
    KeyRange { start, end }
}

/// The row of an item with this key in these `rows`; none if it lacks an attribute of the key.
pub fn item(rows: &[u8], names: &KeyNames, item: &Item) -> Option<Bytes> {
    elements(rows, names, item).map(KeyWriter::finish)
}

/// The row of an index for an item; none if the item has no place in it.
pub fn index_row(rows: &[u8], names: &KeyNames, item: &Item, of_item: &[u8]) -> Option<Bytes> {
    Some(elements(rows, names, item)?.bytes(&digest(of_item)).finish())
}

fn elements(rows: &[u8], names: &KeyNames, item: &Item) -> Option<KeyWriter> {
    let partition_values: Option<Vec<&Value>> = names.partition.iter().map(|name| item.get(name)).collect();
    let mut key = in_partition(rows, &partition(partition_values?));
    for name in &names.sort {
        key = sort(key, item.get(name)?);
    }
    Some(key)
}
