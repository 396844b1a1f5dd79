//! Journals that grow while they are read.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// Bytes read at once: many times what a journal grows by between two looks; the rest comes with the next look.
const READ_MAX: u64 = 4 << 20;

/// The part of a file of JSON lines that has not been read yet.
pub struct Tail {
    path: PathBuf,
    offset: u64,
}

impl Tail {
    /// A file from its beginning; it need not exist yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, offset: 0 }
    }

    /// The whole lines that have come since the last call.
    pub fn read<T: DeserializeOwned>(&mut self) -> Result<Vec<T>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("{}", self.path.display())),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(READ_MAX).read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.offset += whole as u64;
        let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                let shown = || format!("{}: {}", self.path.display(), String::from_utf8_lossy(line));
                serde_json::from_slice(line).with_context(shown)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_line_is_read_once_and_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut tail = Tail::new(path.clone());
        assert!(tail.read::<u32>().unwrap().is_empty());
        let mut file = File::create(path).unwrap();
        file.write_all(b"1\n2\n3").unwrap();
        assert_eq!(tail.read::<u32>().unwrap(), [1, 2]);
        assert!(tail.read::<u32>().unwrap().is_empty());
        file.write_all(b"4\n").unwrap();
        assert_eq!(tail.read::<u32>().unwrap(), [34]);
        file.write_all(b"x\n").unwrap();
        assert!(tail.read::<u32>().is_err());
    }
}
