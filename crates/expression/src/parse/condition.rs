//! Conditions.

use super::{Language, Parser};
use crate::error::Reason;
use crate::tree::{Comparator, Condition, Function, Operand, Test};

impl Condition {
    /// Reads a condition, a filter or a condition on keys: their language is one.
    pub fn parse(text: &str) -> Result<Condition, Reason> {
        let mut parser = Parser::new(text, Language::Condition)?;
        let parsed = parser.disjunction(false)?;
        parser.expect_end()?;
        let root = parser.test(parsed)?;
        let faults = parser.faults;
        if faults.parentheses {
            return Err(Reason::Parentheses);
        }
        match faults.function.or(faults.misplaced).or(faults.reserved) {
            Some(reason) => Err(reason),
            None => Ok(Condition { root, placeholders: parser.placeholders }),
        }
    }
}

/// What a piece of text turned out to be, and whether it is nothing but something in parentheses.
enum Parsed {
    Test(Test, bool),
    /// Where parentheses open it is not known yet whether a condition or an operand stands between them.
    Operand(Operand, bool),
}

impl Parser<'_> {
    /// OR, the weakest. An operand is returned only if it is allowed, which is between parentheses.
    fn disjunction(&mut self, operand_allowed: bool) -> Result<Parsed, Reason> {
        let first = self.conjunction(operand_allowed)?;
        if !self.is_word("OR") {
            return Ok(first);
        }
        let mut tests = vec![self.test(first)?];
        while self.take_word("OR") {
            self.operator()?;
            let next = self.conjunction(false)?;
            tests.push(self.test(next)?);
        }
        Ok(Parsed::Test(Test::Or(tests), false))
    }

    fn conjunction(&mut self, operand_allowed: bool) -> Result<Parsed, Reason> {
        let first = self.negation(operand_allowed)?;
        if !self.is_word("AND") {
            return Ok(first);
        }
        let mut tests = vec![self.test(first)?];
        while self.take_word("AND") {
            self.operator()?;
            let next = self.negation(false)?;
            tests.push(self.test(next)?);
        }
        Ok(Parsed::Test(Test::And(tests), false))
    }

    fn negation(&mut self, operand_allowed: bool) -> Result<Parsed, Reason> {
        if !self.take_word("NOT") {
            return self.comparison(operand_allowed);
        }
        // Each NOT is an operator, and there are only so many.
        self.operator()?;
        let inner = self.negation(false)?;
        let test = self.test(inner)?;
        Ok(Parsed::Test(Test::Not(Box::new(test)), false))
    }

    fn comparison(&mut self, operand_allowed: bool) -> Result<Parsed, Reason> {
        let (left, wrapped) = match self.primary()? {
            Parsed::Operand(operand, wrapped) => (operand, wrapped),
            test => return Ok(test),
        };
        if let Some(comparator) = self.comparator() {
            self.operator()?;
            let right = self.operand()?;
            self.only_size([&left, &right]);
            return Ok(Parsed::Test(Test::Compare(comparator, left, right), false));
        }
        if self.take_word("BETWEEN") {
            self.operator()?;
            let low = self.operand()?;
            if !self.take_word("AND") {
                return Err(self.syntax());
            }
            let high = self.operand()?;
            self.only_size([&left, &low, &high]);
            return Ok(Parsed::Test(Test::Between(Box::new([left, low, high])), false));
        }
        if self.take_word("IN") {
            self.operator()?;
            self.expect_sign("(")?;
            let mut list = vec![self.operand()?];
            while self.take_sign(",") {
                list.push(self.operand()?);
            }
            self.expect_sign(")")?;
            self.only_size(std::iter::once(&left).chain(&list));
            return Ok(Parsed::Test(Test::In(left, list), false));
        }
        if operand_allowed && self.is_sign(")") {
            return Ok(Parsed::Operand(left, wrapped));
        }
        match left {
            Operand::Call(_) => Ok(Parsed::Operand(left, wrapped)),
            _ => Err(self.syntax()),
        }
    }

    /// Something in parentheses, or an operand.
    fn primary(&mut self) -> Result<Parsed, Reason> {
        if !self.take_sign("(") {
            return Ok(Parsed::Operand(self.bare_operand()?, false));
        }
        let inner = self.deeper(Reason::Parentheses, |parser| parser.disjunction(true))?;
        self.expect_sign(")")?;
        match inner {
            Parsed::Test(test, wrapped) => {
                self.faults.parentheses |= wrapped;
                Ok(Parsed::Test(test, true))
            }
            Parsed::Operand(operand, wrapped) => {
                self.faults.parentheses |= wrapped;
                let (operand, wrapped) = self.continued(operand)?;
                Ok(Parsed::Operand(operand, wrapped))
            }
        }
    }

    /// A path in parentheses may go on behind them.
    fn continued(&mut self, operand: Operand) -> Result<(Operand, bool), Reason> {
        match operand {
            Operand::Path(mut path) if self.is_sign(".") || self.is_sign("[") => {
                self.steps(&mut path)?;
                Ok((Operand::Path(path), false))
            }
            operand => Ok((operand, true)),
        }
    }

    /// An operand where no condition can stand.
    fn operand(&mut self) -> Result<Operand, Reason> {
        self.wrapped_operand().map(|(operand, _)| operand)
    }

    fn wrapped_operand(&mut self) -> Result<(Operand, bool), Reason> {
        if !self.take_sign("(") {
            return Ok((self.bare_operand()?, false));
        }
        let (operand, wrapped) = self.deeper(Reason::Parentheses, Self::wrapped_operand)?;
        self.expect_sign(")")?;
        self.faults.parentheses |= wrapped;
        self.continued(operand)
    }

    fn bare_operand(&mut self) -> Result<Operand, Reason> {
        if let Some(value) = self.value() {
            return Ok(Operand::Value(value));
        }
        if self.is_call() {
            let call = self.call(Parser::operand)?;
            self.only_size(&call.operands);
            return Ok(Operand::Call(Box::new(call)));
        }
        Ok(Operand::Path(self.path()?))
    }

    fn comparator(&mut self) -> Option<Comparator> {
        const ALL: [Comparator; 6] = [
            Comparator::Equal,
            Comparator::NotEqual,
            Comparator::Less,
            Comparator::LessOrEqual,
            Comparator::Greater,
            Comparator::GreaterOrEqual,
        ];
        ALL.into_iter().find(|comparator| self.take_sign(comparator.sign()))
    }

    /// As a condition: a function is one unless it is `size`, another operand is not.
    fn test(&mut self, parsed: Parsed) -> Result<Test, Reason> {
        match parsed {
            Parsed::Test(test, _) => Ok(test),
            Parsed::Operand(Operand::Call(call), _) => {
                if call.function == Function::Size {
                    self.misplaced(call.function);
                }
                Ok(Test::Call(*call))
            }
            Parsed::Operand(..) => Err(self.syntax()),
        }
    }

    /// Only `size` has a value that operators and functions can take.
    fn only_size<'o>(&mut self, operands: impl IntoIterator<Item = &'o Operand>) {
        for operand in operands {
            if let Operand::Call(call) = operand
                && call.function != Function::Size
            {
                self.misplaced(call.function);
                return;
            }
        }
    }
}
