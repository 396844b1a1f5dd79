//! Which checksums there are, what they are called, and what they can stand for.

use std::fmt;

/// What the checksum of an object uploaded in parts is a checksum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumType {
    /// Of the bytes of all parts, as if they had been uploaded at once.
    FullObject,
    /// Of the checksums of the parts.
    Composite,
}

impl ChecksumType {
    /// The name of the API: `FULL_OBJECT` or `COMPOSITE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullObject => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }

    /// The type of this name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::FullObject, Self::Composite].into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

/// A checksum algorithm of S3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// CRC-32 as in zip files and Ethernet (ISO-HDLC).
    Crc32,
    /// CRC-32 with Castagnoli's polynomial, as in iSCSI.
    Crc32c,
    /// CRC-64 of NVM Express: what S3 adds to objects that come without a checksum.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// MD5. Also the ETag of an object uploaded at once.
    Md5,
    /// XXH64 with seed 0.
    Xxhash64,
    /// XXH3 of 64 bits with seed 0.
    Xxhash3,
    /// XXH3 of 128 bits with seed 0.
    Xxhash128,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
        Self::Sha512,
        Self::Md5,
        Self::Xxhash64,
        Self::Xxhash3,
        Self::Xxhash128,
    ];

    /// The name of the API, such as `CRC64NVME`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Md5 => "MD5",
            Self::Xxhash64 => "XXHASH64",
            Self::Xxhash3 => "XXHASH3",
            Self::Xxhash128 => "XXHASH128",
        }
    }

    /// The algorithm of this name, in any case: clients write `crc32` where they name it in a header.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// The header and trailer that carries the checksum, such as `x-amz-checksum-crc64nvme`.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
            Self::Sha512 => "x-amz-checksum-sha512",
            Self::Md5 => "x-amz-checksum-md5",
            Self::Xxhash64 => "x-amz-checksum-xxhash64",
            Self::Xxhash3 => "x-amz-checksum-xxhash3",
            Self::Xxhash128 => "x-amz-checksum-xxhash128",
        }
    }

    /// The algorithm whose checksum this header carries; the header's name in any case.
    pub fn of_header(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.header().eq_ignore_ascii_case(name))
    }

    /// How long its checksums are, in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme | Self::Xxhash64 | Self::Xxhash3 => 8,
            Self::Md5 | Self::Xxhash128 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Whether an upload in parts can have a checksum of this type.
    ///
    /// Only CRCs of parts can be put together to that of the whole. What is said here of SHA-512, MD5 and the XXHASH
    /// family follows from that: the API's model names them without saying which types they can have.
    pub const fn supports(self, checksum_type: ChecksumType) -> bool {
        match checksum_type {
            ChecksumType::FullObject => matches!(self, Self::Crc32 | Self::Crc32c | Self::Crc64Nvme),
            ChecksumType::Composite => !matches!(self, Self::Crc64Nvme),
        }
    }

    /// The type of an upload in parts that names the algorithm only.
    pub const fn default_type(self) -> ChecksumType {
        match self {
            Self::Crc64Nvme => ChecksumType::FullObject,
            _ => ChecksumType::Composite,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ChecksumType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_headers_lead_back() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()), Some(algorithm));
            let header = format!("x-amz-checksum-{}", algorithm.name().to_lowercase());
            assert_eq!(algorithm.header(), header);
            assert_eq!(Algorithm::of_header(&header.to_uppercase()), Some(algorithm));
            assert!(algorithm.supports(algorithm.default_type()));
        }
        for unknown in ["", "CRC", "CRC32 ", "CRC-32", "x-amz-checksum-crc32"] {
            assert_eq!(Algorithm::parse(unknown), None, "{unknown}");
        }
        for unknown in ["", "x-amz-checksum-", "x-amz-checksum-type", "x-amz-checksum-algorithm"] {
            assert_eq!(Algorithm::of_header(unknown), None, "{unknown}");
        }
        for checksum_type in [ChecksumType::FullObject, ChecksumType::Composite] {
            assert_eq!(ChecksumType::parse(checksum_type.name()), Some(checksum_type));
        }
        assert_eq!(ChecksumType::parse("FULL"), None);
    }

    #[test]
    fn only_crcs_stand_for_a_whole_object_in_parts() {
        let full: Vec<_> =
            Algorithm::ALL.into_iter().filter(|known| known.supports(ChecksumType::FullObject)).collect();
        assert_eq!(full, [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme]);
        assert!(!Algorithm::Crc64Nvme.supports(ChecksumType::Composite));
        assert_eq!(Algorithm::Crc32.default_type(), ChecksumType::Composite);
    }
}
