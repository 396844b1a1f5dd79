//! What is to be copied, as it lies in the outbox.

use serde::{Deserialize, Serialize};

/// One version that is to be copied to one bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The source, and the id it had: a later bucket of the name is another.
    pub bucket: String,
    pub bucket_id: [u8; 8],
    pub key: String,
    pub version: String,
    pub what: What,
    pub route: Route,
}
store::record!(Task, kind = 0x0a11);

/// What of a version is to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// All of it.
    Object,
    /// What can be changed of it: tags, list and lock.
    Attributes,
    /// It is a delete marker.
    Marker,
}

/// Where something is to be copied to, by which rule, as it was when the copy was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The rule's id.
    pub rule: String,
    /// The ARN of the role that copies.
    pub role: String,
    pub bucket: String,
    /// Whose that bucket has to be, if the rule says so.
    pub account: Option<String>,
    /// The storage class of copies; none keeps that of the source.
    pub storage_class: Option<String>,
    /// Whether copies belong to the owner of their bucket.
    pub to_owner: bool,
    /// The key of KMS for copies of what is encrypted by KMS.
    pub kms_key: Option<String>,
    /// Whether failures are told.
    pub metrics: bool,
}
