//! The service's limits on values, each from its page of quotas unless something else is said.

/// Significant decimal digits of a number.
pub const NUMBER_DIGITS_MAX: u32 = 38;
/// The power of ten of the first digit of the largest number.
pub const NUMBER_EXPONENT_MAX: i64 = 125;
/// The power of ten of the first digit of the smallest number.
pub const NUMBER_EXPONENT_MIN: i64 = -130;

/// Bytes of an item: the names of its attributes and their values.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Bytes of a partition key.
pub const PARTITION_KEY_BYTES_MAX: usize = 2048;
/// Bytes of a sort key.
pub const SORT_KEY_BYTES_MAX: usize = 1024;
/// Bytes of an attribute's name; the documentation says 64 KB, the service takes one byte less.
pub const NAME_BYTES_MAX: usize = 65_535;

/// Lists and maps inside each other in one attribute. The documentation says 32 levels, of which the item itself is
/// the first: 31 of them around a scalar are taken, 32 are not.
pub const DEPTH_MAX: usize = 31;
