//! A version as its copy is to be, and putting it there.

use kernel::{Call, Timestamp};
use model_s3::Error;
use store::Tx;

use super::carried::{Carried, carry};
use super::failure::{Reason, Trouble, of_api};
use super::role::Copier;
use super::task::{Task, What};
use crate::bucket::Bucket;
use crate::error::Failure;
use crate::notify::{self, Event};
use crate::object_lock::{self, check_change};
use crate::public;
use crate::records::{Acl, Marker, Object, Ownership, Replication, Retention, Sealing, Version, Versioning};
use crate::s3::S3;
use crate::sealing::{Customer, Wanted};
use crate::versions;
use store::Snapshot;

/// What is to be done to the bucket of the copy.
pub enum Replica {
    Object { object: Box<Object>, carried: Carried },
    Attributes(Attributes),
    Marker(Marker),
}

/// What of a version can be changed after it was made.
pub struct Attributes {
    acl: Option<Acl>,
    /// None if the role may not copy tags.
    tags: Option<crate::object_tags::Tags>,
    retention: Option<Retention>,
    legal_hold: bool,
}

/// Makes ready what a task asks for: asks the policies, and carries the bytes.
pub async fn prepare(
    s3: &S3,
    copier: &Copier,
    snapshot: &Snapshot,
    (from, to): (&Bucket, &Bucket),
    (task, found): (&Task, Version),
) -> Result<Replica, Trouble> {
    if task.route.account.as_deref().is_some_and(|account| account != to.owner()) {
        return Err(Reason::DstBucketNotFound.into());
    }
    let object = match found {
        Version::Object(object) => object,
        Version::Marker(marker) => {
            if !copier.may(s3, to, &task.key, &["s3:ReplicateDelete"]) {
                return Err(Reason::DstDelObjNotPermitted.into());
            }
            return Ok(Replica::Marker(Marker { owner: to.owner().to_owned(), ..marker }));
        }
    };
    let attributes = attributes(s3, copier, (from, to), task, &object)?;
    if task.what == What::Attributes {
        return Ok(Replica::Attributes(attributes));
    }
    let key = s3.open_key(&copier.call, from, &task.key, &object.sealing, Customer::default()).await;
    let key = key.map_err(|error| of_api(&error, Reason::SrcGetObjectNotPermitted))?;
    let wanted = match &object.sealing {
        Sealing::S3 { .. } => Wanted { algorithm: Some("AES256"), ..Default::default() },
        Sealing::Kms { bucket_key, .. } => Wanted {
            algorithm: Some("aws:kms"),
            kms_key: task.route.kms_key.as_deref(),
            bucket_key: Some(*bucket_key),
            ..Default::default()
        },
        Sealing::Customer { .. } => return Err(Reason::SrcObjectNotEligible.into()),
    };
    let sealing = s3.seal_key(&copier.call, to, &task.key, wanted, &key).await;
    let sealing = sealing.map_err(|error| of_api(&error, Reason::DstPutObjectNotPermitted))?;
    let carried = carry(s3, snapshot, (from, &object), to, &key).await?;
    let Attributes { acl, tags, retention, legal_hold } = attributes;
    let owned = task.route.to_owner || to.record.ownership == Ownership::BucketOwnerEnforced;
    let storage_class = task.route.storage_class.clone();
    let object = Object {
        owner: if owned { to.owner().to_owned() } else { object.owner.clone() },
        data: carried.data.clone(),
        sealing,
        storage_class: storage_class.unwrap_or_else(|| object.storage_class.clone()),
        acl,
        tags: tags.unwrap_or_default(),
        retention,
        legal_hold,
        replication: Some(Replication::Replica),
        ..object
    };
    Ok(Replica::Object { object: Box::new(object), carried })
}

/// What is kept with the copy, as far as the role may copy it.
fn attributes(
    s3: &S3,
    copier: &Copier,
    (from, to): (&Bucket, &Bucket),
    task: &Task,
    object: &Object,
) -> Result<Attributes, Trouble> {
    let key = task.key.as_str();
    let mut read = vec!["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"];
    let mut write = vec!["s3:ReplicateObject"];
    let locked = object.retention.is_some() || object.legal_hold;
    if locked {
        read.extend(["s3:GetObjectRetention", "s3:GetObjectLegalHold"]);
    }
    if task.route.to_owner {
        write.push("s3:ObjectOwnerOverrideToBucketOwner");
    }
    if !copier.may(s3, from, key, &read) {
        return Err(Reason::SrcGetObjectNotPermitted.into());
    }
    if !copier.may(s3, to, key, &write) {
        return Err(Reason::DstPutObjectNotPermitted.into());
    }
    if locked && !to.record.lock {
        return Err(Reason::DstBucketObjectLockConfigMissing.into());
    }
    // Without the right to copy tags, objects are copied without them.
    let tags = object.tags.is_empty()
        || (copier.may(s3, from, key, &["s3:GetObjectVersionTagging"])
            && copier.may(s3, to, key, &["s3:ReplicateTags"]));
    let lists_count = to.record.ownership != Ownership::BucketOwnerEnforced && !task.route.to_owner;
    let acl = object.acl.clone().filter(|_| lists_count);
    if acl.as_ref().is_some_and(|acl| public::check_acl(s3.public_access(to), acl).is_err()) {
        return Err(Reason::DstPutAclNotPermitted.into());
    }
    let (default, _) = object_lock::of_new(to, object_lock::Said::default(), copier.call.now)
        .map_err(|error| of_api(&error, Reason::Other))?;
    Ok(Attributes {
        acl,
        tags: tags.then(|| object.tags.clone()),
        retention: object.retention.or(default),
        legal_hold: object.legal_hold,
    })
}

impl Replica {
    /// Puts it into its bucket. Nothing is done where a reason is given.
    pub fn write(
        &self,
        tx: &mut Tx,
        s3: &S3,
        call: &Call,
        to: &Bucket,
        task: &Task,
    ) -> Result<Result<(), Reason>, Failure> {
        match S3::hold_bucket(tx, to) {
            Ok(Versioning::Enabled) => {}
            Ok(_) => return Ok(Err(Reason::DstBucketUnversioned)),
            Err(Failure::Api(_)) => return Ok(Err(Reason::DstBucketNotFound)),
            Err(failure) => return Err(failure),
        }
        let (inside, key) = (to.inside(), task.key.as_str());
        let there = versions::find(tx, inside, key, &task.version)?;
        match (self, there) {
            (Self::Object { object, carried }, None) => {
                if !carried.is_there(tx, &to.place)? {
                    return Ok(Err(Reason::SrcObjectNotEligible));
                }
                if !versions::insert(tx, inside, key, Version::Object((**object).clone()))? {
                    return Ok(Err(Reason::Other));
                }
                carried.place_in(tx, &to.place)?;
                notify::event(tx, s3, to, call, &Event::of("ObjectCreated:Put", key, object))?;
            }
            (Self::Marker(marker), None) => {
                if !versions::insert(tx, inside, key, Version::Marker(marker.clone()))? {
                    return Ok(Err(Reason::Other));
                }
                let event = Event::marked("ObjectRemoved:DeleteMarkerCreated", key, marker);
                notify::event(tx, s3, to, call, &event)?;
            }
            (Self::Attributes(attributes), Some(Version::Object(mut replica))) => {
                attributes.give(&mut replica, call.now);
                versions::replace(tx, inside, key, replica)?;
            }
            (Self::Attributes(_), _) => return Ok(Err(Reason::DstVersionNotFound)),
            // It has been copied already.
            (Self::Object { .. } | Self::Marker(_), Some(_)) => {}
        }
        Ok(Ok(()))
    }
}

impl Attributes {
    /// A lock that has become stronger on the copy stays.
    fn give(&self, replica: &mut Object, now: Timestamp) {
        replica.acl.clone_from(&self.acl);
        if let Some(tags) = &self.tags {
            replica.tags.clone_from(tags);
        }
        let weaker: Result<(), Error> = check_change(replica.retention, self.retention, now, false);
        if weaker.is_ok() {
            replica.retention = self.retention;
        }
        replica.legal_hold = self.legal_hold;
    }
}
