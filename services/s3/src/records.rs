//! Everything that is stored, as versioned records. A field is never changed in place: a new version of the record
//! gets a new type, and the old one stays readable. Times are milliseconds since the epoch.

mod v1;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Whose bucket has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Name {
    pub account: String,
    pub region: String,
}
store::record!(Name, kind = 0x0a01);

/// A bucket: what nearly every request asks of it. The rest are [`Configuration`]s; whoever changes one counts up
/// `revision`, so that this row says whether anything of the bucket has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// No other bucket ever has it.
    pub id: [u8; 8],
    pub revision: u64,
    pub created_ms: i64,
    pub versioning: Versioning,
    pub ownership: Ownership,
    /// Whether its ownership was said, and not only follows from nothing having been said.
    pub ownership_controls: bool,
    pub public_access: Option<PublicAccess>,
    pub acl: Acl,
    pub encryption: Encryption,
    /// Whether new objects may not be encrypted with keys that callers bring.
    pub no_customer_keys: bool,
    /// Whether it was made with the older name of its region, `EU`.
    pub eu: bool,
    /// Whether it was made for object lock, or got it later.
    pub lock: bool,
    pub lock_default: Option<LockDefault>,
    pub requester_pays: bool,
    /// As the API writes it, once it was set.
    pub acceleration: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Kinds of [`Configuration`] that it has: most buckets have none, and then nobody has to look.
    pub configured: Vec<String>,
}
store::record!(Bucket, kind = 0x0a02);

impl Bucket {
    /// Whether it has any [`Configuration`] of this kind.
    pub fn has(&self, kind: &str) -> bool {
        self.configured.iter().any(|found| found == kind)
    }
}

/// Whether a bucket keeps older versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// It never did.
    Never,
    Enabled,
    Suspended,
}

/// Who owns objects, and whether access control lists count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// The bucket's owner; access control lists do not count.
    BucketOwnerEnforced,
    /// The bucket's owner, if the writer says so by `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// Whoever writes them.
    ObjectWriter,
}

/// What keeps a bucket from being public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccess {
    pub block_acls: bool,
    pub ignore_acls: bool,
    pub block_policy: bool,
    pub restrict: bool,
}

/// An access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The account that owns the resource.
    pub owner: String,
    pub grants: Vec<Grant>,
}

/// One entry of an access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub grantee: Grantee,
    pub permission: Permission,
}

/// Whom an entry names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grantee {
    Account(String),
    AllUsers,
    AuthenticatedUsers,
    LogDelivery,
}

/// What an entry gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Permission {
    FullControl,
    Read,
    Write,
    ReadAcp,
    WriteAcp,
}

/// How new objects of a bucket are encrypted unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    /// Under a key of S3's own.
    #[default]
    S3,
    /// Under a key of KMS; without one, the account's key for S3.
    Kms { key: Option<String>, bucket_key: bool },
}

/// The retention that new objects of a bucket get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockDefault {
    pub mode: LockMode,
    pub days: Option<u32>,
    pub years: Option<u32>,
}

/// How strictly a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockMode {
    Governance,
    Compliance,
}

/// Until when a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub mode: LockMode,
    pub until_ms: i64,
}

/// A sub-resource of a bucket: the document that was put, as this service writes it, or the policy as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    pub document: String,
}
store::record!(Configuration, kind = 0x0a03);

/// A version of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Object {
    /// Greater than that of every older version of the key.
    pub sequence: u64,
    /// Its version id; none is `null`.
    pub version: Option<String>,
    pub modified_ms: i64,
    /// The account that owns it.
    pub owner: String,
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    pub data: Data,
    pub sealing: Sealing,
    pub checksum: Option<Checksum>,
    /// How many parts it was uploaded in, if it was.
    pub parts: Option<u32>,
    /// As the API writes it.
    pub storage_class: String,
    pub headers: Headers,
    pub metadata: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    /// Its own access control list, where the bucket lets it have one.
    pub acl: Option<Acl>,
    pub retention: Option<Retention>,
    pub legal_hold: bool,
    pub replication: Option<Replication>,
}
store::record!(Object, kind = 0x0a04, version = 2, previous = v1::Object, migrate = Object::from);

/// What a version has to do with other buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replication {
    /// It is copied: so many copies are still to be made or changed, and whether one could not be.
    Source { pending: u32, failed: bool },
    /// It is a copy.
    Replica,
}

/// Headers that are kept with an object and given back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Headers {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_disposition: Option<String>,
    pub cache_control: Option<String>,
    /// As it came.
    pub expires: Option<String>,
    pub website_redirect: Option<String>,
}

/// Where bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Data {
    Empty,
    /// In the store.
    Inline {
        id: [u8; 16],
    },
    /// In a file.
    Blob(BlobRef),
    /// In as many parts as the object says, which [`Manifest`]s list.
    Parts {
        id: [u8; 16],
    },
}

/// A file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    pub id: [u8; 16],
    pub size: u64,
}

/// How an object's key is kept, under which all of its bytes are encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sealing {
    /// Sealed by the vault.
    S3 { key: Vec<u8> },
    /// Sealed by a data key, which KMS has encrypted.
    Kms {
        arn: String,
        data_key: Vec<u8>,
        key: Vec<u8>,
        /// The caller's own encryption context.
        context: BTreeMap<String, String>,
        bucket_key: bool,
    },
    /// Sealed by a key that the caller brings each time, which is not kept: only its MD5, which answers show. It is the
    /// right one if it opens this.
    Customer { key: Vec<u8>, salt: [u8; 16], md5: String },
}

/// A checksum of an object's or part's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// As the API writes it.
    pub algorithm: String,
    /// Base64; with `-` and the number of parts if it is composite.
    pub value: String,
    /// Whether it is of the parts' checksums.
    pub composite: bool,
}

/// A version of an object that is not in [`crate::keys::Inside::object`]: an older one, or a delete marker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // Most are objects.
pub enum Version {
    Object(Object),
    Marker(Marker),
}
store::record!(Version, kind = 0x0a05, version = 2, previous = v1::Version, migrate = Version::from);

/// A delete marker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marker {
    pub sequence: u64,
    pub version: Option<String>,
    pub modified_ms: i64,
    pub owner: String,
}

/// The sequence of the version `null` where that is not the current one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NullVersion {
    pub sequence: u64,
}
store::record!(NullVersion, kind = 0x0a06);

/// An upload in parts, not complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    pub initiated_ms: i64,
    /// The sequence of the object that was there then.
    pub replaces: Option<u64>,
    /// Whether an object of the key was deleted since.
    pub disturbed: bool,
    /// The account that will own the object, and who began the upload.
    pub owner: String,
    pub initiator: String,
    pub initiator_name: String,
    pub sealing: Sealing,
    /// As the API writes them; none where the client chose none.
    pub checksum_algorithm: Option<String>,
    pub checksum_composite: bool,
    pub storage_class: String,
    pub headers: Headers,
    pub metadata: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub acl: Option<Acl>,
    pub retention: Option<Retention>,
    pub legal_hold: bool,
}
store::record!(Upload, kind = 0x0a07);

/// A part of an upload, or of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub number: u32,
    pub modified_ms: i64,
    pub size: u64,
    /// What its ETag shows: see [`crate::object_key::ObjectKey::tag`].
    pub tag: [u8; 16],
    pub checksum: Option<Checksum>,
    /// Never [`Data::Parts`].
    pub data: Data,
}
store::record!(Part, kind = 0x0a08);

/// Some of the parts that an object is made of, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub parts: Vec<Part>,
}
store::record!(Manifest, kind = 0x0a09);

/// A file in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blob {
    pub size: u64,
    /// How many objects, versions and parts name it.
    pub uses: u32,
}
store::record!(Blob, kind = 0x0a0a);

/// A file that nobody uses any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Garbage {
    pub account: String,
    pub region: String,
    pub id: [u8; 16],
}
store::record!(Garbage, kind = 0x0a0b);

/// What keeps all of an account from being public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountAccess {
    pub public_access: PublicAccess,
}
store::record!(AccountAccess, kind = 0x0a0c);

/// An access point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessPoint {
    pub created_ms: i64,
    /// Its bucket: by name, by owner, and by the id that no other bucket of the name has.
    pub bucket: String,
    pub bucket_owner: String,
    pub bucket_id: [u8; 8],
    pub alias: String,
    /// The one network that it takes requests from.
    pub vpc: Option<String>,
    pub public_access: PublicAccess,
    /// Its policy, as it came.
    pub policy: Option<String>,
    pub tags: BTreeMap<String, String>,
}
store::record!(AccessPoint, kind = 0x0a0d);

/// The access point that has an alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alias {
    pub account: String,
    pub region: String,
    pub name: String,
}
store::record!(Alias, kind = 0x0a0e);
