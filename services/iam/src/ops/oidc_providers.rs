//! OpenID Connect providers.

use std::sync::Arc;

use identity::keys;
use identity::records::OidcProvider;
use kernel::{Arn, Call};
use model_iam::types::*;
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Error, over_quota};
use crate::iam::Iam;
use crate::limits::{OIDC_CLIENT_IDS, OIDC_PROVIDERS, OIDC_THUMBPRINTS};
use crate::read::Reader;
use crate::{arn, check, oidc, quota, shape};

impl Iam {
    pub async fn create_open_id_connect_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateOpenIDConnectProviderInput,
    ) -> Result<CreateOpenIDConnectProviderOutput, Error> {
        let account = &call.account;
        oidc::check_url(&input.url)?;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        let thumbprints = checked_thumbprints(input.thumbprint_list.unwrap_or_default())?;
        let mut client_ids = Vec::new();
        for id in input.client_id_list.unwrap_or_default() {
            add_client_id(&mut client_ids, id)?;
        }
        let provider = OidcProvider {
            url: input.url.to_string(),
            client_ids,
            thumbprints,
            created_ms: call.now.millis(),
            tags,
        };
        self.transact(|tx| {
            if tx.bytes(&keys::oidc_provider(account, oidc::without_scheme(&provider.url)))?.is_some() {
                let text = format!("Provider with url {} already exists.", provider.url);
                return Err(Error::entity_already_exists_exception(text));
            }
            quota::take(tx, account, "oidc", "OpenIdConnectProvidersPerAccount", OIDC_PROVIDERS)?;
            save(tx, account, &provider);
            Ok(())
        })
        .await?;
        Ok(CreateOpenIDConnectProviderOutput {
            open_id_connect_provider_arn: Some(arn_of(account, &provider).to_string()),
            tags: shape::unless_empty(check::shown_tags(&provider.tags)),
        })
    }

    pub async fn get_open_id_connect_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetOpenIDConnectProviderInput,
    ) -> Result<GetOpenIDConnectProviderOutput, Error> {
        let snapshot = &mut self.store.snapshot();
        let provider = find(snapshot, &call.account, &input.open_id_connect_provider_arn)?;
        Ok(GetOpenIDConnectProviderOutput {
            url: Some(oidc::without_scheme(&provider.url).to_owned()),
            client_id_list: Some(provider.client_ids),
            thumbprint_list: Some(provider.thumbprints),
            create_date: shape::time(provider.created_ms),
            tags: shape::unless_empty(check::shown_tags(&provider.tags)),
        })
    }

    pub async fn list_open_id_connect_providers(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: ListOpenIDConnectProvidersInput,
    ) -> Result<ListOpenIDConnectProvidersOutput, Error> {
        let account = &call.account;
        let all: Vec<OidcProvider> = self.store.snapshot().records(&keys::all(account, "oidc"))?;
        let entry = |provider: &OidcProvider| OpenIdConnectProviderListEntry {
            arn: Some(arn_of(account, provider).to_string()),
        };
        let open_id_connect_provider_list = Some(all.iter().map(entry).collect());
        Ok(ListOpenIDConnectProvidersOutput { open_id_connect_provider_list })
    }

    pub async fn delete_open_id_connect_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteOpenIDConnectProviderInput,
    ) -> Result<DeleteOpenIDConnectProviderOutput, Error> {
        let account = &call.account;
        let row = row(account, &input.open_id_connect_provider_arn)?;
        self.transact(|tx| {
            // Deleting what is not there is no error.
            if tx.bytes(&row)?.is_some() {
                tx.delete(row.clone());
                quota::give_back(tx, account, "oidc");
            }
            Ok(())
        })
        .await?;
        Ok(DeleteOpenIDConnectProviderOutput {})
    }

    pub async fn add_client_id_to_open_id_connect_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: AddClientIDToOpenIDConnectProviderInput,
    ) -> Result<AddClientIDToOpenIDConnectProviderOutput, Error> {
        self.change_oidc(&call, &input.open_id_connect_provider_arn, |provider| {
            add_client_id(&mut provider.client_ids, input.client_id.to_string())
        })
        .await?;
        Ok(AddClientIDToOpenIDConnectProviderOutput {})
    }

    pub async fn remove_client_id_from_open_id_connect_provider(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: RemoveClientIDFromOpenIDConnectProviderInput,
    ) -> Result<RemoveClientIDFromOpenIDConnectProviderOutput, Error> {
        self.change_oidc(&call, &input.open_id_connect_provider_arn, |provider| {
            provider.client_ids.retain(|id| *id != *input.client_id);
            Ok(())
        })
        .await?;
        Ok(RemoveClientIDFromOpenIDConnectProviderOutput {})
    }

    pub async fn update_open_id_connect_provider_thumbprint(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateOpenIDConnectProviderThumbprintInput,
    ) -> Result<UpdateOpenIDConnectProviderThumbprintOutput, Error> {
        let thumbprints = checked_thumbprints(input.thumbprint_list.to_vec())?;
        self.change_oidc(&call, &input.open_id_connect_provider_arn, |provider| {
            provider.thumbprints.clone_from(&thumbprints);
            Ok(())
        })
        .await?;
        Ok(UpdateOpenIDConnectProviderThumbprintOutput {})
    }

    async fn change_oidc(
        &self,
        call: &Call,
        arn: &str,
        change: impl Fn(&mut OidcProvider) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.transact(|tx| {
            let mut provider = find(tx, &call.account, arn)?;
            change(&mut provider)?;
            save(tx, &call.account, &provider);
            Ok(())
        })
        .await
    }
}

/// The provider with this ARN.
pub fn find(from: &mut impl Reader, account: &str, arn: &str) -> Result<OidcProvider, Error> {
    from.record(&row(account, arn)?)?.ok_or_else(|| not_found(arn))
}

/// Writes a provider.
pub fn save(tx: &mut Tx, account: &str, provider: &OidcProvider) {
    tx.put(keys::oidc_provider(account, oidc::without_scheme(&provider.url)), provider.encode());
}

fn arn_of(account: &str, provider: &OidcProvider) -> Arn {
    arn::of(account, &format!("oidc-provider/{}", oidc::without_scheme(&provider.url)))
}

fn row(account: &str, arn: &str) -> Result<bytes::Bytes, Error> {
    let parsed = arn.parse::<Arn>().ok().filter(|arn| arn.account() == account);
    let url = parsed.as_ref().and_then(|arn| arn.resource().strip_prefix("oidc-provider/"));
    url.map(|url| keys::oidc_provider(account, url)).ok_or_else(|| not_found(arn))
}

fn not_found(arn: &str) -> Error {
    Error::no_such_entity_exception(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// Adds a client id; one that is there already stays.
fn add_client_id(ids: &mut Vec<String>, id: String) -> Result<(), Error> {
    if ids.contains(&id) {
        return Ok(());
    }
    if ids.len() >= OIDC_CLIENT_IDS {
        return Err(over_quota("ClientIdsPerOpenIdConnectProvider", OIDC_CLIENT_IDS));
    }
    ids.push(id);
    Ok(())
}

fn checked_thumbprints(given: Vec<String>) -> Result<Vec<String>, Error> {
    if given.len() > OIDC_THUMBPRINTS {
        return Err(Error::invalid_input_exception("Thumbprint list must contain fewer than 5 entries."));
    }
    // SHA-1 in hexadecimal; the model knows the length alone.
    if let Some(bad) = given.iter().find(|text| !text.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(Error::invalid_input_exception(format!("The thumbprint {bad} is not hexadecimal.")));
    }
    Ok(given)
}
