//! Every limit of the service, with its source. Sizes are in bytes. Unless said otherwise: the S3 user guide.

/// Bytes that are kept in the store; longer objects are files (design of the store: one commit, no file).
pub const INLINE_BYTES_MAX: u64 = 32 * 1024;
/// An object in one request.
pub const PUT_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;
/// An object in parts ("Amazon S3 multipart upload limits"; 50 TB since December 2025 by the same page).
pub const OBJECT_BYTES_MAX: u64 = 50 * 1024 * 1024 * 1024 * 1024;
/// A part but for the last one.
pub const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
/// Parts of an object.
pub const PARTS_MAX: u32 = 10_000;
/// Entries of a page of a list.
pub const PAGE_MAX: usize = 1_000;
/// Objects of a DeleteObjects request.
pub const DELETE_MAX: usize = 1_000;
/// The name of an object, in bytes of UTF-8.
pub const KEY_BYTES_MAX: usize = 1_024;
/// Metadata of an object, names and values together.
pub const METADATA_BYTES_MAX: usize = 2_048;
/// Tags of an object.
pub const OBJECT_TAGS_MAX: usize = 10;
/// Tags of a bucket.
pub const BUCKET_TAGS_MAX: usize = 50;
/// Buckets of an account (the default quota since November 2024).
pub const BUCKETS_MAX: usize = 10_000;
/// The policy of a bucket, or of an access point.
pub const POLICY_BYTES_MAX: usize = 20 * 1024;
/// Entries of an access control list.
pub const GRANTS_MAX: usize = 100;
/// Parts in one row of a manifest: a row of 500 is about 60 KiB.
pub const MANIFEST_PARTS: usize = 500;
/// Buckets whose state is kept in memory; more are read anew.
pub const HOT_BUCKETS_MAX: usize = 4_096;
/// Access points of an account in a region ("Access points restrictions and limitations").
pub const POINTS_MAX: usize = 10_000;
/// Access points whose state is kept in memory; more are read anew.
pub const HOT_POINTS_MAX: usize = 4_096;
/// Buckets read at once when they are listed: their rows are a few hundred bytes.
pub const BUCKETS_SCAN_PAGE: usize = 1_000;
/// Uploads given up in one transaction when a bucket goes, and their parts after which no further one is: each is a
/// handful of rows.
pub const DELETE_ROWS: usize = 500;
/// Rules of a CORS configuration.
pub const CORS_RULES_MAX: usize = 100;
/// Routing rules of a website.
pub const ROUTING_RULES_MAX: usize = 50;
/// Rules of a lifecycle.
pub const LIFECYCLE_RULES_MAX: usize = 1_000;
/// Noncurrent versions that a rule can keep.
pub const NEWER_VERSIONS_MAX: i32 = 100;
/// Rules of a replication.
pub const REPLICATION_RULES_MAX: usize = 1_000;
/// Notification configurations of a bucket.
pub const NOTIFICATIONS_MAX: usize = 100;
/// Configurations of inventories, analytics, metrics and intelligent tiering of a bucket: of each.
pub const CONFIGURATIONS_MAX: usize = 1_000;
/// Of these in one answer (API reference).
pub const CONFIGURATIONS_PAGE: usize = 100;
/// Days and years of a bucket's default retention: 100 years.
pub const RETENTION_DAYS_MAX: u32 = 36_500;
pub const RETENTION_YEARS_MAX: u32 = 100;
/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Fields of a form before its file, together ("Creating an HTML form": 20 KB).
pub const FORM_FIELD_BYTES_MAX: usize = 20 * 1024;
/// The head of a part of a form: a name and a type.
pub const FORM_HEAD_BYTES_MAX: usize = 4 * 1024;
/// Fields of a form: more than any documented form has.
pub const FORM_FIELDS_MAX: usize = 100;
