//! CreateBucket.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::{BucketNamespace, CreateBucketInput, CreateBucketOutput, ObjectOwnership};
use service::Allowed;
use store::{Record as _, Tx};
use wire::Detailed;

use crate::account_access::{self, CLOSED};
use crate::acl_input::{AclInput, Owners, acl_headers, private};
use crate::bucket::{Bucket as Looked, bucket_arn};
use crate::error::{Failure, corrupt, not_implemented, operation_aborted};
use crate::keys::{self, Place};
use crate::limits::BUCKETS_MAX;
use crate::ops::bucket::acl::not_with_enforced_owner;
use crate::ops::bucket::tagging;
use crate::records::{Acl, Bucket, Encryption, Name, Ownership, Versioning};
use crate::s3::S3;
use crate::{access_points, public, region};

/// What a request to make a bucket was let in for.
pub struct NewBucket {
    pub region: String,
    /// The caller's own bucket of that name, where its list is to begin anew.
    pub before: Option<Arc<Looked>>,
}

impl S3 {
    pub async fn create_bucket(
        self: Arc<Self>,
        call: Arc<Call>,
        wanted: Allowed<NewBucket>,
        input: CreateBucketInput,
    ) -> Result<CreateBucketOutput, Error> {
        if input.bucket_namespace.as_ref().and_then(wire::Open::known)
            == Some(BucketNamespace::AccountRegional)
        {
            return Err(not_implemented("x-amz-bucket-namespace").into());
        }
        let configuration = input.create_bucket_configuration.as_ref();
        if configuration.is_some_and(|found| found.location.is_some() || found.bucket.is_some()) {
            return Err(not_implemented("CreateBucketConfiguration.Location").into());
        }
        let NewBucket { region, before } = wanted.into_inner();
        let place = Place { account: call.account.clone(), region };
        let ownership = input.object_ownership.as_ref().and_then(wire::Open::known).map(Ownership::from);
        let acl = self.first_acl(&input, &place.account, ownership)?;
        let tags = configuration.and_then(|found| found.tags.clone()).unwrap_or_default();
        let tags = tagging::of_creation(tags)?;
        let eu = configuration
            .and_then(|found| found.location_constraint.as_ref())
            .is_some_and(|constraint| constraint.as_str() == region::EU);
        let lock = input.object_lock_enabled_for_bucket == Some(true);
        let record = Bucket {
            id: self.ids.bytes(),
            revision: 0,
            created_ms: call.now.millis(),
            versioning: if lock { Versioning::Enabled } else { Versioning::Never },
            ownership: ownership.unwrap_or(Ownership::BucketOwnerEnforced),
            ownership_controls: true,
            // Who asks for access control lists asks for what came with them.
            public_access: match ownership {
                None | Some(Ownership::BucketOwnerEnforced) => Some(CLOSED),
                Some(_) => None,
            },
            acl: acl.unwrap_or_else(|| private(&place.account)),
            encryption: Encryption::default(),
            no_customer_keys: false,
            eu,
            lock,
            lock_default: None,
            requester_pays: false,
            acceleration: None,
            tags,
            configured: Vec::new(),
        };
        self.check_quota(&place.account)?;
        self.transact(|tx| create(tx, &call, (&input.bucket, before.as_deref()), &place, &record)).await?;
        // Under the first region's endpoint the location is a path, elsewhere an address.
        let location = match place.region.as_str() {
            region::FIRST => format!("/{}", *input.bucket),
            _ => format!("{}://{}.{}/", call.endpoint.scheme, *input.bucket, call.endpoint.authority),
        };
        Ok(CreateBucketOutput {
            location: Some(location),
            bucket_arn: Some(bucket_arn(&input.bucket).to_string()),
        })
    }

    /// The list that the bucket begins with.
    fn first_acl(
        &self,
        input: &CreateBucketInput,
        account: &str,
        ownership: Option<Ownership>,
    ) -> Result<Option<Acl>, Error> {
        let acl = acl_of(input).list(self, Owners { resource: account, bucket: account })?;
        let enforced = ownership.unwrap_or(Ownership::BucketOwnerEnforced) == Ownership::BucketOwnerEnforced;
        if enforced && acl.as_ref().is_some_and(|acl| *acl != private(account)) {
            return Err(not_with_enforced_owner().into());
        }
        Ok(acl)
    }

    fn check_quota(&self, account: &str) -> Result<(), Error> {
        let count = self.bucket_names(account, "", "", BUCKETS_MAX)?.len();
        if count < BUCKETS_MAX {
            return Ok(());
        }
        let text = "You have attempted to create more buckets than allowed";
        Err(Detailed::new("TooManyBuckets", 400, text).into())
    }
}

/// What a request says of the list of a bucket that is to be.
pub fn acl_of(input: &CreateBucketInput) -> AclInput<'_> {
    AclInput { write: input.grant_write.as_deref(), ..acl_headers!(input) }
}

/// Whether making the bucket `before` again begins its list anew.
pub fn begins_anew(s3: &S3, call: &Call, input: &CreateBucketInput, before: &Looked) -> bool {
    let owners = Owners { resource: before.owner(), bucket: before.owner() };
    // What is wrong with the request is said to those who may make it.
    let Ok(acl) = acl_of(input).list(s3, owners) else { return false };
    let acl = acl.unwrap_or_else(|| private(before.owner()));
    may_be_made_again(call, &before.place) && changes(&before.record, &acl)
}

fn may_be_made_again(call: &Call, found: &Place) -> bool {
    found.account == call.account && call.region == region::FIRST && found.region == region::FIRST
}

/// Whether making a bucket again with this list gives it another one. Where lists do not count it keeps the one it has.
fn changes(bucket: &Bucket, acl: &Acl) -> bool {
    bucket.ownership != Ownership::BucketOwnerEnforced && bucket.acl != *acl
}

fn create(
    tx: &mut Tx,
    call: &Call,
    (name, before): (&str, Option<&Looked>),
    place: &Place,
    record: &Bucket,
) -> Result<(), Failure> {
    if let Some(row) = tx.get(&keys::name(name))? {
        let found = Name::decode(&row)?;
        return again(tx, call, (name, before), &found, record);
    }
    if access_points::is_in_use(tx, name, &place.account)? {
        return Err(not_available(name).into());
    }
    public::check_acl(account_access::of_bucket(tx, &place.account, record)?, &record.acl)?;
    let row = Name { account: place.account.clone(), region: place.region.clone() };
    tx.put(keys::name(name), row.encode());
    tx.put(place.bucket(name), record.encode());
    Ok(())
}

/// Making a bucket that is there. In the first region that is no error for its owner, unless there are tags to be set;
/// its access control list begins anew.
fn again(
    tx: &mut Tx,
    call: &Call,
    (name, before): (&str, Option<&Looked>),
    found: &Name,
    record: &Bucket,
) -> Result<(), Failure> {
    if found.account != call.account {
        return Err(not_available(name).into());
    }
    let place = Place { account: found.account.clone(), region: found.region.clone() };
    if !may_be_made_again(call, &place) || !record.tags.is_empty() {
        let text = "Your previous request to create the named bucket succeeded and you already own it.";
        return Err(Detailed::new("BucketAlreadyOwnedByYou", 409, text).with("BucketName", name).into());
    }
    let row = place.bucket(name);
    let raw = tx.get(&row)?.ok_or_else(|| corrupt("a bucket's name has no bucket"))?;
    let mut bucket = Bucket::decode(&raw)?;
    if !changes(&bucket, &record.acl) {
        return Ok(());
    }
    // Whether the caller may has been asked of the bucket as it was.
    if before.is_none_or(|before| before.raw != raw) {
        return Err(operation_aborted().into());
    }
    public::check_acl(account_access::of_bucket(tx, &place.account, &bucket)?, &record.acl)?;
    bucket.acl = record.acl.clone();
    bucket.revision += 1;
    tx.put(row, bucket.encode());
    Ok(())
}

fn not_available(name: &str) -> Detailed {
    let text = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                system. Please select a different name and try again.";
    Detailed::new("BucketAlreadyExists", 409, text).with("BucketName", name)
}

impl From<ObjectOwnership> for Ownership {
    fn from(ownership: ObjectOwnership) -> Self {
        match ownership {
            ObjectOwnership::BucketOwnerEnforced => Self::BucketOwnerEnforced,
            ObjectOwnership::BucketOwnerPreferred => Self::BucketOwnerPreferred,
            ObjectOwnership::ObjectWriter => Self::ObjectWriter,
        }
    }
}

impl From<Ownership> for ObjectOwnership {
    fn from(ownership: Ownership) -> Self {
        match ownership {
            Ownership::BucketOwnerEnforced => Self::BucketOwnerEnforced,
            Ownership::BucketOwnerPreferred => Self::BucketOwnerPreferred,
            Ownership::ObjectWriter => Self::ObjectWriter,
        }
    }
}

/// The tags of a bucket, as its record has them.
pub type Tags = BTreeMap<String, String>;
