//! When a secret is to be rotated: a number of days, a `rate()` or a `cron()` expression, and the length of the window.

use kernel::{CivilTime, Timestamp};
use model_secretsmanager::Error;

use crate::error::invalid;
use crate::limits::{DAY_MS, ROTATION_DAYS_MAX, ROTATION_HOURS_MIN};

const HOUR_MS: i64 = 3_600_000;
/// A schedule repeats within a year, but for a leap day, which can be eight years away.
const SEARCH_DAYS: i64 = 8 * 366;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A checked schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    repeats: Repeats,
    /// Hours of the window, where they are given.
    window_hours: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repeats {
    Days(i64),
    Hours(i64),
    Cron(Box<Cron>),
}

/// One rotation window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub opens: Timestamp,
    pub closes: Timestamp,
}

impl Schedule {
    /// Reads rotation rules; nothing where they set no schedule.
    pub fn read(
        days: Option<i64>,
        duration: Option<&str>,
        expression: Option<&str>,
    ) -> Result<Option<Self>, Error> {
        let repeats = match (days, expression) {
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "You cannot specify both rotation frequency and schedule expression together.",
                ));
            }
            (Some(days), None) if !(1..=ROTATION_DAYS_MAX).contains(&days) => {
                return Err(invalid(format!(
                    "RotationRules.AutomaticallyAfterDays must be within 1-{ROTATION_DAYS_MAX}."
                )));
            }
            (Some(days), None) => Repeats::Days(days),
            (None, Some(expression)) => {
                expression_of(expression).ok_or_else(|| bad_expression(expression))?
            }
            (None, None) if duration.is_some() => {
                return Err(invalid("Duration can't be specified without a rotation schedule."));
            }
            (None, None) => return Ok(None),
        };
        let window_hours = duration.map(|text| hours(text, &repeats)).transpose()?;
        Ok(Some(Self { repeats, window_hours }))
    }

    /// The first window that opens after a moment; for intervals, the one that follows a rotation at that moment.
    pub fn after(&self, moment: Timestamp) -> Option<Window> {
        let midnight = moment.millis() - moment.millis().rem_euclid(DAY_MS);
        let (opens, usual_hours) = match &self.repeats {
            Repeats::Days(days) => (midnight + days * DAY_MS, 24),
            Repeats::Hours(every) => {
                let since = moment.millis() - midnight;
                let step = every * HOUR_MS;
                let next = (since.div_euclid(step) + 1) * step;
                (midnight + next.min(DAY_MS), 1)
            }
            Repeats::Cron(cron) => (cron.after(moment)?, cron.window_hours()),
        };
        let until_midnight = DAY_MS - opens.rem_euclid(DAY_MS);
        let length = (self.window_hours.unwrap_or(usual_hours) * HOUR_MS).min(until_midnight);
        Some(Window {
            opens: Timestamp::from_millis(opens),
            closes: Timestamp::from_millis(opens + length - 1000),
        })
    }
}

fn bad_expression(expression: &str) -> Error {
    invalid(format!("The schedule expression {expression} is not valid."))
}

/// Hours of a window, which ends before the next one opens and before the day ends.
fn hours(text: &str, repeats: &Repeats) -> Result<i64, Error> {
    let number = text.strip_suffix('h').and_then(|number| number.parse().ok());
    let most = match repeats {
        Repeats::Days(_) => 24,
        Repeats::Hours(every) => *every,
        Repeats::Cron(cron) => cron.window_hours_max(),
    };
    match number {
        Some(hours) if (1..=most).contains(&hours) => Ok(hours),
        _ => Err(invalid(format!(
            "The rotation window duration {text} is not valid: it must be from 1h to {most}h for this schedule."
        ))),
    }
}

fn expression_of(text: &str) -> Option<Repeats> {
    if let Some(rate) = inner(text, "rate") {
        let (number, unit) = rate.trim().split_once(' ')?;
        let number: i64 = number.parse().ok()?;
        return match (unit.trim(), number) {
            ("day", 1) | ("days", 1..=ROTATION_DAYS_MAX) => Some(Repeats::Days(number)),
            ("hour" | "hours", ROTATION_HOURS_MIN..=24) => Some(Repeats::Hours(number)),
            _ => None,
        };
    }
    Cron::read(inner(text, "cron")?).map(|cron| Repeats::Cron(Box::new(cron)))
}

fn inner<'a>(text: &'a str, function: &str) -> Option<&'a str> {
    text.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')
}

/// `cron(0 hours day-of-month month day-of-week *)`. Numbers are bits of masks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cron {
    hours: u32,
    months: u32,
    day: CronDay,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum CronDay {
    OfMonth(u32),
    LastOfMonth,
    /// Bit 1 is Sunday.
    OfWeek(u32),
    /// The nth of a weekday in the month.
    NthOfWeek(i64, i64),
    /// The last of a weekday in the month.
    LastOfWeek(i64),
}

impl Cron {
    fn read(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.try_into().ok()?;
        // Windows open on the hour, and schedules repeat within a year.
        if minutes != "0" || years != "*" {
            return None;
        }
        let day = match (of_month, of_week) {
            ("?", "?") => return None,
            ("L", "?") => CronDay::LastOfMonth,
            (days, "?") => CronDay::OfMonth(mask(days, 1, 31, &[])?),
            ("?", day) => week_day(day)?,
            _ => return None,
        };
        Some(Self { hours: mask(hours, 0, 23, &[])?, months: mask(months, 1, 12, &MONTHS)?, day })
    }

    fn after(&self, moment: Timestamp) -> Option<i64> {
        let midnight = moment.millis() - moment.millis().rem_euclid(DAY_MS);
        for days in 0..SEARCH_DAYS {
            let day = midnight + days * DAY_MS;
            if !self.is_on(Timestamp::from_millis(day)) {
                continue;
            }
            let opens = |hour: &i64| day + hour * HOUR_MS;
            let found =
                (0..24).filter(|hour| self.hours >> hour & 1 == 1).find(|hour| opens(hour) > moment.millis());
            if let Some(hour) = found {
                return Some(opens(&hour));
            }
        }
        None
    }

    fn is_on(&self, day: Timestamp) -> bool {
        let CivilTime { month, day: of_month, .. } = day.civil();
        let of_month = i64::from(of_month);
        // The first of January 1970 was a Thursday; Sunday is 1.
        let of_week = (day.millis().div_euclid(DAY_MS) + 4).rem_euclid(7) + 1;
        let same_month_in =
            |days: i64| Timestamp::from_millis(day.millis() + days * DAY_MS).civil().month == month;
        let on = match self.day {
            CronDay::OfMonth(days) => days >> of_month & 1 == 1,
            CronDay::LastOfMonth => !same_month_in(1),
            CronDay::OfWeek(days) => days >> of_week & 1 == 1,
            CronDay::NthOfWeek(wanted, nth) => of_week == wanted && (of_month - 1) / 7 + 1 == nth,
            CronDay::LastOfWeek(wanted) => of_week == wanted && !same_month_in(7),
        };
        on && self.months >> month & 1 == 1
    }

    /// A schedule in hours has windows of an hour, one in days has windows of the rest of the day.
    fn window_hours(&self) -> i64 {
        if self.hours.count_ones() > 1 { 1 } else { 24 }
    }

    /// The least time between two openings on a day, or the rest of it.
    fn window_hours_max(&self) -> i64 {
        let opens: Vec<i64> = (0..24).filter(|hour| self.hours >> hour & 1 == 1).collect();
        let between = opens.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(24);
        between.min(24 - opens.last().copied().unwrap_or(0))
    }
}

fn week_day(text: &str) -> Option<CronDay> {
    if text == "L" {
        return Some(CronDay::OfWeek(1 << 7));
    }
    if let Some((day, nth)) = text.split_once('#') {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
        return Some(CronDay::NthOfWeek(number(day, 1, 7, &WEEKDAYS)?, nth));
    }
    if let Some(day) = text.strip_suffix('L') {
        return Some(CronDay::LastOfWeek(number(day, 1, 7, &WEEKDAYS)?));
    }
    mask(text, 1, 7, &WEEKDAYS).map(CronDay::OfWeek)
}

/// The numbers of a field: a list of numbers, ranges, and steps through them.
fn mask(text: &str, least: i64, most: i64, names: &[&str]) -> Option<u32> {
    let mut mask = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| (1..=most).contains(step))?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from, least, most, names)?, number(to, least, most, names)?),
            None if range == "*" => (least, most),
            // A step from a number goes on to the end.
            None if part.contains('/') => (number(range, least, most, names)?, most),
            None => (number(range, least, most, names)?, number(range, least, most, names)?),
        };
        if from > to {
            return None;
        }
        let mut at = from;
        while at <= to {
            mask |= 1 << at;
            at += step;
        }
    }
    Some(mask)
}

fn number(text: &str, least: i64, most: i64, names: &[&str]) -> Option<i64> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let number = match named {
        Some(at) => i64::try_from(at).ok()? + least,
        None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??,
    };
    (least..=most).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i64, month: u8, day: u8, hour: u8) -> Timestamp {
        Timestamp::from_civil(CivilTime { year, month, day, hour, minute: 0, second: 0, millisecond: 0 })
            .unwrap()
    }

    fn opens(expression: &str, after: Timestamp) -> Timestamp {
        let schedule = Schedule::read(None, None, Some(expression)).expect(expression).unwrap();
        schedule.after(after).expect("a window").opens
    }

    #[test]
    fn windows_open_when_the_expression_says() {
        // A Wednesday.
        let now = at(2025, 1, 15, 10);
        for (expression, expected) in [
            ("rate(10 days)", at(2025, 1, 25, 0)),
            ("rate(1 day)", at(2025, 1, 16, 0)),
            ("rate(4 hours)", at(2025, 1, 15, 12)),
            ("rate(23 hours)", at(2025, 1, 15, 23)),
            ("cron(0 8/8 * * ? *)", at(2025, 1, 15, 16)),
            ("cron(0 10 * * ? *)", at(2025, 1, 16, 10)),
            ("cron(0 16 L * ? *)", at(2025, 1, 31, 16)),
            ("cron(0 0 ? * SUN#1 *)", at(2025, 2, 2, 0)),
            ("cron(0 0 ? * 6L *)", at(2025, 1, 31, 0)),
            ("cron(0 9 ? * MON-FRI *)", at(2025, 1, 16, 9)),
            ("cron(0 10 ? FEB,MAY TUE#2 *)", at(2025, 2, 11, 10)),
            ("cron(0 2 1/7 * ? *)", at(2025, 1, 22, 2)),
            ("cron(0 0 29 2 ? *)", at(2028, 2, 29, 0)),
        ] {
            assert_eq!(opens(expression, now), expected, "{expression}");
        }
    }

    #[test]
    fn expressions_that_are_none_are_refused() {
        for bad in [
            "",
            "rate(3 hours)",
            "rate(0 days)",
            "rate(1001 days)",
            "rate(25 hours)",
            "rate(5 minutes)",
            "rate(4)",
            "cron(5 8 * * ? *)",
            "cron(0 8 * * ? 2026)",
            "cron(0 8 * * * *)",
            "cron(0 8 ? * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 8 32 * ? *)",
            "cron(0 8 ? * SUN#6 *)",
            "cron(0 8 * 13 ? *)",
            "cron(0 8 * * ?)",
            "cron(0 9-8 * * ? *)",
            "cron(0 8/0 * * ? *)",
            "at(2025)",
        ] {
            assert!(Schedule::read(None, None, Some(bad)).is_err(), "{bad}");
        }
        assert!(Schedule::read(Some(1), None, Some("rate(1 day)")).is_err());
        assert!(
            Schedule::read(Some(0), None, None).is_err() && Schedule::read(Some(1001), None, None).is_err()
        );
        assert!(Schedule::read(None, Some("3h"), None).is_err());
        assert_eq!(Schedule::read(None, None, None).unwrap(), None);
    }

    #[test]
    fn windows_close_before_the_next_and_the_day_end() {
        let now = at(2025, 1, 15, 10);
        let closes = |expression: &str, duration: Option<&str>| {
            let schedule = Schedule::read(None, duration, Some(expression)).unwrap().unwrap();
            schedule.after(now).unwrap().closes.millis() + 1000
        };
        assert_eq!(closes("rate(10 days)", None), at(2025, 1, 26, 0).millis());
        assert_eq!(closes("rate(10 days)", Some("3h")), at(2025, 1, 25, 3).millis());
        assert_eq!(closes("rate(4 hours)", None), at(2025, 1, 15, 13).millis());
        assert_eq!(closes("cron(0 16 L * ? *)", None), at(2025, 2, 1, 0).millis());
        for (expression, duration) in [
            ("rate(4 hours)", "5h"),
            ("cron(0 16 * * ? *)", "9h"),
            ("cron(0 8/8 * * ? *)", "9h"),
            ("rate(1 day)", "25h"),
            ("rate(1 day)", "0h"),
        ] {
            assert!(
                Schedule::read(None, Some(duration), Some(expression)).is_err(),
                "{expression} {duration}"
            );
        }
    }
}
