//! Computes a checksum as bytes come in.

use std::hash::Hasher as _;

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use twox_hash::{XxHash64, xxhash3_64, xxhash3_128};

use crate::combine::crc_of;
use crate::{Algorithm, Digest, Md5};

/// A checksum under way.
pub struct Hasher {
    algorithm: Algorithm,
    state: State,
}

enum State {
    Crc(crc_fast::Digest),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    Md5(Md5),
    Xxhash64(XxHash64),
    Xxhash3(xxhash3_64::Hasher),
    Xxhash128(xxhash3_128::Hasher),
}

impl Hasher {
    /// The checksum of no bytes yet.
    pub fn new(algorithm: Algorithm) -> Self {
        let state = match algorithm {
            Algorithm::Crc32 | Algorithm::Crc32c | Algorithm::Crc64Nvme => {
                State::Crc(crc_fast::Digest::new(crc_of(algorithm).expect("a CRC")))
            }
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
            Algorithm::Sha256 => State::Sha256(Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Sha512::new()),
            Algorithm::Md5 => State::Md5(Md5::new()),
            Algorithm::Xxhash64 => State::Xxhash64(XxHash64::with_seed(0)),
            Algorithm::Xxhash3 => State::Xxhash3(xxhash3_64::Hasher::new()),
            Algorithm::Xxhash128 => State::Xxhash128(xxhash3_128::Hasher::new()),
        };
        Self { algorithm, state }
    }

    /// What it computes.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(state) => state.update(bytes),
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
            State::Md5(state) => state.update(bytes),
            State::Xxhash64(state) => state.write(bytes),
            State::Xxhash3(state) => state.write(bytes),
            State::Xxhash128(state) => state.write(bytes),
        }
    }

    /// The checksum of all bytes taken.
    pub fn finish(self) -> Digest {
        match self.state {
            // A CRC of 32 bits stands in the low half.
            State::Crc(state) => {
                Digest::new(&state.finalize().to_be_bytes()[8 - self.algorithm.digest_len()..])
            }
            State::Sha1(state) => Digest::new(&state.finalize()),
            State::Sha256(state) => Digest::new(&state.finalize()),
            State::Sha512(state) => Digest::new(&state.finalize()),
            State::Md5(state) => state.finish(),
            State::Xxhash64(state) => Digest::new(&state.finish().to_be_bytes()),
            State::Xxhash3(state) => Digest::new(&state.finish().to_be_bytes()),
            State::Xxhash128(state) => Digest::new(&state.finish_128().to_be_bytes()),
        }
    }

    /// The checksum of these bytes.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
        let mut hasher = Self::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// CRCs: the check values of the CRC catalogue. SHA and MD5: FIPS 180 and RFC 1321. XXH: those of the
    /// reference implementation.
    #[test]
    fn published_values() {
        let values: &[(Algorithm, &[u8], &str)] = &[
            (Algorithm::Crc32, b"123456789", "cbf43926"),
            (Algorithm::Crc32c, b"123456789", "e3069283"),
            (Algorithm::Crc64Nvme, b"123456789", "ae8b14860a799888"),
            (Algorithm::Crc32, b"", "00000000"),
            (Algorithm::Crc32c, &[0; 32], "8a9136aa"),
            (Algorithm::Crc32c, &[0xff; 32], "62a8ab43"),
            (Algorithm::Crc64Nvme, &[0; 4096], "6482d367eb22b64e"),
            (Algorithm::Crc64Nvme, &[0xff; 4096], "c0ddba7302eca3ac"),
            (Algorithm::Sha1, b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                Algorithm::Sha512,
                b"abc",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            (Algorithm::Md5, b"", "d41d8cd98f00b204e9800998ecf8427e"),
            (Algorithm::Md5, b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            (Algorithm::Xxhash64, b"", "ef46db3751d8e999"),
            (Algorithm::Xxhash64, b"abc", "44bc2cf5ad770999"),
            (Algorithm::Xxhash3, b"", "2d06800538d394c2"),
            (Algorithm::Xxhash3, b"abc", "78af5f94892f3950"),
            (Algorithm::Xxhash128, b"", "99aa06d3014798d86001c324468d497f"),
            (Algorithm::Xxhash128, b"abc", "06b05ab6733a618578af5f94892f3950"),
        ];
        for (algorithm, bytes, hex) in values {
            assert_eq!(Hasher::of(*algorithm, bytes).hex(), *hex, "{algorithm} of {} bytes", bytes.len());
        }
        for algorithm in Algorithm::ALL {
            assert!(values.iter().any(|(tested, ..)| *tested == algorithm), "{algorithm} is not tested");
        }
    }

    proptest! {
        /// The tag of nearly every object hangs on this one: it is compared with another implementation.
        #[test]
        fn md5_is_what_another_implementation_computes(bytes in prop::collection::vec(any::<u8>(), 0..1024)) {
            let (ours, other) = (Hasher::of(Algorithm::Md5, &bytes), md5::Md5::digest(&bytes));
            prop_assert_eq!(ours.bytes(), &other[..]);
        }

        #[test]
        fn bytes_that_come_in_pieces_have_the_checksum_of_the_whole(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..8),
        ) {
            for algorithm in Algorithm::ALL {
                let mut hasher = Hasher::new(algorithm);
                for piece in &pieces {
                    hasher.update(piece);
                }
                prop_assert_eq!(hasher.algorithm(), algorithm);
                let digest = hasher.finish();
                prop_assert_eq!(digest.bytes().len(), algorithm.digest_len());
                prop_assert_eq!(digest, Hasher::of(algorithm, &pieces.concat()), "{}", algorithm);
            }
        }
    }
}
