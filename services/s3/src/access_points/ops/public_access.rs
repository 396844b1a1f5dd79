//! What keeps all of an account from being public: Get-, Put- and DeletePublicAccessBlock of S3 Control.

use std::sync::Arc;

use kernel::Call;
use model_s3control::Error;
use model_s3control::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::access_points::error::Failure;
use crate::account_access;
use crate::keys;
use crate::records::AccountAccess;
use crate::s3::S3;

impl S3 {
    pub async fn get_account_public_access_block(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetPublicAccessBlockInput,
    ) -> Result<GetPublicAccessBlockOutput, Error> {
        let found = account_access::of_account(&mut self.store.snapshot(), &call.account)?;
        let found = found.ok_or_else(|| {
            Error::no_such_public_access_block_configuration(
                "The public access block configuration was not found",
            )
        })?;
        Ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(found.into()) })
    }

    pub async fn put_account_public_access_block(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: PutPublicAccessBlockInput,
    ) -> Result<PutPublicAccessBlockOutput, Error> {
        let public_access = input.public_access_block_configuration.into_inner().into();
        let row = AccountAccess { public_access }.encode();
        let put = |tx: &mut Tx| -> Result<(), Failure> {
            tx.put(keys::account(&call.account), row.clone());
            Ok(())
        };
        self.store.transact(put).await?;
        Ok(PutPublicAccessBlockOutput {})
    }

    /// There need not be one.
    pub async fn delete_account_public_access_block(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: DeletePublicAccessBlockInput,
    ) -> Result<DeletePublicAccessBlockOutput, Error> {
        let delete = |tx: &mut Tx| -> Result<(), Failure> {
            tx.delete(keys::account(&call.account));
            Ok(())
        };
        self.store.transact(delete).await?;
        Ok(DeletePublicAccessBlockOutput {})
    }
}
