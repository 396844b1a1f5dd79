//! One condition: a key, an operator, the policy's values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cidr::Cidr;
use crate::context::{Key, Keys, Value, parse_boolean};
use crate::date::Instant;
use crate::number::Number;
use crate::operator::{Comparison, Kind, Operator, SetOperator};
use crate::pattern::{Outcome, Pattern, Syntax};
use crate::statement::Effect;

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    key: Key,
    operator: Operator,
    test: Test,
}

/// The policy's values, read as the operator's type.
#[derive(Debug)]
enum Test {
    String(Box<[Pattern]>),
    StringIgnoreCase(Box<[Pattern]>),
    Numeric(Comparison, Box<[Number]>),
    Date(Comparison, Box<[Instant]>),
    Bool(Box<[bool]>),
    Binary(Box<[Box<[u8]>]>),
    IpAddress(Box<[Cidr]>),
    Arn(Box<[Pattern]>),
    Null(Box<[bool]>),
}

impl Condition {
    /// Compiles; nothing if a value is not of the operator's type.
    pub(crate) fn new(operator: Operator, key: &str, values: &[&str], variables: bool) -> Option<Self> {
        fn each<T>(values: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<Box<[T]>> {
            values.iter().map(|value| read(value)).collect()
        }
        let pattern = |wildcards| move |value: &str| Pattern::parse(value, Syntax { wildcards, variables });
        let test = match operator.kind {
            Kind::String => Test::String(each(values, pattern(false))?),
            Kind::StringIgnoreCase => Test::StringIgnoreCase(each(values, pattern(false))?),
            Kind::StringLike => Test::String(each(values, pattern(true))?),
            Kind::Numeric(comparison) => Test::Numeric(comparison, each(values, Number::parse)?),
            Kind::Date(comparison) => Test::Date(comparison, each(values, Instant::parse)?),
            Kind::Bool => Test::Bool(each(values, parse_boolean)?),
            Kind::Binary => {
                Test::Binary(each(values, |value| STANDARD.decode(value).ok().map(Vec::into_boxed_slice))?)
            }
            Kind::IpAddress => Test::IpAddress(each(values, Cidr::parse)?),
            Kind::Arn => Test::Arn(each(values, pattern(true))?),
            Kind::Null => Test::Null(each(values, parse_boolean)?),
        };
        Some(Self { key: Key::new(key), operator, test })
    }

    /// The key it asks for, as the policy has it.
    pub(crate) fn key(&self) -> &str {
        self.key.name()
    }

    /// Whether the request meets it.
    ///
    /// Where the documentation leaves the answer open, the reading is taken that allows less, and so depends on
    /// the statement's effect: an operator without a prefix on a key with several values must hold for all of them
    /// in an Allow and for one of them in a Deny; a `Not` operator whose value cannot be told (a variable without
    /// a value, a text that is no number) fails an Allow and meets a Deny.
    pub(crate) fn holds(&self, keys: &dyn Keys, effect: Effect) -> bool {
        let values = keys.get(&self.key);
        if let Test::Null(absent) = &self.test {
            return absent.contains(&values.is_empty());
        }
        let Operator { set, negated, if_exists, .. } = self.operator;
        if values.is_empty() {
            return match set {
                SetOperator::None => negated || if_exists,
                SetOperator::All => true,
                SetOperator::Any => false,
            };
        }
        let one = |value: &Value<'_>| match self.test.matches(value, keys) {
            Outcome::Unknown if negated => effect == Effect::Deny,
            outcome => (outcome == Outcome::Yes) != negated,
        };
        match (set, effect) {
            (SetOperator::All, _) | (SetOperator::None, Effect::Allow) => values.iter().all(one),
            (SetOperator::Any, _) | (SetOperator::None, Effect::Deny) => values.iter().any(one),
        }
    }
}

impl Test {
    /// Whether a value of the request matches any of the policy's.
    fn matches(&self, value: &Value<'_>, keys: &dyn Keys) -> Outcome {
        match self {
            Self::String(patterns) => {
                let text = value.text();
                any(patterns, |pattern| pattern.matches(&text, keys))
            }
            Self::StringIgnoreCase(patterns) => {
                let text = value.text();
                any(patterns, |pattern| pattern.equals_ignoring_case(&text, keys))
            }
            Self::Arn(patterns) => {
                let text = value.text();
                any(patterns, |pattern| pattern.matches_arn(&text, keys))
            }
            Self::Numeric(comparison, numbers) => match value.number() {
                Some(number) => any(numbers, |other| comparison.holds(&number, other).into()),
                None => Outcome::Unknown,
            },
            Self::Date(comparison, instants) => match value.instant() {
                Some(instant) => any(instants, |other| comparison.holds(&instant, other).into()),
                None => Outcome::Unknown,
            },
            Self::Bool(booleans) => match value.boolean() {
                Some(boolean) => booleans.contains(&boolean).into(),
                None => Outcome::Unknown,
            },
            Self::Binary(binaries) => match value.bytes() {
                Some(bytes) => any(binaries, |other| (**other == *bytes).into()),
                None => Outcome::Unknown,
            },
            Self::IpAddress(ranges) => {
                any(ranges, |range| value.within(range).map_or(Outcome::Unknown, Outcome::from))
            }
            // Presence is decided before any value is looked at.
            Self::Null(_) => Outcome::No,
        }
    }
}

fn any<T>(items: &[T], matches: impl Fn(&T) -> Outcome) -> Outcome {
    let mut result = Outcome::No;
    for item in items {
        match matches(item) {
            Outcome::Yes => return Outcome::Yes,
            Outcome::Unknown => result = Outcome::Unknown,
            Outcome::No => {}
        }
    }
    result
}
