//! Conditions: each comparison and function by itself, from left to right.

use std::cmp::Ordering;

use attribute::Kind;

use super::check::Check;
use super::paths::display;
use crate::error::Reason;
use crate::limits::IN_OPERANDS_MAX;
use crate::tree::{Call, Comparator, Condition, Function, Operand, Test};

/// The types that attribute_type's second operand might have were it a path, as the service lists them.
const ANY_TYPE: &str = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}";

impl Check<'_, '_> {
    pub fn condition(&self, tree: &Condition) -> Result<(), Reason> {
        self.test(&tree.root)
    }

    fn test(&self, test: &Test) -> Result<(), Reason> {
        match test {
            Test::And(tests) | Test::Or(tests) => tests.iter().try_for_each(|test| self.test(test)),
            Test::Not(test) => self.test(test),
            Test::Compare(comparator, left, right) => {
                self.operands([left, right])?;
                self.distinct(comparator.sign(), left, right)?;
                self.function_types([left, right])?;
                match comparator {
                    Comparator::Equal | Comparator::NotEqual => Ok(()),
                    _ => self.ordered(comparator.sign(), [left, right]),
                }
            }
            Test::Between(operands) => {
                let [value, low, high] = &**operands;
                self.operands([value, low, high])?;
                self.function_types([value, low, high])?;
                self.ordered("BETWEEN", [value, low, high])?;
                self.bounds(low, high)
            }
            Test::In(value, list) => {
                let all = || std::iter::once(value).chain(list);
                self.operands(all())?;
                if list.len() > IN_OPERANDS_MAX {
                    return Err(Reason::InOperands(list.len()));
                }
                self.function_types(all())
            }
            Test::Call(call) => {
                self.call_defined(call)?;
                self.operand_counts(call)?;
                self.function(call)
            }
        }
    }

    /// Names, values and numbers of operands.
    fn operands<'o>(&self, operands: impl IntoIterator<Item = &'o Operand> + Clone) -> Result<(), Reason> {
        operands.clone().into_iter().try_for_each(|operand| self.operand_defined(operand))?;
        operands.into_iter().try_for_each(|operand| match operand {
            Operand::Call(call) => self.operand_counts(call),
            _ => Ok(()),
        })
    }

    fn function_types<'o>(&self, operands: impl IntoIterator<Item = &'o Operand>) -> Result<(), Reason> {
        operands.into_iter().try_for_each(|operand| match operand {
            Operand::Call(call) => self.function(call),
            _ => Ok(()),
        })
    }

    fn distinct(&self, name: &'static str, left: &Operand, right: &Operand) -> Result<(), Reason> {
        if let (Operand::Path(left), Operand::Path(right)) = (left, right)
            && left.rest.len() == right.rest.len()
        {
            let (left, right) = (self.steps(left), self.steps(right));
            if left == right {
                return Err(Reason::SameOperand { name, path: display(&left) });
            }
        }
        Ok(())
    }

    /// Values that have no order cannot be put in one.
    fn ordered<'o>(
        &self,
        name: &'static str,
        operands: impl IntoIterator<Item = &'o Operand>,
    ) -> Result<(), Reason> {
        for operand in operands {
            if let Some(value) = self.literal(operand)
                && !value.kind().is_ordered()
            {
                return Err(Reason::OperandType { name, found: value.kind().code() });
            }
        }
        Ok(())
    }

    fn bounds(&self, low: &Operand, high: &Operand) -> Result<(), Reason> {
        let (Some(low), Some(high)) = (self.literal(low), self.literal(high)) else { return Ok(()) };
        let (lower, upper) = (low.to_string(), high.to_string());
        match low.order(high) {
            None => Err(Reason::BetweenTypes { lower, upper }),
            Some(Ordering::Greater) => Err(Reason::BetweenOrder { lower, upper }),
            Some(_) => Ok(()),
        }
    }

    /// The types of a function's operands, innermost functions first.
    fn function(&self, call: &Call) -> Result<(), Reason> {
        self.function_types(&call.operands)?;
        let name = call.function.name();
        if let [first, second] = &call.operands[..] {
            self.distinct(name, first, second)?;
        }
        let wrong = |found: &'static str| Err(Reason::OperandType { name, found });
        match call.function {
            Function::AttributeExists | Function::AttributeNotExists => match call.operands[0] {
                Operand::Path(_) => Ok(()),
                _ => Err(Reason::PathRequired(name)),
            },
            Function::BeginsWith => {
                for operand in &call.operands {
                    match self.kind(operand) {
                        None | Some(Kind::S | Kind::B) => {}
                        Some(kind) => return wrong(kind.code()),
                    }
                }
                Ok(())
            }
            Function::AttributeType => {
                match (self.literal(&call.operands[1]), self.kind(&call.operands[1])) {
                    (Some(attribute::Value::S(kind)), _) => match Kind::from_code(kind) {
                        Some(_) => Ok(()),
                        None => Err(Reason::TypeName(kind.to_string())),
                    },
                    (_, Some(kind)) => wrong(kind.code()),
                    (_, None) => wrong(ANY_TYPE),
                }
            }
            Function::Size => match self.kind(&call.operands[0]) {
                Some(kind @ (Kind::N | Kind::Bool | Kind::Null)) => wrong(kind.code()),
                _ => Ok(()),
            },
            Function::Contains | Function::IfNotExists | Function::ListAppend => Ok(()),
        }
    }
}
