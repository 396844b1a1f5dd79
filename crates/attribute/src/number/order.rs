//! Numbers as bytes whose order is the order of the numbers, so that sort keys of numbers sort.
//!
//! The first byte holds sign and power of a hundred. Zero is 0x80 alone; above it a positive number is 0x80 plus its
//! power (from 10^-130, 0x80, to 10^124, 0xFF), below it a negative one 0x7F minus its power. Then come the digits in
//! pairs: for positive numbers a pair is its value plus 1, for negative ones 101 minus its value, and 102 ends these,
//! since of two negative numbers that begin alike the longer one is the smaller. No number takes more than 22 bytes.

use super::Number;
use super::text::digits_of;

const ZERO: u8 = 0x80;
/// The power of a hundred of 1e-130.
const POWER_MIN: i32 = -65;
const NEGATIVE_END: u8 = 102;
/// A first byte, 38 digits that begin in the middle of a pair, and the end.
const BYTES_MAX: usize = 1 + 20 + 1;

impl Number {
    /// Appends the bytes.
    pub fn encode(self, out: &mut Vec<u8>) {
        if self.is_zero() {
            out.push(ZERO);
            return;
        }
        out.reserve(BYTES_MAX);
        let magnitude = self.magnitude();
        let power = (magnitude.div_euclid(2) - POWER_MIN) as u8;
        out.push(if self.negative { ZERO - 1 - power } else { ZERO + power });
        let mut buffer = [0; 39];
        let digits = digits_of(self.coefficient(), &mut buffer);
        let mut pair = |tens: u8, ones: u8| {
            let value = (tens - b'0') * 10 + (ones - b'0');
            out.push(if self.negative { 101 - value } else { value + 1 });
        };
        // The first digit of an even magnitude is the second of its pair.
        let mut rest = digits;
        if magnitude.rem_euclid(2) == 0 {
            pair(b'0', digits[0]);
            rest = &digits[1..];
        }
        for two in rest.chunks(2) {
            pair(two[0], two.get(1).copied().unwrap_or(b'0'));
        }
        if self.negative {
            out.push(NEGATIVE_END);
        }
    }

    /// Reads what [`Number::encode`] wrote; nothing if the bytes are not exactly one number.
    pub fn decode(bytes: &[u8]) -> Option<Number> {
        let (&first, pairs) = bytes.split_first()?;
        if pairs.is_empty() {
            return (first == ZERO).then_some(Number::ZERO);
        }
        let negative = first < ZERO;
        let power = i32::from(if negative { ZERO - 1 - first } else { first - ZERO }) + POWER_MIN;
        let pairs = if negative { pairs.strip_suffix(&[NEGATIVE_END])? } else { pairs };
        if pairs.is_empty() || pairs.len() > BYTES_MAX - 2 {
            return None;
        }
        // With padding on both sides 20 pairs may hold 38 digits, so the last pair's is left out before it is added.
        let (&last, upper) = pairs.split_last()?;
        let value = |byte: u8| {
            let value = if negative { 101u8.checked_sub(byte)? } else { byte.checked_sub(1)? };
            (value <= 99).then_some(value)
        };
        let mut coefficient: u128 = 0;
        for &byte in upper {
            coefficient = coefficient.checked_mul(100)?.checked_add(value(byte)?.into())?;
        }
        let last = value(last)?;
        let padded = last.is_multiple_of(10);
        let (scale, digits) = if padded { (10, last / 10) } else { (100, last) };
        coefficient = coefficient.checked_mul(scale)?.checked_add(digits.into())?;
        if coefficient.is_multiple_of(10) {
            return None;
        }
        let exponent = (power - upper.len() as i32) * 2 + i32::from(padded);
        let number = Number::from_parts(coefficient, i16::try_from(exponent).ok()?, negative);
        // Only the one form of each number is taken.
        let mut again = Vec::with_capacity(BYTES_MAX);
        number.encode_checked(&mut again)?;
        (again == bytes).then_some(number)
    }

    fn encode_checked(self, out: &mut Vec<u8>) -> Option<()> {
        use crate::limits::{NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN};
        let range = NUMBER_EXPONENT_MIN..=NUMBER_EXPONENT_MAX;
        if self.digits() > NUMBER_DIGITS_MAX || !range.contains(&i64::from(self.magnitude())) {
            return None;
        }
        self.encode(out);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        text.parse::<Number>().expect(text).encode(&mut out);
        out
    }

    #[test]
    fn the_bytes_are_these() {
        assert_eq!(bytes("0"), [0x80]);
        assert_eq!(bytes("1"), [0xC1, 2]);
        assert_eq!(bytes("10"), [0xC1, 11]);
        assert_eq!(bytes("100"), [0xC2, 2]);
        assert_eq!(bytes("12.3"), [0xC1, 13, 31]);
        assert_eq!(bytes("-1"), [0x3E, 100, 102]);
        assert_eq!(bytes("-12.3"), [0x3E, 89, 71, 102]);
        assert_eq!(bytes("0.05"), [0xC0, 6]);
        assert_eq!(bytes("1e-130"), [0x80, 2]);
        assert_eq!(bytes("-1e-130"), [0x7F, 100, 102]);
        assert_eq!(bytes("1e125"), [0xFF, 11]);
        assert_eq!(bytes("-9e125"), [0x00, 11, 102]);
    }

    #[test]
    fn the_longest_is_22_bytes() {
        let digits = "9".repeat(38);
        assert_eq!(bytes(&format!("-{digits}e-1")).len(), 22);
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        let wrong: [&[u8]; 9] = [
            &[],
            &[0x81],
            &[0x7F],
            &[0x7F, 102],
            &[0xC1, 0],
            &[0xC1, 1],
            &[0xC1, 101],
            &[0xC1, 2, 1],
            &[0xC1, 1, 2],
        ];
        for bytes in wrong {
            assert_eq!(Number::decode(bytes), None, "{bytes:?}");
        }
        assert_eq!(Number::decode(&[0xC1; 23]), None);
    }
}
