//! DeleteParameter and DeleteParameters.

use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;

use crate::error::not_found;
use crate::name::Reference;
use crate::resource::Named;
use crate::ssm::{self, Ssm};

impl Ssm {
    pub async fn delete_parameter(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        _: DeleteParameterInput,
    ) -> Result<DeleteParameterOutput, Error> {
        let deleted = self.delete(&call, &[&named.reference]).await?;
        if deleted == [true] { Ok(DeleteParameterOutput {}) } else { Err(not_found()) }
    }

    pub async fn delete_parameters(
        self: Arc<Self>,
        call: Arc<Call>,
        all: Allowed<Vec<Named>>,
        _: DeleteParametersInput,
    ) -> Result<DeleteParametersOutput, Error> {
        let references: Vec<&Reference> = all.iter().map(|named| &named.reference).collect();
        let deleted = self.delete(&call, &references).await?;
        let (mut gone, mut unknown) = (Vec::new(), Vec::new());
        for (named, deleted) in all.iter().zip(deleted) {
            if deleted { &mut gone } else { &mut unknown }.push(named.given.clone());
        }
        Ok(DeleteParametersOutput { deleted_parameters: Some(gone), invalid_parameters: Some(unknown) })
    }

    /// Deletes parameters together, and says which there were.
    async fn delete(&self, call: &Call, references: &[&Reference]) -> Result<Vec<bool>, Error> {
        self.transact(|tx| {
            let mut deleted = Vec::with_capacity(references.len());
            for reference in references {
                let (place, name) = (reference.place(), reference.name.as_str());
                let found = Self::current(tx, place, name, call.now)?;
                if let Some(parameter) = &found {
                    ssm::remove(tx, place, name, parameter);
                }
                deleted.push(found.is_some());
            }
            Ok(deleted)
        })
        .await
    }
}
