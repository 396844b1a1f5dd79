//! GetObjectAcl and PutObjectAcl.

use std::sync::Arc;

use kernel::Call;
use model_s3::Error;
use model_s3::types::*;
use service::Allowed;
use wire::Detailed;

use crate::acl_input::{self, AclInput, acl_headers, private};
use crate::notify::{self, Event};
use crate::payer;
use crate::records::Ownership;
use crate::resource::Asked;
use crate::s3::S3;

impl S3 {
    pub async fn get_object_acl(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: GetObjectAclInput,
    ) -> Result<GetObjectAclOutput, Error> {
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        let object = self.found(&call, "GET", &asked)?;
        let enforced = asked.bucket.record.ownership == Ownership::BucketOwnerEnforced;
        // Where lists do not count, everything is the bucket owner's.
        let acl = match &object.acl {
            Some(acl) if !enforced => acl.clone(),
            None if !enforced => private(&object.owner),
            _ => private(asked.bucket.owner()),
        };
        let (owner, grants) = acl_input::shown(&self, &acl);
        Ok(GetObjectAclOutput { owner: Some(owner), grants: Some(grants), request_charged })
    }

    pub async fn put_object_acl(
        self: Arc<Self>,
        call: Arc<Call>,
        asked: Allowed<Asked>,
        input: PutObjectAclInput,
    ) -> Result<PutObjectAclOutput, Error> {
        let request_charged = payer::charged(&call, &asked.bucket, input.request_payer.as_ref())?;
        let owner = self.found(&call, "PUT", &asked)?.owner.clone();
        let said = AclInput {
            write: input.grant_write.as_deref(),
            document: input.access_control_policy.as_ref(),
            ..acl_headers!(input)
        };
        if said.is_empty() {
            let error =
                Detailed::new("MissingSecurityHeader", 400, "Your request was missing a required header");
            return Err(error.with("MissingHeaderName", "x-amz-acl").into());
        }
        let acl = self.object_acl(&asked.bucket, &owner, said)?.filter(|acl| *acl != private(&owner));
        self.change_object(
            &asked,
            |object| {
                object.acl = acl.clone();
                Ok(())
            },
            |tx, object| {
                let event = Event::about("ObjectAcl:Put", &asked.key, object);
                notify::event(tx, &self, &asked.bucket, &call, &event)
            },
        )
        .await?;
        Ok(PutObjectAclOutput { request_charged })
    }
}
