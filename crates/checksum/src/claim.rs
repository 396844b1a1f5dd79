//! What a request says of its body in headers and trailers `x-amz-checksum-…`.

use std::fmt;

use crate::{Algorithm, Digest};

const PREFIX: &str = "x-amz-checksum-";
/// Headers that begin in the same way and are no checksums.
const OTHERS: [&str; 3] = ["x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type"];

/// The headers and trailers of a request, as far as they say a checksum of its body: there may be one.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Its text is not read before it is known that it is the only one.
    said: Option<(Algorithm, String, Place)>,
}

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the body.
    Header,
    /// Behind it.
    Trailer,
}

/// Why what a request says of its body is refused. The text is the one that S3 answers, as `InvalidRequest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// No such algorithm is known.
    Unknown,
    /// There is more than one.
    Several,
    /// The text is none of a checksum of this algorithm.
    Malformed(Algorithm, Place),
}

impl Claims {
    /// Takes a header into account; the name is in lower case. One that is no checksum says nothing.
    ///
    /// # Errors
    /// [`ClaimError::Unknown`] and [`ClaimError::Several`].
    pub fn add(&mut self, name: &str, value: &str, place: Place) -> Result<(), ClaimError> {
        if !name.starts_with(PREFIX) || OTHERS.contains(&name) {
            return Ok(());
        }
        let algorithm = Algorithm::of_header(name).ok_or(ClaimError::Unknown)?;
        match self.said.replace((algorithm, value.to_owned(), place)) {
            Some(_) => Err(ClaimError::Several),
            None => Ok(()),
        }
    }

    /// The checksum that was said.
    ///
    /// # Errors
    /// [`ClaimError::Malformed`].
    pub fn found(&self) -> Result<Option<(Algorithm, Digest)>, ClaimError> {
        let Some((algorithm, text, place)) = &self.said else { return Ok(None) };
        let digest = Digest::from_base64(*algorithm, text);
        Ok(Some((*algorithm, digest.ok_or(ClaimError::Malformed(*algorithm, *place))?)))
    }
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                f.write_str("The algorithm type you specified in x-amz-checksum- header is invalid.")
            }
            Self::Several => f.write_str(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
            ),
            Self::Malformed(algorithm, place) => {
                let place = match place {
                    Place::Header => "header",
                    Place::Trailer => "trailing header",
                };
                write!(f, "Value for {} {place} is invalid.", algorithm.header())
            }
        }
    }
}

impl std::error::Error for ClaimError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(list: &[(&str, &str, Place)]) -> Result<Option<(Algorithm, String)>, ClaimError> {
        let mut claims = Claims::default();
        for (name, value, place) in list {
            claims.add(name, value, *place)?;
        }
        Ok(claims.found()?.map(|(algorithm, digest)| (algorithm, digest.base64())))
    }

    #[test]
    fn one_checksum_is_said() {
        use Place::{Header, Trailer};
        let crc = ("x-amz-checksum-crc32", "y/Q5Jg==", Header);
        let found = Ok(Some((Algorithm::Crc32, "y/Q5Jg==".to_owned())));
        assert_eq!(said(&[]), Ok(None));
        assert_eq!(said(&[crc]), found);
        assert_eq!(said(&[("x-amz-checksum-crc32", "y/Q5Jg==", Trailer)]), found);
        let beside = [("x-amz-checksum-mode", "ENABLED", Header), ("x-amz-meta-a", "b", Header), crc];
        assert_eq!(said(&beside), found);
        // That there are two is said before that one of them is none.
        let second = ("x-amz-checksum-sha1", "?", Trailer);
        assert_eq!(said(&[crc, second]), Err(ClaimError::Several));
        assert_eq!(said(&[second]), Err(ClaimError::Malformed(Algorithm::Sha1, Trailer)));
        assert_eq!(said(&[("x-amz-checksum-other", "y/Q5Jg==", Header)]), Err(ClaimError::Unknown));
    }

    #[test]
    fn texts_say_where_it_was_said() {
        let text = |place| ClaimError::Malformed(Algorithm::Crc32, place).to_string();
        assert_eq!(text(Place::Header), "Value for x-amz-checksum-crc32 header is invalid.");
        assert_eq!(text(Place::Trailer), "Value for x-amz-checksum-crc32 trailing header is invalid.");
    }
}
