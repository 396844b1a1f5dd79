//! What access points are called: names, aliases, ARNs, and how hosts say them ("Access points restrictions and limitations",
//! "Referencing access points").

use kernel::{Arn, Ids};

use crate::keys::Place;

/// Characters of a name.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=50;
/// What aliases end with, and names do not.
pub const ALIAS_END: &str = "-s3alias";
/// What stands before the name in an ARN.
const RESOURCE: &str = "accesspoint/";
/// What stands between the name and the key in the ARN of an object.
const OBJECT: &str = "/object/";
/// Characters of an alias that tell it from all others, as the examples of the user guide have them.
const ALIAS_RANDOM: usize = 34;
/// Characters of an alias: those of a bucket's name.
const ALIAS_MAX: usize = 63;
/// Digits of an account's number.
const ACCOUNT: usize = 12;

/// Whether an access point can have this name.
pub fn is_valid(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = name.as_bytes();
    LENGTH.contains(&bytes.len())
        && bytes.iter().all(|&b| plain(b) || b == b'-')
        && bytes.first().copied().is_some_and(plain)
        && bytes.last().copied().is_some_and(plain)
        && !name.ends_with(ALIAS_END)
}

/// A new alias for an access point of this name: as much of the name as there is room for, and what nobody can guess.
pub fn new_alias(ids: Ids, name: &str) -> String {
    let room = ALIAS_MAX - ALIAS_END.len() - ALIAS_RANDOM - 1;
    // Names are ASCII.
    let start = name.get(..room).unwrap_or(name).trim_end_matches('-');
    format!("{start}-{}{ALIAS_END}", ids.base32(ALIAS_RANDOM).to_ascii_lowercase())
}

/// The ARN of an access point.
pub fn arn(place: &Place, name: &str) -> Arn {
    Arn::aws("s3", &place.region, &place.account, &format!("{RESOURCE}{name}"))
}

/// The ARN of an object as it is reached through an access point.
pub fn object_arn(place: &Place, name: &str, key: &str) -> Arn {
    Arn::aws("s3", &place.region, &place.account, &format!("{RESOURCE}{name}{OBJECT}{key}"))
}

/// The access point that an ARN names.
pub fn of_arn(arn: &str) -> Option<(Place, &str)> {
    let parsed: Arn = arn.parse().ok()?;
    let place = Place { account: parsed.account().to_owned(), region: parsed.region().to_owned() };
    let name = arn.get(arn.len() - parsed.resource().len()..)?.strip_prefix(RESOURCE)?;
    let is_one = parsed.partition() == "aws" && parsed.service() == "s3" && is_account(&place.account);
    (is_one && is_valid(name)).then_some((place, name))
}

/// The access point and the key that the ARN of an object names; the ARN of the access point is given as a text.
pub fn of_object_arn(arn: &str) -> Option<(&str, &str)> {
    let name = arn.find(RESOURCE)? + RESOURCE.len();
    let end = name + arn[name..].find(OBJECT)?;
    Some((&arn[..end], &arn[end + OBJECT.len()..]))
}

/// An access point's name with its account, as hosts say it.
pub fn in_host(name: &str, account: &str) -> String {
    format!("{name}-{account}")
}

/// The name and the account that a host says, if it may be that of an access point.
pub fn of_host(label: &str) -> Option<(&str, &str)> {
    let (name, account) = label.rsplit_once('-')?;
    (is_account(account) && is_valid(name)).then_some((name, account))
}

/// Whether the name of a bucket in a request may mean an access point.
pub fn may_be_meant(bucket: &str) -> bool {
    bucket.starts_with("arn:") || bucket.ends_with(ALIAS_END) || of_host(bucket).is_some()
}

fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(50);
        for good in ["abc", "0-9", "my-point", &long] {
            assert!(is_valid(good), "{good}");
        }
        let too_long = "a".repeat(51);
        for bad in ["", "ab", "-ab", "ab-", "a.b", "a_b", "Abc", "x-s3alias", "a/b", "aé1", &too_long] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn aliases_fit_into_the_name_of_a_bucket() {
        for name in ["abc", "my-access-point", &"a".repeat(50), &format!("{}-bcd", "a".repeat(19))] {
            let alias = new_alias(Ids, name);
            assert!(alias.len() <= ALIAS_MAX && alias.ends_with(ALIAS_END), "{alias}");
            assert!(!alias.contains("--"), "{alias}");
            assert!(
                alias.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{alias}"
            );
            assert_ne!(alias, new_alias(Ids, name));
        }
    }

    #[test]
    fn arns_read_back() {
        let place = Place { account: "123456789012".into(), region: "eu-west-1".into() };
        let text = "arn:aws:s3:eu-west-1:123456789012:accesspoint/docs";
        assert_eq!(arn(&place, "docs").as_str(), text);
        assert_eq!(of_arn(text), Some((place.clone(), "docs")));
        let object = object_arn(&place, "docs", "a/object/b");
        assert_eq!(of_object_arn(object.as_str()), Some((text, "a/object/b")));
        for bad in [
            "docs",
            "arn:aws:s3:::docs",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/",
            "arn:aws:s3:eu-west-1:1234:accesspoint/docs",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/docs/object/k",
            "arn:aws:s3-outposts:eu-west-1:123456789012:accesspoint/docs",
            "arn:aws-cn:s3:eu-west-1:123456789012:accesspoint/docs",
        ] {
            assert_eq!(of_arn(bad), None, "{bad}");
        }
        assert_eq!(of_object_arn("arn:aws:s3:::docs/k"), None);
    }

    #[test]
    fn hosts_read_back() {
        assert_eq!(of_host(&in_host("my-point", "123456789012")), Some(("my-point", "123456789012")));
        for bad in ["bucket", "b-123", "my-point-12345678901x", "a-123456789012", "a.b-123456789012"] {
            assert_eq!(of_host(bad), None, "{bad}");
        }
    }
}
