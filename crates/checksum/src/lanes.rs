//! MD5 of sixteen streams side by side: each instruction does the same step of all of them.
//!
//! MD5 is a chain in which every step waits for the one before, so that one stream uses a fraction of what a processor can
//! do at once, and cannot be divided. Vectors hold the same word of sixteen streams: one vector of AVX-512, two of
//! AVX2, four of SSE and NEON.

use fearless_simd::{Level, Simd, SimdBase as _, SimdFrom as _, SimdInto as _, dispatch, u32x16};

/// Streams that are digested side by side.
pub(crate) const LANES: usize = 16;
/// Bytes that MD5 takes at a time.
pub(crate) const BLOCK: usize = 64;

/// What MD5 keeps between two blocks.
pub(crate) type State = [u32; 4];

/// MD5's table: the integer parts of 2^32 times the sines of 1 to 64 (RFC 1321, 3.4).
#[rustfmt::skip]
const SINES: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];
/// By how many bits the steps of each round rotate.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// From how many streams on lanes are faster than one stream after the other: empty lanes cost what full ones do. By
/// `checksum_bench`, all sixteen together are at least 10 times as fast as one with AVX-512, 5 times with AVX2, and 3 times
/// with vectors of 128 bits.
pub(crate) fn worth_it() -> usize {
    dispatch!(Level::new(), simd => match words_of(simd) {
        16 => 2,
        8 => 4,
        _ => 8,
    })
}

fn words_of<S: Simd>(_: S) -> usize {
    S::u32s::LEN
}

/// Digests the same number of whole blocks of each stream: as many as the shortest of `runs` has.
pub(crate) fn compress(states: &mut [State; LANES], runs: &[&[u8]; LANES]) {
    let blocks = runs.iter().map(|run| run.len() / BLOCK).min().unwrap_or(0);
    dispatch!(Level::new(), simd => compress_with(simd, states, runs, blocks));
}

// Everything below is compiled once for each instruction set, which needs it to be inlined into its caller.

#[inline(always)]
fn compress_with<S: Simd>(simd: S, states: &mut [State; LANES], runs: &[&[u8]; LANES], blocks: usize) {
    let word = |number: usize| u32x16::simd_from(simd, std::array::from_fn(|lane| states[lane][number]));
    let mut state = [word(0), word(1), word(2), word(3)];
    for block in 0..blocks {
        state = step(simd, state, &words(simd, runs, block * BLOCK));
    }
    for (number, word) in state.into_iter().enumerate() {
        let lanes: [u32; LANES] = word.into();
        for (state, word) in states.iter_mut().zip(lanes) {
            state[number] = word;
        }
    }
}

/// The words of the block at `at`: each vector holds one word of all streams. Read, each holds one stream's words; four
/// times the upper half is dealt between the lower one, as with cards, which turns rows to columns.
#[inline(always)]
fn words<S: Simd>(simd: S, runs: &[&[u8]; LANES], at: usize) -> [u32x16<S>; 16] {
    let mut rows = [u32x16::splat(simd, 0); 16];
    for (row, run) in rows.iter_mut().zip(runs) {
        let (words, _) = run[at..at + BLOCK].as_chunks::<4>();
        let words: [u32; 16] = std::array::from_fn(|number| u32::from_le_bytes(words[number]));
        *row = words.simd_into(simd);
    }
    for _ in 0..LANES.ilog2() {
        let dealt = rows;
        for pair in 0..8 {
            rows[2 * pair] = dealt[pair].zip_low(dealt[pair + 8]);
            rows[2 * pair + 1] = dealt[pair].zip_high(dealt[pair + 8]);
        }
    }
    rows
}

/// One block of every stream.
#[inline(always)]
fn step<S: Simd>(simd: S, state: [u32x16<S>; 4], words: &[u32x16<S>; 16]) -> [u32x16<S>; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    // Four steps are spelled out, because rotating by a constant is one instruction; the compiler unrolls the rest.
    macro_rules! round {
        ($round:literal, $mix:expr, every $stride:literal from $first:literal) => {
            round!($round, $mix, $stride, $first, 0 1 2 3)
        };
        ($round:literal, $mix:expr, $stride:literal, $first:literal, $($step:literal)*) => {
            for four in 0..4 {
                $({
                    let number = 4 * four + $step;
                    let word = words[($stride * number + $first) % 16];
                    let sum = a + $mix(b, c, d) + (word + u32x16::splat(simd, SINES[16 * $round + number]));
                    let by = const { ROTATIONS[$round][$step] };
                    (a, d, c, b) = (d, c, b, b + ((sum << by) | (sum >> (32 - by))));
                })*
            }
        };
    }
    round!(0, |b, c, d| d ^ (b & (c ^ d)), every 1 from 0);
    round!(1, |b, c, d| c ^ (d & (b ^ c)), every 5 from 1);
    round!(2, |b, c, d| b ^ c ^ d, every 3 from 5);
    round!(3, |b, c, d: u32x16<S>| c ^ (b | !d), every 7 from 0);
    [state[0] + a, state[1] + b, state[2] + c, state[3] + d]
}
