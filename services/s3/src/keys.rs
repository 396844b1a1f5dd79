//! The whole keyspace of the service.
//!
//! Names of buckets are one space for all accounts: `""`, `""`, `"s3"`, `"name"`, bucket → [`Name`](crate::records::Name).
//! So are aliases of access points, and their names in hosts, which a bucket could have too: `""`, `""`, `"s3"`, `"alias"`,
//! alias → [`Alias`](crate::records::Alias); `""`, `""`, `"s3"`, `"point"`, name and account as in a host, region → nothing.
//! What holds for an account in all regions: account, `""`, `"s3"`, `"account"` →
//! [`AccountAccess`](crate::records::AccountAccess).
//! Everything else begins with account and region of the bucket, or of the access point, and `"s3"`. What lies in a bucket goes by the bucket's
//! own id, so that a bucket that is deleted and made anew never meets what was in it before:
//!
//! | then | value |
//! |---|---|
//! | `"a"` name | [`AccessPoint`](crate::records::AccessPoint) |
//! | `"b"` bucket | [`Bucket`](crate::records::Bucket) |
//! | `"c"` bucket id, kind, name | [`Configuration`](crate::records::Configuration): one sub-resource of the bucket |
//! | `"o"` bucket id, key | [`Object`](crate::records::Object): the current version, where that is an object |
//! | `"v"` bucket id, key, sequence (newest first) | [`Version`](crate::records::Version): every other version |
//! | `"n"` bucket id, key | [`NullVersion`](crate::records::NullVersion): where among those the version `null` is |
//! | `"t"` bucket id, account, name | nothing: an access point of the bucket |
//! | `"u"` bucket id, key, upload id | [`Upload`](crate::records::Upload) |
//! | `"p"` bucket id, upload id, part number | [`Part`](crate::records::Part) |
//! | `"m"` data id, chunk | [`Manifest`](crate::records::Manifest): the parts that an object is made of |
//! | `"d"` data id | bytes of an object or part, sealed |
//! | `"f"` blob id | [`Blob`](crate::records::Blob): how many objects use a file |
//! | `"g"` blob id | nothing: a file that nobody uses any more, and that nobody may use again |

use bytes::Bytes;
use kernel::Call;
use store::{KeyError, KeyRange, KeyReader, KeyWriter};

/// What stands after account and region in the keys of this service.
pub const SERVICE: &str = "s3";

/// The row of a bucket's name.
pub fn name(bucket: &str) -> Bytes {
    KeyWriter::new().str("").str("").str(SERVICE).str("name").str(bucket).finish()
}

/// The rows of the names of all buckets.
pub fn names() -> Bytes {
    KeyWriter::new().str("").str("").str(SERVICE).str("name").finish()
}

/// The row of an access point's alias.
pub fn alias(alias: &str) -> Bytes {
    KeyWriter::new().str("").str("").str(SERVICE).str("alias").str(alias).finish()
}

/// The row of an access point's name as hosts say it, in one region.
pub fn host(name: &str, region: &str) -> Bytes {
    KeyWriter::new().str("").str("").str(SERVICE).str("point").str(name).str(region).finish()
}

/// The rows of such a name in all regions.
pub fn hosts(name: &str) -> Bytes {
    KeyWriter::new().str("").str("").str(SERVICE).str("point").str(name).finish()
}

/// The row of what holds for an account.
pub fn account(account: &str) -> Bytes {
    KeyWriter::new().str(account).str("").str(SERVICE).str("account").finish()
}

/// An account and region: where a bucket's rows are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub account: String,
    pub region: String,
}

impl Place {
    /// Where a call is.
    pub fn of(call: &Call) -> Self {
        Self { account: call.account.clone(), region: call.region.clone() }
    }

    fn begin(&self) -> KeyWriter {
        KeyWriter::new().str(&self.account).str(&self.region).str(SERVICE)
    }

    /// An access point's row.
    pub fn point(&self, name: &str) -> Bytes {
        self.begin().str("a").str(name).finish()
    }

    /// The rows of all access points.
    pub fn points(&self) -> Bytes {
        self.begin().str("a").finish()
    }

    /// A bucket's row.
    pub fn bucket(&self, name: &str) -> Bytes {
        self.begin().str("b").str(name).finish()
    }

    /// The rows of all buckets.
    pub fn buckets(&self) -> Bytes {
        self.begin().str("b").finish()
    }

    /// A part of the list of an object's parts.
    pub fn manifest(&self, data: &[u8; 16], chunk: u32) -> Bytes {
        self.begin().str("m").bytes(data).u64(u64::from(chunk)).finish()
    }

    /// The whole of it.
    pub fn manifests(&self, data: &[u8; 16]) -> KeyRange {
        KeyRange::prefix(self.begin().str("m").bytes(data).as_slice())
    }

    /// Bytes that are kept in the store.
    pub fn data(&self, data: &[u8; 16]) -> Bytes {
        self.begin().str("d").bytes(data).finish()
    }

    /// A file's row.
    pub fn blob(&self, blob: &[u8; 16]) -> Bytes {
        self.begin().str("f").bytes(blob).finish()
    }

    /// The rows of all files.
    pub fn blobs(&self) -> Bytes {
        self.begin().str("f").finish()
    }

    /// The row of a file that is to be removed.
    pub fn garbage(&self, blob: &[u8; 16]) -> Bytes {
        self.begin().str("g").bytes(blob).finish()
    }

    /// What lies in a bucket.
    pub fn inside<'a>(&'a self, id: &'a [u8; 8]) -> Inside<'a> {
        Inside { place: self, id }
    }
}

/// The rows of what lies in a bucket.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'a> {
    place: &'a Place,
    id: &'a [u8; 8],
}

impl<'a> Inside<'a> {
    /// Where the bucket is.
    pub fn place(&self) -> &'a Place {
        self.place
    }

    fn begin(&self, kind: &str) -> KeyWriter {
        self.place.begin().str(kind).bytes(self.id)
    }

    /// A sub-resource; `name` is empty for those of which there is one.
    pub fn configuration(&self, kind: &str, name: &str) -> Bytes {
        self.begin("c").str(kind).str(name).finish()
    }

    /// All of a kind.
    pub fn configurations(&self, kind: &str) -> Bytes {
        self.begin("c").str(kind).finish()
    }

    /// All of all kinds.
    pub fn all_configurations(&self) -> Bytes {
        self.begin("c").finish()
    }

    /// The current version of an object.
    pub fn object(&self, key: &str) -> Bytes {
        self.begin("o").str(key).finish()
    }

    /// All current versions.
    pub fn objects(&self) -> Bytes {
        self.begin("o").finish()
    }

    /// Another version.
    pub fn version(&self, key: &str, sequence: u64) -> Bytes {
        // Newest first: what is looked for is mostly the newest.
        self.begin("v").str(key).u64(u64::MAX - sequence).finish()
    }

    /// All other versions of an object.
    pub fn versions_of(&self, key: &str) -> Bytes {
        self.begin("v").str(key).finish()
    }

    /// All other versions of all objects.
    pub fn versions(&self) -> Bytes {
        self.begin("v").finish()
    }

    /// Where the version `null` is.
    pub fn null_version(&self, key: &str) -> Bytes {
        self.begin("n").str(key).finish()
    }

    /// An access point of the bucket.
    pub fn point(&self, account: &str, name: &str) -> Bytes {
        self.begin("t").str(account).str(name).finish()
    }

    /// All access points of the bucket that are an account's.
    pub fn points_of(&self, account: &str) -> Bytes {
        self.begin("t").str(account).finish()
    }

    /// All access points of the bucket.
    pub fn points(&self) -> Bytes {
        self.begin("t").finish()
    }

    /// An upload in parts.
    pub fn upload(&self, key: &str, upload: &str) -> Bytes {
        self.begin("u").str(key).str(upload).finish()
    }

    /// All uploads of a key.
    pub fn uploads_of(&self, key: &str) -> Bytes {
        self.begin("u").str(key).finish()
    }

    /// All uploads.
    pub fn uploads(&self) -> Bytes {
        self.begin("u").finish()
    }

    /// A part of an upload.
    pub fn part(&self, upload: &str, number: u32) -> Bytes {
        self.begin("p").str(upload).u64(u64::from(number)).finish()
    }

    /// All parts of an upload.
    pub fn parts(&self, upload: &str) -> Bytes {
        self.begin("p").str(upload).finish()
    }
}

/// The text that follows `prefix` in a row's key.
pub fn text_after(row: &[u8], prefix: &[u8]) -> Result<String, KeyError> {
    let mut reader = KeyReader::after_prefix(row, prefix).unwrap_or_else(|| KeyReader::new(&[]));
    Ok(reader.str()?.into_owned())
}

/// The upload id of a row of [`Inside::uploads`].
pub fn upload_after(row: &[u8], prefix: &[u8]) -> Result<String, KeyError> {
    let mut reader = KeyReader::after_prefix(row, prefix).unwrap_or_else(|| KeyReader::new(&[]));
    reader.str()?;
    Ok(reader.str()?.into_owned())
}

/// Key and sequence of a row of [`Inside::versions`].
pub fn version_after(row: &[u8], prefix: &[u8]) -> Result<(String, u64), KeyError> {
    let mut reader = KeyReader::after_prefix(row, prefix).unwrap_or_else(|| KeyReader::new(&[]));
    let key = reader.str()?.into_owned();
    Ok((key, u64::MAX - reader.u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_sort() {
        let place = Place { account: "123456789012".into(), region: "us-east-1".into() };
        let inside = place.inside(b"01234567");
        assert_eq!(text_after(&inside.object("a/b"), &inside.objects()).unwrap(), "a/b");
        let row = inside.version("k", 7);
        assert_eq!(version_after(&row, &inside.versions()).unwrap(), ("k".to_owned(), 7));
        assert!(inside.version("k", 8) < row, "newest first");
        assert!(inside.version("k", 1) < inside.version("l", 9));
        assert!(text_after(b"x", b"y").is_err());
        // A key that begins another one comes first, and its versions lie together.
        assert!(inside.version("k", 0) < inside.version("k/", u64::MAX));
    }
}
