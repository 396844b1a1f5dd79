//! Every limit of the service, each with its source.

/// Plaintext of Encrypt in bytes (API reference, Encrypt; the model checks it too, before it is known which key).
pub const PLAINTEXT_MAX: usize = 4096;
/// Encryption context in bytes, keys and values together (developer guide, "Encryption context": 8,192 characters).
pub const CONTEXT_BYTES_MAX: usize = 8192;
/// Pairs of an encryption context in a grant constraint (API reference, CreateGrant).
pub const GRANT_CONTEXT_PAIRS_MAX: usize = 8;
/// Encryption context in a grant constraint in bytes (API reference, GrantConstraints: 384 characters).
pub const GRANT_CONTEXT_BYTES_MAX: usize = 384;
/// Key policy in bytes (quota "Key policy document size": 32 KB).
pub const POLICY_BYTES_MAX: usize = 32_768;
/// Tags of a key (API reference, TagResource).
pub const TAGS_MAX: usize = 50;
/// Aliases of a key (quota "Aliases per KMS key").
pub const ALIASES_PER_KEY_MAX: usize = 50;
/// Keys in an account and region (quota "KMS keys").
pub const KEYS_MAX: i64 = 100_000;
/// Grants of a key (quota "Grants per KMS key").
pub const GRANTS_PER_KEY_MAX: u32 = 50_000;
/// Rotations on demand of a key (API reference, RotateKeyOnDemand; it was 10 before 2025).
pub const ON_DEMAND_ROTATIONS_MAX: u32 = 25;
/// Days a key waits for its deletion (API reference, ScheduleKeyDeletion).
pub const DELETION_DAYS: std::ops::RangeInclusive<i32> = 7..=30;
/// The same when nothing is said.
pub const DELETION_DAYS_DEFAULT: i32 = 30;
/// Days between rotations when nothing is said (API reference, EnableKeyRotation).
pub const ROTATION_DAYS_DEFAULT: i32 = 365;
/// Import parameters are good for a day (API reference, GetParametersForImport).
pub const IMPORT_TOKEN_HOURS: u64 = 24;
/// Imported material expires within a year (API reference, ImportKeyMaterial).
pub const IMPORT_EXPIRY_DAYS_MAX: u64 = 365;

/// Entries of a page of keys, when nothing is said (API reference of each list).
pub const PAGE_DEFAULT_KEYS: usize = 100;
/// Entries of a page of aliases or grants, when nothing is said.
pub const PAGE_DEFAULT: usize = 50;
/// The most of them.
pub const PAGE_MAX: usize = 100;
/// The most entries of a page of keys, policies or rotations.
pub const PAGE_MAX_KEYS: usize = 1000;

/// Keys that memory holds with their opened material; a bound on memory, not on the number of keys.
pub const KEYS_HOT_MAX: usize = 4096;
/// Opened versions held for one key: whoever decrypts old data seldom mixes more.
pub const VERSIONS_HOT_MAX: usize = 16;
/// Uses not yet written: as many as keys in memory.
pub const USES_HOT_MAX: usize = KEYS_HOT_MAX;
/// Last uses are written this often, so that using a key costs no write; after a crash so much is forgotten.
pub const USAGE_FLUSH_SECS: u64 = 60;
/// Rows that one transaction of the background work takes on: it stays short.
pub const SWEEP_ROWS: usize = 500;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
