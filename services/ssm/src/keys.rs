//! The whole keyspace of the service. Every key begins with account, region and `"ssm"`.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"p"` name | [`Parameter`](crate::records::Parameter): the newest version, and what belongs to all of them |
//! | `"v"` name, version | [`Version`](crate::records::Version): an older version |
//! | `"l"` name | [`Labels`](crate::records::Labels) |
//! | `"x"` expires ms, name | [`Expiring`](crate::records::Expiring) |
//! | `"n"` tier | number of parameters of the tier, a counter |
//!
//! A name stands here without its leading slash: with and without it, it names the same parameter.

use bytes::Bytes;
use store::{KeyError, KeyRange, KeyReader, KeyWriter};

use crate::records::Tier;

/// The service's name in keys.
pub const SERVICE: &str = "ssm";

/// The keys of one account and region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub account: &'a str,
    pub region: &'a str,
}

impl Place<'_> {
    fn kind(self, kind: &str) -> KeyWriter {
        KeyWriter::new().str(self.account).str(self.region).str(SERVICE).str(kind)
    }

    /// A parameter's row.
    pub fn parameter(self, name: &str) -> Bytes {
        self.kind("p").str(name).finish()
    }

    /// The rows of the parameters whose names begin so.
    pub fn parameters(self, beginning: &str) -> KeyRange {
        KeyRange::prefix(open(&self.parameter(beginning)))
    }

    /// The name in a parameter's row.
    pub fn parameter_name(self, key: &[u8]) -> Result<String, KeyError> {
        let kind = self.kind("p");
        let mut rest =
            KeyReader::after_prefix(key, kind.as_slice()).ok_or(KeyError::End { wanted: "name" })?;
        Ok(rest.str()?.into_owned())
    }

    /// An older version.
    pub fn version(self, name: &str, version: i64) -> Bytes {
        self.kind("v").str(name).i64(version).finish()
    }

    /// Older versions from this one on.
    pub fn versions_from(self, name: &str, version: i64) -> KeyRange {
        KeyRange::new(self.version(name, version), self.versions(name).end)
    }

    /// All older versions.
    pub fn versions(self, name: &str) -> KeyRange {
        KeyRange::prefix(self.kind("v").str(name).as_slice())
    }

    /// The labels of a parameter.
    pub fn labels(self, name: &str) -> Bytes {
        self.kind("l").str(name).finish()
    }

    /// That a parameter expires.
    pub fn expiry(self, expires_ms: i64, name: &str) -> Bytes {
        self.kind("x").i64(expires_ms).str(name).finish()
    }

    /// All that expire, the first first.
    pub fn expiries(self) -> KeyRange {
        KeyRange::prefix(self.kind("x").as_slice())
    }

    /// When a parameter expires, and its name.
    pub fn expiry_of(self, key: &[u8]) -> Result<(i64, String), KeyError> {
        let kind = self.kind("x");
        let mut rest =
            KeyReader::after_prefix(key, kind.as_slice()).ok_or(KeyError::End { wanted: "time" })?;
        Ok((rest.i64()?, rest.str()?.into_owned()))
    }

    /// How many parameters of a tier there are.
    pub fn count(self, tier: Tier) -> Bytes {
        self.kind("n").str(tier.as_str()).finish()
    }
}

/// A key that ends in a string, without the string's end: the beginning of every key with a longer string.
fn open(key: &[u8]) -> &[u8] {
    &key[..key.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { account: "1", region: "r" };

    #[test]
    fn bytes_of_every_key() {
        let key = |rest: &[u8]| [b"\x021\0\x02r\0\x02ssm\0", rest].concat();
        assert_eq!(HERE.parameter("a/b"), key(b"\x02p\0\x02a/b\0"));
        assert_eq!(HERE.version("a", 7), key(b"\x02v\0\x02a\0\x15\x07"));
        assert_eq!(HERE.labels("a"), key(b"\x02l\0\x02a\0"));
        assert_eq!(HERE.expiry(300, "a"), key(b"\x02x\0\x16\x01\x2c\x02a\0"));
        assert_eq!(HERE.count(Tier::Standard), key(b"\x02n\0\x02Standard\0"));
        assert_eq!(HERE.count(Tier::Advanced), key(b"\x02n\0\x02Advanced\0"));
    }

    #[test]
    fn ranges() {
        let under = HERE.parameters("a/");
        assert!(under.contains(&HERE.parameter("a/b")) && under.contains(&HERE.parameter("a/b/c")));
        assert!(!under.contains(&HERE.parameter("a")) && !under.contains(&HERE.parameter("a-b")));
        assert!(HERE.parameters("").contains(&HERE.parameter("z")));
        assert!(!HERE.parameters("").contains(&HERE.version("z", 1)));
        let versions = HERE.versions("a");
        assert!(versions.contains(&HERE.version("a", 300)) && !versions.contains(&HERE.version("ab", 1)));
        let later = HERE.versions_from("a", 5);
        assert!(later.contains(&HERE.version("a", 5)) && !later.contains(&HERE.version("a", 4)));
        assert!(!later.contains(&HERE.version("b", 9)));
    }

    #[test]
    fn what_keys_say() {
        assert_eq!(HERE.parameter_name(&HERE.parameter("a/b")).unwrap(), "a/b");
        assert_eq!(HERE.expiry_of(&HERE.expiry(9, "a")).unwrap(), (9, "a".to_owned()));
        assert!(HERE.parameter_name(b"x").is_err());
    }
}
