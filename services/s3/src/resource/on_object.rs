//! Resolvers of the operations on objects that exist, or should.

use kernel::{Call, Timestamp};
use model_s3::Error;
use model_s3::types::*;
use service::{Resource, Target};
use wire::Open;

use crate::limits::DAY_MS;
use crate::records::Permission;
use crate::resource::{Asked, asked};
use crate::s3::S3;

/// An input that names an object, or a version of it.
pub trait OnObject {
    fn bucket(&self) -> &str;
    fn key(&self) -> &str;
    fn version(&self) -> Option<&str>;
    fn expected_owner(&self) -> Option<&str>;
}

macro_rules! on_object {
    ($($input:ident),* $(,)?) => {
        $(impl OnObject for $input {
            fn bucket(&self) -> &str {
                &self.bucket
            }
            fn key(&self) -> &str {
                &self.key
            }
            fn version(&self) -> Option<&str> {
                self.version_id.as_deref()
            }
            fn expected_owner(&self) -> Option<&str> {
                self.expected_bucket_owner.as_deref()
            }
        })*
    };
}

on_object!(
    DeleteObjectTaggingInput,
    GetObjectAclInput,
    GetObjectAttributesInput,
    GetObjectInput,
    GetObjectLegalHoldInput,
    GetObjectRetentionInput,
    GetObjectTaggingInput,
    HeadObjectInput,
    PutObjectAclInput,
    PutObjectLegalHoldInput,
    PutObjectRetentionInput,
    PutObjectTaggingInput,
);

/// An action on objects and the one on versions.
type Actions = [&'static str; 2];

fn resolve<I: OnObject>(
    s3: &S3,
    call: &Call,
    input: &I,
    permission: Permission,
    actions: &[Actions],
    more: impl FnOnce(Target) -> Target,
) -> Result<Resource<Asked>, Error> {
    let (target, asked) = asked(
        s3,
        call,
        (input.bucket(), input.expected_owner()),
        (input.key(), input.version()),
        permission,
    )?;
    let which = usize::from(asked.version.is_some());
    let target = more(target.for_actions(actions.iter().map(|action| action[which])));
    if asked.found.is_none()
        && let Some(target) = instead(s3, call, &asked, &target)
    {
        return Ok(Resource::new(target, asked));
    }
    Ok(Resource::new(target, asked))
}

/// Where nothing is there, those who may list the bucket may be told so, even if they may not do what they want.
fn instead(s3: &S3, call: &Call, asked: &Asked, target: &Target) -> Option<Target> {
    if s3.may(call, target) || !s3.may_list(call, &asked.bucket, &asked.key) {
        return None;
    }
    let acl = Some((&asked.bucket.record.acl, Permission::Read));
    let bucket = super::target(s3, call, &asked.bucket, asked.bucket.arn.clone(), acl);
    Some(bucket.with_key("s3:prefix", asked.key.clone()).for_actions(["s3:ListBucket"]))
}

const READ: &[Actions] = &[["s3:GetObject", "s3:GetObjectVersion"]];

pub fn get_object(s3: &S3, call: &Call, input: &GetObjectInput) -> Result<Resource<Asked>, Error> {
    resolve(s3, call, input, Permission::Read, READ, |target| target)
}

pub fn head_object(s3: &S3, call: &Call, input: &HeadObjectInput) -> Result<Resource<Asked>, Error> {
    resolve(s3, call, input, Permission::Read, READ, |target| target)
}

pub fn get_object_attributes(
    s3: &S3,
    call: &Call,
    input: &GetObjectAttributesInput,
) -> Result<Resource<Asked>, Error> {
    let attributes = ["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"];
    resolve(s3, call, input, Permission::Read, &[READ[0], attributes], |target| target)
}

pub fn get_object_tagging(
    s3: &S3,
    call: &Call,
    input: &GetObjectTaggingInput,
) -> Result<Resource<Asked>, Error> {
    let actions = [["s3:GetObjectTagging", "s3:GetObjectVersionTagging"]];
    resolve(s3, call, input, Permission::Read, &actions, |target| target)
}

pub fn put_object_tagging(
    s3: &S3,
    call: &Call,
    input: &PutObjectTaggingInput,
) -> Result<Resource<Asked>, Error> {
    let actions = [["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]];
    resolve(s3, call, input, Permission::Write, &actions, |target| {
        let tags = input.tagging.tag_set.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
        with_tags(target, tags)
    })
}

pub fn delete_object_tagging(
    s3: &S3,
    call: &Call,
    input: &DeleteObjectTaggingInput,
) -> Result<Resource<Asked>, Error> {
    let actions = [["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"]];
    resolve(s3, call, input, Permission::Write, &actions, |target| target)
}

pub fn get_object_acl(s3: &S3, call: &Call, input: &GetObjectAclInput) -> Result<Resource<Asked>, Error> {
    let actions = [["s3:GetObjectAcl", "s3:GetObjectVersionAcl"]];
    resolve(s3, call, input, Permission::ReadAcp, &actions, |target| target)
}

pub fn put_object_acl(s3: &S3, call: &Call, input: &PutObjectAclInput) -> Result<Resource<Asked>, Error> {
    let actions = [["s3:PutObjectAcl", "s3:PutObjectVersionAcl"]];
    resolve(s3, call, input, Permission::WriteAcp, &actions, |target| {
        let said = crate::acl_input::acl_headers!(input);
        said.condition_keys().fold(target, |target, (name, value)| target.with_key(name, value))
    })
}

pub fn get_object_retention(
    s3: &S3,
    call: &Call,
    input: &GetObjectRetentionInput,
) -> Result<Resource<Asked>, Error> {
    resolve(s3, call, input, Permission::Read, &[["s3:GetObjectRetention"; 2]], |target| target)
}

pub fn put_object_retention(
    s3: &S3,
    call: &Call,
    input: &PutObjectRetentionInput,
) -> Result<Resource<Asked>, Error> {
    let both = [["s3:PutObjectRetention"; 2], ["s3:BypassGovernanceRetention"; 2]];
    let actions = if input.bypass_governance_retention == Some(true) { &both[..] } else { &both[..1] };
    resolve(s3, call, input, Permission::Write, actions, |mut target| {
        let Some(retention) = &input.retention else { return target };
        if let Some(mode) = &retention.mode {
            target = target.with_key("s3:object-lock-mode", mode.as_str().to_owned());
        }
        match retention.retain_until_date {
            Some(until) => with_until(target, call, until),
            None => target,
        }
    })
}

pub fn get_object_legal_hold(
    s3: &S3,
    call: &Call,
    input: &GetObjectLegalHoldInput,
) -> Result<Resource<Asked>, Error> {
    resolve(s3, call, input, Permission::Read, &[["s3:GetObjectLegalHold"; 2]], |target| target)
}

pub fn put_object_legal_hold(
    s3: &S3,
    call: &Call,
    input: &PutObjectLegalHoldInput,
) -> Result<Resource<Asked>, Error> {
    resolve(s3, call, input, Permission::Write, &[["s3:PutObjectLegalHold"; 2]], |target| {
        match input.legal_hold.as_ref().and_then(|hold| hold.status.as_ref()).map(Open::as_str) {
            Some(status) => target.with_key("s3:object-lock-legal-hold", status.to_owned()),
            None => target,
        }
    })
}

/// The tags that a request sets, as policies know them.
pub fn with_tags<'t>(mut target: Target, tags: impl Iterator<Item = (&'t str, &'t str)>) -> Target {
    let mut keys = Vec::new();
    for (key, value) in tags {
        keys.push(key.to_owned());
        target = target.with_key(format!("s3:RequestObjectTag/{key}"), value.to_owned());
    }
    if keys.is_empty() { target } else { target.with_keys("s3:RequestObjectTagKeys", keys) }
}

/// Until when a request wants a version retained, as policies know it: the moment, and how many days that is.
pub fn with_until(target: Target, call: &Call, until: Timestamp) -> Target {
    let days = until.since(call.now).as_millis().div_ceil(u128::from(DAY_MS.unsigned_abs()));
    target
        .with_key("s3:object-lock-retain-until-date", until.to_string())
        .with_key("s3:object-lock-remaining-retention-days", days.to_string())
}
