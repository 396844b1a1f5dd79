//! Everything that is stored, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A parameter: its newest version, and what belongs to all versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// As it was created, with or without the leading slash.
    pub name: String,
    pub current: Version,
    pub tags: BTreeMap<String, String>,
    pub resource_policy: Option<ResourcePolicy>,
}
store::record!(Parameter, kind = 0x0501);

/// One version. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub number: i64,
    pub kind: Kind,
    pub value: Value,
    pub modified_ms: i64,
    /// ARN of who made it.
    pub modified_by: String,
    pub description: Option<String>,
    pub allowed_pattern: Option<String>,
    /// As it was given; only of secure strings.
    pub key_id: Option<String>,
    pub tier: Tier,
    /// As the API names it.
    pub data_type: String,
    pub policies: Vec<Policy>,
}
store::record!(Version, kind = 0x0502);

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    String,
    StringList,
    SecureString,
}

/// How large a parameter may be, and what it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    Standard,
    Advanced,
}

impl Tier {
    /// As the API names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
        }
    }
}

/// A value as it is kept. It is not shown by `Debug`, and leaves nothing in memory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub enum Value {
    /// As it was given.
    Plain(String),
    /// Encrypted by a key of KMS.
    Direct(Vec<u8>),
    /// Encrypted by a data key, which is encrypted by a key of KMS: see [`crate::secure`].
    Envelope(Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// A policy of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// As it was given.
    pub text: String,
    pub rule: PolicyRule,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyRule {
    Expiration { at_ms: i64 },
    ExpirationNotification { before_ms: i64 },
    NoChangeNotification { after_ms: i64 },
}

/// Who else may use a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePolicy {
    pub id: String,
    /// SHA-256 of the document, in hexadecimal digits.
    pub hash: String,
    pub document: String,
}

/// The labels of a parameter, and the versions they stand on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    pub versions: BTreeMap<String, i64>,
}
store::record!(Labels, kind = 0x0503);

/// That a parameter expires: the row's key says when and which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {}
store::record!(Expiring, kind = 0x0504);

impl Parameter {
    /// When it expires, if it does.
    pub fn expires_ms(&self) -> Option<i64> {
        self.current.policies.iter().find_map(|policy| match policy.rule {
            PolicyRule::Expiration { at_ms } => Some(at_ms),
            _ => None,
        })
    }

    /// The number of the oldest version that is kept.
    pub fn oldest(&self) -> i64 {
        (self.current.number - crate::limits::VERSIONS_MAX + 1).max(1)
    }
}

impl Labels {
    /// The labels of one version, in order.
    pub fn of(&self, version: i64) -> Vec<String> {
        self.versions.iter().filter(|(_, on)| **on == version).map(|(label, _)| label.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Record as _;

    fn version() -> Version {
        Version {
            number: 1,
            kind: Kind::SecureString,
            value: Value::Direct(vec![7]),
            modified_ms: 2,
            modified_by: "u".into(),
            description: None,
            allowed_pattern: None,
            key_id: Some("k".into()),
            tier: Tier::Advanced,
            data_type: "text".into(),
            policies: vec![Policy { text: "{}".into(), rule: PolicyRule::Expiration { at_ms: 3 } }],
        }
    }

    /// Bytes as version 1 wrote them: kept so that they stay readable.
    #[test]
    fn fixtures() {
        let bytes = b"\x02\x05\x01\0\x02\x02\x01\x01\x07\x04\x01u\0\0\x01\x01k\x01\x04text\x01\x02{}\0\x06";
        assert_eq!(&version().encode()[..], bytes);
        assert_eq!(Version::decode(bytes), Ok(version()));
        let policy = ResourcePolicy { id: "i".into(), hash: "h".into(), document: "d".into() };
        let parameter = Parameter {
            name: "/a".into(),
            current: version(),
            tags: BTreeMap::from([("t".into(), "v".into())]),
            resource_policy: Some(policy),
        };
        let bytes =
            [&b"\x01\x05\x01\0\x02/a"[..], &bytes[4..], b"\x01\x01t\x01v\x01\x01i\x01h\x01d"].concat();
        assert_eq!(&parameter.encode()[..], bytes);
        assert_eq!(Parameter::decode(&bytes), Ok(parameter));
        let labels = Labels { versions: BTreeMap::from([("l".into(), 5)]) };
        assert_eq!(&labels.encode()[..], b"\x03\x05\x01\0\x01\x01l\x0a");
        assert_eq!(Labels::decode(b"\x03\x05\x01\0\x01\x01l\x0a"), Ok(labels));
        assert_eq!(Expiring::decode(b"\x04\x05\x01\0"), Ok(Expiring {}));
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!("{:?}", Version { value: Value::Plain("canary".into()), ..version() });
        assert!(shown.contains("(hidden)") && !shown.contains("canary"), "{shown}");
    }
}
