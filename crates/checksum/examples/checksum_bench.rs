//! How fast each checksum is computed.
//!
//! `cargo run --release -p checksum --example checksum_bench`

use std::time::{Duration, Instant};

use checksum::{Algorithm, Hasher, Md5, md5_together};

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
        println!("{:16} {:8.0} {:8.0}", algorithm.name(), rates[ROUNDS / 2], rates[ROUNDS - 1]);
    }
    let pieces: Vec<Vec<u8>> =
        (0..16).map(|stream| piece.iter().map(|byte| byte.wrapping_add(stream)).collect()).collect();
    for streams in [1, 2, 4, 8, 16] {
        let mut rates: Vec<f64> = (0..ROUNDS).map(|_| rate_together(&pieces[..streams])).collect();
        rates.sort_by(f64::total_cmp);
        let name = format!("MD5, {streams} at once");
        println!("{name:16} {:8.0} {:8.0}", rates[ROUNDS / 2], rates[ROUNDS - 1]);
    }
}

fn rate(algorithm: Algorithm, piece: &[u8]) -> f64 {
    let mut hasher = Hasher::new(algorithm);
    let rate = rate_of(piece.len(), || hasher.update(std::hint::black_box(piece)));
    std::hint::black_box(hasher.finish());
    rate
}

/// Of all streams together.
fn rate_together(pieces: &[Vec<u8>]) -> f64 {
    let mut md5s = vec![Md5::new(); pieces.len()];
    let rate = rate_of(pieces.len() * PIECE, || {
        let pieces = std::hint::black_box(pieces).chunks(1);
        md5_together(&mut md5s.iter_mut().zip(pieces).collect::<Vec<_>>());
    });
    for md5 in md5s {
        std::hint::black_box(md5.finish());
    }
    rate
}

fn rate_of(bytes: usize, mut work: impl FnMut()) -> f64 {
    let (mut done, begin) = (0, Instant::now());
    while begin.elapsed() < ROUND {
        // Many pieces between two looks at the clock.
        for _ in 0..16 {
            work();
        }
        done += 16 * bytes;
    }
    done as f64 / begin.elapsed().as_secs_f64() / 1e6
}
