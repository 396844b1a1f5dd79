//! Sums and differences, exact or refused.

use super::Number;
use crate::limits::{NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX};

/// A sum that is no number of the service: too large, or with more digits than fit. The service says the same of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
pub struct OutOfRange;

impl Number {
    /// The exact sum.
    pub fn checked_add(self, other: Number) -> Result<Number, OutOfRange> {
        if self.is_zero() {
            return Ok(other);
        }
        if other.is_zero() {
            return Ok(self);
        }
        let (upper, lower) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        // Both are brought to the smaller exponent. The coefficient at that exponent ends in a digit that is not zero
        // (or both do, at the same exponent), so a sum that does not fit 128 bits has too many digits in any case.
        let shift = u32::from(upper.exponent.abs_diff(lower.exponent));
        let scale = 10u128.checked_pow(shift).ok_or(OutOfRange)?;
        let left = upper.coefficient().checked_mul(scale).ok_or(OutOfRange)?;
        let right = lower.coefficient();
        let (coefficient, negative) = if upper.negative == lower.negative {
            (left.checked_add(right).ok_or(OutOfRange)?, upper.negative)
        } else if left >= right {
            (left - right, upper.negative)
        } else {
            (right - left, lower.negative)
        };
        normal(coefficient, lower.exponent, negative)
    }

    /// The exact difference.
    pub fn checked_sub(self, other: Number) -> Result<Number, OutOfRange> {
        self.checked_add(-other)
    }
}

impl std::ops::Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        Number { negative: !self.negative && !self.is_zero(), ..self }
    }
}

fn normal(mut coefficient: u128, mut exponent: i16, negative: bool) -> Result<Number, OutOfRange> {
    if coefficient == 0 {
        return Ok(Number::ZERO);
    }
    while coefficient.is_multiple_of(10) {
        coefficient /= 10;
        exponent += 1;
    }
    let sum = Number::from_parts(coefficient, exponent, negative);
    let fits = sum.digits() <= NUMBER_DIGITS_MAX && i64::from(sum.magnitude()) <= NUMBER_EXPONENT_MAX;
    // A difference cannot be closer to zero than the last digits of its operands, and these may be: 38 digits of a
    // number of the smallest magnitude reach further down than the smallest number. Then digits are lost too.
    let held = i64::from(sum.magnitude()) >= crate::limits::NUMBER_EXPONENT_MIN;
    if fits && held { Ok(sum) } else { Err(OutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect(text)
    }

    fn sum(left: &str, right: &str) -> Option<String> {
        number(left).checked_add(number(right)).ok().map(|n| n.to_string())
    }

    #[test]
    fn sums_are_exact() {
        for (left, right, expected) in [
            ("1", "10000000000000000000000", "10000000000000000000001"),
            ("7", "-3.5", "3.5"),
            ("0.1", "0.2", "0.3"),
            ("5", "-5", "0"),
            ("-5", "3", "-2"),
            ("3", "-5", "-2"),
            ("99", "1", "100"),
            ("0", "-0.5", "-0.5"),
            ("-0.5", "0", "-0.5"),
            ("99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"),
        ] {
            assert_eq!(sum(left, right).as_deref(), Some(expected), "{left} + {right}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (left, right) in [
            ("9e125", "9e125"),
            ("1e37", "0.1"),
            ("1e50", "1"),
            ("1e50", "-1"),
            ("1e125", "1e-130"),
            ("99999999999999999999999999999999999999", "0.1"),
            ("12345678901234567890123456789012345678e-167", "-12345678901234567890123456789012345677e-167"),
        ] {
            assert_eq!(sum(left, right), None, "{left} + {right}");
        }
        let nines = "9.9e125";
        assert_eq!(number("9e125").checked_add(number("9e124")), Ok(number(nines)));
        assert_eq!(number("9e125").checked_sub(number("-9e125")), Err(OutOfRange));
    }
}
