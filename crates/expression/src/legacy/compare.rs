//! QueryFilter, ScanFilter and KeyConditions: attributes and what they are compared with.

use std::cmp::Ordering;
use std::sync::Arc;

use attribute::{Invalid, Kind, Text, Value};

use super::check_name;
use crate::bind::Literal;
use crate::error::{Error, KeyError, LegacyError};
use crate::key::{KeyCondition, KeyTest, Range};
use crate::limits::KEY_ATTRIBUTES_MAX;
use crate::tree::{Call, Comparator, Condition, Function, Name, Operand, Path, Placeholders, Test, ValueId};

/// A ComparisonOperator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the operators")]
pub enum Comparison {
    Eq,
    Ne,
    Le,
    Lt,
    Ge,
    Gt,
    NotNull,
    Null,
    Contains,
    NotContains,
    BeginsWith,
    In,
    Between,
}

impl Comparison {
    const ALL: [Comparison; 13] = [
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Le,
        Comparison::Lt,
        Comparison::Ge,
        Comparison::Gt,
        Comparison::NotNull,
        Comparison::Null,
        Comparison::Contains,
        Comparison::NotContains,
        Comparison::BeginsWith,
        Comparison::In,
        Comparison::Between,
    ];

    /// The operator's name.
    pub fn name(self) -> &'static str {
        match self {
            Comparison::Eq => "EQ",
            Comparison::Ne => "NE",
            Comparison::Le => "LE",
            Comparison::Lt => "LT",
            Comparison::Ge => "GE",
            Comparison::Gt => "GT",
            Comparison::NotNull => "NOT_NULL",
            Comparison::Null => "NULL",
            Comparison::Contains => "CONTAINS",
            Comparison::NotContains => "NOT_CONTAINS",
            Comparison::BeginsWith => "BEGINS_WITH",
            Comparison::In => "IN",
            Comparison::Between => "BETWEEN",
        }
    }

    /// The operator of this name; case matters.
    pub fn from_name(name: &str) -> Option<Comparison> {
        Comparison::ALL.into_iter().find(|comparison| comparison.name() == name)
    }

    fn takes(self, count: usize) -> bool {
        match self {
            Comparison::Null | Comparison::NotNull => count == 0,
            Comparison::In => count > 0,
            Comparison::Between => count == 2,
            _ => count == 1,
        }
    }

    fn takes_kind(self, kind: Kind) -> bool {
        match self {
            Comparison::Eq | Comparison::Ne | Comparison::Null | Comparison::NotNull => true,
            Comparison::Contains | Comparison::NotContains => {
                !kind.is_set() && !matches!(kind, Kind::L | Kind::M)
            }
            Comparison::BeginsWith => matches!(kind, Kind::S | Kind::B),
            _ => kind.is_ordered(),
        }
    }
}

/// A ConditionalOperator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// All conditions; the default.
    And,
    /// Any of them.
    Or,
}

/// A condition on one attribute.
#[derive(Clone, Debug)]
pub struct LegacyCondition {
    /// The attribute, which is no path: a point in it is a point.
    pub name: Text,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub values: Vec<Result<Value, Invalid>>,
}

/// QueryFilter or ScanFilter; nothing if there are no conditions.
pub fn filter(
    conditions: Vec<LegacyCondition>,
    connector: Option<Connector>,
) -> Result<Option<Literal<Condition>>, Error> {
    let checked = conditions
        .into_iter()
        .map(|condition| {
            Ok((condition.name, condition.comparison, checked(condition.comparison, condition.values)?))
        })
        .collect::<Result<Vec<_>, Error>>()?;
    join(checked, connector)
}

/// Conditions as one.
pub(super) fn join(
    conditions: Vec<(Text, Comparison, Vec<Value>)>,
    connector: Option<Connector>,
) -> Result<Option<Literal<Condition>>, Error> {
    conditions.iter().try_for_each(|(name, ..)| check_name(name))?;
    match (connector, conditions.len()) {
        (Some(_), 0) => return Err(LegacyError::OperatorAlone.into()),
        (Some(_), 1) => return Err(LegacyError::OperatorOfOne.into()),
        (None, 0) => return Ok(None),
        _ => {}
    }
    let mut builder = Builder::default();
    let mut tests: Vec<Test> = conditions
        .into_iter()
        .map(|(name, comparison, values)| builder.test(name, comparison, values))
        .collect();
    let root = match (tests.len(), connector) {
        (1, _) => tests.remove(0),
        (_, Some(Connector::Or)) => Test::Or(tests),
        _ => Test::And(tests),
    };
    let tree = Arc::new(Condition { root, placeholders: Placeholders::default() });
    Ok(Some(Literal { tree, values: builder.values }))
}

/// The values of a condition, if they fit its operator.
pub(super) fn checked(
    comparison: Comparison,
    values: Vec<Result<Value, Invalid>>,
) -> Result<Vec<Value>, Error> {
    let values = values.into_iter().collect::<Result<Vec<Value>, Invalid>>()?;
    if !comparison.takes(values.len()) {
        return Err(LegacyError::Arguments(comparison.name()).into());
    }
    let Some(first) = values.first().map(Value::kind) else { return Ok(values) };
    if values.iter().any(|value| value.kind() != first) {
        return Err(LegacyError::Types.into());
    }
    if !comparison.takes_kind(first) {
        return Err(LegacyError::Type { operator: comparison.name(), found: first }.into());
    }
    match &values[..] {
        [low, high] if comparison == Comparison::Between && low.order(high) == Some(Ordering::Greater) => {
            Err(LegacyError::Between.into())
        }
        _ => Ok(values),
    }
}

#[derive(Default)]
struct Builder {
    values: Vec<Value>,
}

impl Builder {
    fn value(&mut self, value: Value) -> Operand {
        self.values.push(value);
        // A request has fewer values: it is 16 MB long, and each value has a name and a type.
        Operand::Value(ValueId((self.values.len() - 1) as u32))
    }

    fn test(&mut self, name: Text, comparison: Comparison, values: Vec<Value>) -> Test {
        let path = || Operand::Path(Path { head: Name::Literal(name.clone()), rest: Vec::new() });
        let mut values = values.into_iter().map(|value| self.value(value)).collect::<Vec<_>>().into_iter();
        let mut function = |function: Function| {
            Test::Call(Call { function, operands: std::iter::once(path()).chain(values.by_ref()).collect() })
        };
        let comparator = match comparison {
            Comparison::Eq => Comparator::Equal,
            Comparison::Ne => Comparator::NotEqual,
            Comparison::Le => Comparator::LessOrEqual,
            Comparison::Lt => Comparator::Less,
            Comparison::Ge => Comparator::GreaterOrEqual,
            Comparison::Gt => Comparator::Greater,
            Comparison::NotNull => return function(Function::AttributeExists),
            Comparison::Null => return function(Function::AttributeNotExists),
            Comparison::Contains => return function(Function::Contains),
            // An attribute that is not there neither contains a value nor does not contain it.
            Comparison::NotContains => {
                let contains = function(Function::Contains);
                let exists = function(Function::AttributeExists);
                return Test::And(vec![exists, Test::Not(Box::new(contains))]);
            }
            Comparison::BeginsWith => return function(Function::BeginsWith),
            Comparison::In => return Test::In(path(), values.collect()),
            Comparison::Between => {
                return match (values.next(), values.next()) {
                    (Some(low), Some(high)) => Test::Between(Box::new([path(), low, high])),
                    _ => Test::Or(Vec::new()),
                };
            }
        };
        match values.next() {
            Some(value) => Test::Compare(comparator, path(), value),
            None => Test::Or(Vec::new()),
        }
    }
}

/// KeyConditions, checked.
#[derive(Clone, Debug)]
pub struct LegacyKeys {
    conditions: Vec<(Text, Comparison, Vec<Value>)>,
}

impl LegacyKeys {
    /// Refuses conditions that no key could have.
    pub fn new(conditions: Vec<LegacyCondition>) -> Result<LegacyKeys, Error> {
        let conditions = conditions
            .into_iter()
            .map(|condition| {
                Ok((condition.name, condition.comparison, checked(condition.comparison, condition.values)?))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        if conditions.is_empty() || conditions.len() > 2 * KEY_ATTRIBUTES_MAX {
            return Err(KeyError::Count.into());
        }
        Ok(LegacyKeys { conditions })
    }

    /// As a condition on keys.
    pub fn condition(&self) -> KeyCondition<'_> {
        let tests = self.conditions.iter().map(|(name, comparison, values)| KeyTest {
            name,
            range: match (comparison, &values[..]) {
                (Comparison::Eq, [value]) => Range::Equal(value),
                (Comparison::Le, [value]) => Range::LessOrEqual(value),
                (Comparison::Lt, [value]) => Range::Less(value),
                (Comparison::Ge, [value]) => Range::GreaterOrEqual(value),
                (Comparison::Gt, [value]) => Range::Greater(value),
                (Comparison::BeginsWith, [value]) => Range::BeginsWith(value),
                (Comparison::Between, [low, high]) => Range::Between(low, high),
                (_, values) => Range::NotIndexable(values),
            },
        });
        KeyCondition::from_tests(tests.collect())
    }
}
