//! Everything that is stored, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable. Times are milliseconds since the epoch.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::spec::{Spec, Usage as KeyUsage};

/// A key in one region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub created_ms: i64,
    pub description: String,
    pub spec: Spec,
    pub usage: KeyUsage,
    /// Whether its material comes from outside.
    pub external: bool,
    /// For a key that a service of ours uses for its customers: which service.
    pub manager: Option<String>,
    pub enabled: bool,
    pub deletion: Option<Deletion>,
    pub policy: String,
    pub tags: BTreeMap<String, String>,
    pub aliases: BTreeSet<String>,
    pub multi_region: Option<MultiRegion>,
    /// All there ever were, by version.
    pub materials: Vec<Material>,
    /// The version in use.
    pub current: u32,
    pub rotation: Option<Rotation>,
    pub on_demand_rotations: u32,
    /// The public key of a pair, as SubjectPublicKeyInfo.
    pub public_key: Option<Vec<u8>>,
    /// How many grants there are.
    pub grants: u32,
    /// Changes with every change of the grants, so that whoever knows this row knows whether it knows the grants.
    pub grants_epoch: u64,
}
store::record!(Key, kind = 0x0201);

/// That a key is to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    pub window_days: u32,
    /// `None` while a primary key waits for its replicas to go.
    pub at_ms: Option<i64>,
}

/// The regions of a multi-Region key; the same in all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiRegion {
    pub primary: String,
    pub replicas: Vec<String>,
}

impl MultiRegion {
    /// All regions, the primary one first.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.primary).chain(self.replicas.iter().map(|region| &**region))
    }
}

/// One version of a key's material; the material itself is in a [`Sealed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// 64 hexadecimal digits.
    pub id: String,
    pub created_ms: i64,
    /// When it came into use by a rotation.
    pub rotated: Option<Rotated>,
    /// Whether it is there: imported material may be missing.
    pub present: bool,
    pub expires_ms: Option<i64>,
    pub description: Option<String>,
}

/// A rotation that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    pub at_ms: i64,
    pub automatic: bool,
}

/// Automatic rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    pub period_days: u32,
    pub next_ms: i64,
}

/// Key material, sealed by the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub sealed: Vec<u8>,
}
store::record!(Sealed, kind = 0x0202);

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub key_id: String,
    pub created_ms: i64,
    pub updated_ms: i64,
}
store::record!(Alias, kind = 0x0203);

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub name: Option<String>,
    pub created_ms: i64,
    pub grantee: Principal,
    pub retiring: Option<Principal>,
    /// As the API names them; sorted.
    pub operations: Vec<String>,
    pub context_equals: Option<BTreeMap<String, String>>,
    pub context_subset: Option<BTreeMap<String, String>>,
    pub source_arn: Option<String>,
    /// ARN of the account that issued it.
    pub issuer: String,
}
store::record!(Grant, kind = 0x0204);

/// Who uses or retires a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// By ARN.
    Arn(String),
    /// One of our services, as in `sns.amazonaws.com`.
    Service(String),
}

impl Principal {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Arn(name) | Self::Service(name) => name,
        }
    }
}

/// That a grant has the name in the row's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantName {}
store::record!(GrantName, kind = 0x0205);

/// That a principal may retire a grant: the row's key says which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirable {}
store::record!(Retirable, kind = 0x0206);

/// That a key has something to do at the time in the row's key; the key's record says what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {}
store::record!(Due, kind = 0x0207);

/// The last use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub operation: String,
    pub at_ms: i64,
    pub request_id: String,
}
store::record!(Usage, kind = 0x0208);

/// What an import token holds, sealed: callers keep it, so it is versioned like everything that is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportToken {
    /// As the API names it.
    pub algorithm: String,
    /// The wrapping key, in PKCS #8.
    pub private_key: Vec<u8>,
    pub valid_to_ms: i64,
}
store::record!(ImportToken, kind = 0x0209);

impl Key {
    /// When it has something to do next: be deleted, be rotated, lose expired material.
    pub fn next_due(&self) -> Option<i64> {
        let deletion = self.deletion.as_ref().and_then(|deletion| deletion.at_ms);
        // A key that is disabled or about to go is not rotated.
        let rotates = self.enabled && self.deletion.is_none();
        let rotation = self.rotation.as_ref().filter(|_| rotates).map(|rotation| rotation.next_ms);
        let expiry = self
            .materials
            .iter()
            .filter(|material| material.present)
            .filter_map(|material| material.expires_ms);
        deletion.into_iter().chain(rotation).chain(expiry).min()
    }

    /// The material in use; `None` before the first import.
    pub fn current_material(&self) -> Option<&Material> {
        self.materials.get(self.current as usize)
    }

    /// The version that was imported and not yet rotated to.
    pub fn pending_material(&self) -> Option<u32> {
        let next = self.current as usize + 1;
        (next < self.materials.len()).then_some(self.current + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::Record as _;

    /// Bytes as version 1 wrote them: kept so that they stay readable.
    #[test]
    fn fixtures() {
        let alias = Alias { key_id: "k".into(), created_ms: 1, updated_ms: 2 };
        let bytes = b"\x03\x02\x01\0\x01k\x02\x04";
        assert_eq!(&alias.encode()[..], bytes);
        assert_eq!(Alias::decode(bytes), Ok(alias));
        let sealed = Sealed { sealed: vec![7] };
        assert_eq!(&sealed.encode()[..], b"\x02\x02\x01\0\x01\x07");
        let grant = Grant {
            name: None,
            created_ms: 1,
            grantee: Principal::Arn("a".into()),
            retiring: Some(Principal::Service("s".into())),
            operations: vec!["Decrypt".into()],
            context_equals: None,
            context_subset: Some([("k".to_owned(), "v".to_owned())].into()),
            source_arn: None,
            issuer: "i".into(),
        };
        let bytes = b"\x04\x02\x01\0\0\x02\0\x01a\x01\x01\x01s\x01\x07Decrypt\0\x01\x01\x01k\x01v\0\x01i";
        assert_eq!(&grant.encode()[..], bytes);
        assert_eq!(Grant::decode(bytes), Ok(grant));
    }

    #[test]
    fn the_next_thing_to_do() {
        let mut key = crate::testing::key_record();
        assert_eq!(key.next_due(), None);
        key.rotation = Some(Rotation { period_days: 365, next_ms: 50 });
        assert_eq!(key.next_due(), Some(50));
        key.materials[0].expires_ms = Some(40);
        assert_eq!(key.next_due(), Some(40));
        key.materials[0].present = false;
        key.enabled = false;
        assert_eq!(key.next_due(), None);
        key.deletion = Some(Deletion { window_days: 7, at_ms: Some(90) });
        assert_eq!(key.next_due(), Some(90));
        key.deletion = Some(Deletion { window_days: 7, at_ms: None });
        assert_eq!(key.next_due(), None);
    }
}
