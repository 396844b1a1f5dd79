//! What the tests of this crate share.
#![allow(dead_code)] // each test file uses its own part

use http::{HeaderMap, HeaderName};
use sha2::Digest;
use sigv4::{Policy, Presented, Request, Signed};

pub const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30 12:36:00
pub const SUITE_TIME: i64 = 1_440_938_160;
pub const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// 2013-05-24 00:00:00
pub const S3_TIME: i64 = 1_369_353_600;

pub fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    map
}

pub fn sha256(data: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(data).into()
}

pub fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The signature of a request that has one of the right form.
pub fn signed(req: &Request, policy: &Policy) -> Signed {
    match sigv4::parse(req, policy) {
        Ok(Presented::Signed(signed)) => signed,
        other => panic!("no signature: {other:#?}"),
    }
}
