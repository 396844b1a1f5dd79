//! The whole keyspace of the service. Every key begins with account, region and `"secretsmanager"`.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"s"` name | [`Secret`](crate::records::Secret) |
//! | `"v"` name, suffix, version id | [`Version`](crate::records::Version): a value, encrypted |
//! | `"o"` name, suffix, created ms, version id | nothing: the versions in order of age |
//! | `"a"` name, suffix, version id or `""` | [`Accessed`](crate::records::Accessed): the day a version, or the secret, was last read |
//!
//! The suffix is the random end of the secret's ARN: a secret made again under the same name has other rows.
//!
//! What is to happen at some time stands under an empty account and an empty region, for all of them together, so that
//! one read tells what is due next: `"d"` due ms, account, region, name → nothing: the secret is to be removed;
//! `"r"` due ms, account, region, name → nothing: the secret is to be rotated.

use bytes::Bytes;
use store::{KeyError, KeyReader, KeyWriter};

fn service(account: &str, region: &str) -> KeyWriter {
    KeyWriter::new().str(account).str(region).str("secretsmanager")
}

/// A secret's row.
pub fn secret(account: &str, region: &str, name: &str) -> Bytes {
    service(account, region).str("s").str(name).finish()
}

/// The rows of all secrets.
pub fn secrets(account: &str, region: &str) -> Bytes {
    service(account, region).str("s").finish()
}

/// The rows of one secret that hold its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub name: &'a str,
    pub suffix: &'a str,
}

impl Rows<'_> {
    fn kind(&self, kind: &str) -> KeyWriter {
        service(self.account, self.region).str(kind).str(self.name).str(self.suffix)
    }

    /// A version.
    pub fn version(&self, id: &str) -> Bytes {
        self.kind("v").str(id).finish()
    }

    /// All versions.
    pub fn versions(&self) -> Bytes {
        self.kind("v").finish()
    }

    /// A version's place in the order of age.
    pub fn aged(&self, created_ms: i64, id: &str) -> Bytes {
        self.kind("o").i64(created_ms).str(id).finish()
    }

    /// The versions by age.
    pub fn by_age(&self) -> Bytes {
        self.kind("o").finish()
    }

    /// Creation time and id of a version in its row by age.
    pub fn age_of(&self, key: &[u8]) -> Result<(i64, String), KeyError> {
        let mut rest =
            KeyReader::after_prefix(key, &self.by_age()).ok_or(KeyError::End { wanted: "row by age" })?;
        Ok((rest.i64()?, rest.str()?.into_owned()))
    }

    /// When a version (`""`: the secret) was last read.
    pub fn accessed(&self, id: &str) -> Bytes {
        self.kind("a").str(id).finish()
    }

    /// When anything of it was last read.
    pub fn accesses(&self) -> Bytes {
        self.kind("a").finish()
    }
}

/// What is to happen to secrets at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The recovery window ends.
    Removal,
    /// The rotation window ends.
    Rotation,
}

impl Due {
    fn table(self) -> KeyWriter {
        service("", "").str(match self {
            Self::Removal => "d",
            Self::Rotation => "r",
        })
    }

    /// All rows, the earliest first.
    pub fn all(self) -> Bytes {
        self.table().finish()
    }

    /// One row.
    pub fn row(self, due_ms: i64, account: &str, region: &str, name: &str) -> Bytes {
        self.table().i64(due_ms).str(account).str(region).str(name).finish()
    }

    /// What a row says.
    pub fn read(self, key: &[u8]) -> Result<DueSecret, KeyError> {
        let mut rest =
            KeyReader::after_prefix(key, &self.all()).ok_or(KeyError::End { wanted: "due row" })?;
        Ok(DueSecret {
            due_ms: rest.i64()?,
            account: rest.str()?.into_owned(),
            region: rest.str()?.into_owned(),
            name: rest.str()?.into_owned(),
        })
    }
}

/// Which secret is due, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSecret {
    pub due_ms: i64,
    pub account: String,
    pub region: String,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\x021\0\x02r\0\x02secretsmanager\0";

    #[test]
    fn rows_to_the_byte() {
        let row = |rest: &[u8]| [HEAD, rest].concat();
        let rows = Rows { account: "1", region: "r", name: "n", suffix: "x" };
        assert_eq!(&secret("1", "r", "n")[..], row(b"\x02s\0\x02n\0"));
        assert!(secret("1", "r", "n").starts_with(&secrets("1", "r")));
        assert_eq!(&rows.version("v")[..], row(b"\x02v\0\x02n\0\x02x\0\x02v\0"));
        assert!(rows.version("v").starts_with(&rows.versions()));
        assert_eq!(&rows.aged(258, "v")[..], row(b"\x02o\0\x02n\0\x02x\0\x16\x01\x02\x02v\0"));
        assert_eq!(rows.age_of(&rows.aged(258, "v")), Ok((258, "v".to_owned())));
        assert!(rows.age_of(&rows.version("v")).is_err());
        assert_eq!(&rows.accessed("")[..], row(b"\x02a\0\x02n\0\x02x\0\x02\0"));
        assert!(rows.accessed("v").starts_with(&rows.accesses()));
    }

    #[test]
    fn due_rows_to_the_byte() {
        let key = Due::Removal.row(9, "1", "r", "n");
        assert_eq!(&key[..], b"\x02\0\x02\0\x02secretsmanager\0\x02d\0\x15\x09\x021\0\x02r\0\x02n\0");
        let due = DueSecret { due_ms: 9, account: "1".into(), region: "r".into(), name: "n".into() };
        assert_eq!(Due::Removal.read(&key), Ok(due));
        assert!(Due::Rotation.read(&key).is_err());
        assert!(key.starts_with(&Due::Removal.all()) && !key.starts_with(&Due::Rotation.all()));
    }
}
