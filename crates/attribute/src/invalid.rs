//! What can be wrong with a value.

use crate::limits;
use crate::number::NumberError;

/// Why a value is refused. The text is the one the service sends with a ValidationException.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No type, or none that is known.
    #[error("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")]
    Empty,
    /// More than one type.
    #[error(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
    )]
    Several,
    /// Not a number, or one that cannot be stored.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// `NULL` with `false`.
    #[error(
        "One or more parameter values were invalid: Null attribute value types must have the value of true"
    )]
    NullFalse,
    /// A set of strings without members.
    #[error("One or more parameter values were invalid: An string set  may not be empty")]
    EmptyStrings,
    /// A set of numbers without members.
    #[error("One or more parameter values were invalid: An number set  may not be empty")]
    EmptyNumbers,
    /// A set of binaries without members.
    #[error("One or more parameter values were invalid: Binary sets should not be empty")]
    EmptyBinaries,
    /// A set of strings with a member twice.
    #[error("One or more parameter values were invalid: Input collection [{0}] contains duplicates.")]
    DuplicateStrings(String),
    /// A set of numbers with a member twice, in whatever notation.
    #[error("Input collection contains duplicates")]
    DuplicateNumbers,
    /// A set of binaries with a member twice.
    #[error(
        "One or more parameter values were invalid: Input collection [{0}]of type BS contains duplicates."
    )]
    DuplicateBinaries(String),
    /// Lists and maps too deep inside each other.
    #[error(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
    )]
    Depth,
    /// An attribute without a name.
    #[error("Empty attribute name")]
    EmptyName,
    /// An attribute's name is too long.
    #[error("Attribute name is too large, must be less than {} bytes", limits::NAME_BYTES_MAX + 1)]
    LongName,
    /// An item too large to be put.
    #[error("Item size has exceeded the maximum allowed size")]
    ItemSize,
    /// An item that an update would make too large.
    #[error("Item size to update has exceeded the maximum allowed size")]
    UpdatedItemSize,
    /// A key attribute that an item does not have.
    #[error("One or more parameter values were invalid: Missing the key {0} in the item")]
    MissingKey(String),
    /// A key attribute of another type than the table's, in an item.
    #[error(
        "One or more parameter values were invalid: Type mismatch for key {name} expected: {expected} actual: {actual}"
    )]
    KeyType {
        /// The attribute.
        name: String,
        /// The type the table wants.
        expected: &'static str,
        /// The type it has.
        actual: &'static str,
    },
    /// A key that is not the table's key.
    #[error("The provided key element does not match the schema")]
    KeySchema,
    /// A key attribute that is an empty string or binary.
    #[error(
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty {what} value. Key: {name}"
    )]
    EmptyKey {
        /// The attribute.
        name: String,
        /// `string` or `binary`.
        what: &'static str,
    },
    /// A partition key that is too long.
    #[error(
        "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of{} bytes",
        limits::PARTITION_KEY_BYTES_MAX
    )]
    LongPartitionKey,
    /// A sort key that is too long.
    #[error(
        "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of {} bytes",
        limits::SORT_KEY_BYTES_MAX
    )]
    LongSortKey,
}
