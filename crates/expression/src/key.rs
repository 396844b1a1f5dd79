//! Conditions on keys: from a condition to the part of a table or index that is to be read.

use attribute::{KeyPart, KeyType, Value};

use crate::bind::Bound;
use crate::error::{Error, KeyError};
use crate::limits::KEY_ATTRIBUTES_MAX;
use crate::tree::{Comparator, Condition, Function, Operand, Path, Test};

/// What is asked of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyTest<'v> {
    pub(crate) name: &'v str,
    pub(crate) range: Range<'v>,
}

/// Values of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range<'v> {
    /// This one.
    Equal(&'v Value),
    /// Those before it.
    Less(&'v Value),
    /// It and those before it.
    LessOrEqual(&'v Value),
    /// Those after it.
    Greater(&'v Value),
    /// It and those after it.
    GreaterOrEqual(&'v Value),
    /// Those from the first to the second.
    Between(&'v Value, &'v Value),
    /// Those that begin with it.
    BeginsWith(&'v Value),
    /// What filters know and keys do not; only from the older parameters.
    NotIndexable(&'v [Value]),
}

impl<'v> Range<'v> {
    /// The values that it is made of.
    pub fn values(self) -> impl Iterator<Item = &'v Value> {
        let (two, rest): ([Option<&'v Value>; 2], &'v [Value]) = match self {
            Range::Equal(value)
            | Range::Less(value)
            | Range::LessOrEqual(value)
            | Range::Greater(value)
            | Range::GreaterOrEqual(value)
            | Range::BeginsWith(value) => ([Some(value), None], &[]),
            Range::Between(low, high) => ([Some(low), Some(high)], &[]),
            Range::NotIndexable(values) => ([None, None], values),
        };
        two.into_iter().flatten().chain(rest)
    }
}

/// The key of a table or index: names and types of its attributes. A table has one partition attribute and at most one
/// sort attribute, an index may have several of each.
#[derive(Clone, Copy, Debug)]
pub struct KeySchema<'s> {
    /// The partition key.
    pub partition: &'s [(&'s str, KeyType)],
    /// The sort key.
    pub sort: &'s [(&'s str, KeyType)],
}

/// What is to be read.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyQuery<'v> {
    /// The value of each partition attribute.
    pub partition: Vec<&'v Value>,
    /// The values of the first sort attributes.
    pub sort: Vec<&'v Value>,
    /// Of the sort attribute behind these.
    pub range: Option<Range<'v>>,
}

/// The tests of a condition on keys, one for each attribute, in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCondition<'v> {
    tests: Vec<KeyTest<'v>>,
}

impl<'v> KeyCondition<'v> {
    /// Refuses a condition that no key could have. What table it is about does not matter yet.
    pub fn new<'b: 'v>(bound: &'b Bound<'v, Condition>) -> Result<KeyCondition<'v>, KeyError> {
        let mut tests = Vec::new();
        collect(bound, &bound.tree.root, &mut tests)?;
        if tests.len() > 2 * KEY_ATTRIBUTES_MAX {
            return Err(KeyError::Count);
        }
        Ok(KeyCondition { tests })
    }

    pub(crate) fn from_tests(tests: Vec<KeyTest<'v>>) -> KeyCondition<'v> {
        KeyCondition { tests }
    }

    /// What the condition asks of a table or index.
    pub fn query(&self, schema: KeySchema<'_>) -> Result<KeyQuery<'v>, Error> {
        let tests = &self.tests;
        let attributes = schema.partition.len() + schema.sort.len();
        if tests.is_empty() || tests.len() > attributes.max(2) {
            return Err(KeyError::Count.into());
        }
        let several = schema.partition.len() > 1 || schema.sort.len() > 1;
        let unequal = || if several { KeyError::PartitionEquality } else { KeyError::NotSupported };
        let not_in_order = || if several { KeyError::SortOrder } else { KeyError::NotSupported };
        let mut partition = Vec::with_capacity(schema.partition.len());
        for (name, kind) in schema.partition {
            if attributes == 1 && tests.len() > 1 {
                return Err(KeyError::NotSupported.into());
            }
            let Some(range) = self.of(name) else {
                let missed = KeyError::Missed((*name).to_owned());
                return Err(if several { unequal() } else { missed }.into());
            };
            check(KeyPart::Partition, name, *kind, range)?;
            match range {
                Range::Equal(value) => partition.push(value),
                _ => return Err(unequal().into()),
            }
        }
        let mut met = partition.len();
        let (mut sort, mut last) = (Vec::new(), None);
        for (name, kind) in schema.sort {
            let Some(range) = self.of(name) else {
                // A condition on something else, or on a sort attribute behind one without a condition.
                if met < tests.len() {
                    let missed = if several { KeyError::Skipped } else { KeyError::Missed };
                    return Err(missed((*name).to_owned()).into());
                }
                break;
            };
            if last.is_some() {
                return Err(not_in_order().into());
            }
            check(KeyPart::Sort, name, *kind, range)?;
            met += 1;
            match range {
                Range::Equal(value) => sort.push(value),
                range => last = Some(range),
            }
        }
        if met < tests.len() {
            Err(KeyError::NotSupported.into())
        } else {
            Ok(KeyQuery { partition, sort, range: last })
        }
    }

    fn of(&self, name: &str) -> Option<Range<'v>> {
        self.tests.iter().find(|test| test.name == name).map(|test| test.range)
    }
}

fn check(part: KeyPart, name: &str, kind: KeyType, range: Range<'_>) -> Result<(), Error> {
    if let Range::NotIndexable(_) = range {
        return Err(KeyError::NotIndexable.into());
    }
    if range.values().any(|value| value.kind() != kind.kind()) {
        return Err(KeyError::Type.into());
    }
    for value in range.values() {
        part.check(name, value)?;
    }
    Ok(())
}

fn collect<'v, 'b: 'v>(
    bound: &'b Bound<'v, Condition>,
    test: &'b Test,
    tests: &mut Vec<KeyTest<'v>>,
) -> Result<(), KeyError> {
    let (operands, range): (Vec<&'b Operand>, RangeOf) = match test {
        Test::And(both) => return both.iter().try_for_each(|test| collect(bound, test, tests)),
        Test::Or(_) => return Err(KeyError::Operator("OR")),
        Test::Not(_) => return Err(KeyError::Operator("NOT")),
        Test::In(..) => return Err(KeyError::Operator("IN")),
        Test::Compare(Comparator::NotEqual, ..) => return Err(KeyError::Operator("<>")),
        Test::Compare(comparator, left, right) => (vec![left, right], RangeOf::Compare(*comparator)),
        Test::Between(operands) => {
            first_is_path("BETWEEN", &operands[0])?;
            (operands.iter().collect(), RangeOf::Between)
        }
        Test::Call(call) if call.function == Function::BeginsWith => {
            first_is_path(call.function.name(), &call.operands[0])?;
            (call.operands.iter().collect(), RangeOf::BeginsWith)
        }
        Test::Call(call) => return Err(KeyError::Operator(call.function.name())),
    };
    let mut key: Option<(usize, &'b Path)> = None;
    let mut values: Vec<&'v Value> = Vec::with_capacity(2);
    for (at, operand) in operands.into_iter().enumerate() {
        match operand {
            Operand::Path(_) if key.is_some() => return Err(KeyError::SeveralNames),
            Operand::Path(path) if !path.rest.is_empty() => return Err(KeyError::NestedAttribute),
            Operand::Path(path) => key = Some((at, path)),
            Operand::Call(_) => return Err(KeyError::NestedOperation),
            Operand::Value(id) => values.push(bound.value(*id)),
        }
    }
    let Some((at, path)) = key else { return Err(KeyError::NoName) };
    let name = bound.name(&path.head);
    if tests.iter().any(|test| test.name == name) {
        return Err(KeyError::Twice);
    }
    let range = match (range, &values[..]) {
        (RangeOf::Compare(comparator), [value]) => {
            match if at == 0 { comparator } else { comparator.flipped() } {
                Comparator::Equal => Range::Equal(value),
                Comparator::Less => Range::Less(value),
                Comparator::LessOrEqual => Range::LessOrEqual(value),
                Comparator::Greater => Range::Greater(value),
                Comparator::GreaterOrEqual => Range::GreaterOrEqual(value),
                Comparator::NotEqual => return Err(KeyError::Operator("<>")),
            }
        }
        (RangeOf::Between, [low, high]) => Range::Between(low, high),
        (RangeOf::BeginsWith, [start]) => Range::BeginsWith(start),
        _ => return Err(KeyError::NoName),
    };
    tests.push(KeyTest { name, range });
    Ok(())
}

enum RangeOf {
    Compare(Comparator),
    Between,
    BeginsWith,
}

fn first_is_path(name: &'static str, operand: &Operand) -> Result<(), KeyError> {
    match operand {
        Operand::Path(_) => Ok(()),
        _ => Err(KeyError::FirstOperand(name)),
    }
}
