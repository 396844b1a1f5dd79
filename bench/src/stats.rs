//! Medians, percentiles and what is shown of them.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

/// Every request ends after its time-out, far below this.
const LATENCY_MAX: Duration = Duration::from_secs(86_400);

/// Latencies of many operations, in nanoseconds with three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).expect("three digits are allowed"))
    }
}

impl Latencies {
    /// Counts one operation; a latency of over a day counts as a day.
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = latency.min(LATENCY_MAX).as_nanos() as u64;
        self.0.record(nanoseconds).expect("a growing histogram takes a day");
    }

    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("a growing histogram takes any other");
    }

    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency in microseconds that `percent` of the operations did not exceed; none without operations.
    pub fn percentile_us(&self, percent: f64) -> Option<f64> {
        (self.count() > 0).then(|| self.0.value_at_percentile(percent) as f64 / 1000.0)
    }
}

/// Median, least and greatest of a figure measured several times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Nothing if there are no figures. The median of an even number of figures is the mean of the middle two.
    pub fn of(figures: &[f64]) -> Option<Self> {
        let mut sorted = figures.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[7.0]), Some(Spread { median: 7.0, min: 7.0, max: 7.0 }));
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 9.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 9.0]), Some(Spread { median: 3.0, min: 1.0, max: 9.0 }));
    }

    #[test]
    fn percentiles() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile_us(50.0), None);
        for microseconds in 1..=100 {
            latencies.record(Duration::from_micros(microseconds));
        }
        let near = |percent, expected: f64| {
            let actual = latencies.percentile_us(percent).expect("a value");
            assert!((actual - expected).abs() <= expected / 500.0, "{percent} %: {actual}, not {expected}");
        };
        near(50.0, 50.0);
        near(99.0, 99.0);
        near(100.0, 100.0);
    }

    #[test]
    fn sums_keep_every_operation_even_the_longest() {
        let (mut fast, mut slow) = (Latencies::default(), Latencies::default());
        fast.record(Duration::from_nanos(5));
        slow.record(Duration::MAX);
        slow.record(Duration::from_secs(3600));
        fast.add(&slow);
        assert_eq!(fast.count(), 3);
        assert_eq!(fast.percentile_us(10.0), Some(0.005));
        assert!(fast.percentile_us(60.0).expect("a value") >= 3.59e9);
    }
}
