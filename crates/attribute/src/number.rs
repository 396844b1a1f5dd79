//! Numbers: 38 significant decimal digits between 1e-130 and 9.99…e125, zero, and their negatives; exact, and one
//! form for each value.

mod arithmetic;
mod order;
mod parse;
mod text;

use std::cmp::Ordering;
use std::hash::Hash;

pub use arithmetic::OutOfRange;
pub use parse::NumberError;

/// A number. Equal values are equal numbers, however they were written.
///
/// The value is coefficient × 10^exponent, negated if negative; the coefficient has no trailing zeros, and zero is all
/// zeros. The coefficient is kept in two halves so that a number is aligned like a pointer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    high: u64,
    low: u64,
    exponent: i16,
    negative: bool,
}

impl Number {
    /// Zero.
    pub const ZERO: Number = Number { high: 0, low: 0, exponent: 0, negative: false };

    /// Of a coefficient without trailing zeros and of at most 38 digits.
    fn from_parts(coefficient: u128, exponent: i16, negative: bool) -> Number {
        debug_assert!(coefficient == 0 || !coefficient.is_multiple_of(10));
        Number { high: (coefficient >> 64) as u64, low: coefficient as u64, exponent, negative }
    }

    fn coefficient(self) -> u128 {
        (u128::from(self.high) << 64) | u128::from(self.low)
    }

    /// The number of significant digits; 0 for zero.
    pub fn digits(self) -> u32 {
        self.coefficient().checked_ilog10().map_or(0, |log| log + 1)
    }

    /// The power of ten of the first digit; meaningless for zero.
    pub(crate) fn magnitude(self) -> i32 {
        i32::from(self.exponent) + self.digits() as i32 - 1
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.high == 0 && self.low == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.negative
    }

    /// The number as an integer, if it is one that fits.
    pub fn to_i64(self) -> Option<i64> {
        let power = u32::try_from(self.exponent).ok()?;
        let scaled = self.coefficient().checked_mul(10u128.checked_pow(power)?)?;
        let signed = i128::try_from(scaled).ok()?;
        i64::try_from(if self.negative { -signed } else { signed }).ok()
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Number {
        let mut coefficient = value;
        let mut exponent = 0;
        while coefficient != 0 && coefficient.is_multiple_of(10) {
            coefficient /= 10;
            exponent += 1;
        }
        Number::from_parts(coefficient.into(), exponent, false)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number { negative: value < 0, ..Number::from(value.unsigned_abs()) }
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Number {
        i64::from(value).into()
    }
}

impl From<usize> for Number {
    fn from(value: usize) -> Number {
        (value as u64).into()
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_size(other),
            (true, true) => other.cmp_size(self),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Number {
    /// Compares without regard to signs.
    fn cmp_size(&self, other: &Number) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            // Of the same magnitude: the one with fewer digits is padded, to at most 38 of them.
            let (mine, theirs) = (self.digits(), other.digits());
            let wide = mine.max(theirs);
            let left = self.coefficient() * 10u128.pow(wide - mine);
            let right = other.coefficient() * 10u128.pow(wide - theirs);
            left.cmp(&right)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().expect("a number")
    }

    #[test]
    fn values_not_notations_are_compared() {
        for same in ["1000", "1e3", "1E+3", "1000.0", "001000", "+1000", "100e1", "0.1e4"] {
            assert_eq!(number(same), number("1000"));
        }
        assert_eq!(number("-0"), Number::ZERO);
        assert_eq!(number("0e126"), Number::ZERO);
    }

    #[test]
    fn order_is_numeric() {
        let texts = [
            "-9.9999999999999999999999999999999999999e125",
            "-10",
            "-9.9",
            "-1.1",
            "-1",
            "-1e-130",
            "0",
            "1e-130",
            "1.1e-130",
            "0.5",
            "1",
            "1.0000000000000000000000000000000000001",
            "1.1",
            "9.9",
            "10",
            "9.9999999999999999999999999999999999999e125",
        ];
        for pair in texts.windows(2) {
            assert!(number(pair[0]) < number(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn integers_come_and_go() {
        for value in [0, 1, -1, 10, 1000, -12_300, i64::MAX, i64::MIN] {
            assert_eq!(Number::from(value).to_i64(), Some(value));
            assert_eq!(Number::from(value).to_string(), value.to_string());
        }
        assert_eq!(number("1.5").to_i64(), None);
        assert_eq!(number("1e19").to_i64(), None);
        assert_eq!(number("1e125").to_i64(), None);
    }

    #[test]
    fn a_number_is_as_small_as_three_pointers() {
        assert_eq!(size_of::<Number>(), 24);
    }
}
