//! ReEncrypt.

use std::sync::Arc;

use kernel::Call;
use model_kms::Error;
use model_kms::types::{EncryptionAlgorithmSpec, ReEncryptInput, ReEncryptOutput};
use service::Allowed;

use crate::grant_token;
use crate::kms::Kms;
use crate::ops::decrypt::Task;
use crate::ops::encrypt::algorithm;
use crate::resource::{Cipher, Subject};

impl Kms {
    pub async fn re_encrypt(
        self: Arc<Self>,
        call: Arc<Call>,
        subjects: Allowed<(Cipher, Subject)>,
        input: ReEncryptInput,
    ) -> Result<ReEncryptOutput, Error> {
        grant_token::check(input.grant_tokens.as_deref())?;
        let (Cipher { subject, header, ignored }, destination) = subjects.into_inner();
        let source = self.key(&call, subject).await?;
        let destination = self.key(&call, destination).await?;
        let task = Task {
            algorithm: algorithm(input.source_encryption_algorithm.as_ref()),
            context: input.source_encryption_context.as_ref(),
            blob: input.ciphertext_blob.as_ref(),
            header: header.as_ref(),
            ignored,
        };
        let (plain, source_material) = self.decrypt_under(&call, &source, &task)?;
        let to = algorithm(input.destination_encryption_algorithm.as_ref());
        let context = input.destination_encryption_context.as_ref();
        let blob = self.encrypt_under(&call, &destination, to, context, &plain, input.dry_run)?;
        self.used(&call, &source);
        let symmetric = to == EncryptionAlgorithmSpec::SymmetricDefault;
        Ok(ReEncryptOutput {
            ciphertext_blob: Some(blob),
            source_key_id: Some(source.arn.to_string()),
            key_id: Some(destination.arn.to_string()),
            source_encryption_algorithm: Some(task.algorithm.into()),
            destination_encryption_algorithm: Some(to.into()),
            source_key_material_id: source_material,
            destination_key_material_id: destination.material_id().filter(|_| symmetric),
        })
    }
}
