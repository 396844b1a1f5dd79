//! How often, and how fast.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// `[scrub]` of the configuration file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How often every file is read through, as in `7d` or `12h`; `off`: never.
    pub every: Option<String>,
    /// How fast at most, in MiB a second.
    pub mib_per_second: Option<u32>,
}

/// The same, with nothing left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scrub {
    /// From the beginning of one pass to that of the next.
    pub every: Duration,
    mib_per_second: u32,
}

const DAY_S: u64 = 86_400;
/// A week: what a disk has lost is known before the copies that people keep are all younger than that.
const EVERY: Duration = Duration::from_secs(7 * DAY_S);
/// A tenth of what a slow disk gives, and 12 TB in a week.
const MIB_PER_SECOND: u32 = 20;
/// Beyond any disk.
const MIB_PER_SECOND_MAX: u32 = 100_000;

impl Settings {
    /// Fills what is left open with defaults. None: it is off.
    pub fn resolve(&self) -> Result<Option<Scrub>> {
        let every = match self.every.as_deref() {
            None => EVERY,
            Some("off") => return Ok(None),
            Some(text) => period(text)
                .with_context(|| format!("scrub.every: {text:?} is neither `off` nor as `7d` or `12h`"))?,
        };
        let mib_per_second = self.mib_per_second.unwrap_or(MIB_PER_SECOND);
        ensure!(
            (1..=MIB_PER_SECOND_MAX).contains(&mib_per_second),
            "scrub.mib_per_second has to be from 1 to {MIB_PER_SECOND_MAX}"
        );
        Ok(Some(Scrub { every, mib_per_second }))
    }
}

impl Scrub {
    /// How long reading so many bytes has to take.
    pub fn time_for(&self, bytes: u64) -> Duration {
        Duration::from_micros(bytes.saturating_mul(1_000_000) / (u64::from(self.mib_per_second) << 20))
    }
}

/// A number of days, hours or minutes, up to a year.
fn period(text: &str) -> Option<Duration> {
    let unit_s = match text.chars().next_back()? {
        'd' => DAY_S,
        'h' => 3_600,
        'm' => 60,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let number: u64 = number.parse().ok().filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))?;
    let seconds = number.checked_mul(unit_s)?;
    (60..=366 * DAY_S).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(every: &str) -> Result<Option<Scrub>> {
        Settings { every: Some(every.to_owned()), mib_per_second: None }.resolve()
    }

    #[test]
    fn periods() {
        assert_eq!(Settings::default().resolve().unwrap().unwrap().every, EVERY);
        for (text, seconds) in [("1d", 86_400), ("12h", 43_200), ("1m", 60), ("366d", 366 * 86_400)] {
            assert_eq!(of(text).unwrap().unwrap().every.as_secs(), seconds, "{text}");
        }
        assert_eq!(of("off").unwrap(), None);
        for text in
            ["", "7", "d", "0d", "367d", "-1d", "+1d", "1.5d", "7 d", "7D", "1é", "99999999999999999999d"]
        {
            assert!(of(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn rates() {
        let scrub = |mib| Settings { every: None, mib_per_second: Some(mib) }.resolve();
        assert_eq!(scrub(20).unwrap().unwrap().time_for(20 << 20), Duration::from_secs(1));
        assert_eq!(scrub(1).unwrap().unwrap().time_for(1 << 19), Duration::from_millis(500));
        assert!(scrub(0).is_err());
        assert!(scrub(MIB_PER_SECOND_MAX + 1).is_err());
    }
}
