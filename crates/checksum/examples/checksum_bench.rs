//! How fast each checksum is computed.
//!
//! `cargo run --release -p checksum --example checksum_bench`

use std::time::{Duration, Instant};

use checksum::{Algorithm, Hasher};

/// A piece as the network gives it.
const PIECE: usize = 64 << 10;
/// Long enough to see past the noise of one timer tick, short enough to wait for.
const ROUND: Duration = Duration::from_millis(300);
const ROUNDS: usize = 5;

fn main() {
    let piece: Vec<u8> = (0..PIECE).map(|n| (n * 31 + (n >> 8)) as u8).collect();
    println!("{ROUNDS} rounds of {ROUND:?}, pieces of {PIECE} bytes; MB/s (10^6): median, best");
    for algorithm in Algorithm::ALL {
        let mut rates: Vec<f64> = (0..ROUNDS).map(|_| rate(algorithm, &piece)).collect();
        rates.sort_by(f64::total_cmp);
        println!("{:10} {:8.0} {:8.0}", algorithm.name(), rates[ROUNDS / 2], rates[ROUNDS - 1]);
    }
}

fn rate(algorithm: Algorithm, piece: &[u8]) -> f64 {
    let mut hasher = Hasher::new(algorithm);
    let (mut bytes, begin) = (0, Instant::now());
    while begin.elapsed() < ROUND {
        // Many pieces between two looks at the clock.
        for _ in 0..64 {
            hasher.update(std::hint::black_box(piece));
        }
        bytes += 64 * piece.len();
    }
    let elapsed = begin.elapsed();
    std::hint::black_box(hasher.finish());
    bytes as f64 / elapsed.as_secs_f64() / 1e6
}
