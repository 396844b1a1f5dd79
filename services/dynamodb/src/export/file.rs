//! Files of data, made in memory one at a time.

use std::io::Write as _;

use bytes::Bytes;
use checksum::{Algorithm, Hasher};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use store::{KeyRange, RangeOptions, Record as _};

use super::line;
use crate::dynamodb::DynamoDb;
use crate::encryption::Ring;
use crate::error::corrupt;
use crate::keys::Place;
use crate::row::Row;
use crate::transfer::records::{Changed, DataFile, Export, What};

/// Bytes of lines in a file: it is in memory while it is made, and is less when it is packed.
const FILE_BYTES: usize = 16 * 1024 * 1024;
/// Rows and bytes that are packed before other work goes on: some milliseconds of it.
const PAGE: usize = 500;
const PAGE_BYTES: usize = 512 * 1024;
/// Characters of a file's name before its endings, as many as those of the real service have.
const NAME_CHARS: usize = 26;

/// A file, packed.
pub struct File {
    pub packed: Bytes,
    pub items: i64,
    /// Of the items, as the service counts.
    pub bytes: i64,
    /// Where the next one begins; none if this is the last.
    pub next: Option<Vec<u8>>,
}

impl File {
    /// As it is kept for the manifest.
    pub fn noted(&self, key: String, etag: String) -> DataFile {
        let md5 = Hasher::of(Algorithm::Md5, &self.packed).base64();
        DataFile { key, items: self.items, md5, etag }
    }
}

/// The name of a file, which is the same if it has to be written again.
pub fn name(contents: &str, number: u64) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = Sha256::new().chain_update(contents).chain_update(number.to_be_bytes()).finalize();
    let letters = digest.iter().take(NAME_CHARS).map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
    letters.chain(".json.gz".chars()).collect()
}

/// Makes the file that begins behind a row, of contents with this key.
pub async fn make(
    service: &DynamoDb,
    (place, ring): (&Place, Option<&Ring>),
    export: &Export,
    after: &[u8],
) -> Result<File, store::Error> {
    let contents = place.contents(&export.contents);
    let prefix = match export.what {
        What::All { .. } => contents.rows(0),
        What::Changes { .. } => contents.changed(),
    };
    let rows = contents.rows(0);
    let mut range = KeyRange::prefix(&prefix);
    if !after.is_empty() {
        range = range.after(&[&prefix[..], after].concat());
    }
    // Requests are not to wait for the best that can be done.
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let (mut written, mut items, mut bytes, mut lines) = (0, 0, 0, Vec::new());
    loop {
        let snapshot = service.store.snapshot();
        let options = RangeOptions { limit: PAGE, max_bytes: PAGE_BYTES, reverse: false };
        let page = snapshot.range(range.clone(), options)?;
        for (row, value) in &page.entries {
            match export.what {
                What::All { .. } => {
                    let row = Row::decode(value, ring)?;
                    line::of_item(&row, &mut lines)?;
                    items += 1;
                    bytes += row.size as i64;
                }
                What::Changes { old_images, .. } => {
                    let now = snapshot.get(&[&rows[..], &row[prefix.len()..]].concat())?;
                    let Changed { at_ms, old } = Changed::decode(value)?;
                    let read =
                        |bytes: Option<Bytes>| bytes.map(|bytes| Row::decode(&bytes, ring)).transpose();
                    let (old, new) = (read(old.map(Bytes::from))?, read(now)?);
                    let images = (old.as_ref(), new.as_ref());
                    if line::of_change(&export.key, at_ms, images, old_images, &mut lines)? {
                        items += 1;
                        bytes += old.iter().chain(&new).map(|row| row.size as i64).sum::<i64>();
                    }
                }
            }
            // Of changes a page may have many times its bytes in images.
            if lines.len() > PAGE_BYTES {
                written += pack(&mut packer, &mut lines)?;
                tokio::task::yield_now().await;
            }
        }
        written += pack(&mut packer, &mut lines)?;
        tokio::task::yield_now().await;
        let last = page.entries.last().filter(|_| page.more).map(|(last, _)| last);
        match last {
            Some(last) if written < FILE_BYTES => range = range.after(last),
            last => {
                let next = last.map(|last| last[prefix.len()..].to_vec());
                let packed = packer.finish().map_err(corrupt)?.into();
                return Ok(File { packed, items, bytes, next });
            }
        }
    }
}

fn pack(packer: &mut GzEncoder<Vec<u8>>, lines: &mut Vec<u8>) -> Result<usize, store::Error> {
    packer.write_all(lines).map_err(corrupt)?;
    let len = lines.len();
    lines.clear();
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_same_name_again() {
        let first = name("contents", 0);
        assert_eq!(first.len(), NAME_CHARS + ".json.gz".len());
        assert_eq!(first, name("contents", 0));
        assert_ne!(first, name("contents", 1));
        assert_ne!(first, name("others", 0));
    }
}
