//! The ways of naming a key.

use kernel::{Arn, Call};
use model_kms::Error;

use crate::error::{bad_key_id, other_region};

/// A name of a key, or of an alias of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    Key {
        account: String,
        id: String,
    },
    /// With the prefix `alias/`.
    Alias {
        account: String,
        name: String,
    },
}

impl Named {
    /// Reads an id, an alias name or the ARN of either.
    pub fn parse(call: &Call, text: &str) -> Result<Self, Error> {
        if !text.starts_with("arn:") {
            return Self::of_resource(&call.account, text).ok_or_else(|| bad_key_id(text));
        }
        let invalid = || Error::invalid_arn_exception(format!("Invalid arn {text}"));
        let arn: Arn = text.parse().map_err(|_| invalid())?;
        if arn.service() != "kms" || !is_account(arn.account()) {
            return Err(invalid());
        }
        if arn.region() != call.region {
            return Err(other_region(arn.region()));
        }
        match arn.resource().strip_prefix("key/") {
            Some(id) if !is_key_id(id) => Err(bad_key_id(id)),
            Some(id) => Ok(Self::Key { account: arn.account().to_owned(), id: id.to_owned() }),
            None => Self::of_resource(arn.account(), arn.resource()).ok_or_else(invalid),
        }
    }

    fn of_resource(account: &str, text: &str) -> Option<Self> {
        let account = account.to_owned();
        if text.starts_with("alias/") {
            return Some(Self::Alias { account, name: text.to_owned() });
        }
        is_key_id(text).then(|| Self::Key { account, id: text.to_owned() })
    }

    /// Its ARN in the region that is called.
    pub fn arn(&self, call: &Call) -> Arn {
        match self {
            Self::Key { account, id } => key_arn(account, &call.region, id),
            Self::Alias { account, name } => Arn::aws("kms", &call.region, account, name),
        }
    }
}

/// The ARN of a key.
pub fn key_arn(account: &str, region: &str, id: &str) -> Arn {
    Arn::aws("kms", region, account, &format!("key/{id}"))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A UUID, or `mrk-` and 32 hexadecimal digits.
fn is_key_id(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    match text.strip_prefix("mrk-") {
        Some(digits) => digits.len() == 32 && digits.bytes().all(hex),
        None => {
            text.len() == 36
                && text.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => hex(byte),
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn parsed(text: &str) -> Result<Named, String> {
        let call = testkit::call(kernel::Timestamp::from_secs(0));
        Named::parse(&call, text).map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn every_way_of_naming_a_key() {
        let key = |account: &str, id: &str| Named::Key { account: account.into(), id: id.into() };
        let alias = |account: &str| Named::Alias { account: account.into(), name: "alias/a/b".into() };
        let mrk = "mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(parsed(ID), Ok(key("123456789012", ID)));
        assert_eq!(parsed(mrk), Ok(key("123456789012", mrk)));
        assert_eq!(parsed("alias/a/b"), Ok(alias("123456789012")));
        assert_eq!(
            parsed(&format!("arn:aws:kms:us-east-1:999999999999:key/{ID}")),
            Ok(key("999999999999", ID))
        );
        assert_eq!(parsed("arn:aws:kms:us-east-1:999999999999:alias/a/b"), Ok(alias("999999999999")));
    }

    #[test]
    fn what_is_no_name() {
        for (text, answer) in [
            ("", "Invalid keyId ''"),
            ("fake-key-id", "Invalid keyId 'fake-key-id'"),
            ("134f2428cec14b25a1ae9048164dba47", "Invalid keyId '134f2428cec14b25a1ae9048164dba47'"),
            ("mrk-fake-key-id", "Invalid keyId 'mrk-fake-key-id'"),
            ("arn:aws:kms:us-east-1:999999999999:key/x", "Invalid keyId 'x'"),
            ("arn:aws:kms:eu-west-1:999999999999:alias/a", "Invalid arn eu-west-1"),
            ("arn:aws:sqs:us-east-1:999999999999:alias/a", "Invalid arn arn:aws:sqs"),
            ("arn:aws:kms:us-east-1::alias/a", "Invalid arn arn:aws:kms"),
            ("arn:aws:kms", "Invalid arn arn:aws:kms"),
        ] {
            assert!(parsed(text).unwrap_err().contains(answer), "{text}: {:?}", parsed(text));
        }
    }
}
