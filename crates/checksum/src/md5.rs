//! MD5 as bytes come in, of one stream or of several at once.

use crate::Digest;
use crate::lanes::{self, BLOCK, LANES, State};

/// The state before the first block (RFC 1321, 3.3).
const START: State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
/// Bytes at the end of the last block that say how many bits were digested.
const LENGTH: usize = 8;

/// An MD5 under way.
#[derive(Clone)]
pub struct Md5 {
    state: State,
    /// The beginning of a block that is not whole yet, as long as `len` says.
    partial: [u8; BLOCK],
    /// Bytes taken.
    len: u64,
}

impl Md5 {
    /// Of no bytes yet.
    pub fn new() -> Self {
        Self { state: START, partial: [0; BLOCK], len: 0 }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let rest = self.complete(bytes);
        let (blocks, rest) = rest.as_chunks::<BLOCK>();
        for block in blocks {
            fast_md5::transform(&mut self.state, block);
        }
        self.len += (blocks.len() * BLOCK) as u64;
        self.complete(rest);
    }

    /// The digest of all bytes taken.
    pub fn finish(mut self) -> Digest {
        let bits = self.len.wrapping_mul(8);
        let mut end = [0; BLOCK + LENGTH];
        end[0] = 0x80;
        // A byte that is not zero, zeros, and the length end a block.
        let filled = self.filled();
        let zeros = if filled < BLOCK - LENGTH { BLOCK } else { 2 * BLOCK } - LENGTH - filled;
        self.update(&end[..zeros]);
        self.update(&bits.to_le_bytes());
        let words = self.state.map(u32::to_le_bytes);
        Digest::new(words.as_flattened())
    }

    /// Bytes in `partial`.
    fn filled(&self) -> usize {
        (self.len % BLOCK as u64) as usize
    }

    /// Completes a block that was begun, or begins one of fewer bytes than it has; returns what is not taken.
    fn complete<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let filled = self.filled();
        if filled == 0 && bytes.len() >= BLOCK {
            return bytes;
        }
        let (now, later) = bytes.split_at(bytes.len().min(BLOCK - filled));
        self.partial[filled..filled + now.len()].copy_from_slice(now);
        self.len += now.len() as u64;
        if filled + now.len() == BLOCK {
            fast_md5::transform(&mut self.state, &self.partial);
        }
        later
    }
}

impl Default for Md5 {
    fn default() -> Self {
        Self::new()
    }
}

/// Has each MD5 take the pieces beside it, in order. That of several long streams takes about as long as that of one.
pub fn md5_together<P: AsRef<[u8]>>(streams: &mut [(&mut Md5, &[P])]) {
    let worth_it = lanes::worth_it();
    for some in streams.chunks_mut(LANES) {
        let mut lanes: Vec<Lane<'_, P>> =
            some.iter_mut().map(|(md5, pieces)| Lane { md5, run: &[], pieces }).collect();
        loop {
            lanes.retain_mut(Lane::has_blocks);
            if lanes.len() < worth_it {
                break;
            }
            side_by_side(&mut lanes);
        }
        lanes.iter_mut().for_each(Lane::alone);
    }
}

/// One stream and what it still has to take.
struct Lane<'a, P> {
    md5: &'a mut Md5,
    /// What is left of a piece; it begins with a block.
    run: &'a [u8],
    pieces: &'a [P],
}

impl<P: AsRef<[u8]>> Lane<'_, P> {
    /// Goes on to where there is a whole block in one piece; false at the end.
    fn has_blocks(&mut self) -> bool {
        while self.run.len() < BLOCK {
            self.md5.complete(self.run);
            let Some((piece, later)) = self.pieces.split_first() else {
                self.run = &[];
                return false;
            };
            self.run = self.md5.complete(piece.as_ref());
            self.pieces = later;
        }
        true
    }

    /// Takes the rest.
    fn alone(&mut self) {
        self.md5.update(self.run);
        for piece in self.pieces {
            self.md5.update(piece.as_ref());
        }
    }
}

/// Takes as many blocks of each lane as the shortest run has. There are at most sixteen lanes, and not none.
fn side_by_side<P>(lanes: &mut [Lane<'_, P>]) {
    let shortest = lanes.iter().map(|lane| lane.run.len()).min().unwrap_or(0);
    let taken = shortest - shortest % BLOCK;
    // A lane of nobody repeats the first one.
    let mut runs = [&lanes[0].run[..taken]; LANES];
    let mut states = [START; LANES];
    for ((run, state), lane) in runs.iter_mut().zip(&mut states).zip(&*lanes) {
        (*run, *state) = (&lane.run[..taken], lane.md5.state);
    }
    lanes::compress(&mut states, &runs);
    for (lane, state) in lanes.iter_mut().zip(states) {
        lane.md5.state = state;
        lane.md5.len += taken as u64;
        lane.run = &lane.run[taken..];
    }
}

#[cfg(test)]
mod tests {
    use md5::Digest as _;
    use proptest::prelude::*;

    use super::*;

    fn other(bytes: &[u8]) -> Vec<u8> {
        md5::Md5::digest(bytes).to_vec()
    }

    #[test]
    fn every_length_around_the_ends_of_blocks() {
        let bytes: Vec<u8> = (0..300u32).map(|n| (n * 7) as u8).collect();
        for len in 0..bytes.len() {
            let mut md5 = Md5::new();
            md5.update(&bytes[..len]);
            assert_eq!(md5.finish().bytes(), other(&bytes[..len]), "{len}");
        }
    }

    /// All lanes full, and each with other bytes.
    #[test]
    fn sixteen_streams_side_by_side() {
        let bytes: Vec<Vec<u8>> = (0..LANES)
            .map(|lane| (0..4096usize).map(|n| (n * 31 + (n >> 8) + lane * 77) as u8).collect())
            .collect();
        let mut states = [START; LANES];
        lanes::compress(&mut states, &std::array::from_fn(|lane| &bytes[lane][..]));
        for (state, bytes) in states.into_iter().zip(&bytes) {
            let mut alone = Md5::new();
            alone.update(bytes);
            assert_eq!(state, alone.state);
        }
    }

    proptest! {
        /// As requests come: streams of any lengths, in pieces that end anywhere, a few times on end.
        #[test]
        fn together_they_are_what_another_implementation_computes(
            streams in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(
                    prop::collection::vec(any::<u8>(), 0..400), 0..5), 3),
                0..2 * LANES + 3,
            ),
        ) {
            let mut md5s = vec![Md5::new(); streams.len()];
            for batch in 0..3 {
                let mut together: Vec<(&mut Md5, &[Vec<u8>])> =
                    md5s.iter_mut().zip(&streams).map(|(md5, batches)| (md5, &batches[batch][..])).collect();
                md5_together(&mut together);
            }
            for (md5, batches) in md5s.into_iter().zip(&streams) {
                let (found, whole) = (md5.finish(), batches.concat().concat());
                prop_assert_eq!(found.bytes(), other(&whole));
            }
        }
    }
}
