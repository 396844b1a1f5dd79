//! What a request says of the bytes that it brings, and whether they are that.

use checksum::{Algorithm, Digest};
use http::HeaderMap;
use model_s3::Error;
use wire::Detailed;

use crate::error::invalid_request;

/// What was said of the bytes before they came.
#[derive(Clone, Debug)]
pub struct Expected {
    md5: Option<Digest>,
    checksum: Option<(Algorithm, Digest)>,
    /// The checksum to keep of bytes that come from here.
    keep: Option<Algorithm>,
    /// Which checksum the client says it uses. It counts for nothing but for guessing what comes behind the bytes.
    hint: Option<Algorithm>,
    /// The most bytes that are taken.
    pub bytes_max: u64,
}

impl Expected {
    /// Of bytes that come from here, and of which this checksum is to be kept.
    pub fn copied(keep: Algorithm, bytes_max: u64) -> Self {
        Self { md5: None, checksum: None, keep: Some(keep), hint: None, bytes_max }
    }

    /// By the headers: Content-MD5, the `x-amz-checksum-…` (see [`claims`]), and the algorithm named.
    ///
    /// # Errors
    /// `InvalidDigest` and `InvalidRequest` for what no digest can be, and for more than one checksum.
    pub fn new(
        md5: Option<&str>,
        claims: &[(Algorithm, Option<&str>)],
        hint: Option<&str>,
        bytes_max: u64,
    ) -> Result<Self, Error> {
        let md5 = match md5 {
            None => None,
            Some(text) => Some(Digest::from_base64(Algorithm::Md5, text).ok_or_else(|| {
                Detailed::new("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
                    .with("Content-MD5", text)
            })?),
        };
        let checksum = one(claims.iter().filter_map(|(algorithm, value)| Some((*algorithm, (*value)?))))?;
        Ok(Self { md5, checksum, keep: None, hint: hint.and_then(Algorithm::parse), bytes_max })
    }

    /// The checksum to compute while the bytes come: the one to compare with, if that is known by then.
    pub fn algorithm(&self) -> Algorithm {
        let given = self.checksum.map(|(algorithm, _)| algorithm);
        given.or(self.keep).or(self.hint).unwrap_or(Algorithm::Crc64Nvme)
    }

    /// The checksum to keep, once the headers behind the bytes are known; with its value, if the client gave one.
    pub fn kept(&self, trailers: &HeaderMap) -> Result<(Algorithm, Option<Digest>), Error> {
        if let Some((algorithm, value)) = self.checksum {
            return Ok((algorithm, Some(value)));
        }
        if let Some(algorithm) = self.keep {
            return Ok((algorithm, None));
        }
        let claims = trailers.iter().filter_map(|(name, value)| {
            Some((Algorithm::of_header(name.as_str())?, value.to_str().unwrap_or_default()))
        });
        Ok(one(claims)?.map_or((Algorithm::Crc64Nvme, None), |(algorithm, value)| (algorithm, Some(value))))
    }

    /// Whether the bytes have the MD5 that was said of them.
    pub fn check_md5(&self, computed: &Digest) -> Result<(), Error> {
        match &self.md5 {
            Some(expected) if expected != computed => {
                let text = "The Content-MD5 you specified did not match what we received.";
                let error = Detailed::new("BadDigest", 400, text)
                    .with("ExpectedDigest", expected.hex())
                    .with("CalculatedDigest", computed.base64());
                Err(error.into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether the bytes have the checksum that was said of them.
pub fn check(algorithm: Algorithm, said: Option<&Digest>, computed: &Digest) -> Result<(), Error> {
    match said {
        Some(said) if said != computed => {
            let text = format!("The {algorithm} you specified did not match the calculated checksum.");
            Err(Detailed::new("BadDigest", 400, text).into())
        }
        _ => Ok(()),
    }
}

fn one<'a>(
    mut claims: impl Iterator<Item = (Algorithm, &'a str)>,
) -> Result<Option<(Algorithm, Digest)>, Error> {
    let Some((algorithm, text)) = claims.next() else { return Ok(None) };
    if claims.next().is_some() {
        let text = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
        return Err(invalid_request(text).into());
    }
    let Some(digest) = Digest::from_base64(algorithm, text) else {
        let text = format!("Value for {} header is invalid.", algorithm.header());
        return Err(invalid_request(text).into());
    };
    Ok(Some((algorithm, digest)))
}

/// The checksums among the headers of a request, whose input has a member for each.
macro_rules! claims {
    ($input:expr) => {{
        use checksum::Algorithm::*;
        [
            (Crc32, $input.checksum_crc32.as_deref()),
            (Crc32c, $input.checksum_crc32c.as_deref()),
            (Crc64Nvme, $input.checksum_crc64nvme.as_deref()),
            (Sha1, $input.checksum_sha1.as_deref()),
            (Sha256, $input.checksum_sha256.as_deref()),
            (Sha512, $input.checksum_sha512.as_deref()),
            (Md5, $input.checksum_md5.as_deref()),
            (Xxhash64, $input.checksum_xxhash64.as_deref()),
            (Xxhash3, $input.checksum_xxhash3.as_deref()),
            (Xxhash128, $input.checksum_xxhash128.as_deref()),
        ]
    }};
}
pub(crate) use claims;

/// Shows a [`records::Checksum`](crate::records::Checksum) in a structure that has a member for each.
macro_rules! show_checksum {
    ($output:expr, $checksum:expr) => {{
        let (output, checksum): (_, &$crate::records::Checksum) = (&mut $output, $checksum);
        let value = Some(checksum.value.clone());
        match checksum::Algorithm::parse(&checksum.algorithm) {
            Some(checksum::Algorithm::Crc32) => output.checksum_crc32 = value,
            Some(checksum::Algorithm::Crc32c) => output.checksum_crc32c = value,
            Some(checksum::Algorithm::Crc64Nvme) => output.checksum_crc64nvme = value,
            Some(checksum::Algorithm::Sha1) => output.checksum_sha1 = value,
            Some(checksum::Algorithm::Sha256) => output.checksum_sha256 = value,
            Some(checksum::Algorithm::Sha512) => output.checksum_sha512 = value,
            Some(checksum::Algorithm::Md5) => output.checksum_md5 = value,
            Some(checksum::Algorithm::Xxhash64) => output.checksum_xxhash64 = value,
            Some(checksum::Algorithm::Xxhash3) => output.checksum_xxhash3 = value,
            Some(checksum::Algorithm::Xxhash128) => output.checksum_xxhash128 = value,
            None => {}
        }
    }};
}
pub(crate) use show_checksum;

#[cfg(test)]
mod tests {
    use checksum::Hasher;

    use super::*;

    fn code(error: Error) -> String {
        use wire::ServiceError as _;
        error.fault().code(wire::Protocol::RestXml).to_owned()
    }

    #[test]
    fn one_checksum_is_expected() {
        let crc = Hasher::of(Algorithm::Crc32, b"x");
        let text = crc.base64();
        let new = |md5, claims: &[(Algorithm, Option<&str>)]| Expected::new(md5, claims, Some("sha256"), 9);
        let expected = new(None, &[(Algorithm::Sha1, None), (Algorithm::Crc32, Some(&text))]).unwrap();
        assert_eq!(expected.algorithm(), Algorithm::Crc32);
        assert_eq!(expected.kept(&HeaderMap::new()).unwrap(), (Algorithm::Crc32, Some(crc)));
        let twice = [(Algorithm::Sha1, Some("x")), (Algorithm::Crc32, Some(text.as_str()))];
        assert_eq!(code(new(None, &twice).unwrap_err()), "InvalidRequest");
        assert_eq!(code(new(None, &[(Algorithm::Crc32, Some("????"))]).unwrap_err()), "InvalidRequest");
        assert_eq!(code(new(Some("AAAA"), &[]).unwrap_err()), "InvalidDigest");
        // What the client says it uses is not kept unless a checksum comes.
        let hinted = new(None, &[]).unwrap();
        assert_eq!(hinted.algorithm(), Algorithm::Sha256);
        assert_eq!(hinted.kept(&HeaderMap::new()).unwrap(), (Algorithm::Crc64Nvme, None));
    }
}
