//! What a request says of the bytes that it brings, and whether they are that.

use checksum::{Algorithm, ClaimError, Claims, Digest, Place};
use http::HeaderMap;
use model_s3::Error;
use wire::Detailed;

use crate::error::invalid_request;

/// What was said of the bytes before they came.
#[derive(Clone, Debug)]
pub struct Expected {
    md5: Option<Digest>,
    claims: Claims,
    /// What the claims are, as far as they came before the bytes.
    checksum: Option<(Algorithm, Digest)>,
    /// The checksum to keep of bytes that come from here.
    keep: Option<Algorithm>,
    /// The checksum that the parts of the upload have.
    of_parts: Option<Algorithm>,
    /// Which checksum the client says it uses. It counts for nothing but for guessing what comes behind the bytes.
    hint: Option<Algorithm>,
    /// The most bytes that are taken.
    pub bytes_max: u64,
}

impl Expected {
    /// Of bytes that come from here, and of which this checksum is to be kept.
    pub fn copied(keep: Algorithm, bytes_max: u64) -> Self {
        Self {
            md5: None,
            claims: Claims::default(),
            checksum: None,
            keep: Some(keep),
            of_parts: None,
            hint: None,
            bytes_max,
        }
    }

    /// By the headers: Content-MD5, the `x-amz-checksum-…` (see [`claims`]), and the algorithm named.
    ///
    /// # Errors
    /// `InvalidDigest` and `InvalidRequest` for what no digest can be, and for more than one checksum.
    pub fn new(
        md5: Option<&str>,
        claimed: &[(Algorithm, Option<&str>)],
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
        let mut claims = Claims::default();
        for (algorithm, value) in claimed {
            if let Some(value) = value {
                claims.add(algorithm.header(), value, Place::Header).map_err(refused)?;
            }
        }
        let checksum = claims.found().map_err(refused)?;
        let hint = hint.and_then(Algorithm::parse);
        Ok(Self { md5, claims, checksum, keep: None, of_parts: None, hint, bytes_max })
    }

    /// The same of a part of an upload, of whose parts this checksum is kept.
    #[must_use]
    pub fn of_part(self, kept: Algorithm) -> Self {
        Self { of_parts: Some(kept), ..self }
    }

    /// The checksum that the parts of the upload have, of a part.
    pub fn of_parts(&self) -> Option<Algorithm> {
        self.of_parts
    }

    /// The checksums to compute while the bytes come: the one to compare with, if that is known by then, and the one that
    /// is kept whatever comes.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let given = self.checksum.map(|(algorithm, _)| algorithm);
        let likely = given.or(self.keep).or(self.hint).or(self.of_parts).unwrap_or(Algorithm::Crc64Nvme);
        [Some(likely), self.of_parts].into_iter().flatten()
    }

    /// The checksum to keep, once the headers behind the bytes are known; with its value, if the client gave one.
    pub fn kept(&self, trailers: &HeaderMap) -> Result<(Algorithm, Option<Digest>), Error> {
        let mut claims = self.claims.clone();
        for (name, value) in trailers {
            let value = value.to_str().unwrap_or_default();
            claims.add(name.as_str(), value, Place::Trailer).map_err(refused)?;
        }
        if let Some((algorithm, value)) = claims.found().map_err(refused)? {
            return Ok((algorithm, Some(value)));
        }
        Ok((self.keep.or(self.of_parts).unwrap_or(Algorithm::Crc64Nvme), None))
    }

    /// Whether the bytes have the MD5 that was said of them. What was said is shown in digits where an object is put, and
    /// as it came where a part is: both are recorded of the real service.
    pub fn check_md5(&self, computed: &Digest) -> Result<(), Error> {
        match &self.md5 {
            Some(said) if said != computed => {
                let text = "The Content-MD5 you specified did not match what we received.";
                let shown = if self.of_parts.is_some() { said.base64() } else { said.hex() };
                let error = Detailed::new("BadDigest", 400, text)
                    .with("ExpectedDigest", shown)
                    .with("CalculatedDigest", computed.base64());
                Err(error.into())
            }
            _ => Ok(()),
        }
    }
}

fn refused(error: ClaimError) -> Detailed {
    invalid_request(error.to_string())
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
        let all = |expected: &Expected| expected.algorithms().collect::<Vec<_>>();
        assert_eq!(all(&expected), [Algorithm::Crc32]);
        assert_eq!(expected.kept(&HeaderMap::new()).unwrap(), (Algorithm::Crc32, Some(crc)));
        let part = expected.clone().of_part(Algorithm::Sha1);
        assert_eq!(all(&part), [Algorithm::Crc32, Algorithm::Sha1]);
        assert_eq!(part.kept(&HeaderMap::new()).unwrap(), (Algorithm::Crc32, Some(crc)));
        // What comes behind the bytes is one more.
        let trailers = |name| {
            let name = http::HeaderName::from_static(name);
            HeaderMap::from_iter([(name, text.parse().unwrap())])
        };
        assert_eq!(code(expected.kept(&trailers("x-amz-checksum-crc32")).unwrap_err()), "InvalidRequest");
        let nothing = new(None, &[]).unwrap();
        assert_eq!(code(nothing.kept(&trailers("x-amz-checksum-other")).unwrap_err()), "InvalidRequest");
        let kept = nothing.kept(&trailers("x-amz-checksum-crc32")).unwrap();
        assert_eq!(kept, (Algorithm::Crc32, Some(crc)));
        let twice = [(Algorithm::Sha1, Some("x")), (Algorithm::Crc32, Some(text.as_str()))];
        assert_eq!(code(new(None, &twice).unwrap_err()), "InvalidRequest");
        assert_eq!(code(new(None, &[(Algorithm::Crc32, Some("????"))]).unwrap_err()), "InvalidRequest");
        assert_eq!(code(new(Some("AAAA"), &[]).unwrap_err()), "InvalidDigest");
        // What the client says it uses is not kept unless a checksum comes.
        let hinted = new(None, &[]).unwrap();
        assert_eq!(all(&hinted), [Algorithm::Sha256]);
        assert_eq!(hinted.kept(&HeaderMap::new()).unwrap(), (Algorithm::Crc64Nvme, None));
    }
}
