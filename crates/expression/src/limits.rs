//! The service's limits on expressions, from its page of quotas unless something else is said.

/// Bytes of the text of one expression.
pub const EXPRESSION_BYTES_MAX: usize = 4096;
/// Operators in one expression: comparisons, AND, OR, NOT, BETWEEN, IN, plus and minus. Functions are not counted.
pub const OPERATORS_MAX: usize = 300;
/// Operands on the right of one IN.
pub const IN_OPERANDS_MAX: usize = 100;
/// Bytes of a placeholder, with its first character.
pub const PLACEHOLDER_BYTES_MAX: usize = 255;
/// Bytes of all names, and of all values, that placeholders stand for.
pub const SUBSTITUTES_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Steps of a document path: no item is deeper.
pub const PATH_STEPS_MAX: usize = 32;
/// The largest index into a list that can be written.
pub const INDEX_MAX: u32 = i32::MAX as u32;
/// Expressions inside each other. Parentheses without an operator of their own are refused, so 300 operators bound
/// what is valid; functions inside each other fit 4 KB fewer times. The rest is for what is refused later.
pub(crate) const DEPTH_MAX: usize = 320;
/// Attributes in one part of an index's key: the most that a secondary index of several attributes has.
pub const KEY_ATTRIBUTES_MAX: usize = 4;
