//! Records as they were in their first form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Acl, Checksum, Data, Headers, Marker, Retention, Sealing};

/// A version of an object, before there was replication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    pub sequence: u64,
    pub version: Option<String>,
    pub modified_ms: i64,
    pub owner: String,
    pub size: u64,
    pub etag: String,
    pub data: Data,
    pub sealing: Sealing,
    pub checksum: Option<Checksum>,
    pub parts: Option<u32>,
    pub storage_class: String,
    pub headers: Headers,
    pub metadata: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub acl: Option<Acl>,
    pub retention: Option<Retention>,
    pub legal_hold: bool,
}
store::record!(Object, kind = 0x0a04);

/// The same where it is not the current one, or a delete marker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // Most are objects.
pub enum Version {
    Object(Object),
    Marker(Marker),
}
store::record!(Version, kind = 0x0a05);

impl From<Object> for super::Object {
    fn from(old: Object) -> Self {
        Self {
            sequence: old.sequence,
            version: old.version,
            modified_ms: old.modified_ms,
            owner: old.owner,
            size: old.size,
            etag: old.etag,
            data: old.data,
            sealing: old.sealing,
            checksum: old.checksum,
            parts: old.parts,
            storage_class: old.storage_class,
            headers: old.headers,
            metadata: old.metadata,
            tags: old.tags,
            acl: old.acl,
            retention: old.retention,
            legal_hold: old.legal_hold,
            replication: None,
        }
    }
}

impl From<Version> for super::Version {
    fn from(old: Version) -> Self {
        match old {
            Version::Object(object) => Self::Object(object.into()),
            Version::Marker(marker) => Self::Marker(marker),
        }
    }
}

#[cfg(test)]
mod tests {
    use store::Record as _;

    use super::*;

    #[test]
    fn objects_from_before_replication_are_read() {
        let old = Object {
            sequence: 7,
            version: Some("v".to_owned()),
            modified_ms: 5,
            owner: "123456789012".to_owned(),
            size: 3,
            etag: "e".to_owned(),
            data: Data::Inline { id: [1; 16] },
            sealing: Sealing::S3 { key: vec![1, 2] },
            checksum: None,
            parts: None,
            storage_class: "STANDARD".to_owned(),
            headers: Headers::default(),
            metadata: BTreeMap::new(),
            tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
            acl: None,
            retention: None,
            legal_hold: true,
        };
        let new = super::super::Object::decode(&old.encode()).expect("an object");
        assert_eq!((new.sequence, new.size, new.legal_hold), (7, 3, true));
        assert_eq!((new.tags.len(), new.replication), (1, None));
        let versions = [Version::Object(old), {
            let marker =
                Marker { sequence: 9, version: None, modified_ms: 1, owner: "123456789012".to_owned() };
            Version::Marker(marker)
        }];
        let read = versions.map(|old| super::super::Version::decode(&old.encode()).expect("a version"));
        assert_eq!(read[0], super::super::Version::Object(new));
        assert_eq!(read[1].sequence(), 9);
    }
}
