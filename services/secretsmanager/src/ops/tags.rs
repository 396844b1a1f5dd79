//! TagResource and UntagResource.

use std::sync::Arc;

use kernel::Call;
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;

use crate::resource::Named;
use crate::secrets::Secrets;
use crate::tags;

impl Secrets {
    pub async fn tag_resource(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: TagResourceInput,
    ) -> Result<TagResourceOutput, Error> {
        let new = tags::read(&input.tags)?;
        self.change(named.existing()?, call.now, |_, found| {
            tags::attach(found.secret.tags.get_or_insert_default(), &new)?;
            Ok(())
        })
        .await?;
        Ok(TagResourceOutput {})
    }

    pub async fn untag_resource(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: UntagResourceInput,
    ) -> Result<UntagResourceOutput, Error> {
        self.change(named.existing()?, call.now, |_, found| {
            if let Some(tags) = &mut found.secret.tags {
                tags.retain(|(key, _)| !input.tag_keys.contains(key));
            }
            Ok(())
        })
        .await?;
        Ok(UntagResourceOutput {})
    }
}
