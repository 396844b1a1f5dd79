//! Sequence numbers of FIFO queues.

use store::Stamp;

/// The number of the message with this stamp: 20 digits, rising with every commit. The counter of a stamp stays far
/// below 1,024: it counts the messages of one transaction.
pub fn number(stamp: Stamp) -> String {
    const FIRST: u128 = 10_000_000_000_000_000_000;
    (FIRST + (u128::from(stamp.version) << 10) + u128::from(stamp.counter)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_rising_digits() {
        let stamps = [Stamp::new(1, 0), Stamp::new(1, 9), Stamp::new(2, 0), Stamp::new(1 << 50, 0)];
        let numbers = stamps.map(number);
        assert!(numbers.is_sorted() && numbers.iter().all(|n| n.len() == 20), "{numbers:?}");
    }
}
