//! Conditions of statements.

use attribute::Value;

use super::StatementError;
use super::parse::{Parser, TOKEN};
use crate::error::Reason;
use crate::tree::{Call, Comparator, Function, Operand, Test};

impl Parser<'_> {
    pub fn disjunction(&mut self) -> Result<Test, StatementError> {
        let first = self.conjunction()?;
        let mut tests = vec![first];
        while self.take_word("OR") {
            self.operator()?;
            tests.push(self.conjunction()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Or(tests) })
    }

    fn conjunction(&mut self) -> Result<Test, StatementError> {
        let first = self.negation()?;
        let mut tests = vec![first];
        while self.take_word("AND") {
            self.operator()?;
            tests.push(self.negation()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::And(tests) })
    }

    fn negation(&mut self) -> Result<Test, StatementError> {
        if self.take_word("NOT") {
            self.operator()?;
            return self.deeper(Self::negation).map(|test| Test::Not(Box::new(test)));
        }
        if self.take_sign("(") {
            let test = self.deeper(Self::disjunction)?;
            self.expect_sign(")")?;
            return Ok(test);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Test, StatementError> {
        let left = self.operand()?;
        const SIGNS: [(&str, Comparator); 7] = [
            ("=", Comparator::Equal),
            ("<>", Comparator::NotEqual),
            ("!=", Comparator::NotEqual),
            ("<", Comparator::Less),
            ("<=", Comparator::LessOrEqual),
            (">", Comparator::Greater),
            (">=", Comparator::GreaterOrEqual),
        ];
        for (sign, comparator) in SIGNS {
            if self.take_sign(sign) {
                self.operator()?;
                return Ok(Test::Compare(comparator, only_size(left)?, self.operand().and_then(only_size)?));
            }
        }
        if self.take_word("BETWEEN") {
            self.operator()?;
            let low = self.operand().and_then(only_size)?;
            self.expect_word("AND")?;
            let high = self.operand().and_then(only_size)?;
            return Ok(Test::Between(Box::new([only_size(left)?, low, high])));
        }
        if self.take_word("IN") {
            self.operator()?;
            return Ok(Test::In(only_size(left)?, self.list()?));
        }
        if self.take_word("IS") {
            self.operator()?;
            return self.is(left);
        }
        match left {
            Operand::Call(call) if call.function == Function::Size => {
                Err(Reason::Misplaced(call.function.name()).into())
            }
            Operand::Call(call) if call.function.is_for_updates() => {
                Err(Reason::NotInCondition(call.function.name()).into())
            }
            Operand::Call(call) => Ok(Test::Call(*call)),
            _ => Err(TOKEN),
        }
    }

    fn list(&mut self) -> Result<Vec<Operand>, StatementError> {
        let end = if self.take_sign("[") {
            "]"
        } else {
            self.expect_sign("(")?;
            ")"
        };
        let mut list = vec![self.operand().and_then(only_size)?];
        while self.take_sign(",") {
            list.push(self.operand().and_then(only_size)?);
        }
        self.expect_sign(end)?;
        Ok(list)
    }

    /// IS and IS NOT of MISSING and NULL.
    fn is(&mut self, left: Operand) -> Result<Test, StatementError> {
        let not = self.take_word("NOT");
        let test = if self.take_word("MISSING") {
            let function = if not { Function::AttributeExists } else { Function::AttributeNotExists };
            return Ok(Test::Call(Call { function, operands: vec![left] }));
        } else {
            self.expect_word("NULL")?;
            let kind = Operand::Value(self.keep(Value::from("NULL")));
            Test::Call(Call { function: Function::AttributeType, operands: vec![left, kind] })
        };
        Ok(if not { Test::Not(Box::new(test)) } else { test })
    }
}

/// Only `size` has a value that can be compared.
fn only_size(operand: Operand) -> Result<Operand, StatementError> {
    match operand {
        Operand::Call(call) if call.function.is_for_updates() => {
            Err(Reason::NotInCondition(call.function.name()).into())
        }
        Operand::Call(call) if call.function != Function::Size => {
            Err(Reason::Misplaced(call.function.name()).into())
        }
        operand => Ok(operand),
    }
}
