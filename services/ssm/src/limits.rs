//! Every limit of the service, each with its source.

/// Limits that an installation may set; [`Default`] has the documented quotas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Standard parameters of an account in a region (quota "Total number of standard parameters").
    pub standard_parameters_max: i64,
    /// Advanced parameters of an account in a region (quota "Total number of advanced parameters").
    pub advanced_parameters_max: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { standard_parameters_max: 10_000, advanced_parameters_max: 100_000 }
    }
}

/// Bytes of a standard parameter's value (quota "Parameter value size").
pub const STANDARD_VALUE_MAX: usize = 4096;
/// Bytes of an advanced parameter's value (same quota).
pub const ADVANCED_VALUE_MAX: usize = 8192;
/// Characters of a parameter's ARN, its name included (API reference, PutParameter).
pub const ARN_CHARS_MAX: usize = 1011;
/// Levels of a hierarchy (API reference, PutParameter).
pub const LEVELS_MAX: usize = 15;
/// Versions of a parameter that are kept (user guide, "Working with parameter versions").
pub const VERSIONS_MAX: i64 = 100;
/// Labels of one version (API reference, LabelParameterVersion).
pub const LABELS_MAX: usize = 10;
/// Policies of a parameter (API reference, PoliciesLimitExceededException).
pub const POLICIES_MAX: usize = 10;
/// Tags of a parameter (API reference, AddTagsToResource).
pub const TAGS_MAX: usize = 50;
/// Bytes of a resource policy (API reference, ResourcePolicyLimitExceededException).
pub const RESOURCE_POLICY_BYTES_MAX: usize = 1024;

/// Parameters on a page of DescribeParameters when nothing is said (API reference: the most, 50).
pub const DESCRIBE_PAGE: usize = 50;
/// Parameters on a page of GetParametersByPath when nothing is said (API reference: the most, 10).
pub const PATH_PAGE: usize = 10;
/// Versions on a page of GetParameterHistory when nothing is said (API reference: the most, 50).
pub const HISTORY_PAGE: usize = 50;

/// Rows that one read of the store takes while a page is filled: a page's worth and some.
pub const SCAN_ROWS: usize = 64;
/// Rows that the first read behind a leap takes: often the next leap follows at once.
pub const SCAN_ROWS_AFTER_LEAP: usize = 2;
/// Rows that one page looks at, more or less. A page may be short (API reference), and its token goes on from there; the
/// bound keeps a filter that finds nothing from reading 100,000 rows in one call.
pub const SCAN_BUDGET: usize = 4096;
/// What a read costs by itself, in rows.
pub const SCAN_READ_COST: usize = 8;

/// Characters of a pagination token: the name of a parameter, coded, and a few more.
pub const TOKEN_CHARS_MAX: usize = 2048;

/// Steps of backtracking before a value counts as not matching its allowed pattern: well under a millisecond.
pub const BACKTRACK_MAX: usize = 100_000;
/// Bytes that a compiled allowed pattern may take; one of 1,024 plain characters takes a tenth.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Puts that meet with a change of what they must encrypt under, before they give up: each needs another caller's
/// change of the key or the tier in just that moment.
pub const SEAL_TRIES: usize = 8;
/// Distance to the quota from which creations of parameters are counted exactly, at the price of waiting for one another.
/// More creations than this never run at the same time.
pub const COUNT_MARGIN: i64 = 2048;
/// Parameters that one sweep removes in a transaction: at most a hundred versions of eight kilobytes each.
pub const SWEEP_ROWS: usize = 8;
