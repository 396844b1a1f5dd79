//! Instants of the `Date` operators: the W3C forms of ISO 8601, or seconds since 1970.

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

const SECOND: i128 = 1_000_000_000;

impl Instant {
    /// Milliseconds since 1970.
    pub(crate) fn from_millis(millis: i64) -> Self {
        Self(i128::from(millis) * 1_000_000)
    }

    /// Seconds since 1970.
    pub(crate) fn from_seconds(seconds: i64) -> Self {
        Self(i128::from(seconds) * SECOND)
    }

    /// Reads `2026`, `2026-01`, `2026-01-02`, `2026-01-02T03:04[:05[.6]]` with `Z`, `+hh:mm`, `-hh:mm` or no
    /// zone (then UTC), or whole seconds since 1970. As with the service, a year may have fewer or more digits
    /// and a sign, other numbers may have one digit, and what follows the `T` may stop early.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // Four digits alone are a year in the W3C forms; any other run of digits counts seconds.
        if text.len() != 4 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Some(Self::from_seconds(text.parse().ok()?));
        }
        let (date, time) = match text.find(['T', 't']) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        };
        let (sign, date) = date.strip_prefix('-').map_or((1, date), |date| (-1, date));
        let mut parts = date.split('-');
        let year = sign * digits(parts.next()?, YEAR_DIGITS)?;
        let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
        let day = parts.next().map_or(Some(1), |part| digits(part, 2))?;
        if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day)
        {
            return None;
        }
        let seconds = i128::from(days_from_civil(year, month, day)) * 86_400;
        Some(Self(seconds * SECOND + time_of_day(time)?))
    }
}

/// As many as the service's greatest year (292,278,993) has.
const YEAR_DIGITS: usize = 9;

/// Nanoseconds from midnight UTC, which a zone may push below zero or beyond the day.
fn time_of_day(text: &str) -> Option<i128> {
    let (clock, offset_minutes) = match text.find(['Z', 'z', '+', '-']) {
        None => (text, 0),
        Some(at) => (&text[..at], offset(&text[at..])?),
    };
    if clock.is_empty() {
        return (text.is_empty()).then_some(0);
    }
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = parts.next().map_or(Some(0), |part| digits(part, 2))?;
    let (second, fraction) =
        parts.next().map_or(("0", "0"), |part| part.split_once('.').unwrap_or((part, "0")));
    let (second, nanos) = (digits(second, 2)?, fraction_nanos(fraction)?);
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i128::from((hour * 60 + minute - offset_minutes) * 60 + second) * SECOND + nanos)
}

fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (hours, minutes) = zone[1..].split_once(':').unwrap_or((&zone[1..], "00"));
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let total = hours * 60 + minutes;
    Some(if zone.starts_with('-') { -total } else { total })
}

/// A number of at most `most` digits.
fn digits(text: &str, most: usize) -> Option<i64> {
    let plain = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn fraction_nanos(text: &str) -> Option<i128> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse::<i128>().ok()? * 10i128.pow(9 - text.len() as u32))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March so that the
/// leap day is the last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// `2026-01-02T03:04:05Z`, as `aws:CurrentTime` reads in a string comparison.
pub(crate) fn iso(millis: i64) -> String {
    let seconds = millis.div_euclid(1000);
    let days = seconds.div_euclid(86_400) + 719_468;
    let time = seconds.rem_euclid(86_400);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i128 {
        Instant::parse(text).unwrap_or_else(|| panic!("{text}")).0 / SECOND
    }

    #[test]
    fn every_documented_form_is_read() {
        assert_eq!(seconds("1970"), 0);
        assert_eq!(seconds("1970-02"), 31 * 86_400);
        assert_eq!(seconds("2000-03-01"), 951_868_800);
        assert_eq!(seconds("2020-01-01T00:00:01Z"), 1_577_836_801);
        assert_eq!(seconds("2020-01-01T02:00+02:00"), 1_577_836_800);
        assert_eq!(seconds("2019-12-31T23:30:00-00:30"), 1_577_836_800);
        assert_eq!(seconds("1577836801"), 1_577_836_801);
        assert_eq!(seconds("2020-1-1T2:3"), 1_577_844_180);
        assert_eq!(seconds("2016-12-13t2:00:00.593194+23"), 1_481_511_600);
        assert!(
            Instant::parse("-292275054") < Instant::parse("-5-01")
                && Instant::parse("-5-01") < Instant::parse("01T")
        );
        assert!(Instant::parse("2020-01-01T00:00:00.5Z") > Instant::parse("2020-01-01T00:00:00.499999999Z"));
        assert_eq!(Instant::parse("1577836801"), Some(Instant::from_millis(1_577_836_801_000)));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "x",
            "-",
            "T",
            "2020-13",
            "2020-02-30",
            "2021-02-29",
            "2020-01-01T24:00Z",
            "2020-01-01T00:00:60Z",
            "2020-01-01T00:00:00+0100",
            "2020-01-01T00:00:00+1",
            "2020-01-01T00:00:00.Z",
            "2020-01-01-01",
            "é020-01-01",
            "2020-01-01TZ",
            "2020-01-01T00:00:00:00",
            "2020-001",
            "99999999999999999999",
            "9999999999-01",
            "2020-01-01T00:00:00.1999999999Z",
        ] {
            assert_eq!(Instant::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn text_form_reads_back() {
        for millis in [0, 951_782_400_000, 951_868_799_000, 1_577_836_801_000, -1_000, 4_102_444_800_000] {
            assert_eq!(Instant::parse(&iso(millis)), Some(Instant::from_millis(millis)), "{}", iso(millis));
        }
        assert_eq!(iso(1_577_836_801_999), "2020-01-01T00:00:01Z");
    }
}
