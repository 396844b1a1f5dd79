//! Lists of what lies in a bucket.

mod objects;
mod token;
mod versions;

use model_s3::Error;
use model_s3::types::{ChecksumAlgorithm, ChecksumType, CommonPrefix, EncodingType, Owner};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wire::Open;

use crate::error::invalid_argument;
use crate::limits::PAGE_MAX;
use crate::records::Checksum;
use crate::s3::S3;

/// What stands for itself where a list is encoded. Slashes do, so that prefixes can be read.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'*').remove(b'/');

/// How names are written in a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spelling {
    encoded: bool,
}

impl Spelling {
    /// What the request asks for.
    pub fn asked(encoding: Option<&Open<EncodingType>>) -> Result<Self, Error> {
        match encoding {
            None => Ok(Self { encoded: false }),
            Some(Open::Known(EncodingType::Url)) => Ok(Self { encoded: true }),
            Some(Open::Unknown(other)) => {
                let text = "Invalid Encoding Method specified in Request";
                Err(invalid_argument(text, "encoding-type", other).into())
            }
        }
    }

    /// A name as the answer writes it.
    pub fn write(self, name: &str) -> String {
        if self.encoded { utf8_percent_encode(name, PLAIN).to_string() } else { name.to_owned() }
    }

    /// A name that the request need not have.
    pub fn write_some(self, name: Option<&str>) -> Option<String> {
        name.map(|name| self.write(name))
    }

    /// Common prefixes as the answer lists them.
    pub fn prefixes(self, prefixes: &[String]) -> Option<Vec<CommonPrefix>> {
        let all: Vec<_> =
            prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(self.write(prefix)) }).collect();
        (!all.is_empty()).then_some(all)
    }
}

/// How many entries the answer may have.
pub fn page_size(asked: Option<i32>, name: &str) -> Result<usize, Error> {
    asked.map_or(Ok(PAGE_MAX), |asked| Ok(not_negative(asked, name)?.min(PAGE_MAX)))
}

/// A number that may be anything but negative, as argument of this name.
pub fn not_negative(asked: i32, name: &str) -> Result<usize, Error> {
    usize::try_from(asked).map_err(|_| {
        let text = format!("Argument {name} must be an integer between 0 and {}", i32::MAX);
        invalid_argument(text, name, &asked.to_string()).into()
    })
}

/// A delimiter that delimits: an empty one is none.
pub fn delimiter(asked: Option<&str>) -> Option<&str> {
    asked.filter(|delimiter| !delimiter.is_empty())
}

/// The owners that a list shows. Most entries have the same as the one before: it is looked up once.
pub struct Owners<'a> {
    s3: &'a S3,
    last: Option<(String, Owner)>,
}

impl<'a> Owners<'a> {
    pub fn new(s3: &'a S3) -> Self {
        Self { s3, last: None }
    }

    /// An account as lists show it.
    pub fn of(&mut self, account: &str) -> Owner {
        match &self.last {
            Some((known, owner)) if known == account => owner.clone(),
            _ => {
                let owner = crate::acl_input::owner(self.s3, account);
                self.last = Some((account.to_owned(), owner.clone()));
                owner
            }
        }
    }
}

/// What lists say of a checksum: which it is, not its value.
pub fn checksum(
    checksum: Option<&Checksum>,
) -> (Option<Vec<Open<ChecksumAlgorithm>>>, Option<Open<ChecksumType>>) {
    let Some(checksum) = checksum else { return (None, None) };
    let algorithm = open(&checksum.algorithm);
    let kind = if checksum.composite { ChecksumType::Composite } else { ChecksumType::FullObject };
    (Some(vec![algorithm]), Some(kind.into()))
}

/// A word of the API as a value of an enumeration.
pub fn open<E: wire::Enum>(word: &str) -> Open<E> {
    E::parse(word).map_or_else(|| Open::Unknown(word.to_owned()), Open::Known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_if_that_is_asked_for() {
        let encoded = Spelling::asked(Some(&EncodingType::Url.into())).unwrap();
        assert_eq!(encoded.write("foo+1/a b"), "foo%2B1/a%20b");
        assert_eq!(encoded.write("é%2F\n"), "%C3%A9%252F%0A");
        assert_eq!(Spelling::asked(None).unwrap().write("a+b"), "a+b");
        assert!(Spelling::asked(Some(&Open::Unknown("value".into()))).is_err());
    }

    #[test]
    fn sizes_of_pages() {
        assert_eq!(page_size(None, "maxKeys").unwrap(), 1_000);
        assert_eq!(page_size(Some(0), "maxKeys").unwrap(), 0);
        assert_eq!(page_size(Some(5_000), "maxKeys").unwrap(), 1_000);
        assert!(page_size(Some(-1), "maxKeys").is_err());
    }
}
