//! Iterators: where in a stream a reader is. They are sealed, so that nobody can make one, nor move one to another stream.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model_dynamodbstreams::Error;
use store::Stamp;
use vault::Vault;

use super::arn::StreamArn;
use super::validation;

/// What the vault seals them for.
const PURPOSE: &str = "dynamodb.stream-iterator";
/// Between the parts of an iterator: ARN, form, sealed part.
const SEPARATOR: char = '|';
/// The form of what is sealed; a later form gets another.
const FORM: &str = "1";

/// Where a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// At the oldest change that can be read.
    Oldest,
    /// At the first change that was committed here or later.
    From(Stamp),
}

/// What an iterator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub position: Position,
    pub issued_ms: i64,
}

impl Cursor {
    /// As a reader gets it.
    pub fn seal(self, vault: &Vault, arn: &StreamArn) -> String {
        let arn = arn.to_string();
        let mut plain = Vec::with_capacity(size_of::<i64>() + Stamp::LEN);
        plain.extend_from_slice(&self.issued_ms.to_be_bytes());
        if let Position::From(stamp) = self.position {
            plain.extend_from_slice(&stamp.to_bytes());
        }
        let sealed = STANDARD.encode(vault.seal(PURPOSE, &arn, &plain));
        format!("{arn}{SEPARATOR}{FORM}{SEPARATOR}{sealed}")
    }

    /// The stream that an iterator is of, and the rest of it.
    pub fn stream(given: &str) -> Result<(StreamArn, &str), Error> {
        let (arn, rest) = given.split_once(SEPARATOR).ok_or_else(invalid)?;
        Ok((StreamArn::parse(arn).ok_or_else(invalid)?, rest))
    }

    /// Opens the rest of an iterator of this stream.
    pub fn open(vault: &Vault, arn: &StreamArn, rest: &str) -> Result<Self, Error> {
        let sealed = rest.strip_prefix(FORM).and_then(|rest| rest.strip_prefix(SEPARATOR));
        let sealed = sealed.and_then(|sealed| STANDARD.decode(sealed).ok()).ok_or_else(invalid)?;
        let plain = vault.open(PURPOSE, &arn.to_string(), &sealed).map_err(|_| invalid())?;
        let (issued, stamp) = plain.split_first_chunk().ok_or_else(invalid)?;
        let position = match stamp {
            [] => Position::Oldest,
            stamp => Position::From(Stamp::from_bytes(stamp.try_into().map_err(|_| invalid())?)),
        };
        Ok(Self { position, issued_ms: i64::from_be_bytes(*issued) })
    }
}

fn invalid() -> Error {
    validation("Invalid ShardIterator")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_good_for_its_stream_alone() {
        let vault = Vault::ephemeral();
        let arn = |label: &str| {
            let text = format!("arn:aws:dynamodb:us-east-1:123456789012:table/things/stream/{label}");
            StreamArn::parse(&text).expect("an ARN")
        };
        for position in [Position::Oldest, Position::From(Stamp::new(7, 3))] {
            let cursor = Cursor { position, issued_ms: 5 };
            let text = cursor.seal(&vault, &arn("a"));
            let (stream, rest) = Cursor::stream(&text).expect("an iterator");
            assert_eq!(stream, arn("a"));
            assert_eq!(Cursor::open(&vault, &stream, rest).expect("an iterator"), cursor);
            assert!(Cursor::open(&vault, &arn("b"), rest).is_err());
            assert!(Cursor::open(&Vault::ephemeral(), &stream, rest).is_err());
            assert!(Cursor::open(&vault, &stream, &rest[..rest.len() - 4]).is_err());
        }
        for text in ["", "x", "x|1|", &format!("{}|1", arn("a")), &format!("{}|2|AAAA", arn("a"))] {
            let opened = Cursor::stream(text).and_then(|(arn, rest)| Cursor::open(&vault, &arn, rest));
            assert!(opened.is_err(), "{text}");
        }
    }
}
