//! Checksums of objects that were uploaded in parts, from the checksums of the parts.

use crc_fast::CrcAlgorithm;
use fast_md5::Md5;

use crate::{Algorithm, Digest, Hasher};

/// The CRC this algorithm is; none if it is not one.
pub(crate) fn crc_of(algorithm: Algorithm) -> Option<CrcAlgorithm> {
    match algorithm {
        Algorithm::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
        Algorithm::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
        Algorithm::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
        _ => None,
    }
}

/// The checksum of some bytes with checksum `a` followed by `len_b` bytes with checksum `b`.
///
/// None if the algorithm is not a CRC, for then it cannot be computed, or if `a` or `b` has not its length.
pub fn combine(algorithm: Algorithm, a: &Digest, b: &Digest, len_b: u64) -> Option<Digest> {
    let crc = crc_of(algorithm)?;
    let len = algorithm.digest_len();
    if a.bytes().len() != len || b.bytes().len() != len {
        return None;
    }
    let number =
        |digest: &Digest| digest.bytes().iter().fold(0, |so_far, byte| so_far << 8 | u64::from(*byte));
    let combined = crc_fast::checksum_combine(crc, number(a), number(b), len_b);
    Some(Digest::new(&combined.to_be_bytes()[8 - len..]))
}

/// The composite checksum of an upload: that of the checksums of its parts, one after the other. The API shows it with
/// a hyphen and the number of parts after it.
pub fn composite(algorithm: Algorithm, parts: impl IntoIterator<Item = Digest>) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    for part in parts {
        hasher.update(part.bytes());
    }
    hasher.finish()
}

/// The ETag of an object uploaded in parts: the MD5 of the MD5s of its parts, a hyphen, and how many there are.
pub struct MultipartETag {
    md5: Md5,
    parts: u32,
}

impl MultipartETag {
    /// No parts yet.
    pub fn new() -> Self {
        Self { md5: Md5::new(), parts: 0 }
    }

    /// Takes the MD5 of the next part, which is the part's own ETag.
    pub fn part(&mut self, md5: &[u8; 16]) {
        self.md5.update(md5);
        // An upload has at most 10,000 parts.
        self.parts = self.parts.saturating_add(1);
    }

    /// The tag, without quotes.
    pub fn finish(self) -> String {
        format!("{}-{}", Digest::new(&self.md5.finalize()).hex(), self.parts)
    }
}

impl Default for MultipartETag {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CRCS: [Algorithm; 3] = [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme];

    proptest! {
        #[test]
        fn parts_combine_to_the_whole(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..6),
        ) {
            for algorithm in CRCS {
                let mut whole = Hasher::of(algorithm, b"");
                for part in &parts {
                    let next = Hasher::of(algorithm, part);
                    whole = combine(algorithm, &whole, &next, part.len() as u64).expect("a CRC");
                }
                prop_assert_eq!(whole, Hasher::of(algorithm, &parts.concat()), "{}", algorithm);
            }
        }
    }

    #[test]
    fn five_gibibytes_combine_as_many_small_steps_do() {
        for algorithm in CRCS {
            // The CRC of 2^k zero bytes, doubled until it is one of 4 GiB, and once more with 1 GiB.
            let (mut zeros, mut len, mut quarter) = (Hasher::of(algorithm, &[0]), 1u64, None);
            while len < 4 << 30 {
                zeros = combine(algorithm, &zeros, &zeros, len).expect("a CRC");
                len *= 2;
                if len == 1 << 30 {
                    quarter = Some(zeros);
                }
            }
            let quarter = quarter.expect("1 GiB was passed");
            let either = combine(algorithm, &zeros, &quarter, 1 << 30);
            let other = combine(algorithm, &quarter, &zeros, 4 << 30);
            assert_eq!(either, other, "{algorithm}");
            assert!(either.is_some());
        }
    }

    #[test]
    fn what_cannot_be_combined_is_not() {
        for algorithm in Algorithm::ALL.into_iter().filter(|known| !CRCS.contains(known)) {
            let digest = Hasher::of(algorithm, b"a");
            assert_eq!(combine(algorithm, &digest, &digest, 1), None, "{algorithm}");
        }
        let (short, long) = (Hasher::of(Algorithm::Crc32, b"a"), Hasher::of(Algorithm::Crc64Nvme, b"a"));
        assert_eq!(combine(Algorithm::Crc64Nvme, &long, &short, 1), None);
    }

    #[test]
    fn a_composite_is_the_checksum_of_the_checksums() {
        for algorithm in Algorithm::ALL {
            let (a, b) = (Hasher::of(algorithm, b"one"), Hasher::of(algorithm, b"two"));
            let expected = Hasher::of(algorithm, &[a.bytes(), b.bytes()].concat());
            assert_eq!(composite(algorithm, [a, b]), expected, "{algorithm}");
        }
    }

    #[test]
    fn tags_of_objects_in_parts() {
        let mut tag = MultipartETag::new();
        let md5 =
            |bytes: &[u8]| -> [u8; 16] { Hasher::of(Algorithm::Md5, bytes).bytes().try_into().expect("16") };
        tag.part(&md5(b"one"));
        tag.part(&md5(b"two"));
        // printf one | openssl md5 -binary; the same of two; both together: openssl md5.
        assert_eq!(tag.finish(), format!("{ONE_TWO}-2"));
    }

    const ONE_TWO: &str = "1397b7ee3222e3980d0d20f23a871b02";
}
