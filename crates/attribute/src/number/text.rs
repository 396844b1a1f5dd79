//! Number to text: plain decimal, never a power of ten.

use std::fmt;

use super::Number;

/// A sign, a zero, a point, and the digits of the smallest number with the most of them.
const TEXT_MAX: usize = 3 + 130 + 38;

/// The text of one number, without an allocation.
pub(crate) struct NumberText {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl NumberText {
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("digits, signs and points")
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

/// The digits of a coefficient, at the end of the buffer.
pub(crate) fn digits_of(mut coefficient: u128, buffer: &mut [u8; 39]) -> &[u8] {
    const HALF: u128 = 10_000_000_000_000_000_000;
    let mut at = buffer.len();
    // Divisions of 128 bits are slow: one, then those of 64 bits.
    let mut part = (coefficient % HALF) as u64;
    coefficient /= HALF;
    loop {
        let end = at;
        while part != 0 {
            at -= 1;
            buffer[at] = b'0' + (part % 10) as u8;
            part /= 10;
        }
        if coefficient == 0 {
            return &buffer[at..];
        }
        while end - at < 19 {
            at -= 1;
            buffer[at] = b'0';
        }
        part = (coefficient % HALF) as u64;
        coefficient /= HALF;
    }
}

impl Number {
    pub(crate) fn text(self) -> NumberText {
        let mut text = NumberText { bytes: [b'0'; TEXT_MAX], len: 0 };
        if self.is_zero() {
            text.len = 1;
            return text;
        }
        if self.negative {
            text.push(b'-');
        }
        let mut buffer = [0; 39];
        let digits = digits_of(self.coefficient(), &mut buffer);
        let exponent = i32::from(self.exponent);
        if exponent >= 0 {
            text.extend(digits);
            // What follows is zeros already.
            text.len += exponent as usize;
            return text;
        }
        let fraction = exponent.unsigned_abs() as usize;
        if fraction < digits.len() {
            let (whole, rest) = digits.split_at(digits.len() - fraction);
            text.extend(whole);
            text.push(b'.');
            text.extend(rest);
        } else {
            text.extend(b"0.");
            text.len += fraction - digits.len();
            text.extend(digits);
        }
        text
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text().as_str())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use crate::Number;

    fn normal(text: &str) -> String {
        text.parse::<Number>().expect(text).to_string()
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        let cases = [
            ("1", "1"),
            ("123", "123"),
            ("-5", "-5"),
            ("100", "100"),
            ("007", "7"),
            ("001.23", "1.23"),
            ("00", "0"),
            ("+0", "0"),
            ("+1.5", "1.5"),
            ("1.10", "1.1"),
            ("100.000", "100"),
            ("0.0", "0"),
            ("0.10", "0.1"),
            ("1e3", "1000"),
            ("-3e2", "-300"),
            ("1.23e4", "12300"),
            ("1e-3", "0.001"),
            ("123e-2", "1.23"),
            ("1.23e-1", "0.123"),
            ("-0.0", "0"),
            ("0e-5", "0"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1e20", "100000000000000000000"),
            ("9.9e10", "99000000000"),
            ("1e-20", "0.00000000000000000001"),
            ("-0015.789e6", "-15789000"),
            ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
            ("1.0000000000000000000000000000000000001", "1.0000000000000000000000000000000000001"),
            ("10000000000000000000000000000000000001", "10000000000000000000000000000000000001"),
        ];
        for (text, expected) in cases {
            assert_eq!(normal(text), expected, "{text}");
        }
    }

    #[test]
    fn the_extremes_are_written_out() {
        assert_eq!(normal("1e125"), format!("1{}", "0".repeat(125)));
        assert_eq!(normal("-1e-130"), format!("-0.{}1", "0".repeat(129)));
        let most = "9".repeat(38);
        assert_eq!(normal(&format!("{most}e88")), format!("{most}{}", "0".repeat(88)));
        assert_eq!(normal(&format!("-{most}e-167")), format!("-0.{}{most}", "0".repeat(129)));
    }
}
