//! Everything that is stored, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable. Times are milliseconds since the epoch.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A secret without its values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    /// The six random characters at the end of the ARN.
    pub suffix: String,
    pub created_ms: i64,
    pub changed_ms: i64,
    pub description: Option<String>,
    /// The key as it was named; `None`: the one that the service manages.
    pub kms_key: Option<String>,
    /// The partner that holds the secret.
    pub partner: Option<String>,
    /// In the order they were attached; `None` until tags are first touched.
    pub tags: Option<Vec<(String, String)>>,
    pub policy: Option<String>,
    /// Staging labels, and the versions that have them. A version need not have a value yet.
    pub labels: BTreeMap<String, String>,
    /// How many versions have a value, deprecated ones included.
    pub versions: u32,
    /// Marked for deletion, to be removed at this time.
    pub purge_ms: Option<i64>,
    pub rotation: Option<Rotation>,
    pub replication: Option<Replication>,
}
store::record!(Secret, kind = 0x0401);

/// How a secret is rotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    pub enabled: bool,
    pub function: String,
    pub days: Option<i64>,
    pub duration: Option<String>,
    pub schedule: Option<String>,
    pub role: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub rotated_ms: Option<i64>,
    /// The end of the next rotation window.
    pub next_ms: Option<i64>,
    /// When the work on it goes on: as in the row that wakes it.
    pub due_ms: Option<i64>,
}

/// A secret's part in replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Replication {
    /// It has replicas in these regions; never empty.
    Primary { replicas: Vec<Replica> },
    /// It follows the one in this region.
    Replica { primary_region: String },
}

/// One replica as its primary knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replica {
    pub region: String,
    pub kms_key: Option<String>,
    /// Why it is not in step.
    pub failure: Option<String>,
}

/// A value, encrypted under a data key of its own. Never changed but by encrypting it anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub created_ms: i64,
    /// The key as it was named; `None`: the one that the service manages.
    pub kms_key: Option<String>,
    pub binary: bool,
    /// The data key, encrypted by KMS.
    pub wrapped_key: Vec<u8>,
    pub nonce: [u8; 12],
    pub sealed: Vec<u8>,
}
store::record!(Version, kind = 0x0402);

/// When something was last read: the beginning of that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accessed {
    pub day_ms: i64,
}
store::record!(Accessed, kind = 0x0403);

impl Secret {
    /// The labels of a version, in order.
    pub fn labels_of<'a>(&'a self, version: &'a str) -> impl Iterator<Item = &'a str> {
        self.labels.iter().filter(move |(_, id)| *id == version).map(|(label, _)| label.as_str())
    }

    /// The replicas it has.
    pub fn replicas(&self) -> &[Replica] {
        match &self.replication {
            Some(Replication::Primary { replicas }) => replicas,
            _ => &[],
        }
    }

    /// The replicas it has, to be changed.
    pub fn replicas_mut(&mut self) -> &mut [Replica] {
        match &mut self.replication {
            Some(Replication::Primary { replicas }) => replicas,
            _ => &mut [],
        }
    }

    /// The region it follows, if it is a replica.
    pub fn primary_region(&self) -> Option<&str> {
        match &self.replication {
            Some(Replication::Replica { primary_region }) => Some(primary_region),
            _ => None,
        }
    }

    /// What its replica holds: everything of the primary but the key.
    pub fn as_replica(&self, replica: &Replica, primary_region: &str) -> Self {
        Self {
            kms_key: replica.kms_key.clone(),
            replication: Some(Replication::Replica { primary_region: primary_region.to_owned() }),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Record;

    /// Bytes as version 1 wrote them: kept so that they stay readable.
    #[test]
    fn fixtures() {
        let secret = Secret {
            name: "n".into(),
            suffix: "s".into(),
            created_ms: 1,
            changed_ms: 2,
            description: Some("d".into()),
            kms_key: None,
            partner: None,
            tags: Some(vec![("k".into(), "v".into())]),
            policy: None,
            labels: BTreeMap::from([("AWSCURRENT".into(), "i".into())]),
            versions: 1,
            purge_ms: Some(3),
            rotation: None,
            replication: Some(Replication::Replica { primary_region: "r".into() }),
        };
        let bytes: &[u8] =
            b"\x01\x04\x01\0\x01n\x01s\x02\x04\x01\x01d\0\0\x01\x01\x01k\x01v\0\x01\x0aAWSCURRENT\x01i\x01\x01\x06\0\x01\x01\x01r";
        assert_eq!(&secret.encode()[..], bytes);
        assert_eq!(Secret::decode(bytes), Ok(secret));
        let version = Version {
            created_ms: 1,
            kms_key: Some("k".into()),
            binary: true,
            wrapped_key: vec![7],
            nonce: [8; 12],
            sealed: vec![9],
        };
        let bytes: &[u8] = b"\x02\x04\x01\0\x02\x01\x01k\x01\x01\x07\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x01\x09";
        assert_eq!(&version.encode()[..], bytes);
        assert_eq!(Version::decode(bytes), Ok(version));
        assert_eq!(Accessed::decode(b"\x03\x04\x01\0\x02"), Ok(Accessed { day_ms: 1 }));
    }

    #[test]
    fn labels_of_a_version() {
        let mut secret = Secret::decode(b"\x01\x04\x01\0\x01n\x01s\x02\x04\0\0\0\0\0\0\0\0\0\0").unwrap();
        for (label, id) in [("B", "1"), ("A", "1"), ("C", "2")] {
            secret.labels.insert(label.into(), id.into());
        }
        assert_eq!(secret.labels_of("1").collect::<Vec<_>>(), ["A", "B"]);
    }
}
