//! Text to number.

use std::str::FromStr;

use super::Number;
use crate::limits::{NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN};

/// Why a text is not a number the service stores; the text is the service's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// There is no text.
    #[error("The parameter cannot be converted to a numeric value")]
    Empty,
    /// The text is no decimal number.
    #[error("The parameter cannot be converted to a numeric value: {0}")]
    NotNumeric(String),
    /// Beyond 9.99…e125.
    #[error("Number overflow. Attempting to store a number with magnitude larger than supported range")]
    Overflow,
    /// Closer to zero than 1e-130.
    #[error("Number underflow. Attempting to store a number with magnitude smaller than supported range")]
    Underflow,
    /// More than 38 significant digits.
    #[error("Attempting to store more than 38 significant digits in a Number")]
    Digits,
}

/// Exponents beyond this are all the same: far out of range, whatever the digits.
const EXPONENT_CLAMP: i64 = 1 << 40;

impl FromStr for Number {
    type Err = NumberError;

    /// Reads an optional sign, digits with an optional point among them, and an optional power of ten.
    fn from_str(text: &str) -> Result<Number, NumberError> {
        if text.is_empty() {
            return Err(NumberError::Empty);
        }
        let scan = Scan::of(text.as_bytes()).ok_or_else(|| NumberError::NotNumeric(text.to_owned()))?;
        let Some(first) = scan.first else {
            return Ok(Number::ZERO);
        };
        let magnitude = scan.whole - 1 - first + scan.power;
        if magnitude > NUMBER_EXPONENT_MAX {
            return Err(NumberError::Overflow);
        }
        if magnitude < NUMBER_EXPONENT_MIN {
            return Err(NumberError::Underflow);
        }
        if scan.last - first >= i64::from(NUMBER_DIGITS_MAX) {
            return Err(NumberError::Digits);
        }
        // The magnitude is in range and there are at most 38 digits, so this fits.
        let exponent = (scan.whole - 1 - scan.last + scan.power) as i16;
        Ok(Number::from_parts(scan.coefficient, exponent, scan.negative))
    }
}

/// What one pass over the text finds. Positions count digits, the point left out.
struct Scan {
    negative: bool,
    /// Digits before the point.
    whole: i64,
    /// The first and the last digit that is not zero.
    first: Option<i64>,
    last: i64,
    /// The digits from the first to the last, as long as there are at most 38.
    coefficient: u128,
    /// The power of ten that was written.
    power: i64,
}

impl Scan {
    fn of(text: &[u8]) -> Option<Scan> {
        let (negative, rest) = sign(text);
        let mut scan = Scan { negative, whole: 0, first: None, last: 0, coefficient: 0, power: 0 };
        let mut digits = 0;
        let mut point = false;
        let mut rest = rest.iter();
        loop {
            match rest.next() {
                Some(digit @ b'0'..=b'9') => {
                    scan.digit(digits, digit - b'0');
                    digits += 1;
                    scan.whole += i64::from(!point);
                }
                Some(b'.') if !point => point = true,
                Some(b'e' | b'E') => {
                    scan.power = power(rest.as_slice())?;
                    break;
                }
                Some(_) => return None,
                None => break,
            }
        }
        (digits > 0).then_some(scan)
    }

    fn digit(&mut self, at: i64, digit: u8) {
        if digit == 0 {
            return;
        }
        match self.first {
            None => {
                self.first = Some(at);
                self.coefficient = digit.into();
            }
            // Beyond 38 digits the number is refused, and the coefficient is of no use.
            Some(first) if at - first < i64::from(NUMBER_DIGITS_MAX) => {
                self.coefficient = self.coefficient * 10u128.pow((at - self.last) as u32) + u128::from(digit);
            }
            Some(_) => {}
        }
        self.last = at;
    }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() {
        return None;
    }
    let mut power: i64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        power = (power * 10 + i64::from(digit - b'0')).min(EXPONENT_CLAMP);
    }
    Some(if negative { -power } else { power })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Number>().expect_err(text).to_string()
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(error(""), "The parameter cannot be converted to a numeric value");
        for text in [
            "NaN", "Infinity", "-NaN", "dog", " 1", "1 ", "-", "+", ".", "1e", "1e+", "1.2.3", "0x1",
            "1e1.5", "٣",
        ] {
            assert_eq!(error(text), format!("The parameter cannot be converted to a numeric value: {text}"));
        }
    }

    #[test]
    fn the_range_is_the_services() {
        let overflow =
            "Number overflow. Attempting to store a number with magnitude larger than supported range";
        let underflow =
            "Number underflow. Attempting to store a number with magnitude smaller than supported range";
        for text in ["1e126", "-1e126", "11e125", "1.0e100000000", "1e99999999999999999999999999"] {
            assert_eq!(error(text), overflow);
        }
        for text in ["1e-131", "-1e-131", "0.9e-130", "1e-99999999999999999999999999"] {
            assert_eq!(error(text), underflow);
        }
        for text in
            ["1e125", "0.1e126", "9.9999999999999999999999999999999999999e125", "1e-130", "0.0e126", "0e-131"]
        {
            assert!(text.parse::<Number>().is_ok(), "{text}");
        }
    }

    #[test]
    fn digits_are_counted_between_the_outermost_that_are_not_zero() {
        let digits = "Attempting to store more than 38 significant digits in a Number";
        for text in [
            "123456789012345678901234567890123456789",
            "-1.23456789012345678901234567890123456789",
            "3.14159265358979323846264338327950288419",
            "314159265358979323846264338327950288419e30",
            "1.00000000000000000000000000000000000000000000000001",
        ] {
            assert_eq!(error(text), digits);
        }
        for text in [
            "0000012345678901234567890123456789012345678",
            "3.1415926535897932384626433832795028841",
            "1e125",
        ] {
            assert!(text.parse::<Number>().is_ok(), "{text}");
        }
        // Out of range comes first.
        assert!(error("123456789012345678901234567890123456789e200").starts_with("Number overflow"));
    }

    #[test]
    fn a_long_text_is_read_in_one_pass() {
        let zeros = "0".repeat(1 << 20);
        assert_eq!(format!("{zeros}1").parse::<Number>(), Ok(Number::from(1)));
        assert_eq!(format!("0.{zeros}").parse::<Number>(), Ok(Number::ZERO));
        assert_eq!(format!("1{zeros}e-1048576").parse::<Number>(), Ok(Number::from(1)));
    }
}
