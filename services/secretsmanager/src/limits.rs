//! Every limit of the service, each with its source.

/// Bytes of a secret's value (quota "Secret value size").
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Staging labels of a secret, over all its versions (quota "Labels attached to all versions of a secret").
pub const LABELS_MAX: usize = 20;
/// Versions that are kept at least while their labels are gone (API reference, PutSecretValue).
pub const VERSIONS_KEPT: u32 = 100;
/// A version is kept so long whatever their number, in milliseconds (API reference, PutSecretValue: 24 hours).
pub const VERSION_REST_MS: i64 = 86_400_000;
/// Versions of a secret at one moment. The real service only says that writing for long more often than every ten
/// minutes ends at a quota; this one leaves room for a write every nine seconds.
pub const VERSIONS_MAX: u32 = 10_000;
/// The oldest versions that one write looks at to remove them: more than have labels and stay, so that the number falls.
pub const PRUNED_AT_ONCE: usize = 32;
/// Days of the recovery window (API reference, DeleteSecret).
pub const RECOVERY_DAYS: std::ops::RangeInclusive<i64> = 7..=30;
/// Days of the recovery window when nothing is said (API reference, DeleteSecret).
pub const RECOVERY_DAYS_DEFAULT: i64 = 30;
/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// Tags of a secret (quotas for tagging).
pub const TAGS_MAX: usize = 50;
/// Characters of a resource policy (quota "Resource-based policy length").
pub const POLICY_CHARS_MAX: usize = 20_480;
/// Secrets of a page when nothing is said (API reference, ListSecrets and ListSecretVersionIds: at most 100).
pub const LIST_DEFAULT: usize = 100;
/// Secrets of a batch when nothing is said (API reference, BatchGetSecretValue: at most 20).
pub const BATCH_DEFAULT: usize = 20;
/// Characters of a random password when nothing is said (API reference, GetRandomPassword).
pub const PASSWORD_DEFAULT: usize = 32;
/// Regions of a replicated secret: AWS has some forty; more are a mistake.
pub const REPLICAS_MAX: usize = 64;
/// Days between rotations (API reference, RotationRulesType).
pub const ROTATION_DAYS_MAX: i64 = 1000;
/// Least hours between rotations (user guide, "Schedule expressions").
pub const ROTATION_HOURS_MIN: i64 = 4;

/// Rounds of encrypting a value and finding that the secret was changed meanwhile. Each round that fails is another's
/// that succeeded.
pub const WRITE_ROUNDS: usize = 16;
/// Reads that wait to be noted down: what one page of the store takes. More are noted at a later read.
pub const ACCESS_QUEUE: usize = 1024;
/// Reads remembered as noted: some megabytes at most. When it is full it begins anew, and they are noted once more.
pub const ACCESS_MEMORY: usize = 10_000;
/// Secrets that one read of a list takes from the store at once: it bounds how long a snapshot is held.
pub const SCAN_PAGE: usize = 500;
