//! Times as SAML writes them.

use kernel::{CivilTime, Timestamp};

/// `2030-01-02T03:04:05Z`, perhaps with a fraction: SAML's times are in UTC.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let small = |number: u16| u8::try_from(number).ok();
    Timestamp::from_civil(CivilTime {
        year: i64::from(year),
        month: small(month)?,
        day: small(day)?,
        hour: small(hour)?,
        minute: small(minute)?,
        second: small(second)?,
        // Whole seconds are what the limits are about.
        millisecond: 0,
    })
}

fn numbers(text: &str, between: char) -> Option<[u16; 3]> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split(between).map(|part| part.parse().ok().filter(|_| digits(part)));
    let all = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for text in ["2030-01-02T03:04:05Z", "2030-01-02T03:04:05.678Z", "2030-01-02T03:04:05.6789012Z"] {
            assert_eq!(parse(text).unwrap().to_string(), "2030-01-02T03:04:05Z");
        }
        for text in [
            "",
            "2030-01-02",
            "2030-01-02T03:04:05",
            "2030-01-02T03:04:05+01:00",
            "2030-13-02T03:04:05Z",
            "2030-01-02T03:04Z",
            "2030-01-02-03T03:04:05Z",
            "2030-01-02T03:04:+5Z",
            "2030-01-02T03:04:05.Z",
            "2030-01-02T03:04:05.xZ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
