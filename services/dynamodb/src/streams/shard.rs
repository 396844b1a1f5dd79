//! The one shard of a stream, and the numbers of its records.

use sha2::{Digest as _, Sha256};
use store::Stamp;

use super::Stream;

/// Digits of a version and of a counter: as many as the largest have.
const VERSION_DIGITS: usize = 20;
const COUNTER_DIGITS: usize = 5;

/// The id of a stream's shard.
pub fn id(stream: &Stream<'_>) -> String {
    let digest = Sha256::digest(stream.arn.to_string());
    let [a, b, c, d, ..] = digest[..] else { unreachable!("a digest has 32 bytes") };
    format!("shardId-{:020}-{a:02x}{b:02x}{c:02x}{d:02x}", stream.record.created_ms)
}

/// The sequence number of a place in a log: digits in the order of places, and always as many. The first is never a zero, so
/// that it is the same number for those who read it as one.
pub fn sequence_number(at: Stamp) -> String {
    format!("1{:0VERSION_DIGITS$}{:0COUNTER_DIGITS$}", at.version, at.counter)
}

/// The place with this number.
pub fn place_of(number: &str) -> Option<Stamp> {
    let digits = number.strip_prefix('1')?;
    if digits.len() != VERSION_DIGITS + COUNTER_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (version, counter) = digits.split_at(VERSION_DIGITS);
    Some(Stamp::new(version.parse().ok()?, counter.parse().ok()?))
}

/// The next place.
pub fn after(at: Stamp) -> Stamp {
    match at.counter.checked_add(1) {
        Some(counter) => Stamp::new(at.version, counter),
        None => Stamp::new(at.version.saturating_add(1), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_places() {
        let places = [
            Stamp::ZERO,
            Stamp::new(0, 1),
            Stamp::new(1, 0),
            Stamp::new(1, 9),
            Stamp::new(10, 0),
            Stamp::MAX,
        ];
        let numbers = places.map(sequence_number);
        assert!(numbers.is_sorted());
        assert_eq!(numbers[3], "10000000000000000000100009");
        assert_eq!(numbers.each_ref().map(|number| place_of(number)), places.map(Some));
        for wrong in
            ["", "1", "20000000000000000000100009", "1000000000000000000010000", "1000000000000000000010000x"]
        {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
        assert_eq!(place_of("19999999999999999999900000"), None, "no version is so large");
        assert_eq!(after(Stamp::new(1, u16::MAX)), Stamp::new(2, 0));
    }
}
