//! What tests beside the code share.

use std::collections::{BTreeMap, BTreeSet};

use crate::records::{Key, Material};
use crate::spec::{Spec, Usage};

/// The record of a plain symmetric key.
pub fn key_record() -> Key {
    let material = Material {
        id: "0".repeat(64),
        created_ms: 1,
        rotated: None,
        present: true,
        expires_ms: None,
        description: None,
    };
    Key {
        created_ms: 1,
        description: String::new(),
        spec: Spec::Symmetric,
        usage: Usage::EncryptDecrypt,
        external: false,
        manager: None,
        enabled: true,
        deletion: None,
        policy: crate::key_policy::default("123456789012"),
        tags: BTreeMap::new(),
        aliases: BTreeSet::new(),
        multi_region: None,
        materials: vec![material],
        current: 0,
        rotation: None,
        on_demand_rotations: 0,
        public_key: None,
        grants: 0,
        grants_epoch: 0,
    }
}
