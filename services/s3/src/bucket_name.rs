//! Names that buckets can have ("General purpose bucket naming rules").

use model_s3::Error;
use wire::Detailed;

/// Characters of a name.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=63;
/// What names of other things begin with.
const RESERVED_STARTS: &[&str] = &["xn--", "sthree-", "amzn-s3-demo-"];
/// What names of other things end with.
const RESERVED_ENDS: &[&str] = &["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// Refuses a name that no bucket can have.
pub fn check(name: &str) -> Result<(), Error> {
    if is_valid(name) {
        return Ok(());
    }
    let error = Detailed::new("InvalidBucketName", 400, "The specified bucket is not valid.");
    Err(error.with("BucketName", name).into())
}

fn is_valid(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    LENGTH.contains(&bytes.len())
        && bytes.iter().all(|&b| plain(b) || b == b'.' || b == b'-')
        && bytes.first().copied().is_some_and(plain)
        && bytes.last().copied().is_some_and(plain)
        && !["..", ".-", "-."].iter().any(|pair| name.contains(pair))
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !RESERVED_STARTS.iter().any(|start| name.starts_with(start))
        && !RESERVED_ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(63);
        for good in ["abc", "a.b-c.9", "0ab", "aaa.111", "my-bucket", &long] {
            assert!(is_valid(good), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in [
            "",
            "ab",
            &too_long,
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            ".ab",
            "ab.",
            "a..b",
            "a.-b",
            "a-.b",
            "192.168.5.123",
            "xn--abc",
            "sthree-x",
            "amzn-s3-demo-b",
            "x-s3alias",
            "x--ol-s3",
            "x.mrap",
            "x--x-s3",
            "x--table-s3",
            "a/b",
            "aé1",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
