//! Policies that have been parsed, by their text.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use policy::{Policy, PolicyKind};

/// Documents kept; at up to 32 KiB each (a key's policy) some tens of megabytes at the very most.
const MAX: usize = 2048;

/// A policy by its kind and text; `None` when it does not parse.
type Parsed = HashMap<Arc<str>, Option<Arc<Policy>>>;

/// Parses policies, each once. A changed policy is another text.
#[derive(Default)]
pub struct Documents {
    by_kind: [Mutex<Parsed>; 6],
}

impl Documents {
    /// The policy that a document holds; `None` when it does not parse.
    pub fn parse(&self, document: &str, kind: PolicyKind) -> Option<Arc<Policy>> {
        let slot = match kind {
            PolicyKind::Identity => 0,
            PolicyKind::Resource => 1,
            PolicyKind::Trust => 2,
            PolicyKind::Scp => 3,
            PolicyKind::Session => 4,
            PolicyKind::Boundary => 5,
        };
        let parsed = &self.by_kind[slot];
        if let Some(known) = parsed.lock().get(document) {
            return known.clone();
        }
        let policy = match Policy::parse(document.as_bytes(), kind) {
            Ok(policy) => Some(Arc::new(policy)),
            Err(error) => {
                tracing::error!(%error, "a stored policy does not parse");
                None
            }
        };
        let mut parsed = parsed.lock();
        if parsed.len() >= MAX {
            parsed.clear();
        }
        parsed.insert(document.into(), policy.clone());
        policy
    }
}
