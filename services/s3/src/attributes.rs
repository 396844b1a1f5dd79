//! What is kept with an object besides its bytes, as requests say it: for PutObject, CopyObject, CreateMultipartUpload and
//! uploads by form.

use std::collections::BTreeMap;

use kernel::{Call, PrincipalKind};
use model_s3::Error;
use wire::Detailed;

use crate::acl_input::{self, AclInput, Owners};
use crate::bucket::Bucket;
use crate::error::{acl_not_supported, not_implemented};
use crate::limits::METADATA_BYTES_MAX;
use crate::object_lock;
use crate::object_tags::{self, Tags};
use crate::public;
use crate::records::{Acl, Headers, Ownership, Retention};
use crate::rfc2047;
use crate::s3::S3;

/// What a request says.
#[derive(Clone, Copy, Default)]
pub struct Said<'a> {
    pub acl: AclInput<'a>,
    pub storage_class: Option<&'a str>,
    pub headers: SaidHeaders<'a>,
    pub metadata: Option<&'a BTreeMap<String, String>>,
    pub tagging: Option<&'a str>,
    pub lock: object_lock::Said<'a>,
    /// Whether the request asks for a hold by events, which does not exist here.
    pub event_hold: bool,
}

/// Headers that are kept with an object.
#[derive(Clone, Copy, Default)]
pub struct SaidHeaders<'a> {
    pub content_type: Option<&'a str>,
    pub content_encoding: Option<&'a str>,
    pub content_language: Option<&'a str>,
    pub content_disposition: Option<&'a str>,
    pub cache_control: Option<&'a str>,
    pub expires: Option<&'a str>,
    pub website_redirect: Option<&'a str>,
}

/// What is kept of it.
#[derive(Clone, Debug)]
pub struct Attributes {
    pub owner: String,
    pub acl: Option<Acl>,
    pub storage_class: String,
    pub headers: Headers,
    pub metadata: BTreeMap<String, String>,
    pub tags: Tags,
    pub retention: Option<Retention>,
    pub legal_hold: bool,
}

/// The [`Said`] of an input that has a member for each.
macro_rules! said {
    ($input:expr) => {
        $crate::attributes::Said {
            acl: $crate::acl_input::acl_headers!($input),
            storage_class: $input.storage_class.as_ref().map(wire::Open::as_str),
            headers: $crate::attributes::SaidHeaders {
                content_type: $input.content_type.as_deref(),
                content_encoding: $input.content_encoding.as_deref(),
                content_language: $input.content_language.as_deref(),
                content_disposition: $input.content_disposition.as_deref(),
                cache_control: $input.cache_control.as_deref(),
                expires: $input.expires.as_deref(),
                website_redirect: $input.website_redirect_location.as_deref(),
            },
            metadata: $input.metadata.as_ref(),
            tagging: $input.tagging.as_deref(),
            lock: $crate::object_lock::Said {
                mode: $input.object_lock_mode.as_ref().map(wire::Open::as_str),
                until: $input.object_lock_retain_until_date,
                hold: $input.object_lock_legal_hold_status.as_ref().map(wire::Open::as_str),
            },
            event_hold: $input.object_lock_event_hold.is_some()
                || $input.object_lock_event_hold_duration_days.is_some()
                || $input.object_lock_event_hold_duration_years.is_some(),
        }
    };
}
pub(crate) use said;

/// The [`Wanted`](crate::sealing::Wanted) of an input that has a member for each.
macro_rules! wanted {
    ($input:expr) => {
        $crate::sealing::Wanted {
            algorithm: $input.server_side_encryption.as_ref().map(wire::Open::as_str),
            kms_key: $input.ssekms_key_id.as_deref(),
            context: $input.ssekms_encryption_context.as_deref(),
            bucket_key: $input.bucket_key_enabled,
            customer: $crate::attributes::customer!($input),
        }
    };
}
pub(crate) use wanted;

/// The [`Customer`](crate::sealing::Customer) of an input that has a member for each.
macro_rules! customer {
    ($input:expr) => {
        $crate::sealing::Customer {
            algorithm: $input.sse_customer_algorithm.as_deref(),
            key: $input.sse_customer_key.as_deref(),
            md5: $input.sse_customer_key_md5.as_deref(),
        }
    };
}
pub(crate) use customer;

impl S3 {
    /// What is kept of what a request says, where it may be said of an object in this bucket.
    pub(crate) fn attributes(
        &self,
        call: &Call,
        bucket: &Bucket,
        said: Said<'_>,
    ) -> Result<Attributes, Error> {
        if said.event_hold {
            return Err(not_implemented("x-amz-object-lock-event-hold").into());
        }
        let (owner, acl) = self.owner_and_acl(call, bucket, said.acl)?;
        let (retention, legal_hold) = object_lock::of_new(bucket, said.lock, call.now)?;
        Ok(Attributes {
            owner,
            acl,
            storage_class: storage_class(said.storage_class)?,
            headers: headers(said.headers)?,
            metadata: metadata(said.metadata)?,
            tags: said.tagging.map(object_tags::of_header).transpose()?.unwrap_or_default(),
            retention,
            legal_hold,
        })
    }

    /// Who owns a new object, and its list, by the bucket's rule.
    fn owner_and_acl(
        &self,
        call: &Call,
        bucket: &Bucket,
        said: AclInput<'_>,
    ) -> Result<(String, Option<Acl>), Error> {
        let bucket_owner = bucket.owner();
        let full_control = said.canned == Some("bucket-owner-full-control");
        let writer = match call.principal.kind {
            PrincipalKind::Anonymous | PrincipalKind::Service => bucket_owner,
            _ => call.principal.account.as_str(),
        };
        let owner = match bucket.record.ownership {
            Ownership::BucketOwnerEnforced => bucket_owner,
            Ownership::BucketOwnerPreferred if full_control => bucket_owner,
            Ownership::BucketOwnerPreferred | Ownership::ObjectWriter => writer,
        };
        let acl = self.object_acl(bucket, owner, said)?;
        Ok((owner.to_owned(), acl.filter(|acl| *acl != acl_input::private(owner))))
    }

    /// The list that a request gives an object, if the bucket lets it: none where it says nothing, or nothing more than
    /// that the bucket's owner has full control, who has that anyway.
    pub(crate) fn object_acl(
        &self,
        bucket: &Bucket,
        owner: &str,
        said: AclInput<'_>,
    ) -> Result<Option<Acl>, Error> {
        let bucket_owner = bucket.owner();
        let Some(acl) = said.list(self, Owners { resource: owner, bucket: bucket_owner })? else {
            return Ok(None);
        };
        if bucket.record.ownership == Ownership::BucketOwnerEnforced {
            let harmless =
                said.canned != Some("private") && acl.grants == acl_input::private(bucket_owner).grants;
            return if harmless { Ok(None) } else { Err(acl_not_supported().into()) };
        }
        public::check_acl(self.public_access(bucket), &acl)?;
        Ok(Some(acl))
    }
}

/// Whether objects of a storage class have to be brought back before they can be read.
pub fn is_archived(class: &str) -> bool {
    ["GLACIER", "DEEP_ARCHIVE"].contains(&class)
}

/// The storage class of a new object.
pub fn storage_class(said: Option<&str>) -> Result<String, Error> {
    const CLASSES: [&str; 8] = [
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    ];
    let class = said.unwrap_or(CLASSES[0]);
    if !CLASSES.contains(&class) {
        let error = Detailed::new("InvalidStorageClass", 400, "The storage class you specified is not valid");
        return Err(error.with("StorageClassRequested", class).into());
    }
    Ok(class.to_owned())
}

fn headers(said: SaidHeaders<'_>) -> Result<Headers, Error> {
    let owned = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    if let Some(redirect) = said.website_redirect
        && !["/", "http://", "https://"].iter().any(|begin| redirect.starts_with(begin))
    {
        let text = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
        return Err(Detailed::new("InvalidRedirectLocation", 400, text).into());
    }
    Ok(Headers {
        content_type: owned(said.content_type),
        content_encoding: owned(said.content_encoding),
        content_language: owned(said.content_language),
        content_disposition: owned(said.content_disposition),
        cache_control: owned(said.cache_control),
        expires: owned(said.expires),
        website_redirect: owned(said.website_redirect),
    })
}

/// Metadata as it is kept: names in lower case, values decoded.
fn metadata(said: Option<&BTreeMap<String, String>>) -> Result<BTreeMap<String, String>, Error> {
    let Some(said) = said else { return Ok(BTreeMap::new()) };
    let size: usize = said.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > METADATA_BYTES_MAX {
        let text = "Your metadata headers exceed the maximum allowed metadata size";
        let error = Detailed::new("MetadataTooLarge", 400, text)
            .with("Size", size.to_string())
            .with("MaxSizeAllowed", METADATA_BYTES_MAX.to_string());
        return Err(error.into());
    }
    Ok(said.iter().map(|(name, value)| (name.to_ascii_lowercase(), rfc2047::decode(value))).collect())
}
