//! The `Date` of answers.

use std::cell::RefCell;

use http::HeaderValue;
use kernel::Timestamp;

thread_local! {
    /// The last one written, and the second it says: a busy thread gives it out some thousand times.
    static LAST: RefCell<Option<(i64, HeaderValue)>> = const { RefCell::new(None) };
}

/// The header's value for this time; none where the time cannot be written.
pub(crate) fn date(now: Timestamp) -> Option<HeaderValue> {
    LAST.with_borrow_mut(|last| match last {
        Some((second, value)) if *second == now.secs() => Some(value.clone()),
        _ => {
            let value = HeaderValue::try_from(wire::http_date(now)).ok()?;
            Some(last.insert((now.secs(), value)).1.clone())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_has_its_own() {
        let at = |ms| date(Timestamp::from_millis(ms)).unwrap();
        assert_eq!(at(1_750_000_000_000), "Sun, 15 Jun 2025 15:06:40 GMT");
        assert_eq!(at(1_750_000_000_999), "Sun, 15 Jun 2025 15:06:40 GMT");
        assert_eq!(at(1_750_000_001_000), "Sun, 15 Jun 2025 15:06:41 GMT");
        assert_eq!(at(1_750_000_000_000), "Sun, 15 Jun 2025 15:06:40 GMT");
    }
}
