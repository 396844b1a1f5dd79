//! Decimal numbers of the `Numeric` operators, compared exactly.

/// Digits kept after the point. More would not fit beside a 64-bit whole part in 128 bits.
const SCALE: usize = 18;

/// A decimal number times 10^18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(i128);

impl Number {
    /// Reads `-12`, `+3.50`, `.5`; nothing with an exponent, more than 18 digits after the point, or a whole
    /// part beyond 64 bits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        if fraction.len() > SCALE || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
        let mut value = whole;
        for place in 0..SCALE {
            let digit = fraction.as_bytes().get(place).map_or(0, |b| i128::from(b - b'0'));
            value = value * 10 + digit;
        }
        Some(Self(if negative { -value } else { value }))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(i128::from(value) * 10i128.pow(SCALE as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_compare_by_value() {
        let number = |text| Number::parse(text).unwrap();
        assert_eq!(number("10"), number("+10.000"));
        assert_eq!(number("10"), Number::from(10));
        assert_eq!(number("-0"), Number::from(0));
        assert!(number("9007199254740993") > number("9007199254740992"));
        assert!(number(".1") < number("0.100000000000000001"));
        assert!(number("-2") < number("-1.5"));
        assert!(Number::from(i64::MIN) < Number::from(i64::MAX));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bad in [
            "",
            "-",
            ".",
            "1e3",
            "0x1",
            "1.2.3",
            "1,5",
            "NaN",
            "99999999999999999999",
            "0.1234567890123456789",
        ] {
            assert_eq!(Number::parse(bad), None, "{bad}");
        }
    }
}
