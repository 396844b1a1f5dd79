//! The whole keyspace of the service. Every key begins with account, region and `"kms"`.
//!
//! | rest of the key | value |
//! |---|---|
//! | `"k"` key id | [`Key`](crate::records::Key) |
//! | `"m"` key id, version | [`Sealed`](crate::records::Sealed): key material |
//! | `"a"` alias name | [`Alias`](crate::records::Alias) |
//! | `"g"` key id, grant id | [`Grant`](crate::records::Grant) |
//! | `"n"` key id, grant name, grant id | [`GrantName`](crate::records::GrantName): grants by their names |
//! | `"r"` principal, account of the key, key id, grant id | [`Retirable`](crate::records::Retirable); account is that of the principal |
//! | `"t"` due ms, key id | [`Due`](crate::records::Due): the key has something to do then |
//! | `"c"` | how many keys there are, a counter |
//! | `"u"` key id | [`Usage`](crate::records::Usage): its last use |

use bytes::Bytes;
use store::{KeyError, KeyRange, KeyReader, KeyWriter};

/// What stands after account and region in the keys of this service.
pub const SERVICE: &str = "kms";

fn service(account: &str, region: &str) -> KeyWriter {
    KeyWriter::new().str(account).str(region).str(SERVICE)
}

/// The rows of all keys.
pub fn keys(account: &str, region: &str) -> Bytes {
    service(account, region).str("k").finish()
}

/// A key's row.
pub fn key(account: &str, region: &str, id: &str) -> Bytes {
    service(account, region).str("k").str(id).finish()
}

/// The material of all versions of a key.
pub fn materials(account: &str, region: &str, id: &str) -> KeyRange {
    KeyRange::prefix(service(account, region).str("m").str(id).as_slice())
}

/// The material of one version of a key.
pub fn material(account: &str, region: &str, id: &str, version: u32) -> Bytes {
    service(account, region).str("m").str(id).u64(version.into()).finish()
}

/// The rows of all aliases.
pub fn aliases(account: &str, region: &str) -> Bytes {
    service(account, region).str("a").finish()
}

/// An alias's row.
pub fn alias(account: &str, region: &str, name: &str) -> Bytes {
    service(account, region).str("a").str(name).finish()
}

/// The rows of a key's grants.
pub fn grants(account: &str, region: &str, id: &str) -> Bytes {
    service(account, region).str("g").str(id).finish()
}

/// A grant's row.
pub fn grant(account: &str, region: &str, id: &str, grant: &str) -> Bytes {
    service(account, region).str("g").str(id).str(grant).finish()
}

/// The names of a key's grants.
pub fn grant_names(account: &str, region: &str, id: &str) -> KeyRange {
    KeyRange::prefix(service(account, region).str("n").str(id).as_slice())
}

/// A key's grants of this name.
pub fn grants_named(account: &str, region: &str, id: &str, name: &str) -> Bytes {
    service(account, region).str("n").str(id).str(name).finish()
}

/// That a key's grant has this name.
pub fn grant_name(account: &str, region: &str, id: &str, name: &str, grant: &str) -> Bytes {
    service(account, region).str("n").str(id).str(name).str(grant).finish()
}

/// The grants that a principal of `account` may retire.
pub fn retirables(account: &str, region: &str, principal: &str) -> Bytes {
    service(account, region).str("r").str(principal).finish()
}

/// That a principal of `account` may retire a grant.
pub fn retirable(account: &str, region: &str, principal: &str, owner: &str, id: &str, grant: &str) -> Bytes {
    service(account, region).str("r").str(principal).str(owner).str(id).str(grant).finish()
}

/// Account of the key, key id and grant id of a row below [`retirables`].
pub fn retirable_of(key: &[u8], prefix: &[u8]) -> Result<(String, String, String), KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "grant" })?;
    Ok((rest.str()?.into_owned(), rest.str()?.into_owned(), rest.str()?.into_owned()))
}

/// All that is due some time.
pub fn dues(account: &str, region: &str) -> Bytes {
    service(account, region).str("t").finish()
}

/// That a key has something to do at this time.
pub fn due(account: &str, region: &str, due_ms: i64, id: &str) -> Bytes {
    service(account, region).str("t").i64(due_ms).str(id).finish()
}

/// Time and key id of a row below [`dues`].
pub fn due_of(key: &[u8], prefix: &[u8]) -> Result<(i64, String), KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "time" })?;
    Ok((rest.i64()?, rest.str()?.into_owned()))
}

/// The number of the customer's keys.
pub fn count(account: &str, region: &str) -> Bytes {
    service(account, region).str("c").finish()
}

/// When a key was used last.
pub fn usage(account: &str, region: &str, id: &str) -> Bytes {
    service(account, region).str("u").str(id).finish()
}

/// The last element of a row below `prefix`: an id or a name.
pub fn last(key: &[u8], prefix: &[u8]) -> Result<String, KeyError> {
    let mut rest = KeyReader::after_prefix(key, prefix).ok_or(KeyError::End { wanted: "name" })?;
    Ok(rest.str()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"\x021\0\x02r\0\x02kms\0";

    fn with_head(rest: &[u8]) -> Vec<u8> {
        [HEAD, rest].concat()
    }

    #[test]
    fn rows_to_the_byte() {
        assert_eq!(&key("1", "r", "i")[..], with_head(b"\x02k\0\x02i\0"));
        assert_eq!(&material("1", "r", "i", 2)[..], with_head(b"\x02m\0\x02i\0\x15\x02"));
        assert_eq!(&alias("1", "r", "alias/x")[..], with_head(b"\x02a\0\x02alias/x\0"));
        assert_eq!(&grant("1", "r", "i", "g")[..], with_head(b"\x02g\0\x02i\0\x02g\0"));
        assert_eq!(&grant_name("1", "r", "i", "n", "g")[..], with_head(b"\x02n\0\x02i\0\x02n\0\x02g\0"));
        assert_eq!(
            &retirable("1", "r", "p", "2", "i", "g")[..],
            with_head(b"\x02r\0\x02p\0\x022\0\x02i\0\x02g\0")
        );
        assert_eq!(&due("1", "r", 258, "i")[..], with_head(b"\x02t\0\x16\x01\x02\x02i\0"));
        assert_eq!(&count("1", "r")[..], with_head(b"\x02c\0"));
        assert_eq!(&usage("1", "r", "i")[..], with_head(b"\x02u\0\x02i\0"));
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(last(&key("1", "r", "i"), &keys("1", "r")), Ok("i".into()));
        assert_eq!(last(&alias("1", "r", "a"), &aliases("1", "r")), Ok("a".into()));
        assert_eq!(last(&grant("1", "r", "i", "g"), &grants("1", "r", "i")), Ok("g".into()));
        assert_eq!(
            last(&grant_name("1", "r", "i", "n", "g"), &grants_named("1", "r", "i", "n")),
            Ok("g".into())
        );
        assert_eq!(due_of(&due("1", "r", 5, "i"), &dues("1", "r")), Ok((5, "i".into())));
        let row = retirable("1", "r", "p", "2", "i", "g");
        assert_eq!(retirable_of(&row, &retirables("1", "r", "p")), Ok(("2".into(), "i".into(), "g".into())));
        assert!(materials("1", "r", "i").contains(&material("1", "r", "i", 9)));
        assert!(grant_names("1", "r", "i").contains(&grant_name("1", "r", "i", "n", "g")));
        assert!(last(b"x", b"y").is_err());
    }
}
