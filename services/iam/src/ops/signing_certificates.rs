//! X.509 certificates of users.

use std::sync::Arc;

use identity::keys;
use identity::records::SigningCertificate;
use kernel::Call;
use model_iam::types::{self, *};
use service::Allowed;
use store::Record as _;

use crate::belongings;
use crate::certificate::Certificate;
use crate::error::{Error, over_quota};
use crate::iam::Iam;
use crate::limits::SIGNING_CERTIFICATES_PER_USER;
use crate::page::Wanted;
use crate::read::Reader as _;
use crate::resource::Owner;
use crate::shape;

const KIND: &str = "signing";
/// Characters of a certificate's id, as AWS makes them.
const ID_CHARS: usize = 32;

impl Iam {
    pub async fn upload_signing_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: UploadSigningCertificateInput,
    ) -> Result<UploadSigningCertificateOutput, Error> {
        let account = &call.account;
        let parsed = Certificate::parse(&input.certificate_body)?;
        if parsed.expires_ms <= call.now.millis() {
            return Err(Error::invalid_certificate_exception("The certificate has expired."));
        }
        let certificate = SigningCertificate {
            id: self.ids.base32(ID_CHARS),
            body: input.certificate_body.to_string(),
            active: true,
            uploaded_ms: call.now.millis(),
        };
        let name = self
            .transact(|tx| {
                let (id, name) = belongings::owner(tx, account, &owner)?;
                let before: Vec<SigningCertificate> = belongings::all(tx, account, KIND, &id)?;
                if before.iter().any(|have| have.body.trim() == certificate.body.trim()) {
                    let text = "The certificate is already associated with the user.";
                    return Err(Error::duplicate_certificate_exception(text));
                }
                if before.len() >= SIGNING_CERTIFICATES_PER_USER {
                    return Err(over_quota("CertificatesPerUser", SIGNING_CERTIFICATES_PER_USER));
                }
                tx.put(keys::belonging(account, KIND, &id, &certificate.id), certificate.encode());
                Ok(name)
            })
            .await?;
        Ok(UploadSigningCertificateOutput { certificate: Some(shown(name, certificate)) })
    }

    pub async fn list_signing_certificates(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ListSigningCertificatesInput,
    ) -> Result<ListSigningCertificatesOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let (id, name) = belongings::owner(&mut snapshot, &call.account, &owner)?;
        let all: Vec<SigningCertificate> = belongings::all(&mut snapshot, &call.account, KIND, &id)?;
        let part = wanted.of(all, |found| found.id.clone());
        let truncated = part.truncated();
        let certificates = part.entries.into_iter().map(|found| shown(name.clone(), found)).collect();
        Ok(ListSigningCertificatesOutput {
            certificates: Some(certificates),
            is_truncated: truncated,
            marker: part.marker,
        })
    }

    pub async fn update_signing_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: UpdateSigningCertificateInput,
    ) -> Result<UpdateSigningCertificateOutput, Error> {
        let active = belongings::is_active(input.status.known())?;
        self.transact(|tx| {
            let (id, _) = belongings::owner(tx, &call.account, &owner)?;
            let row = keys::belonging(&call.account, KIND, &id, &input.certificate_id);
            let found: SigningCertificate = tx.record(&row)?.ok_or_else(|| absent(&input.certificate_id))?;
            tx.put(row, SigningCertificate { active, ..found }.encode());
            Ok(())
        })
        .await?;
        Ok(UpdateSigningCertificateOutput {})
    }

    pub async fn delete_signing_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: DeleteSigningCertificateInput,
    ) -> Result<DeleteSigningCertificateOutput, Error> {
        self.transact(|tx| {
            let (id, _) = belongings::owner(tx, &call.account, &owner)?;
            let row = keys::belonging(&call.account, KIND, &id, &input.certificate_id);
            if tx.bytes(&row)?.is_none() {
                return Err(absent(&input.certificate_id));
            }
            tx.delete(row);
            Ok(())
        })
        .await?;
        Ok(DeleteSigningCertificateOutput {})
    }
}

fn shown(user: Option<String>, found: SigningCertificate) -> types::SigningCertificate {
    types::SigningCertificate {
        user_name: user,
        certificate_id: Some(found.id),
        certificate_body: Some(found.body),
        status: Some(belongings::status(found.active).into()),
        upload_date: shape::time(found.uploaded_ms),
    }
}

fn absent(id: &str) -> Error {
    Error::no_such_entity_exception(format!("The Certificate with id {id} cannot be found."))
}
