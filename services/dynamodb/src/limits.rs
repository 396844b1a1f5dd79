//! Every limit, with its source: the Developer Guide's "Quotas in Amazon DynamoDB" where no other is named.

/// A day.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Characters of a table's or index's name.
pub const NAME_CHARS: std::ops::RangeInclusive<usize> = 3..=255;
/// Local secondary indexes of a table.
pub const LOCAL_INDEXES_MAX: usize = 5;
/// Global secondary indexes of a table.
pub const GLOBAL_INDEXES_MAX: usize = 20;
/// Attributes projected by the `INCLUDE` lists of all indexes of a table together.
pub const PROJECTED_MAX: usize = 100;
/// Tables of an account and region.
pub const TABLES_MAX: usize = 2_500;
/// Bytes of a table's or stream's policy ("Resource-based policy quotas").
pub const POLICY_BYTES_MAX: usize = 20 * 1024;
/// Tags of a table.
pub const TAGS_MAX: usize = 50;
/// Bytes of items that a Query or Scan looks at.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Items that a Query or Scan reads from the store at a time: more than most pages have, and few enough that one with a
/// small limit reads little for nothing.
pub const CHUNK_ITEMS: usize = 500;
/// Keys of a BatchGetItem.
pub const BATCH_GET_MAX: usize = 100;
/// Bytes of items that a BatchGetItem answers with.
pub const BATCH_GET_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Requests of a BatchWriteItem.
pub const BATCH_WRITE_MAX: usize = 25;
/// Bytes of the items of a transaction.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a transaction's token stands for its request ("TransactWriteItems", ClientRequestToken).
pub const TOKEN_LIFETIME_MS: i64 = 10 * 60 * 1000;
/// Values of the partition key in the `IN` of a statement ("IN" in the PartiQL reference).
pub const PARTITIONS_MAX: usize = 50;
/// Segments of a Scan ("Scan", TotalSegments).
pub const SEGMENTS_MAX: i32 = 1_000_000;
/// What one transaction of waiting writes to one item holds at most: fewer than make others wait long.
pub const COMBINED_MAX: usize = 64;
/// The same in bytes of requests: far below what a transaction of the store may hold.
pub const COMBINED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Bytes that a transaction puts into logs before it ends, where it may end at any item: what it has written then, with one
/// more item, is far below what a transaction of the store may hold.
pub const LOGGED_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Streams that ListStreams names at most ("ListStreams", Limit).
pub const STREAMS_PAGE_MAX: usize = 100;
/// Records of a GetRecords ("GetRecords", Limit).
pub const RECORDS_MAX: usize = 1_000;
/// Bytes of a GetRecords ("GetRecords").
pub const RECORDS_BYTES_MAX: usize = 1024 * 1024;
/// How long the records of a stream can be read ("Change data capture for DynamoDB Streams").
pub const STREAM_LIFETIME_MS: i64 = DAY_MS;
/// How long an iterator can be used ("GetShardIterator").
pub const ITERATOR_LIFETIME_MS: i64 = 15 * 60 * 1000;
/// Days back that a table can be restored to ("Point-in-time recovery").
pub const RECOVERY_DAYS_MAX: i64 = 35;
/// How long the backup of a deleted table is kept that could be restored ("DeleteTable").
pub const SYSTEM_BACKUP_LIFETIME_MS: i64 = RECOVERY_DAYS_MAX * DAY_MS;
/// How long a replica stays after another was made from it ("Global tables", deleting replicas).
pub const SOURCE_STAYS_MS: i64 = DAY_MS;
/// Backups that ListBackups names at most ("ListBackups", Limit).
pub const BACKUPS_PAGE_MAX: usize = 100;
/// How long an export or import is known after it was asked for ("ListExports", "ListImports").
pub const TRANSFER_LIFETIME_MS: i64 = 90 * DAY_MS;
/// How long its client token stands for it ("ExportTableToPointInTime", "ImportTable", ClientToken).
pub const TRANSFER_TOKEN_LIFETIME_MS: i64 = 8 * 60 * 60 * 1000;
/// Exports of an account and region at once ("Export to Amazon S3").
pub const EXPORTS_MAX: usize = 300;
/// Imports of an account and region at once ("Import from Amazon S3").
pub const IMPORTS_MAX: usize = 50;
/// What a page of a list of them has where nothing is said: recorded from the real service.
pub const TRANSFERS_PAGE: usize = 10;
/// Bytes of a token of such a list at least ("ListImports", NextToken: 112 digits), and of which they are a multiple.
pub const LIST_TOKEN_BYTES: usize = 56;
pub const LIST_TOKEN_STEP: usize = 8;
/// Between the ends of an incremental export ("ExportTableToPointInTime", IncrementalExportSpecification).
pub const EXPORT_PERIOD_MS: std::ops::RangeInclusive<i64> = 15 * 60 * 1000..=DAY_MS;
/// Tables that are kept in memory, parsed.
pub const HOT_TABLES_MAX: usize = 10_000;
