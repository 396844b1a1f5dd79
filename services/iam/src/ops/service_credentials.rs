//! Names and passwords, or keys, that users have for one service.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::keys;
use identity::records::{Identity, ServiceCredential};
use kernel::Call;
use model_iam::types::{self, *};
use service::Allowed;
use store::{Record as _, Tx};
use zeroize::Zeroizing;

use crate::belongings;
use crate::error::{Error, over_quota, validation};
use crate::iam::Iam;
use crate::limits::SERVICE_CREDENTIALS;
use crate::page::Wanted;
use crate::read::Reader as _;
use crate::resource::Owner;
use crate::{find, shape};

const KIND: &str = "service-cred";
/// What the vault seals passwords and keys for.
const PURPOSE: &str = "iam.service-credential";
const DAY_MS: i64 = 86_400_000;

/// How a service is signed in to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// With a name and a password.
    Password,
    /// With a key, which may end.
    Key,
}

/// The services that have such credentials.
const SERVICES: [(&str, Form); 3] = [
    ("bedrock.amazonaws.com", Form::Key),
    ("cassandra.amazonaws.com", Form::Password),
    ("codecommit.amazonaws.com", Form::Password),
];

impl Iam {
    pub async fn create_service_specific_credential(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateServiceSpecificCredentialInput,
    ) -> Result<CreateServiceSpecificCredentialOutput, Error> {
        let account = &call.account;
        let form = form_of(&input.service_name)?;
        if input.credential_age_days.is_some() && form == Form::Password {
            let text = format!(
                "Credentials for {} do not end: CredentialAgeDays is not allowed.",
                *input.service_name
            );
            return Err(validation(text));
        }
        let days = input.credential_age_days.map(i64::from);
        let id = self.unique_id("ACCA");
        let secret = self.new_secret(form);
        let sealed_secret = self.vault.seal(PURPOSE, &id, secret.as_bytes());
        let (credential, name) = self
            .transact(|tx| {
                let user = find::user(tx, account, &input.user_name)?;
                let before: Vec<ServiceCredential> = belongings::all(tx, account, KIND, &user.id)?;
                let same: Vec<&str> = before
                    .iter()
                    .filter(|have| have.service == *input.service_name)
                    .map(|have| have.login.as_str())
                    .collect();
                if same.len() >= SERVICE_CREDENTIALS {
                    return Err(over_quota("ServiceSpecificCredentialsPerUser", SERVICE_CREDENTIALS));
                }
                let first = format!("{}-at-{account}", user.name);
                let second = format!("{}+1-at-{account}", user.name);
                let login = if same.contains(&first.as_str()) { second } else { first };
                let credential = ServiceCredential {
                    id: id.clone(),
                    owner: user.id.clone(),
                    service: input.service_name.to_string(),
                    login,
                    sealed_secret: sealed_secret.clone(),
                    active: true,
                    created_ms: call.now.millis(),
                    expires_ms: days.map(|days| call.now.millis() + days * DAY_MS),
                };
                tx.put(keys::belonging(account, KIND, &user.id, &id), credential.encode());
                Ok((credential, user.name))
            })
            .await?;
        let shown = with_secret(&call, name, credential, form, &secret);
        Ok(CreateServiceSpecificCredentialOutput { service_specific_credential: Some(shown) })
    }

    pub async fn reset_service_specific_credential(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ResetServiceSpecificCredentialInput,
    ) -> Result<ResetServiceSpecificCredentialOutput, Error> {
        let id = &*input.service_specific_credential_id;
        let (password, key) = (self.new_secret(Form::Password), self.new_secret(Form::Key));
        let (credential, name, form) = self
            .transact(|tx| {
                let (mut credential, name) = find_of(tx, &call.account, &owner, id)?;
                let form = form_of(&credential.service)?;
                let secret = if form == Form::Key { &key } else { &password };
                credential.sealed_secret = self.vault.seal(PURPOSE, id, secret.as_bytes());
                save(tx, &call.account, &credential);
                Ok((credential, name, form))
            })
            .await?;
        let secret = if form == Form::Key { &key } else { &password };
        let shown = with_secret(&call, name, credential, form, secret);
        Ok(ResetServiceSpecificCredentialOutput { service_specific_credential: Some(shown) })
    }

    pub async fn update_service_specific_credential(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: UpdateServiceSpecificCredentialInput,
    ) -> Result<UpdateServiceSpecificCredentialOutput, Error> {
        let active = belongings::is_active(input.status.known())?;
        self.transact(|tx| {
            let id = &*input.service_specific_credential_id;
            let (found, _) = find_of(tx, &call.account, &owner, id)?;
            save(tx, &call.account, &ServiceCredential { active, ..found });
            Ok(())
        })
        .await?;
        Ok(UpdateServiceSpecificCredentialOutput {})
    }

    pub async fn delete_service_specific_credential(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: DeleteServiceSpecificCredentialInput,
    ) -> Result<DeleteServiceSpecificCredentialOutput, Error> {
        self.transact(|tx| {
            let id = &*input.service_specific_credential_id;
            let (found, _) = find_of(tx, &call.account, &owner, id)?;
            tx.delete(keys::belonging(&call.account, KIND, &found.owner, id));
            Ok(())
        })
        .await?;
        Ok(DeleteServiceSpecificCredentialOutput {})
    }

    pub async fn list_service_specific_credentials(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Option<Owner>>,
        input: ListServiceSpecificCredentialsInput,
    ) -> Result<ListServiceSpecificCredentialsOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        if let Some(service) = &input.service_name {
            form_of(service)?;
        }
        let mut snapshot = self.store.snapshot();
        let all: Vec<ServiceCredential> = match &*owner {
            Some(owner) => {
                let (id, _) = belongings::owner(&mut snapshot, account, owner)?;
                belongings::all(&mut snapshot, account, KIND, &id)?
            }
            None => snapshot.records(&keys::all(account, KIND))?,
        };
        let of_service = |found: &ServiceCredential| {
            input.service_name.as_ref().is_none_or(|service| *service == found.service)
        };
        // Rows are in the order of owner and id.
        let key = |found: &ServiceCredential| format!("{}/{}", found.owner, found.id);
        let part = wanted.of(all.into_iter().filter(of_service), key);
        let mut shown = Vec::with_capacity(part.entries.len());
        for found in &part.entries {
            let identity: Option<Identity> = snapshot.record(&keys::unique_id(&found.owner))?;
            let name = identity.map(|identity| identity.name);
            shown.push(metadata(&call, name, found, form_of(&found.service)?));
        }
        Ok(ListServiceSpecificCredentialsOutput {
            is_truncated: part.truncated(),
            service_specific_credentials: Some(shown),
            marker: part.marker,
        })
    }

    fn new_secret(&self, form: Form) -> Zeroizing<String> {
        let random = Zeroizing::new(self.ids.bytes::<33>());
        let text = Zeroizing::new(STANDARD.encode(&random[..]));
        match form {
            // 44 characters, as AWS makes them.
            Form::Password => text,
            Form::Key => Zeroizing::new(format!("ABSK{}", *text)),
        }
    }
}

fn find_of(
    tx: &mut Tx,
    account: &str,
    owner: &Owner,
    id: &str,
) -> Result<(ServiceCredential, String), Error> {
    let absent = || Error::no_such_entity_exception(format!("Service Specific Credential {id} not found."));
    let (owner, name) = belongings::owner(tx, account, owner)?;
    let found: Option<ServiceCredential> = tx.record(&keys::belonging(account, KIND, &owner, id))?;
    found.zip(name).ok_or_else(absent)
}

fn save(tx: &mut Tx, account: &str, credential: &ServiceCredential) {
    tx.put(keys::belonging(account, KIND, &credential.owner, &credential.id), credential.encode());
}

fn form_of(service: &str) -> Result<Form, Error> {
    let found = SERVICES.iter().find(|(name, _)| *name == service);
    found.map(|(_, form)| *form).ok_or_else(|| {
        let text = format!("The service {service} does not support service-specific credentials.");
        Error::service_not_supported_exception(text)
    })
}

fn status(call: &Call, found: &ServiceCredential) -> StatusType {
    match found.expires_ms {
        Some(expires_ms) if call.now.millis() >= expires_ms => StatusType::Expired,
        _ => belongings::status(found.active),
    }
}

fn with_secret(
    call: &Call,
    user: String,
    found: ServiceCredential,
    form: Form,
    secret: &str,
) -> types::ServiceSpecificCredential {
    let (password, key) = ((form == Form::Password), (form == Form::Key));
    types::ServiceSpecificCredential {
        status: Some(status(call, &found).into()),
        create_date: shape::time(found.created_ms),
        expiration_date: found.expires_ms.and_then(shape::time),
        service_name: Some(found.service),
        service_user_name: password.then(|| found.login.clone()),
        service_password: password.then(|| secret.to_owned()),
        service_credential_alias: key.then(|| found.login.clone()),
        service_credential_secret: key.then(|| secret.to_owned()),
        service_specific_credential_id: Some(found.id),
        user_name: Some(user),
    }
}

fn metadata(
    call: &Call,
    user: Option<String>,
    found: &ServiceCredential,
    form: Form,
) -> ServiceSpecificCredentialMetadata {
    ServiceSpecificCredentialMetadata {
        user_name: user,
        status: Some(status(call, found).into()),
        service_user_name: (form == Form::Password).then(|| found.login.clone()),
        service_credential_alias: (form == Form::Key).then(|| found.login.clone()),
        create_date: shape::time(found.created_ms),
        expiration_date: found.expires_ms.and_then(shape::time),
        service_specific_credential_id: Some(found.id.clone()),
        service_name: Some(found.service.clone()),
    }
}
