//! The three written forms of a timestamp.

use kernel::{CivilTime, Timestamp, put_digits};

use crate::schema::TimestampFormat;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes `time`; never in scientific notation, which some SDKs cannot read.
pub(crate) fn format(time: Timestamp, format: TimestampFormat) -> String {
    match format {
        TimestampFormat::Iso8601 => time.to_string(),
        TimestampFormat::Iso8601Millis => {
            let mut text = time.with_millis();
            text.push('Z');
            text
        }
        TimestampFormat::EpochSeconds => epoch(time),
        TimestampFormat::HttpDate => {
            let c = time.civil();
            let (day, month) = (DAYS[time.weekday()], MONTHS[usize::from(c.month) - 1]);
            let mut text = *b"Ddd, 00 Mmm 0000 00:00:00 GMT";
            text[..3].copy_from_slice(day.as_bytes());
            put_digits(&mut text[5..7], c.day.into());
            text[8..11].copy_from_slice(month.as_bytes());
            put_digits(&mut text[12..16], c.year.unsigned_abs());
            put_digits(&mut text[17..19], c.hour.into());
            put_digits(&mut text[20..22], c.minute.into());
            put_digits(&mut text[23..25], c.second.into());
            String::from_utf8_lossy(&text).into_owned()
        }
    }
}

fn epoch(time: Timestamp) -> String {
    let (ms, sign) = (time.millis().unsigned_abs(), if time.millis() < 0 { "-" } else { "" });
    let (whole, fraction) = (ms / 1000, ms % 1000);
    if fraction == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction:03}").trim_end_matches('0').to_owned()
    }
}

/// Reads `text`; `None` when it is not of that form or names no moment in the years 0 to 9999.
pub(crate) fn parse(text: &str, format: TimestampFormat) -> Option<Timestamp> {
    match format {
        TimestampFormat::Iso8601 | TimestampFormat::Iso8601Millis => parse_iso(text),
        TimestampFormat::EpochSeconds => text.parse().ok().and_then(from_epoch),
        TimestampFormat::HttpDate => parse_http(text),
    }
}

/// A number of seconds since the epoch, to the nearest millisecond.
pub(crate) fn from_epoch(secs: f64) -> Option<Timestamp> {
    let ms = (secs * 1000.0).round();
    let time = Timestamp::from_millis(ms as i64);
    // Clamping and NaN show as a difference.
    (time.millis() as f64 == ms).then_some(time)
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let mut date = date.split('-');
    let (year, month, day) = (fixed(date.next()?, 4)?, fixed(date.next()?, 2)?, fixed(date.next()?, 2)?);
    let at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(at);
    let mut time = time.split(':');
    let (hour, minute) = (fixed(time.next()?, 2)?, fixed(time.next()?, 2)?);
    let (second, millisecond) = seconds(time.next()?)?;
    if date.next().is_some() || time.next().is_some() {
        return None;
    }
    let local = civil(year, month, day, hour, minute, second, millisecond)?;
    Some(Timestamp::from_millis(local.millis() - offset_minutes(zone)? * 60_000))
}

fn offset_minutes(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first()? {
        b'Z' | b'z' => return (zone.len() == 1).then_some(0),
        b'+' => 1,
        _ => -1,
    };
    let (hours, minutes) = zone[1..].split_once(':')?;
    let (hours, minutes) = (fixed(hours, 2)?, fixed(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

fn parse_http(text: &str) -> Option<Timestamp> {
    let (weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = fixed(parts.next()?, 2)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|m| *m == month)? as i64 + 1;
    let year = fixed(parts.next()?, 4)?;
    let mut time = parts.next()?.split(':');
    let (hour, minute) = (fixed(time.next()?, 2)?, fixed(time.next()?, 2)?);
    let (second, millisecond) = seconds(time.next()?)?;
    let well_formed = DAYS.contains(&weekday)
        && parts.next() == Some("GMT")
        && parts.next().is_none()
        && time.next().is_none();
    if !well_formed {
        return None;
    }
    civil(year, month, day, hour, minute, second, millisecond)
}

fn civil(y: i64, mo: i64, d: i64, h: i64, mi: i64, s: i64, ms: i64) -> Option<Timestamp> {
    Timestamp::from_civil(CivilTime {
        year: y,
        month: mo as u8,
        day: d as u8,
        hour: h as u8,
        minute: mi as u8,
        second: s as u8,
        millisecond: ms as u16,
    })
}

/// `18`, `18.5`, `18.123456`: digits beyond the millisecond are dropped.
fn seconds(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if !all_digits {
        return None;
    }
    let ms = fraction.bytes().chain(*b"00").take(3).fold(0, |ms, b| ms * 10 + i64::from(b - b'0'));
    Some((fixed(whole, 2)?, ms))
}

/// Exactly `len` digits.
fn fixed(text: &str, len: usize) -> Option<i64> {
    let digits = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::TimestampFormat::*;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn written_forms() {
        let t = Timestamp::from_millis(1_398_796_238_120);
        assert_eq!(format(t, Iso8601), "2014-04-29T18:30:38.120Z");
        assert_eq!(format(t, Iso8601Millis), "2014-04-29T18:30:38.120Z");
        let whole = Timestamp::from_secs(t.secs());
        assert_eq!(format(whole, Iso8601Millis), "2014-04-29T18:30:38.000Z");
        assert_eq!(parse("2014-04-29T18:30:38.000Z", Iso8601Millis), Some(whole));
        assert_eq!(format(t, EpochSeconds), "1398796238.12");
        assert_eq!(format(t, HttpDate), "Tue, 29 Apr 2014 18:30:38 GMT");
        assert_eq!(format(Timestamp::from_secs(100_000_000_000), EpochSeconds), "100000000000");
        assert_eq!(format(Timestamp::from_millis(-500), EpochSeconds), "-0.5");
    }

    #[test]
    fn read_forms() {
        let t = Timestamp::from_millis(1_398_796_238_123);
        assert_eq!(parse("2014-04-29T18:30:38.123456Z", Iso8601), Some(t));
        assert_eq!(parse("2014-04-29T20:00:38.123+01:30", Iso8601), Some(t));
        assert_eq!(parse("1398796238.123", EpochSeconds), Some(t));
        assert_eq!(parse("Tue, 29 Apr 2014 18:30:38.123 GMT", HttpDate), Some(t));
    }

    #[test]
    fn refused_forms() {
        for text in ["", "2014-04-29", "2014-04-29T18:30:38", "2014-13-29T18:30:38Z", "2014-04-29T18:30:38.Z"]
        {
            assert_eq!(parse(text, Iso8601), None, "{text}");
        }
        for text in ["NaN", "1e400", "inf", "x", "99999999999999"] {
            assert_eq!(parse(text, EpochSeconds), None, "{text}");
        }
        for text in ["Tue, 29 Apr 2014 18:30:38", "29 Apr 2014 18:30:38 GMT", "Tue, 31 Apr 2014 18:30:38 GMT"]
        {
            assert_eq!(parse(text, HttpDate), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(ms in -62_000_000_000_000i64..250_000_000_000_000) {
            let t = Timestamp::from_millis(ms);
            prop_assert_eq!(parse(&format(t, Iso8601), Iso8601), Some(t));
            prop_assert_eq!(parse(&format(t, EpochSeconds), EpochSeconds), Some(t));
            prop_assert_eq!(parse(&format(t, HttpDate), HttpDate), Some(Timestamp::from_secs(t.secs())));
        }

        #[test]
        fn any_text(text in ".*") {
            for f in [Iso8601, EpochSeconds, HttpDate] {
                let _ = parse(&text, f);
            }
        }
    }
}
