//! Damage is found, and no wrong byte is handed out.

mod common;

use std::fs;
use std::path::PathBuf;

use blob::{BlobId, Blobs, Damage, Error, Key, Options};
use bytes::Bytes;
use common::{SEGMENT, get, key, path_of, put, text};

/// A whole segment in its file.
const SEALED: usize = SEGMENT as usize + 16;
const HEADER: usize = 24;
const CHECKSUM: usize = 8;

struct Case {
    dir: tempfile::TempDir,
    blobs: Blobs,
    id: BlobId,
    text: Bytes,
    path: PathBuf,
    file: Vec<u8>,
}

impl Case {
    async fn new(size: usize) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let blobs = Blobs::open(dir.path(), Options::ephemeral()).expect("open");
        let text = text(size, size as u64);
        let id = put(&blobs, &text, 100_000).await.expect("put").id;
        let path = path_of(dir.path(), id);
        let file = fs::read(&path).expect("the file");
        Self { dir, blobs, id, text, path, file }
    }

    fn size(&self) -> u64 {
        self.text.len() as u64
    }

    /// What is found when the file is this.
    async fn damage_of(&self, file: &[u8], size: u64) -> Option<Damage> {
        fs::write(&self.path, file).expect("the file");
        let verified = self.blobs.verify(self.id, &key(), size).await;
        let proven = prove(&self.blobs, self.id, size).await;
        if verified.is_err() {
            assert!(matches!(proven, Err(Error::Corrupt { .. })), "found only by those who have the key");
        }
        let mut found = Vec::new();
        let damage = match self.blobs.read(self.id, &key(), 0..size, size).await {
            Err(error) => Err(error),
            Ok(mut reading) => loop {
                match reading.next().await {
                    Some(Ok(piece)) => found.extend_from_slice(&piece),
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                }
            },
        };
        assert!(self.text.starts_with(&found), "wrong bytes were handed out");
        match (verified, damage) {
            (Err(Error::Corrupt { damage: one, id }), Err(Error::Corrupt { damage: other, .. })) => {
                assert_eq!((one, id), (other, self.id));
                Some(one)
            }
            (Ok(()), Ok(())) => {
                assert!(found == self.text, "bytes are missing");
                None
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn any_flipped_bit_is_found() {
    let case = Case::new(5 * SEGMENT as usize + 1000).await;
    let end = case.file.len() - CHECKSUM;
    let borders = (0..6).flat_map(|n| [HEADER + n * SEALED, (HEADER + (n + 1) * SEALED).min(end) - 1]);
    let spread = (0..end).step_by(9973);
    let bytes: Vec<usize> = (0..HEADER).chain(borders).chain(spread).collect();
    for (n, byte) in bytes.into_iter().enumerate() {
        let mut file = case.file.clone();
        file[byte] ^= 1 << (n % 8);
        let damage =
            case.damage_of(&file, case.size()).await.unwrap_or_else(|| panic!("byte {byte} was changed"));
        match byte {
            0..8 | 12..16 => assert_eq!(damage, Damage::Header),
            8..12 => assert!(matches!(damage, Damage::Version(_))),
            16..24 => assert_eq!(damage, Damage::Segment(0)),
            _ => assert_eq!(damage, Damage::Segment(((byte - HEADER) / SEALED) as u64)),
        }
    }
    assert_eq!(case.damage_of(&case.file, case.size()).await, None);
    prove(&case.blobs, case.id, case.size()).await.expect("what was written");
    // Whoever has the key does not need the checksum.
    for byte in end..case.file.len() {
        let mut file = case.file.clone();
        file[byte] ^= 1;
        assert_eq!(case.damage_of(&file, case.size()).await, None);
        let proven = prove(&case.blobs, case.id, case.size()).await;
        assert!(matches!(proven, Err(Error::Corrupt { damage: Damage::Checksum, .. })));
    }
}

/// Without the key, to the end; the bytes looked at.
async fn prove(blobs: &Blobs, id: BlobId, size: u64) -> Result<u64, Error> {
    let mut proof = blobs.proof(id, size).await?;
    let mut read = 0;
    while let Some(bytes) = proof.next().await {
        read += bytes?;
    }
    assert!(proof.next().await.is_none(), "something after the end");
    Ok(read)
}

#[tokio::test]
async fn a_proof_needs_no_key_and_reads_all() {
    for size in [0, 1, SEGMENT as usize, 4 * SEGMENT as usize, 9 * SEGMENT as usize + 5] {
        let case = Case::new(size).await;
        assert!(case.blobs.proof(case.id, case.size()).await.expect("a file").has_checksum());
        let read = prove(&case.blobs, case.id, case.size()).await.expect("what was written");
        assert_eq!(read as usize, case.file.len() - HEADER - CHECKSUM);
        let longer = prove(&case.blobs, case.id, case.size() + 1).await;
        assert!(matches!(longer, Err(Error::Corrupt { damage: Damage::Length { .. }, .. })));
        case.blobs.delete(case.id).await.expect("deleted");
        assert!(
            matches!(prove(&case.blobs, case.id, case.size()).await, Err(Error::Missing(id)) if id == case.id)
        );
    }
}

/// As the first version wrote it, by another implementation of its parts (Python's `cryptography`).
#[tokio::test]
async fn files_of_the_first_version_stay_readable() {
    const FILE: &[u8] = b"cloudblb\x01\0\0\0\0\0\x01\0\t\t\t\t\t\t\t\t\
        \xe9\x8b\x0e\x60\xd0\xc6\xea\x4d\x67\x69\x8a\x06\x4f\x05\x22\x10\x16\x19\xed\xd7\x1c";
    let dir = tempfile::tempdir().expect("a directory");
    let blobs = Blobs::open(dir.path(), Options::ephemeral()).expect("open");
    let id = BlobId::from_bytes([3; 16]);
    fs::write(path_of(dir.path(), id), FILE).expect("the file");
    assert_eq!(get(&blobs, id, &Key::new(&[7; 32]), 0..5, 5).await.expect("readable"), b"plain");
    assert!(!blobs.proof(id, 5).await.expect("a file").has_checksum());
    assert_eq!(prove(&blobs, id, 5).await.expect("its length is right"), 21);
}

#[tokio::test]
async fn damage_elsewhere_does_not_keep_a_range_from_being_read() {
    let case = Case::new(5 * SEGMENT as usize).await;
    let mut file = case.file.clone();
    file[HEADER + 2 * SEALED] ^= 1;
    fs::write(&case.path, &file).expect("the file");
    let read = |range| get(&case.blobs, case.id, &KEY, range, case.size());
    static KEY: std::sync::LazyLock<Key> = std::sync::LazyLock::new(key);
    assert_eq!(read(0..2 * SEGMENT).await.expect("undamaged"), case.text[..2 * SEGMENT as usize]);
    assert_eq!(read(3 * SEGMENT..case.size()).await.expect("undamaged"), case.text[3 * SEGMENT as usize..]);
    let damaged = read(2 * SEGMENT + 5..2 * SEGMENT + 6).await;
    assert!(matches!(damaged, Err(Error::Corrupt { damage: Damage::Segment(2), .. })));
}

#[tokio::test]
async fn what_is_cut_off_or_added_is_missed() {
    for size in [0, 1, SEGMENT as usize, 3 * SEGMENT as usize + 7] {
        let case = Case::new(size).await;
        let len = case.file.len();
        for short in [0, 1, HEADER - 1, HEADER, len - 17, len - 1].into_iter().filter(|short| *short < len) {
            let damage = case.damage_of(&case.file[..short], case.size()).await;
            assert!(
                matches!(damage, Some(Damage::Length { found, .. }) if found == short as u64),
                "{damage:?}"
            );
        }
        let long = [&case.file[..], b"x"].concat();
        assert!(matches!(case.damage_of(&long, case.size()).await, Some(Damage::Length { .. })));
    }
}

/// The record is the truth about the size; a file that was cut to fit another size does not pass.
#[tokio::test]
async fn a_shorter_blob_does_not_pass_for_a_whole_one() {
    let case = Case::new(3 * SEGMENT as usize).await;
    let short = &case.file[..HEADER + 2 * SEALED + CHECKSUM];
    assert_eq!(case.damage_of(short, 2 * SEGMENT).await, Some(Damage::Segment(1)));
    let shorter = &case.file[..HEADER + 16 + CHECKSUM];
    assert_eq!(case.damage_of(shorter, 0).await, Some(Damage::Segment(0)));
}

#[tokio::test]
async fn segments_stay_where_they_are() {
    let case = Case::new(4 * SEGMENT as usize).await;
    for (a, b) in [(0, 1), (1, 2), (2, 3), (0, 3)] {
        let mut file = case.file.clone();
        let (low, high) = file.split_at_mut(HEADER + b * SEALED);
        low[HEADER + a * SEALED..][..SEALED].swap_with_slice(&mut high[..SEALED]);
        assert_eq!(case.damage_of(&file, case.size()).await, Some(Damage::Segment(a as u64)));
    }
}

#[tokio::test]
async fn another_blobs_bytes_and_another_key_do_not_pass() {
    let case = Case::new(100_000).await;
    let other = put(&case.blobs, &case.text, 100_000).await.expect("put");
    fs::copy(&case.path, path_of(case.dir.path(), other.id)).expect("copied");
    let swapped = case.blobs.verify(other.id, &key(), case.size()).await;
    assert!(matches!(swapped, Err(Error::Corrupt { damage: Damage::Segment(0), .. })));
    let stranger = case.blobs.verify(case.id, &Key::new(&[1; 32]), case.size()).await;
    assert!(matches!(stranger, Err(Error::Corrupt { damage: Damage::Segment(0), .. })));
    case.blobs.verify(case.id, &key(), case.size()).await.expect("its own");
}
