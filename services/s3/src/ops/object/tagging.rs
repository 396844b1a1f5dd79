//! GetObjectTagging, PutObjectTagging and DeleteObjectTagging.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;

use crate::error::{Failure, no_such_key};
use crate::notify::{self, Event};
use crate::object_tags::{self, Tags};
use crate::payer;
use crate::records::{Object, Version};
use crate::replication;
use crate::resource::Asked;
use crate::s3::S3;
use crate::shown::version_id;
use crate::versions;

impl S3 {
    pub async fn get_object_tagging(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectTaggingInput,
    ) -> Result<GetObjectTaggingOutput, Error> {
        payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        let object = self.found(&call, "GET", &asked)?;
        Ok(GetObjectTaggingOutput {
            version_id: version_id(&asked.bucket, object),
            tag_set: Some(object_tags::shown(&object.tags)),
        })
    }

    pub async fn put_object_tagging(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: PutObjectTaggingInput,
    ) -> Result<PutObjectTaggingOutput, Error> {
        payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        self.found(&call, "PUT", &asked)?;
        let tags = object_tags::of_list(input.tagging.into_inner().tag_set.into_inner())?;
        let version_id = self.set_tags(&call, &asked, tags, "ObjectTagging:Put").await?;
        Ok(PutObjectTaggingOutput { version_id })
    }

    pub async fn delete_object_tagging(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        _: DeleteObjectTaggingInput,
    ) -> Result<DeleteObjectTaggingOutput, Error> {
        self.found(&call, "DELETE", &asked)?;
        let version_id = self.set_tags(&call, &asked, Tags::new(), "ObjectTagging:Delete").await?;
        Ok(DeleteObjectTaggingOutput { version_id })
    }

    async fn set_tags(
        &self,
        call: &Call,
        asked: &Asked,
        tags: Tags,
        event: &'static str,
    ) -> Result<Option<String>, Error> {
        let object = self
            .change_object(
                asked,
                |object| {
                    object.tags = tags.clone();
                    Ok(())
                },
                |tx, object| {
                    notify::event(tx, self, &asked.bucket, call, &Event::about(event, &asked.key, object))
                },
            )
            .await?;
        Ok(version_id(&asked.bucket, &object))
    }

    /// Changes what is kept with the version that was found, in one transaction, and does what follows from it.
    pub(crate) async fn change_object(
        &self,
        asked: &Asked,
        change: impl Fn(&mut Object) -> Result<(), Error>,
        then: impl Fn(&mut store::Tx, &Object) -> Result<(), Failure>,
    ) -> Result<Object, Error> {
        let (bucket, key) = (&asked.bucket, asked.key.as_str());
        self.transact(|tx| {
            Self::hold_bucket(tx, bucket)?;
            let found = match &asked.version {
                None => versions::current(tx, bucket.inside(), key)?,
                Some(id) => match versions::find(tx, bucket.inside(), key, id)? {
                    Some(Version::Object(object)) => Some(object),
                    _ => None,
                },
            };
            let Some(mut object) = found else { return Err(no_such_key(key).into()) };
            change(&mut object)?;
            replication::of_change(tx, self, bucket, key, &mut object)?;
            versions::replace(tx, bucket.inside(), key, object.clone())?;
            then(tx, &object)?;
            Ok(object)
        })
        .await
    }
}
