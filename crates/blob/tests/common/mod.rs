//! What several tests need.

// Each test program uses its own part of this.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use blob::{BlobId, Blobs, Error, Key, Written};
use bytes::Bytes;

/// Bytes of a segment.
pub const SEGMENT: u64 = 64 << 10;

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

pub fn key() -> Key {
    Key::new(b"0123456789abcdef0123456789abcdef")
}

/// Bytes of which no two segments are the same.
pub fn text(size: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

/// Writes a blob in pieces of this size.
pub async fn put(blobs: &Blobs, text: &Bytes, piece: usize) -> Result<Written, Error> {
    let mut writer = blobs.create(&key()).await?;
    let mut rest = text.clone();
    while !rest.is_empty() {
        writer.write(rest.split_to(piece.min(rest.len()))).await?;
    }
    writer.finish().await
}

/// Reads a range, and checks that pieces are not empty and that nothing follows an error.
pub async fn get(
    blobs: &Blobs,
    id: BlobId,
    key: &Key,
    range: std::ops::Range<u64>,
    size: u64,
) -> Result<Vec<u8>, Error> {
    let mut reading = blobs.read(id, key, range, size).await?;
    let mut found = Vec::new();
    while let Some(piece) = reading.next().await {
        match piece {
            Ok(piece) => {
                assert!(!piece.is_empty(), "an empty piece");
                found.extend_from_slice(&piece);
            }
            Err(error) => {
                assert!(reading.next().await.is_none(), "something after an error");
                return Err(error);
            }
        }
    }
    Ok(found)
}

/// Where a blob lies.
pub fn path_of(dir: &Path, id: BlobId) -> PathBuf {
    let name = id.to_string();
    dir.join(&name[..2]).join(name)
}

/// Files in the directory, the lock aside.
pub fn files_in(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in dir.read_dir().expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_in(&path));
        } else if path.file_name().is_some_and(|name| name != "LOCK") {
            files.push(path);
        }
    }
    files
}
