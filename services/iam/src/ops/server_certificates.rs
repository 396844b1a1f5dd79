//! Server certificates.

use std::sync::Arc;

use identity::keys;
use identity::records::ServerCertificate;
use kernel::Call;
use model_iam::types::{self, *};
use service::Allowed;
use store::{Record as _, Tx};

use crate::certificate::Certificate;
use crate::error::{Error, exists};
use crate::iam::Iam;
use crate::limits::SERVER_CERTIFICATES;
use crate::page::Wanted;
use crate::read::Reader;
use crate::{arn, check, quota, shape};

/// What the vault seals private keys for.
const PURPOSE: &str = "iam.server-certificate";

impl Iam {
    pub async fn upload_server_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UploadServerCertificateInput,
    ) -> Result<UploadServerCertificateOutput, Error> {
        let account = &call.account;
        let path = check::path(input.path)?;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        let parsed = Certificate::parse(&input.certificate_body)?;
        parsed.check_key(&input.private_key)?;
        if let Some(chain) = &input.certificate_chain {
            parsed.check_chain(chain)?;
        }
        let id = self.unique_id("ASCA");
        let certificate = ServerCertificate {
            name: input.server_certificate_name.to_string(),
            path,
            sealed_key: self.vault.seal(PURPOSE, &id, input.private_key.as_bytes()),
            id,
            uploaded_ms: call.now.millis(),
            expires_ms: parsed.expires_ms,
            body: input.certificate_body.trim().to_owned(),
            chain: input.certificate_chain.map(|chain| chain.trim().to_owned()),
            tags,
        };
        self.transact(|tx| {
            if tx.bytes(&keys::server_certificate(account, &certificate.name))?.is_some() {
                return Err(exists("The Server Certificate", &certificate.name));
            }
            quota::take(tx, account, "server-cert", "ServerCertificatesPerAccount", SERVER_CERTIFICATES)?;
            save(tx, account, &certificate);
            Ok(())
        })
        .await?;
        Ok(UploadServerCertificateOutput {
            server_certificate_metadata: Some(metadata(account, &certificate)),
            tags: shape::unless_empty(check::shown_tags(&certificate.tags)),
        })
    }

    pub async fn get_server_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetServerCertificateInput,
    ) -> Result<GetServerCertificateOutput, Error> {
        let account = &call.account;
        let found = find(&mut self.store.snapshot(), account, &input.server_certificate_name)?;
        let server_certificate = types::ServerCertificate {
            server_certificate_metadata: Some(metadata(account, &found)),
            tags: shape::unless_empty(check::shown_tags(&found.tags)),
            certificate_body: Some(found.body),
            certificate_chain: found.chain,
        };
        Ok(GetServerCertificateOutput { server_certificate: Some(server_certificate) })
    }

    pub async fn list_server_certificates(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListServerCertificatesInput,
    ) -> Result<ListServerCertificatesOutput, Error> {
        let account = &call.account;
        let prefix = input.path_prefix.unwrap_or_default();
        let part = Wanted::new(input.max_items, input.marker.as_deref())?.records(
            &mut self.store.snapshot(),
            &keys::all(account, "server-cert"),
            |found: &ServerCertificate| found.path.starts_with(&prefix),
            |found| &found.name,
        )?;
        Ok(ListServerCertificatesOutput {
            is_truncated: part.truncated(),
            server_certificate_metadata_list: Some(
                part.entries.iter().map(|found| metadata(account, found)).collect(),
            ),
            marker: part.marker,
        })
    }

    pub async fn update_server_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateServerCertificateInput,
    ) -> Result<UpdateServerCertificateOutput, Error> {
        let account = &call.account;
        let new_path = input.new_path.map(|path| check::path(Some(path))).transpose()?;
        self.transact(|tx| {
            let before = find(tx, account, &input.server_certificate_name)?;
            let mut after = before.clone();
            if let Some(path) = &new_path {
                after.path.clone_from(path);
            }
            if let Some(name) = &input.new_server_certificate_name {
                after.name.clone_from(name);
            }
            if !before.name.eq_ignore_ascii_case(&after.name) {
                if tx.bytes(&keys::server_certificate(account, &after.name))?.is_some() {
                    return Err(exists("The Server Certificate", &after.name));
                }
                tx.delete(keys::server_certificate(account, &before.name));
            }
            save(tx, account, &after);
            Ok(())
        })
        .await?;
        Ok(UpdateServerCertificateOutput {})
    }

    pub async fn delete_server_certificate(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteServerCertificateInput,
    ) -> Result<DeleteServerCertificateOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let found = find(tx, account, &input.server_certificate_name)?;
            tx.delete(keys::server_certificate(account, &found.name));
            quota::give_back(tx, account, "server-cert");
            Ok(())
        })
        .await?;
        Ok(DeleteServerCertificateOutput {})
    }
}

/// The certificate of this name.
pub fn find(from: &mut impl Reader, account: &str, name: &str) -> Result<ServerCertificate, Error> {
    from.record(&keys::server_certificate(account, name))?.ok_or_else(|| {
        let text = format!("The Server Certificate with name {name} cannot be found.");
        Error::no_such_entity_exception(text)
    })
}

/// Writes a certificate.
pub fn save(tx: &mut Tx, account: &str, certificate: &ServerCertificate) {
    tx.put(keys::server_certificate(account, &certificate.name), certificate.encode());
}

fn metadata(account: &str, found: &ServerCertificate) -> ServerCertificateMetadata {
    ServerCertificateMetadata {
        path: Some(found.path.clone()),
        server_certificate_name: Some(found.name.clone()),
        server_certificate_id: Some(found.id.clone()),
        arn: Some(arn::named(account, "server-certificate", &found.path, &found.name).to_string()),
        upload_date: shape::time(found.uploaded_ms),
        expiration: shape::time(found.expires_ms),
    }
}
