//! Names of condition operators.

use std::cmp::Ordering;

/// A condition operator with its prefix and suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub set: SetOperator,
    pub kind: Kind,
    /// A `Not` operator: true where no value of the policy matches.
    pub negated: bool,
    /// True where the key is absent.
    pub if_exists: bool,
}

/// What a condition asks of a key with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetOperator {
    /// No prefix: the key should have one value.
    None,
    /// `ForAllValues:`
    All,
    /// `ForAnyValue:`
    Any,
}

/// How one value of the request is compared with one of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    StringIgnoreCase,
    StringLike,
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

/// An order between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether the request's value stands so to the policy's.
    pub(crate) fn holds<T: Ord>(self, request: &T, policy: &T) -> bool {
        let order = request.cmp(policy);
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
        }
    }
}

impl Operator {
    /// Reads a name as in `ForAnyValue:StringNotLikeIfExists`, with letters of either case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = if let Some(rest) = name.strip_prefix("forallvalues:") {
            (SetOperator::All, rest)
        } else if let Some(rest) = name.strip_prefix("foranyvalue:") {
            (SetOperator::Any, rest)
        } else {
            (SetOperator::None, name.as_str())
        };
        let (name, if_exists) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (kind, negated) = base(name)?;
        // Null asks for presence itself, so neither of the two means anything beside it.
        if kind == Kind::Null && (if_exists || set != SetOperator::None) {
            return None;
        }
        Some(Self { set, kind, negated, if_exists })
    }
}

fn base(name: &str) -> Option<(Kind, bool)> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match name {
        "stringequals" => (Kind::String, false),
        "stringnotequals" => (Kind::String, true),
        "stringequalsignorecase" => (Kind::StringIgnoreCase, false),
        "stringnotequalsignorecase" => (Kind::StringIgnoreCase, true),
        "stringlike" => (Kind::StringLike, false),
        "stringnotlike" => (Kind::StringLike, true),
        "numericequals" => (Kind::Numeric(Equal), false),
        "numericnotequals" => (Kind::Numeric(Equal), true),
        "numericlessthan" => (Kind::Numeric(Less), false),
        "numericlessthanequals" => (Kind::Numeric(LessOrEqual), false),
        "numericgreaterthan" => (Kind::Numeric(Greater), false),
        "numericgreaterthanequals" => (Kind::Numeric(GreaterOrEqual), false),
        "dateequals" => (Kind::Date(Equal), false),
        "datenotequals" => (Kind::Date(Equal), true),
        "datelessthan" => (Kind::Date(Less), false),
        "datelessthanequals" => (Kind::Date(LessOrEqual), false),
        "dategreaterthan" => (Kind::Date(Greater), false),
        "dategreaterthanequals" => (Kind::Date(GreaterOrEqual), false),
        "bool" => (Kind::Bool, false),
        "binaryequals" => (Kind::Binary, false),
        "ipaddress" => (Kind::IpAddress, false),
        "notipaddress" => (Kind::IpAddress, true),
        "arnequals" | "arnlike" => (Kind::Arn, false),
        "arnnotequals" | "arnnotlike" => (Kind::Arn, true),
        "null" => (Kind::Null, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_prefix_and_suffix() {
        let any = Operator::parse("ForAnyValue:StringNotLikeIfExists").unwrap();
        assert_eq!(
            any,
            Operator { set: SetOperator::Any, kind: Kind::StringLike, negated: true, if_exists: true }
        );
        let plain = Operator::parse("ArnEquals").unwrap();
        assert_eq!(
            plain,
            Operator { set: SetOperator::None, kind: Kind::Arn, negated: false, if_exists: false }
        );
        for bad in [
            "",
            "IfExists",
            "NullIfExists",
            "ForAllValues:Null",
            "StringsEquals",
            "ForAnyValue:ForAnyValue:Bool",
        ] {
            assert_eq!(Operator::parse(bad), None, "{bad}");
        }
    }
}
