//! What is to be copied, as the header `x-amz-copy-source` says it.

use model_s3::Error;
use percent_encoding::percent_decode_str;

use crate::access_points::of_object_arn;
use crate::error::invalid_argument;

/// The source of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    pub bucket: String,
    pub key: String,
    pub version: Option<String>,
}

const NAME: &str = "x-amz-copy-source";
const VERSION: &str = "?versionId=";

impl CopySource {
    /// `bucket/key` with or without a slash before it, or the ARN of an object behind an access point; percent-encoded, and
    /// then perhaps a version. A question mark that is part of the key is encoded, or does not precede `versionId=`.
    pub fn parse(header: &str) -> Result<Self, Error> {
        let (path, version) = match header.rfind(VERSION) {
            Some(at) => (&header[..at], Some(&header[at + VERSION.len()..])),
            None => (header, None),
        };
        let invalid = |text: &'static str| invalid_argument(text, NAME, NAME);
        let path =
            percent_decode_str(path).decode_utf8().map_err(|_| invalid("Invalid copy source encoding"))?;
        let path = path.strip_prefix('/').unwrap_or(&path);
        // The name of no bucket has colons.
        let parts = if path.starts_with("arn:") { of_object_arn(path) } else { path.split_once('/') };
        let (bucket, key) = parts.ok_or_else(|| invalid("Invalid copy source object key"))?;
        if bucket.is_empty() {
            return Err(invalid("Invalid copy source bucket name").into());
        }
        if key.is_empty() {
            return Err(invalid("Invalid copy source object key").into());
        }
        let version = version.filter(|version| !version.is_empty()).map(str::to_owned);
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned(), version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_once() {
        let of =
            |text| CopySource::parse(text).map(|source| (source.bucket, source.key, source.version)).unwrap();
        let expected =
            |key: &str, version: Option<&str>| ("b".to_owned(), key.to_owned(), version.map(str::to_owned));
        assert_eq!(of("b/k"), expected("k", None));
        assert_eq!(of("/b/a/k"), expected("a/k", None));
        assert_eq!(of("b%2Fk%20%2B%252F+x?y=z"), expected("k +%2F+x?y=z", None));
        assert_eq!(of("b/k?versionId=1"), expected("k", Some("1")));
        assert_eq!(of("b/k%3FversionId=1"), expected("k?versionId=1", None));
        assert_eq!(of("b/k?versionId=1?versionId=2"), expected("k?versionId=1", Some("2")));
        assert_eq!(of("b//k"), expected("/k", None));
        let point = "arn:aws:s3:us-east-1:123456789012:accesspoint/docs";
        let source = CopySource::parse(&format!("{}%2Fobject%2Fa/b?versionId=1", point.replace(':', "%3A")));
        let expected =
            CopySource { bucket: point.to_owned(), key: "a/b".to_owned(), version: Some("1".to_owned()) };
        assert_eq!(source.unwrap(), expected);
        assert!(CopySource::parse(&format!("{point}/a")).is_err());
        for bad in ["", "b", "b/", "/", "/b", "//k", "b/%ff", "?versionId=1"] {
            assert!(CopySource::parse(bad).is_err(), "{bad}");
        }
    }
}
