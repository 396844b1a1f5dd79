//! What a request says of its body, in the way of S3: how long it is, how it is encoded, what its hash is.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use sigv4::{BodyCheck, ChunkDecoder, ChunkSigner};
use wire::{CommonError, CommonSource, Detailed};

/// What is known of a body before it has come.
#[derive(Debug)]
pub(crate) struct Payload {
    /// How many bytes of data it has.
    pub length: Option<u64>,
    /// What its SHA-256 has to be.
    pub sha256: Option<[u8; 32]>,
    /// What takes the encoding off.
    pub chunks: Option<ChunkDecoder>,
}

const DECODED_LENGTH: &str = "x-amz-decoded-content-length";
const TRAILER: &str = "x-amz-trailer";
const AWS_CHUNKED: &str = "aws-chunked";

impl Payload {
    /// Reads it from the headers. `check` is what the signature says; `signer` makes the signatures of chunks that have
    /// one. The body of an object needs a length, and has at most `length_max` bytes.
    pub fn read(
        headers: &HeaderMap,
        check: BodyCheck,
        signer: Option<ChunkSigner>,
        is_object: bool,
        length_max: u64,
    ) -> Result<Self, CommonError> {
        let chunked = matches!(check, BodyCheck::Chunks { .. });
        let with_trailer = matches!(check, BodyCheck::Chunks { trailer: true, .. });
        if headers.contains_key(TRAILER) && !with_trailer {
            return Err(malformed_trailer());
        }
        let length = number(headers, if chunked { DECODED_LENGTH } else { CONTENT_LENGTH.as_str() })?;
        if length.is_none() && is_object && !chunked && headers.contains_key(TRANSFER_ENCODING) {
            return Err(unknown_length());
        }
        if length.is_none() && (is_object || chunked) {
            return Err(CommonError::coded(
                "MissingContentLength",
                411,
                "You must provide the Content-Length HTTP header.",
            ));
        }
        if is_object {
            check_length(length.unwrap_or_default(), length_max)?;
        }
        let chunks = match check {
            BodyCheck::Chunks { trailer, .. } => {
                let declared = if trailer { Some(declared(headers)?) } else { None };
                Some(ChunkDecoder::new(signer, length.unwrap_or_default(), declared))
            }
            _ => None,
        };
        let sha256 = match check {
            BodyCheck::Expect(sha256) => Some(sha256),
            _ => None,
        };
        Ok(Self { length, sha256, chunks })
    }
}

/// The answer to an object that comes in chunks of HTTP, with its length nowhere said.
fn unknown_length() -> CommonError {
    let text = "A header you provided implies functionality that is not implemented";
    Detailed::new("NotImplemented", 501, text).with("Header", "Transfer-Encoding").into_common()
}

/// Refuses objects that are too long to be put at once.
fn check_length(length: u64, max: u64) -> Result<(), CommonError> {
    if length <= max {
        return Ok(());
    }
    let error = Detailed::new("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
        .with("ProposedSize", length.to_string())
        .with("MaxSizeAllowed", max.to_string());
    Err(error.into_common())
}

/// The answer to trailing headers that are not what was announced.
pub(crate) fn malformed_trailer() -> CommonError {
    CommonError::coded(
        "MalformedTrailerError",
        400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
}

fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, CommonError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let digits =
        value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    match (digits.and_then(|text| text.parse().ok()), values.next()) {
        (Some(number), None) => Ok(Some(number)),
        _ => {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let error = Detailed::new("InvalidArgument", 400, "A length has to be one number.")
                .with("ArgumentName", name)
                .with("ArgumentValue", value);
            Err(error.into_common())
        }
    }
}

/// The trailing headers that are announced: one checksum, if anything.
fn declared(headers: &HeaderMap) -> Result<Vec<HeaderName>, CommonError> {
    let invalid = |text: &str| Err(CommonError::coded("InvalidRequest", 400, text));
    let mut declared: Vec<HeaderName> = Vec::new();
    for value in headers.get_all(TRAILER) {
        let names = value.to_str().unwrap_or(",").trim().trim_end_matches(',');
        for name in names.split(',') {
            match checksum::Algorithm::of_header(name.trim()) {
                Some(algorithm) => declared.push(HeaderName::from_static(algorithm.header())),
                None => return invalid("The value specified in the x-amz-trailer header is not supported"),
            }
        }
    }
    if declared.len() > 1 {
        return invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        );
    }
    Ok(declared)
}

/// The headers without what the encoding of the body added to them, if it added anything.
pub(crate) fn without_encoding(headers: &HeaderMap) -> Option<HeaderMap> {
    let is_ours = |coding: &str| coding.trim().eq_ignore_ascii_case(AWS_CHUNKED);
    let values = || headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    if !values().any(|value| value.split(',').any(is_ours)) {
        return None;
    }
    let mut headers = headers.clone();
    let left: Vec<_> = values()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|coding| !is_ours(coding) && !coding.is_empty())
        .collect();
    match HeaderValue::from_str(&left.join(", ")) {
        Ok(value) if !value.is_empty() => {
            headers.insert(CONTENT_ENCODING, value);
        }
        _ => {
            headers.remove(CONTENT_ENCODING);
        }
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 5 << 30;
    const CHUNKS: BodyCheck = BodyCheck::Chunks { signed: false, trailer: true };

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        list.iter().map(pair).collect()
    }

    fn code(list: &[(&'static str, &str)], check: BodyCheck, is_object: bool) -> String {
        match Payload::read(&headers(list), check, None, is_object, MAX) {
            Ok(payload) => format!("{:?}", payload.length),
            Err(error) => error.resolve(wire::Protocol::RestXml).code.to_owned(),
        }
    }

    #[test]
    fn lengths() {
        let of = |value, is_object| code(&[("content-length", value)], BodyCheck::Unsigned, is_object);
        assert_eq!(of("5", true), "Some(5)");
        assert_eq!(of("5368709120", true), "Some(5368709120)");
        assert_eq!(of("5368709121", true), "EntityTooLarge");
        assert_eq!(of("18446744073709551616", true), "InvalidArgument");
        assert_eq!(of("+5", true), "InvalidArgument");
        assert_eq!(of("", true), "InvalidArgument");
        assert_eq!(code(&[], BodyCheck::Unsigned, true), "MissingContentLength");
        assert_eq!(code(&[], BodyCheck::Unsigned, false), "None");
        let chunked = ("transfer-encoding", "chunked");
        assert_eq!(code(&[chunked], BodyCheck::Unsigned, true), "NotImplemented");
        assert_eq!(code(&[chunked], BodyCheck::Unsigned, false), "None");
        assert_eq!(code(&[chunked, ("x-amz-decoded-content-length", "7")], CHUNKS, true), "Some(7)");
        assert_eq!(code(&[("content-length", "9")], CHUNKS, false), "MissingContentLength");
        assert_eq!(code(&[("x-amz-decoded-content-length", "7")], CHUNKS, true), "Some(7)");
        assert_eq!(code(&[("x-amz-decoded-content-length", "5368709121")], CHUNKS, true), "EntityTooLarge");
    }

    #[test]
    fn announced_trailers() {
        let of =
            |value| code(&[("x-amz-decoded-content-length", "7"), ("x-amz-trailer", value)], CHUNKS, true);
        for good in ["x-amz-checksum-crc32", "X-Amz-Checksum-CRC32,", "x-amz-checksum-crc32,,"] {
            assert_eq!(of(good), "Some(7)", "{good}");
        }
        for bad in [
            "",
            "foo",
            "content-md5",
            ",x-amz-checksum-crc32",
            "x-amz-checksum-crc32, ,",
            "x-amz-checksum-bad",
        ] {
            assert_eq!(of(bad), "InvalidRequest", "{bad}");
        }
        assert_eq!(of("x-amz-checksum-crc32, x-amz-checksum-sha256"), "InvalidRequest");
        let unframed = [("content-length", "7"), ("x-amz-trailer", "x-amz-checksum-crc32")];
        assert_eq!(code(&unframed, BodyCheck::Unsigned, true), "MalformedTrailerError");
    }

    #[test]
    fn the_encoding_of_the_way_is_not_that_of_the_object() {
        let left = |value| {
            let headers = without_encoding(&headers(&[("content-encoding", value)]))?;
            Some(headers.get(CONTENT_ENCODING).map(|v| v.to_str().unwrap().to_owned()))
        };
        assert_eq!(left("gzip"), None);
        assert_eq!(left("aws-chunked"), Some(None));
        assert_eq!(left("AWS-Chunked,gzip"), Some(Some("gzip".to_owned())));
        assert_eq!(left("foo, aws-chunked, bar"), Some(Some("foo, bar".to_owned())));
    }
}
