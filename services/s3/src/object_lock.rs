//! Object lock: until when a version may not be deleted, and by whom then.

use kernel::{Call, Timestamp};
use model_s3::Error;
use wire::Detailed;

use crate::bucket::Bucket;
use crate::error::{access_denied, invalid_argument, invalid_request};
use crate::limits::DAY_MS;
use crate::records::{LockDefault, LockMode, Object, Retention};

const MODE: &str = "x-amz-object-lock-mode";
const UNTIL: &str = "x-amz-object-lock-retain-until-date";

/// What a request says of the lock of what it writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    pub mode: Option<&'a str>,
    pub until: Option<Timestamp>,
    pub hold: Option<&'a str>,
}

/// The lock of a new version: what the request says, or else the bucket's default.
pub fn of_new(bucket: &Bucket, said: Said<'_>, now: Timestamp) -> Result<(Option<Retention>, bool), Error> {
    let Said { mode, until, hold } = said;
    if !bucket.record.lock {
        if mode.is_some() || until.is_some() || hold.is_some() {
            return Err(no_lock().into());
        }
        return Ok((None, false));
    }
    let retention = match (mode, until) {
        (Some(mode), Some(until)) => {
            let mode = parse_mode(mode)
                .ok_or_else(|| invalid_argument("Unknown wormMode directive.", MODE, mode))?;
            check_until(until, now, UNTIL)?;
            Some(Retention { mode, until_ms: until.millis() })
        }
        (None, None) => bucket.record.lock_default.map(|default| of_default(default, now)),
        (Some(_), None) => return Err(both(UNTIL).into()),
        (None, Some(_)) => return Err(both(MODE).into()),
    };
    Ok((retention, hold == Some("ON")))
}

fn both(missing: &str) -> Detailed {
    let text = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
    Detailed::new("InvalidArgument", 400, text).with("ArgumentName", missing)
}

/// The bucket has no object lock.
pub fn no_lock() -> Detailed {
    invalid_request("Bucket is missing Object Lock Configuration")
}

/// Retention ends in the future.
pub fn check_until(until: Timestamp, now: Timestamp, name: &str) -> Result<(), Error> {
    if until <= now {
        let text = "The retain until date must be in the future!";
        return Err(invalid_argument(text, name, &until.to_string()).into());
    }
    Ok(())
}

fn of_default(default: LockDefault, now: Timestamp) -> Retention {
    let days = match default {
        LockDefault { days: Some(days), .. } => i64::from(days),
        LockDefault { years, .. } => i64::from(years.unwrap_or(0)) * 365,
    };
    Retention { mode: default.mode, until_ms: now.millis().saturating_add(days.saturating_mul(DAY_MS)) }
}

/// By the name that the API has for it.
pub fn parse_mode(text: &str) -> Option<LockMode> {
    match text {
        "GOVERNANCE" => Some(LockMode::Governance),
        "COMPLIANCE" => Some(LockMode::Compliance),
        _ => None,
    }
}

impl LockMode {
    /// The name that the API has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

/// Whether a version may not be deleted now. `bypass`: by somebody who may pass by governance, and says so.
pub fn is_locked(object: &Object, now: Timestamp, bypass: bool) -> bool {
    let retained = object.retention.is_some_and(|retention| {
        retention.until_ms > now.millis() && !(bypass && retention.mode == LockMode::Governance)
    });
    object.legal_hold || retained
}

/// Refuses to delete what is locked.
pub fn check_deletion(object: &Object, call: &Call, bypass: bool) -> Result<(), Error> {
    if is_locked(object, call.now, bypass) { Err(locked().into()) } else { Ok(()) }
}

/// The version is locked.
pub fn locked() -> Detailed {
    Detailed { message: "Access Denied because object protected by object lock.".into(), ..access_denied() }
}

/// Refuses to weaken a retention in force, or to change its mode: compliance never, governance by those who may pass
/// by it.
pub fn check_change(
    before: Option<Retention>,
    after: Option<Retention>,
    now: Timestamp,
    bypass: bool,
) -> Result<(), Error> {
    let Some(before) = before.filter(|before| before.until_ms > now.millis()) else { return Ok(()) };
    let stronger = after.is_some_and(|after| after.mode == before.mode && after.until_ms >= before.until_ms);
    if stronger || (bypass && before.mode == LockMode::Governance) { Ok(()) } else { Err(locked().into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_never_weakened() {
        use LockMode::{Compliance, Governance};
        let now = Timestamp::from_secs(100);
        let until = |mode, secs: i64| Some(Retention { mode, until_ms: secs * 1000 });
        let may = |before, after, bypass| check_change(before, after, now, bypass).is_ok();
        assert!(may(None, until(Governance, 200), false));
        assert!(may(until(Governance, 200), until(Governance, 300), false));
        assert!(!may(until(Governance, 200), until(Compliance, 200), false));
        assert!(may(until(Governance, 200), until(Compliance, 200), true));
        assert!(!may(until(Governance, 200), until(Governance, 150), false));
        assert!(may(until(Governance, 200), until(Governance, 150), true));
        assert!(!may(until(Governance, 200), None, false));
        assert!(may(until(Governance, 200), None, true));
        assert!(!may(until(Compliance, 200), None, true));
        assert!(!may(until(Compliance, 200), until(Governance, 300), true));
        assert!(!may(until(Compliance, 200), until(Compliance, 150), true));
        assert!(may(until(Compliance, 200), until(Compliance, 201), false));
        assert!(may(until(Compliance, 99), None, false), "it has ended");
    }
}
