//! How a blob lies in its file.
//!
//! A header of 24 bytes, then segments, then a checksum. Each segment holds 64 KiB of the blob, the last one what is left
//! (nothing, if the blob is empty), encrypted with AES-256-GCM and followed by its tag of 16 bytes.
//!
//! | bytes | header |
//! |-------|--------|
//! | 8 | `cloudblb` |
//! | 4 | version, lowest byte first: 2 |
//! | 4 | bytes of a segment, lowest byte first: 65,536 |
//! | 8 | epoch: random, another for each time the directory was opened |
//!
//! The encryption key is derived with HKDF-SHA256 from the caller's key, the header and the blob's name, so that no two
//! blobs share one. The nonce of a segment is its number and whether it is the last: since the key serves one blob,
//! whose segments are each written once, no nonce is used twice, and a segment opens only at its own place in its own
//! blob. Cutting off segments makes another the last, which does not open as such.
//!
//! The checksum, CRC-64/NVME of all that is before it, highest byte first, is for those who have not the key and want to
//! know whether the disk still holds what was written: keys can be with clients alone. Whoever has the key need not
//! look at it. Files of version 1 have none, and are otherwise the same.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use checksum::{Algorithm, Hasher};
use zeroize::Zeroizing;

use crate::{BlobId, Damage, Key};

const MAGIC: [u8; 8] = *b"cloudblb";
const VERSION: u32 = 2;
/// The version whose files end without a checksum.
const VERSION_WITHOUT_CHECKSUM: u32 = 1;
const LABEL: &[u8] = b"cloudlet blob 1";

/// Bytes of the header.
pub(crate) const HEADER: usize = 24;
/// Bytes of the blob in a segment. Larger ones make small ranges dearer, smaller ones whole blobs.
pub(crate) const SEGMENT: usize = 64 << 10;
/// Bytes of the checksum at the end of a file.
pub(crate) const CHECKSUM: usize = 8;
/// Bytes of a tag; AES-GCM's.
const TAG: usize = 16;
/// Bytes of a whole segment in the file.
pub(crate) const SEALED: usize = SEGMENT + TAG;

/// Tells the blobs of this opening of the directory from those of earlier ones.
pub(crate) type Epoch = [u8; 8];

/// How many segments a blob of `size` bytes has.
pub(crate) fn segments_of(size: u64) -> u64 {
    size.div_ceil(SEGMENT as u64).max(1)
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub epoch: Epoch,
    version: u32,
}

impl Head {
    /// Bytes of the checksum at the end of the file.
    pub fn checksum_len(self) -> u64 {
        if self.version == VERSION_WITHOUT_CHECKSUM { 0 } else { CHECKSUM as u64 }
    }

    /// How long the file of a blob of `size` bytes is; at most `u64::MAX`, which no file is.
    pub fn file_len(self, size: u64) -> u64 {
        size.saturating_add(segments_of(size) * TAG as u64)
            .saturating_add(HEADER as u64)
            .saturating_add(self.checksum_len())
    }
}

/// How long the file of a blob of `size` bytes is where its header does not tell.
pub(crate) fn file_len(size: u64) -> u64 {
    Head { epoch: Epoch::default(), version: VERSION }.file_len(size)
}

/// Where in the file a segment begins.
pub(crate) fn segment_at(number: u64) -> u64 {
    HEADER as u64 + number * SEALED as u64
}

/// How long a segment of a blob of `size` bytes is in its file.
pub(crate) fn sealed_len(number: u64, size: u64) -> usize {
    let before = number * SEGMENT as u64;
    (size - before).min(SEGMENT as u64) as usize + TAG
}

/// The header of blobs written in this epoch.
pub(crate) fn header(epoch: Epoch) -> [u8; HEADER] {
    header_of(VERSION, epoch)
}

fn header_of(version: u32, epoch: Epoch) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&version.to_le_bytes());
    header[12..16].copy_from_slice(&(SEGMENT as u32).to_le_bytes());
    header[16..].copy_from_slice(&epoch);
    header
}

/// What a header says.
pub(crate) fn head_of(header: &[u8; HEADER]) -> Result<Head, Damage> {
    if header[..8] != MAGIC {
        return Err(Damage::Header);
    }
    let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
    if ![VERSION, VERSION_WITHOUT_CHECKSUM].contains(&version) {
        return Err(Damage::Version(version));
    }
    let epoch: Epoch = *header.last_chunk().expect("the header is longer");
    if *header != header_of(version, epoch) {
        return Err(Damage::Header);
    }
    Ok(Head { epoch, version })
}

/// The checksum at the end of a file, of nothing yet.
pub(crate) fn hasher() -> Hasher {
    Hasher::new(Algorithm::Crc64Nvme)
}

/// Encrypts and decrypts the segments of one blob.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    /// The cipher of this blob.
    pub fn new(key: &Key, header: &[u8; HEADER], id: BlobId) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        Prk::new_less_safe(HKDF_SHA256, key.bytes())
            .expand(&[LABEL, header, id.bytes()], HKDF_SHA256)
            .and_then(|bytes| bytes.fill(&mut *derived))
            .expect("the key derivation gives 32 bytes");
        Self(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, &*derived).expect("the key has the cipher's length"),
        ))
    }

    /// Encrypts a segment in place: all of `segment` but the room for the tag at its end.
    pub fn seal(&self, number: u64, is_last: bool, segment: &mut [u8]) {
        let (text, room) = segment.split_at_mut(segment.len() - TAG);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce(number, is_last), Aad::empty(), text)
            .expect("a segment is far shorter than the cipher's limit of 64 GiB");
        room.copy_from_slice(tag.as_ref());
    }

    /// Decrypts a segment in place; the tag stays behind it.
    pub fn open(&self, number: u64, is_last: bool, segment: &mut [u8]) -> Result<(), Damage> {
        match self.0.open_in_place(nonce(number, is_last), Aad::empty(), segment) {
            Ok(_) => Ok(()),
            Err(_) => Err(Damage::Segment(number)),
        }
    }
}

fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    nonce[0] = u8::from(is_last);
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// Bytes of the blob in a sealed segment.
pub(crate) fn text_len(sealed: usize) -> usize {
    sealed - TAG
}

/// How long a segment with this many bytes of the blob is in the file.
pub(crate) fn sealed_len_of(text: usize) -> usize {
    text + TAG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let (segment, sealed, header) = (SEGMENT as u64, SEALED as u64, HEADER as u64);
        let older = head_of(&header_of(VERSION_WITHOUT_CHECKSUM, [1; 8])).unwrap();
        for (size, segments, len) in [
            (0, 1, header + 16),
            (1, 1, header + 17),
            (segment, 1, header + sealed),
            (segment + 1, 2, header + sealed + 17),
            (3 * segment, 3, header + 3 * sealed),
        ] {
            assert_eq!((segments_of(size), older.file_len(size)), (segments, len), "{size}");
            assert_eq!(file_len(size), len + CHECKSUM as u64);
            let sum: u64 = (0..segments).map(|number| sealed_len(number, size) as u64).sum();
            assert_eq!(header + sum, len);
            assert_eq!(segment_at(segments - 1) + sealed_len(segments - 1, size) as u64, len);
        }
        assert_eq!(file_len(u64::MAX), u64::MAX);
    }

    #[test]
    fn headers() {
        let epoch = [1, 2, 3, 4, 5, 6, 7, 8];
        let good = header(epoch);
        assert_eq!(good[..16], *b"cloudblb\x02\0\0\0\0\0\x01\0");
        assert_eq!(head_of(&good), Ok(Head { epoch, version: 2 }));
        let older = header_of(VERSION_WITHOUT_CHECKSUM, epoch);
        assert_eq!(older[..16], *b"cloudblb\x01\0\0\0\0\0\x01\0");
        assert_eq!(head_of(&older), Ok(Head { epoch, version: 1 }));
        for byte in 0..16 {
            let mut bad = good;
            bad[byte] ^= 0x10;
            assert!(matches!(head_of(&bad), Err(Damage::Header | Damage::Version(_))), "byte {byte}");
        }
    }

    /// HKDF and AES-GCM by another implementation (Python's `cryptography`): the format stays what it is.
    #[test]
    fn a_segment_is_what_other_programs_compute() {
        let cipher = Cipher::new(&Key::new(&[7; 32]), &OLDER_HEADER, BlobId::from_bytes([3; 16]));
        let mut segment = [b"plain".as_slice(), &[0; TAG]].concat();
        cipher.seal(258, true, &mut segment);
        assert_eq!(segment, VECTOR);
        assert_eq!(cipher.open(258, false, &mut segment.clone()), Err(Damage::Segment(258)));
        assert_eq!(cipher.open(257, true, &mut segment.clone()), Err(Damage::Segment(257)));
        cipher.open(258, true, &mut segment).expect("its own place");
        assert_eq!(segment[..5], *b"plain");
        let other = Cipher::new(&Key::new(&[7; 32]), &OLDER_HEADER, BlobId::from_bytes([4; 16]));
        assert_eq!(other.open(258, true, &mut VECTOR.to_vec()), Err(Damage::Segment(258)));
    }

    /// Files of the first version stay readable.
    const OLDER_HEADER: [u8; HEADER] = *b"cloudblb\x01\0\0\0\0\0\x01\0\t\t\t\t\t\t\t\t";
    const VECTOR: [u8; 21] =
        [55, 76, 186, 91, 7, 104, 23, 14, 48, 58, 36, 198, 201, 107, 57, 27, 84, 179, 9, 214, 48];
}
