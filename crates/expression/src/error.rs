//! What is wrong with an expression, its parameters, or what it does to an item: always a ValidationException, with
//! the service's text.

use std::fmt;

use attribute::{Invalid, Kind, OutOfRange, Text};

/// Which parameter of a request an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names of the parameters")]
pub enum Parameter {
    UpdateExpression,
    ConditionExpression,
    FilterExpression,
    KeyConditionExpression,
    ProjectionExpression,
}

impl Parameter {
    /// The parameter's name.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::UpdateExpression => "UpdateExpression",
            Parameter::ConditionExpression => "ConditionExpression",
            Parameter::FilterExpression => "FilterExpression",
            Parameter::KeyConditionExpression => "KeyConditionExpression",
            Parameter::ProjectionExpression => "ProjectionExpression",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request refused. Displayed as the service says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An expression is wrong.
    #[error("Invalid {parameter}: {reason}")]
    Expression {
        /// Which.
        parameter: Parameter,
        /// Why.
        reason: Reason,
    },
    /// The parameters of expressions are wrong, or do not fit the expressions.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// A condition on keys that cannot be queried.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A parameter older than expressions is wrong.
    #[error(transparent)]
    Legacy(#[from] LegacyError),
    /// An update cannot be done to this item.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// A value is wrong.
    #[error(transparent)]
    Value(#[from] Invalid),
}

/// Why an expression is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is none.
    #[error("The expression can not be empty;")]
    Empty,
    /// Its text is too long; in bytes.
    #[error("Expression size has exceeded the maximum allowed size; expression size: {0}")]
    Size(usize),
    /// It is not of the language.
    #[error("Syntax error; token: \"{token}\", near: \"{near}\"")]
    Syntax {
        /// The first token that does not fit.
        token: String,
        /// The text from the token before to the token after.
        near: String,
    },
    /// Too many operators: how many there were when it was noticed.
    #[error("The expression contains too many operators; operator count: {0}")]
    Operators(usize),
    /// Parentheses around parentheses.
    #[error("The expression has redundant parentheses;")]
    Parentheses,
    /// An index into a list that is too large.
    #[error("List index is not within the allowable range; index: [{0}]")]
    Index(String),
    /// A path of too many steps.
    #[error("The document path has too many nesting levels; nesting levels: {0}")]
    PathDepth(usize),
    /// No function has this name.
    #[error("Invalid function name; function: {0}")]
    UnknownFunction(String),
    /// A function of updates.
    #[error("The function is not allowed in a condition expression; function: {0}")]
    NotInCondition(&'static str),
    /// A function of conditions.
    #[error("The function is not allowed in an update expression; function: {0}")]
    NotInUpdate(&'static str),
    /// A function where it makes no sense.
    #[error("The function is not allowed to be used this way in an expression; function: {0}")]
    Misplaced(&'static str),
    /// A name that needs a placeholder.
    #[error("Attribute name is a reserved keyword; reserved keyword: {0}")]
    Reserved(String),
    /// A section of an update for the second time.
    #[error("The \"{0}\" section can only be used once in an update expression;")]
    Section(&'static str),
    /// A placeholder of a name that stands for nothing.
    #[error("An expression attribute name used in the document path is not defined; attribute name: {0}")]
    NameMissing(Text),
    /// A placeholder of a value that stands for nothing.
    #[error("An expression attribute value used in expression is not defined; attribute value: {0}")]
    ValueMissing(Text),
    /// A function with too few or too many operands.
    #[error(
        "Incorrect number of operands for operator or function; operator or function: {name}, number of operands: {count}"
    )]
    OperandCount {
        /// The function.
        name: &'static str,
        /// How many operands it has.
        count: usize,
    },
    /// An operand of a type that the function or operator does not take.
    #[error(
        "Incorrect operand type for operator or function; operator or function: {name}, operand type: {found}"
    )]
    OperandType {
        /// The function or operator.
        name: &'static str,
        /// The type, or types.
        found: &'static str,
    },
    /// A value that cannot be added or deleted.
    #[error("Incorrect operand type for operator or function; operator: {name}, operand type: {}", .found.long_name())]
    ActionType {
        /// ADD or DELETE.
        name: &'static str,
        /// The type of the value.
        found: Kind,
    },
    /// An operand that is no path.
    #[error("Operator or function requires a document path; operator or function: {0}")]
    PathRequired(&'static str),
    /// A comparison of a path with itself.
    #[error(
        "The first operand must be distinct from the remaining operands for this operator or function; operator: {name}, first operand: {path}"
    )]
    SameOperand {
        /// The operator or function.
        name: &'static str,
        /// The path.
        path: String,
    },
    /// attribute_type with a type that does not exist.
    #[error("Invalid attribute type name found; type: {0}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}")]
    TypeName(String),
    /// IN with too many operands.
    #[error("The IN operator is provided with too many operands; number of operands: {0}")]
    InOperands(usize),
    /// BETWEEN two values of different types.
    #[error(
        "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {lower}, upper bound operand: AttributeValue: {upper}"
    )]
    BetweenTypes {
        /// The lower bound.
        lower: String,
        /// The upper bound.
        upper: String,
    },
    /// BETWEEN with its bounds exchanged.
    #[error(
        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {lower}, upper bound operand: AttributeValue: {upper}"
    )]
    BetweenOrder {
        /// The lower bound.
        lower: String,
        /// The upper bound.
        upper: String,
    },
    /// One path is, or contains, the other.
    #[error(
        "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
    )]
    Overlap {
        /// The path that was there first.
        one: String,
        /// The other.
        two: String,
    },
    /// One path goes into a list where the other goes into a map.
    #[error(
        "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {one}, path two: {two}"
    )]
    Conflict {
        /// The path that was there first.
        one: String,
        /// The other.
        two: String,
    },
}

impl Reason {
    /// As the error of a parameter.
    pub fn of(self, parameter: Parameter) -> Error {
        Error::Expression { parameter, reason: self }
    }
}

/// Why the parameters of expressions are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Names without an expression.
    #[error("ExpressionAttributeNames can only be specified when using expressions")]
    NamesAlone,
    /// Values without an expression that could use them.
    #[error("ExpressionAttributeValues can only be specified when using expressions: {0}")]
    ValuesAlone(String),
    /// Old and new parameters in one request.
    #[error(
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {{{old}}} Expression parameters: {{{new}}}"
    )]
    Mixed {
        /// The old ones.
        old: String,
        /// The new ones.
        new: String,
    },
    /// No names.
    #[error("ExpressionAttributeNames must not be empty")]
    NoNames,
    /// No values.
    #[error("ExpressionAttributeValues must not be empty")]
    NoValues,
    /// A placeholder that is none.
    #[error("{map} contains invalid key: Syntax error; key: \"{key}\"")]
    Key {
        /// ExpressionAttributeNames or ExpressionAttributeValues.
        map: &'static str,
        /// The key.
        key: Text,
    },
    /// A placeholder that is too long.
    #[error(
        "{map} contains invalid key: The expression attribute map contains a key that is too long; key: \"{key}\""
    )]
    LongKey {
        /// ExpressionAttributeNames or ExpressionAttributeValues.
        map: &'static str,
        /// The key.
        key: Text,
    },
    /// A name that no attribute has.
    #[error("ExpressionAttributeNames contains invalid value: {invalid} for key {key}")]
    Name {
        /// The placeholder.
        key: Text,
        /// What is wrong.
        invalid: Invalid,
    },
    /// A value that is wrong.
    #[error("ExpressionAttributeValues contains invalid value: {invalid} for key {key}")]
    Value {
        /// The placeholder.
        key: Text,
        /// What is wrong.
        invalid: Invalid,
    },
    /// More names or values than fit.
    #[error("{0} exceeds max size")]
    Size(&'static str),
    /// Names that no expression uses.
    #[error("Value provided in ExpressionAttributeNames unused in expressions: keys: {{{0}}}")]
    UnusedNames(String),
    /// Values that no expression uses.
    #[error("Value provided in ExpressionAttributeValues unused in expressions: keys: {{{0}}}")]
    UnusedValues(String),
}

/// Why a condition on keys cannot be queried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An operator or function that keys do not know.
    #[error("Invalid operator used in KeyConditionExpression: {0}")]
    Operator(&'static str),
    /// A function inside a condition.
    #[error("KeyConditionExpressions cannot contain nested operations")]
    NestedOperation,
    /// A path into an attribute.
    #[error("KeyConditionExpressions cannot have conditions on nested attributes")]
    NestedAttribute,
    /// A value where the attribute belongs.
    #[error(
        "Invalid condition in KeyConditionExpression: {0} operator must have the key attribute as its first operand"
    )]
    FirstOperand(&'static str),
    /// A condition on two attributes.
    #[error("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")]
    SeveralNames,
    /// A condition on none.
    #[error("Invalid condition in KeyConditionExpression: No key attribute specified")]
    NoName,
    /// Two conditions on one attribute.
    #[error("KeyConditionExpressions must only contain one condition per key")]
    Twice,
    /// No conditions, or too many.
    #[error("Conditions can be of length 1 or 2 only")]
    Count,
    /// A key attribute without a condition.
    #[error("Query condition missed key schema element: {0}")]
    Missed(String),
    /// A condition on the partition key that is not its value.
    #[error("Query key condition not supported")]
    NotSupported,
    /// Of several partition attributes, not every one has its value.
    #[error(
        "Query key condition not supported: every HASH key attribute of the index must have an equality condition"
    )]
    PartitionEquality,
    /// Of several sort attributes, one has a condition behind one that has another than equality.
    #[error(
        "Query key condition not supported: conditions on RANGE key attributes must follow the order of the index, and all but the last must be equality conditions"
    )]
    SortOrder,
    /// Of several sort attributes, one has no condition and others behind it have.
    #[error("{order}: {0} has none", order = KeyError::SortOrder)]
    Skipped(String),
    /// An operator of filters.
    #[error("Attempted conditional constraint is not an indexable operation")]
    NotIndexable,
    /// A value of another type than the key attribute's.
    #[error("One or more parameter values were invalid: Condition parameter type does not match schema type")]
    Type,
}

/// Why a parameter older than expressions is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// Value and AttributeValueList in one condition.
    #[error(
        "One or more parameter values were invalid: Value and AttributeValueList cannot be used together for Attribute: {0}"
    )]
    ValueAndList(Text),
    /// Exists and ComparisonOperator in one condition.
    #[error(
        "One or more parameter values were invalid: Exists and ComparisonOperator cannot be used together for Attribute: {0}"
    )]
    ExistsAndOperator(Text),
    /// An operator without values.
    #[error(
        "One or more parameter values were invalid: Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}"
    )]
    NoValues {
        /// The operator.
        operator: &'static str,
        /// The attribute.
        name: Text,
    },
    /// Values without an operator.
    #[error(
        "One or more parameter values were invalid: AttributeValueList can only be used with a ComparisonOperator for Attribute: {0}"
    )]
    ListAlone(Text),
    /// Exists without the value that is expected.
    #[error(
        "One or more parameter values were invalid: Value must be provided when Exists is {exists} for Attribute: {name}"
    )]
    ValueMissing {
        /// `null` or `true`.
        exists: &'static str,
        /// The attribute.
        name: Text,
    },
    /// A value of something that must not exist.
    #[error(
        "One or more parameter values were invalid: Value cannot be used when Exists is false for Attribute: {0}"
    )]
    ValueOfNothing(Text),
    /// A wrong number of values.
    #[error(
        "One or more parameter values were invalid: Invalid number of argument(s) for the {0} ComparisonOperator"
    )]
    Arguments(&'static str),
    /// Values of several types.
    #[error(
        "One or more parameter values were invalid: AttributeValues inside AttributeValueList must be of same type"
    )]
    Types,
    /// A value of a type that the operator does not take.
    #[error(
        "One or more parameter values were invalid: ComparisonOperator {operator} is not valid for {found} AttributeValue type"
    )]
    Type {
        /// The operator.
        operator: &'static str,
        /// The type.
        found: Kind,
    },
    /// BETWEEN with its bounds exchanged.
    #[error(
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
    )]
    Between,
    /// ConditionalOperator with nothing to connect.
    #[error("ConditionalOperator cannot be used without Filter or Expected")]
    OperatorAlone,
    /// ConditionalOperator with one condition.
    #[error("ConditionalOperator can only be used when Filter or Expected has two or more elements")]
    OperatorOfOne,
    /// A filter on a key.
    #[error("{parameter} can only contain non-primary key attributes: Primary key attribute: {name}")]
    FilterOnKey {
        /// `QueryFilter` or `Filter Expression`.
        parameter: &'static str,
        /// The attribute.
        name: Text,
    },
    /// PUT or ADD without a value.
    #[error(
        "One or more parameter values were invalid: Only DELETE action is allowed when no attribute value is specified"
    )]
    UpdateValue,
    /// A value that cannot be deleted.
    #[error(
        "One or more parameter values were invalid: DELETE action with value is not supported for the type {0}"
    )]
    Delete(Kind),
    /// A value that cannot be added.
    #[error("One or more parameter values were invalid: ADD action is not supported for the type {0}")]
    Add(Kind),
    /// A name twice.
    #[error("One or more parameter values were invalid: Duplicate value in attribute name: {0}")]
    Duplicate(Text),
}

/// Why an update cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// An attribute on the right that the item does not have.
    #[error("The provided expression refers to an attribute that does not exist in the item")]
    Missing,
    /// A value in the item that the operation does not take.
    #[error("An operand in the update expression has an incorrect data type")]
    Type,
    /// The same, of AttributeUpdates.
    #[error("Type mismatch for attribute to update")]
    Mismatch,
    /// A path that does not fit the item.
    #[error("The document path provided in the update expression is invalid for update")]
    Path,
    /// A key attribute.
    #[error(
        "One or more parameter values were invalid: Cannot update attribute {0}. This attribute is part of the key"
    )]
    Key(String),
    /// A path into a key attribute.
    #[error(
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: {what}: {name}"
    )]
    KeyPath {
        /// `Key` or `IndexKey`.
        what: &'static str,
        /// The attribute.
        name: String,
    },
    /// A sum that is no number.
    #[error(transparent)]
    Number(#[from] OutOfRange),
}
