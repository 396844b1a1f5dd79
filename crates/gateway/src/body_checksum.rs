//! Checksums that a request says of its body: whole where the operation takes it whole, else what the head says.

use checksum::{Algorithm, ClaimError, Claims, Digest, Hasher, Place};
use http::HeaderMap;
use wire::{Checksum, CommonError, CommonSource, Detailed};

const SDK_ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";
const CONTENT_MD5: &str = "content-md5";

/// Checks what head and trailers say of the body.
pub(crate) fn check(
    wanted: Checksum,
    headers: &HeaderMap,
    trailers: &HeaderMap,
    body: &[u8],
) -> Result<(), CommonError> {
    let md5 = check_md5(headers, body)?;
    if wanted == Checksum::None {
        return Ok(());
    }
    let flexible = check_flexible(headers, trailers, body)?;
    if !flexible && headers.contains_key(SDK_ALGORITHM) {
        let text = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
                    headers were found.";
        return Err(invalid(text));
    }
    if wanted == Checksum::Required && !md5 && !flexible {
        return Err(invalid("Missing required header for this request: Content-MD5"));
    }
    Ok(())
}

/// Whether there is a `Content-MD5`; if so it is right.
fn check_md5(headers: &HeaderMap, body: &[u8]) -> Result<bool, CommonError> {
    let Some(value) = headers.get(CONTENT_MD5) else { return Ok(false) };
    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let Some(said) = Digest::from_base64(Algorithm::Md5, &text) else {
        let error = Detailed::new("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
            .with("Content-MD5", text);
        return Err(error.into_common());
    };
    let found = Hasher::of(Algorithm::Md5, body);
    if said == found {
        return Ok(true);
    }
    let text = "The Content-MD5 you specified did not match what we received.";
    let error = Detailed::new("BadDigest", 400, text)
        .with("ExpectedDigest", said.base64())
        .with("CalculatedDigest", found.base64());
    Err(error.into_common())
}

/// Whether there is a checksum of another algorithm; if so it is the only one, and right.
fn check_flexible(headers: &HeaderMap, trailers: &HeaderMap, body: &[u8]) -> Result<bool, CommonError> {
    let mut claims = Claims::default();
    add(&mut claims, headers, Place::Header)?;
    add(&mut claims, trailers, Place::Trailer)?;
    let Some((algorithm, said)) = claims.found().map_err(refused)? else { return Ok(false) };
    if said != Hasher::of(algorithm, body) {
        let text = format!("The {algorithm} you specified did not match the calculated checksum.");
        return Err(CommonError::coded("BadDigest", 400, text));
    }
    Ok(true)
}

/// Checks what the head says of a body that the operation takes as it comes: whether it can be a checksum at all.
pub(crate) fn check_head(wanted: Checksum, headers: &HeaderMap) -> Result<(), CommonError> {
    if wanted == Checksum::None {
        return Ok(());
    }
    let mut claims = Claims::default();
    add(&mut claims, headers, Place::Header)?;
    claims.found().map_err(refused).map(drop)
}

fn add(claims: &mut Claims, headers: &HeaderMap, place: Place) -> Result<(), CommonError> {
    for (name, value) in headers {
        claims.add(name.as_str(), value.to_str().unwrap_or_default(), place).map_err(refused)?;
    }
    Ok(())
}

fn refused(error: ClaimError) -> CommonError {
    invalid(error.to_string())
}

fn invalid(text: impl Into<String>) -> CommonError {
    CommonError::coded("InvalidRequest", 400, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Protocol;

    const MD5: &str = "XrY7u+Ae7tCTyyK7j1rNww==";
    const CRC32: &str = "DUoRhQ==";

    fn map(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn answer(wanted: Checksum, headers: &[(&'static str, &str)]) -> String {
        match check(wanted, &map(headers), &HeaderMap::new(), b"hello world") {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.resolve(Protocol::RestXml).code.to_owned(),
        }
    }

    #[test]
    fn md5() {
        for wanted in [Checksum::None, Checksum::Optional, Checksum::Required] {
            assert_eq!(answer(wanted, &[("content-md5", MD5)]), "ok");
            assert_eq!(answer(wanted, &[("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")]), "BadDigest");
            for bad in ["", "x", "XrY7u+Ae7tCTyyK7j1rNww", CRC32] {
                assert_eq!(answer(wanted, &[("content-md5", bad)]), "InvalidDigest", "{bad}");
            }
        }
        assert_eq!(answer(Checksum::Required, &[]), "InvalidRequest");
        assert_eq!(answer(Checksum::Optional, &[]), "ok");
    }

    #[test]
    fn other_checksums() {
        let required = |list: &[(&'static str, &str)]| answer(Checksum::Required, list);
        assert_eq!(required(&[("x-amz-checksum-crc32", CRC32)]), "ok");
        assert_eq!(required(&[("x-amz-checksum-crc32", "AAAAAA==")]), "BadDigest");
        assert_eq!(required(&[("x-amz-checksum-crc32", "bad")]), "InvalidRequest");
        assert_eq!(required(&[("x-amz-checksum-bad", CRC32)]), "InvalidRequest");
        assert_eq!(
            required(&[("x-amz-checksum-crc32", CRC32), ("x-amz-checksum-sha1", CRC32)]),
            "InvalidRequest"
        );
        assert_eq!(required(&[("x-amz-checksum-crc32", CRC32), ("x-amz-checksum-type", "COMPOSITE")]), "ok");
        assert_eq!(
            required(&[("content-md5", MD5), ("x-amz-sdk-checksum-algorithm", "CRC32")]),
            "InvalidRequest"
        );
        // Where it is nothing of the operation's, it is a checksum of something else.
        assert_eq!(answer(Checksum::None, &[("x-amz-checksum-crc32", "AAAAAA==")]), "ok");
    }

    #[test]
    fn what_a_head_says_is_checked_before_the_body_comes() {
        let answer = |wanted, headers: &[(&'static str, &str)]| check_head(wanted, &map(headers)).is_ok();
        let optional = |headers: &[(&'static str, &str)]| answer(Checksum::Optional, headers);
        assert!(optional(&[]) && optional(&[("x-amz-checksum-crc32", CRC32)]));
        // Whether it is right is seen at the end.
        assert!(optional(&[("x-amz-checksum-crc32", "AAAAAA==")]));
        assert!(!optional(&[("x-amz-checksum-crc32", "bad")]));
        assert!(!optional(&[("x-amz-checksum-bad", CRC32)]));
        assert!(!optional(&[("x-amz-checksum-crc32", CRC32), ("x-amz-checksum-crc32c", CRC32)]));
        assert!(answer(Checksum::None, &[("x-amz-checksum-bad", CRC32)]));
    }

    #[test]
    fn a_trailer_counts_as_a_header() {
        let checked = |trailer, headers: &[(&'static str, &str)]| {
            let trailers = map(&[("x-amz-checksum-crc32", trailer)]);
            check(Checksum::Required, &map(headers), &trailers, b"hello world")
        };
        assert_eq!(checked(CRC32, &[]), Ok(()));
        let bad = checked("bad", &[]).unwrap_err();
        let text = bad.resolve(Protocol::RestXml).message.into_owned();
        assert_eq!(text, "Value for x-amz-checksum-crc32 trailing header is invalid.");
        assert!(checked(CRC32, &[("x-amz-checksum-crc32", CRC32)]).is_err());
    }
}
