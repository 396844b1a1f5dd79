//! A point in time, and its calendar form.

use std::fmt;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z; negative before. The finest unit any AWS protocol carries.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A timestamp's calendar fields in UTC (proleptic Gregorian calendar).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// Year; negative years are before year 0.
    pub year: i64,
    /// 1..=12
    pub month: u8,
    /// 1..=31
    pub day: u8,
    /// 0..=23
    pub hour: u8,
    /// 0..=59
    pub minute: u8,
    /// 0..=59
    pub second: u8,
    /// 0..=999
    pub millisecond: u16,
}

const DAY_MS: i64 = 86_400_000;
/// Characters of `2015-01-25T08:00:00`, and with `.000`.
const SECONDS: usize = 19;
const WITH_MILLIS: usize = 23;

/// What a four-digit year can hold; everything outside is refused when read and clamped when computed.
const MIN: i64 = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
const MAX: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

impl Timestamp {
    /// From milliseconds since the epoch, clamped to the years 0 to 9999.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < MIN {
            Self(MIN)
        } else if millis > MAX {
            Self(MAX)
        } else {
            Self(millis)
        }
    }

    /// From whole seconds since the epoch, clamped to the years 0 to 9999.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `duration` more.
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`.
    pub fn minus(self, duration: Duration) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar fields in UTC. Days-to-civil by Hinnant's algorithm over 400-year eras.
    pub fn civil(self) -> CivilTime {
        let days = self.0.div_euclid(DAY_MS);
        let ms = self.0.rem_euclid(DAY_MS);
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        CivilTime {
            year: yoe + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (doy - (153 * mp + 2) / 5 + 1) as u8,
            hour: (ms / 3_600_000) as u8,
            minute: (ms / 60_000 % 60) as u8,
            second: (ms / 1000 % 60) as u8,
            millisecond: (ms % 1000) as u16,
        }
    }

    /// From calendar fields in UTC; `None` when a field is outside its range or the day is not in that month.
    pub fn from_civil(c: CivilTime) -> Option<Self> {
        let leap = c.year % 4 == 0 && (c.year % 100 != 0 || c.year % 400 == 0);
        let days_in_month = match c.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        let in_range = (0..=9999).contains(&c.year)
            && (1..=days_in_month).contains(&c.day)
            && c.hour < 24
            && c.minute < 60
            && c.second < 60
            && c.millisecond < 1000;
        if !in_range {
            return None;
        }
        let year = c.year - i64::from(c.month <= 2);
        let era = year.div_euclid(400);
        let yoe = year.rem_euclid(400);
        let month = i64::from(c.month);
        let mp = if month > 2 { month - 3 } else { month + 9 };
        let doy = (153 * mp + 2) / 5 + i64::from(c.day) - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        let ms = ((i64::from(c.hour) * 60 + i64::from(c.minute)) * 60 + i64::from(c.second)) * 1000
            + i64::from(c.millisecond);
        Some(Self(days * DAY_MS + ms))
    }

    /// ISO 8601 in UTC with three fraction digits, whatever they are, and without the zone: `2015-01-25T08:00:00.000`.
    pub fn with_millis(self) -> String {
        text(&self.iso()).to_owned()
    }

    fn iso(self) -> [u8; WITH_MILLIS] {
        let c = self.civil();
        let mut iso = *b"0000-00-00T00:00:00.000";
        put_digits(&mut iso[..4], c.year.unsigned_abs());
        let fields = [c.month, c.day, c.hour, c.minute, c.second];
        // Each is two digits, behind one character.
        for (field, place) in fields.into_iter().zip(iso[5..SECONDS].chunks_mut(3)) {
            put_digits(&mut place[..2], u64::from(field));
        }
        put_digits(&mut iso[SECONDS + 1..], u64::from(c.millisecond));
        iso
    }

    /// Day of the week, 0 = Sunday.
    pub fn weekday(self) -> usize {
        (self.0.div_euclid(DAY_MS) + 4).rem_euclid(7) as usize
    }
}

/// Writes a number's last digits, as many as there is room for. Lists show a time for every entry, and the formatter of the
/// standard library takes ten times as long.
pub fn put_digits(room: &mut [u8], mut number: u64) {
    for digit in room.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

/// ISO 8601 with as many fraction digits as needed: `2015-01-25T08:00:00Z`, `2015-01-25T08:00:00.123Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = self.iso();
        let shown = if self.0 % 1000 == 0 { &iso[..SECONDS] } else { &iso };
        f.write_str(text(shown))?;
        f.write_str("Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_dates() {
        assert_eq!(Timestamp::from_secs(1_422_172_800).to_string(), "2015-01-25T08:00:00Z");
        assert_eq!(Timestamp::from_millis(951_782_400_001).to_string(), "2000-02-29T00:00:00.001Z");
        assert_eq!(Timestamp::from_secs(1_422_172_800).with_millis(), "2015-01-25T08:00:00.000");
        assert_eq!(Timestamp::from_secs(-1).to_string(), "1969-12-31T23:59:59Z");
        assert_eq!(Timestamp::from_secs(1_422_172_800).weekday(), 0);
    }

    #[test]
    fn impossible_dates_are_refused() {
        let good = CivilTime { year: 2023, month: 2, day: 28, hour: 0, minute: 0, second: 0, millisecond: 0 };
        assert!(Timestamp::from_civil(good).is_some());
        assert_eq!(Timestamp::from_civil(CivilTime { day: 29, ..good }), None);
        assert_eq!(Timestamp::from_civil(CivilTime { month: 13, ..good }), None);
        assert_eq!(Timestamp::from_civil(CivilTime { hour: 24, ..good }), None);
    }

    #[test]
    fn arithmetic_stays_in_four_digit_years() {
        assert_eq!(Timestamp::from_millis(i64::MAX).plus(Duration::MAX).civil().year, 9999);
        assert_eq!(Timestamp::from_millis(i64::MIN).minus(Duration::MAX).civil().year, 0);
    }

    proptest! {
        #[test]
        fn civil_round_trip(ms in MIN..=MAX) {
            let t = Timestamp::from_millis(ms);
            prop_assert_eq!(Timestamp::from_civil(t.civil()), Some(t));
        }
    }
}
