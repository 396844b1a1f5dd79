//! The three date forms of a signature: `20150830T123600Z`, its day, and the RFC 1123 form of a `Date` header.

const DAY_S: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `20150830T123600Z` as unix seconds; `None` when it is anything else.
pub(crate) fn parse_iso(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    if b.len() != 16 || b[8] != b'T' || b[15] != b'Z' {
        return None;
    }
    let (year, month, day) = (number(&b[0..4])?, number(&b[4..6])?, number(&b[6..8])?);
    seconds(year, month, day, number(&b[9..11])?, number(&b[11..13])?, number(&b[13..15])?)
}

/// `Sun, 30 Aug 2015 12:36:00 GMT` as unix seconds, or with `-0000` or `+0000` at its end, as Python writes it; `None` when
/// it is anything else.
pub(crate) fn parse_rfc1123(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    let zone = [&b" GMT"[..], b" -0000", b" +0000"].into_iter().find(|zone| b.ends_with(zone))?;
    let shape = b.len() == 25 + zone.len() && text.is_ascii() && &b[3..5] == b", ";
    if !shape || b[7] != b' ' || b[11] != b' ' || b[16] != b' ' || b[19] != b':' || b[22] != b':' {
        return None;
    }
    let month = MONTHS.iter().position(|m| m.as_bytes() == &b[8..11])?;
    let (day, year) = (number(&b[5..7])?, number(&b[12..16])?);
    seconds(year, month as i64 + 1, day, number(&b[17..19])?, number(&b[20..22])?, number(&b[23..25])?)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |sum, d| if d.is_ascii_digit() { Some(sum * 10 + i64::from(d - b'0')) } else { None })
}

fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let in_range = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !in_range || day < 1 || day > month_len(year, month) {
        return None;
    }
    Some(days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second)
}

fn month_len(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (years count from March so that the leap day is last).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// The earliest and latest second that four-digit years can write; times outside are clamped.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// Unix seconds as `20150830T123600Z`.
pub(crate) fn iso(time: i64) -> [u8; 16] {
    let time = time.clamp(*WRITABLE.start(), *WRITABLE.end());
    let (year, month, day) = civil_from_days(time.div_euclid(DAY_S));
    let second = time.rem_euclid(DAY_S);
    let mut out = *b"00000000T000000Z";
    put(&mut out[0..4], year);
    put(&mut out[4..6], month);
    put(&mut out[6..8], day);
    put(&mut out[9..11], second / 3600);
    put(&mut out[11..13], second / 60 % 60);
    put(&mut out[13..15], second % 60);
    out
}

fn put(digits: &mut [u8], mut value: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Unix seconds as `20150830T123600Z`, as text.
pub(crate) fn iso_string(time: i64) -> String {
    iso(time).iter().map(|&b| char::from(b)).collect()
}

/// Unix seconds as `2015-08-30T12:36:00Z`, the form of S3's error fields.
pub(crate) fn iso_extended(time: i64) -> String {
    let t = iso_string(time);
    format!("{}-{}-{}T{}:{}:{}Z", &t[0..4], &t[4..6], &t[6..8], &t[9..11], &t[11..13], &t[13..15])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates_are_read() {
        assert_eq!(parse_iso("20150830T123600Z"), Some(1_440_938_160));
        assert_eq!(parse_iso("19700101T000000Z"), Some(0));
        assert_eq!(parse_iso("20000229T000000Z"), Some(951_782_400));
        for zone in ["GMT", "-0000", "+0000"] {
            let text = format!("Sun, 30 Aug 2015 12:36:00 {zone}");
            assert_eq!(parse_rfc1123(&text), Some(1_440_938_160));
        }
        assert_eq!(iso_extended(1_440_938_160), "2015-08-30T12:36:00Z");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in ["", "20150830", "20150230T000000Z", "20151301T000000Z", "20150830T240000Z"] {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
        for bad in
            ["20150830T123660Z", "2015083T1123600Z", "20150830t123600z", "-0150830T123600Z", "éééééééé"]
        {
            assert_eq!(parse_iso(bad), None, "{bad}");
        }
        for bad in ["Sun, 30 Abc 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 CET", "ééééééééééééééé"]
        {
            assert_eq!(parse_rfc1123(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_written_time_reads_back() {
        for step in 0..4_000 {
            let time = WRITABLE.start() + step * 78_901_234;
            assert_eq!(parse_iso(&iso_string(time)), Some(time));
        }
        assert_eq!(iso_string(i64::MAX), "99991231T235959Z");
        assert_eq!(iso_string(i64::MIN), "00000101T000000Z");
    }
}
