//! Whether a condition holds.

use std::cmp::Ordering;

use attribute::{Item, Value};

use crate::bind::Bound;
use crate::tree::{Call, Comparator, Condition, Function, Test};

impl Bound<'_, Condition> {
    /// Whether it is true of an item. What does not exist is like an item without attributes.
    ///
    /// Attributes that are missing, or of another type than what they are compared with, are not equal to anything
    /// and have no order; nothing in an item makes a condition fail otherwise than by being false.
    pub fn matches(&self, item: &Item) -> bool {
        self.test(&self.tree.root, item)
    }

    fn test(&self, test: &Test, item: &Item) -> bool {
        match test {
            Test::And(tests) => tests.iter().all(|test| self.test(test, item)),
            Test::Or(tests) => tests.iter().any(|test| self.test(test, item)),
            Test::Not(test) => !self.test(test, item),
            Test::Compare(comparator, left, right) => {
                let (left, right) = (self.operand(left, item), self.operand(right, item));
                compare(*comparator, left.as_deref(), right.as_deref())
            }
            Test::Between(operands) => {
                let [value, low, high] = operands.each_ref().map(|operand| self.operand(operand, item));
                compare(Comparator::GreaterOrEqual, value.as_deref(), low.as_deref())
                    && compare(Comparator::LessOrEqual, value.as_deref(), high.as_deref())
            }
            Test::In(value, list) => {
                let value = self.operand(value, item);
                list.iter().any(|operand| {
                    compare(Comparator::Equal, value.as_deref(), self.operand(operand, item).as_deref())
                })
            }
            Test::Call(call) => self.holds(call, item).unwrap_or(false),
        }
    }

    /// A function; nothing where an operand is missing.
    fn holds(&self, call: &Call, item: &Item) -> Option<bool> {
        let operand = |at: usize| self.operand(&call.operands[at], item);
        Some(match call.function {
            Function::AttributeExists => operand(0).is_some(),
            Function::AttributeNotExists => operand(0).is_none(),
            Function::AttributeType => {
                let (value, kind) = (operand(0)?, operand(1)?);
                matches!(&*kind, Value::S(code) if value.kind().code() == code)
            }
            Function::BeginsWith => match (&*operand(0)?, &*operand(1)?) {
                (Value::S(text), Value::S(start)) => text.starts_with(start.as_str()),
                (Value::B(blob), Value::B(start)) => blob.starts_with(start),
                _ => false,
            },
            Function::Contains => contains(&*operand(0)?, &*operand(1)?),
            // Functions that are no conditions are refused when they are read.
            Function::Size | Function::IfNotExists | Function::ListAppend => false,
        })
    }

    /// The attributes it speaks of, in the order of the text, some perhaps repeatedly.
    pub fn attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.tree.root.paths(&mut |path| names.push(self.name(&path.head)));
        names
    }

    /// The attributes that it goes into.
    pub fn nested_attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.tree.root.paths(&mut |path| {
            if !path.rest.is_empty() {
                names.push(self.name(&path.head));
            }
        });
        names
    }
}

pub(crate) fn compare(comparator: Comparator, left: Option<&Value>, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return comparator == Comparator::NotEqual };
    let order = || left.order(right);
    match comparator {
        Comparator::Equal => left == right,
        Comparator::NotEqual => left != right,
        Comparator::Less => order() == Some(Ordering::Less),
        Comparator::LessOrEqual => order().is_some_and(Ordering::is_le),
        Comparator::Greater => order() == Some(Ordering::Greater),
        Comparator::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
    }
}

/// Part of a string or binary, or a member of a set or list.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::S(text), Value::S(part)) => text.contains(part.as_str()),
        (Value::B(blob), Value::B(part)) => {
            part.is_empty() || blob.windows(part.len()).any(|window| window == &**part)
        }
        (Value::Ss(set), Value::S(member)) => set.contains(member),
        (Value::Ns(set), Value::N(member)) => set.contains(member),
        (Value::Bs(set), Value::B(member)) => set.contains(member),
        (Value::L(values), part) => values.contains(part),
        _ => false,
    }
}
