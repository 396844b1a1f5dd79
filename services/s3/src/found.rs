//! What a request finds where it expects an object, and what it is told if there is none: that is told only to those who
//! may list the bucket.

use kernel::Call;
use model_s3::Error;
use service::{Decision, Question, Target};
use store::{KeyRange, RangeOptions, Record as _};

use crate::bucket::Bucket;
use crate::error::{access_denied, method_not_allowed, no_such_key, no_such_version};
use crate::records::{Marker, Object, Permission, Version, Versioning};
use crate::resource::{Asked, target};
use crate::s3::S3;
use crate::shown::to_the_second;
use crate::versions::NULL;

impl S3 {
    /// Whether the caller may list the bucket with this key as the prefix, and so may know that it is not there.
    pub(crate) fn may_list(&self, call: &Call, bucket: &Bucket, key: &str) -> bool {
        let acl = Some((&bucket.record.acl, Permission::Read));
        let target = target(self, call, bucket, bucket.arn.clone(), acl);
        self.may(call, &target.with_key("s3:prefix", key.to_owned()).for_actions(["s3:ListBucket"]))
    }

    /// Whether the caller may do all that a target names actions for.
    pub(crate) fn may(&self, call: &Call, target: &Target) -> bool {
        let Some(authorizer) = self.cloud.authorizer() else { return false };
        let allowed = |target: &Target| {
            target.actions.iter().flatten().all(|action| {
                let question = Question::new(action, target);
                authorizer.decide(call, &question) == Decision::Allow
            })
        };
        target.door().is_none_or(|door| allowed(&door)) && allowed(target)
    }

    /// The object that was asked for.
    ///
    /// # Errors
    /// `NoSuchKey`, `NoSuchVersion` or `AccessDenied` if there is none; `MethodNotAllowed` for a delete marker.
    pub(crate) fn found<'a>(&self, call: &Call, method: &str, asked: &'a Asked) -> Result<&'a Object, Error> {
        match (&asked.found, &asked.version) {
            (Some(Version::Object(object)), _) => Ok(object),
            (Some(Version::Marker(marker)), _) => {
                let error = method_not_allowed(method, "DeleteMarker")
                    .with_header("Allow", "DELETE")
                    .with_header("x-amz-delete-marker", "true")
                    .with_header("x-amz-version-id", marker.version.as_deref().unwrap_or(NULL))
                    .with_header("Last-Modified", wire::http_date(to_the_second(marker.modified_ms)));
                Err(error.into())
            }
            (None, _) if !self.may_list(call, &asked.bucket, &asked.key) => Err(access_denied().into()),
            (None, Some(version)) => Err(no_such_version(&asked.key, version).into()),
            (None, None) => {
                let mut error = no_such_key(&asked.key);
                if let Some(marker) = self.current_marker(&asked.bucket, &asked.key)? {
                    error = error
                        .with_header("x-amz-delete-marker", "true")
                        .with_header("x-amz-version-id", marker.version.as_deref().unwrap_or(NULL));
                }
                Err(error.into())
            }
        }
    }

    /// The delete marker because of which a key has no object now.
    pub(crate) fn current_marker(&self, bucket: &Bucket, key: &str) -> Result<Option<Marker>, store::Error> {
        if bucket.record.versioning == Versioning::Never {
            return Ok(None);
        }
        let history = KeyRange::prefix(bucket.inside().versions_of(key));
        let page = self.store.snapshot().range(history, RangeOptions::limit(1))?;
        let Some((_, bytes)) = page.entries.first() else { return Ok(None) };
        Ok(match Version::decode(bytes)? {
            Version::Marker(marker) => Some(marker),
            Version::Object(_) => None,
        })
    }
}
