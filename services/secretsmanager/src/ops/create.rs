//! CreateSecret.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Arn, Call};
use model_secretsmanager::Error;
use model_secretsmanager::types::*;
use service::Allowed;
use wire::CommonError;

use crate::describe::{filled, named_key};
use crate::error::{Failure, of_store, refused, token_taken};
use crate::limits::WRITE_ROUNDS;
use crate::name::{self, SecretId};
use crate::ops::put_value::token_for;
use crate::payload::Payload;
use crate::records::{Replica, Replication, Secret};
use crate::replicate::{place, requested};
use crate::secrets::{Found, Secrets, make_room, put_version, save};
use crate::write::{NewValue, Sealed};
use crate::{keys, labels, tags};

impl Secrets {
    pub async fn create_secret(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateSecretInput,
    ) -> Result<CreateSecretOutput, Error> {
        if input.cross_account_primary_arn.is_some() {
            return Err(CommonError::NotImplemented {
                service: "secretsmanager",
                operation: "CreateSecret with CrossAccountPrimaryARN".into(),
            }
            .into());
        }
        let payload = Payload::given(input.secret_string.clone(), input.secret_binary.clone())?;
        let token = match &payload {
            Some(_) => Some(token_for(input.client_request_token.as_deref())?.to_owned()),
            None => None,
        };
        let replicas = requested(&call.region, input.add_replica_regions.as_deref().unwrap_or_default())?;
        let tags = input.tags.as_deref().map(tags::read).transpose()?.filter(|tags| !tags.is_empty());
        let new = match (&payload, &token) {
            (Some(payload), Some(id)) => Some(NewValue { id, payload, labels: &[] }),
            _ => None,
        };
        let secret = Secret {
            name: input.name.to_string(),
            suffix: name::suffix(self.ids),
            created_ms: call.now.millis(),
            changed_ms: call.now.millis(),
            description: filled(input.description),
            kms_key: named_key(input.kms_key_id),
            partner: filled(input.r#type),
            tags,
            policy: None,
            labels: BTreeMap::new(),
            versions: 0,
            purge_ms: None,
            rotation: None,
            replication: None,
        };
        let draft = Found { account: call.account.clone(), region: call.region.clone(), secret };
        let overwrite = input.force_overwrite_replica_secret == Some(true);
        let found = self.create(&call, draft, new.as_ref(), &replicas, overwrite).await?;
        Ok(CreateSecretOutput {
            arn: Some(found.arn().as_str().to_owned()),
            name: Some(found.secret.name.clone()),
            version_id: token,
            replication_status: self.replication_status(&found)?,
        })
    }

    async fn create(
        &self,
        call: &Call,
        draft: Found,
        new: Option<&NewValue<'_>>,
        replicas: &[Replica],
        overwrite: bool,
    ) -> Result<Found, Error> {
        let id = SecretId {
            account: draft.account.clone(),
            region: draft.region.clone(),
            name: draft.secret.name.clone(),
            suffix: None,
        };
        for _ in 0..WRITE_ROUNDS {
            if let Some(there) = self.find(&id)? {
                return self.created_before(call, there, new).await;
            }
            let arn: Arn = draft.arn();
            let sealed = match new {
                Some(new) => {
                    let mut replicated = draft.clone();
                    replicated.secret.replication =
                        Some(Replication::Primary { replicas: replicas.to_vec() });
                    let key = draft.secret.kms_key.as_deref();
                    Some(self.seal_everywhere(call, &replicated, key, new).await?)
                }
                None => {
                    self.try_key(call, &arn, draft.secret.kms_key.as_deref()).await?;
                    None
                }
            };
            match self.commit_new(call, &draft, new.zip(sealed.as_ref()), replicas, overwrite).await {
                Err(Failure::Stale) => {}
                outcome => return outcome.map_err(Error::from),
            }
        }
        Err(of_store(store::Error::Contention))
    }

    async fn commit_new(
        &self,
        call: &Call,
        draft: &Found,
        new: Option<(&NewValue<'_>, &Sealed)>,
        replicas: &[Replica],
        overwrite: bool,
    ) -> Result<Found, Failure> {
        self.store
            .transact(|tx| {
                let mut found = draft.clone();
                if tx.get(&keys::secret(&found.account, &found.region, &found.secret.name))?.is_some() {
                    return Err(Failure::Stale);
                }
                if let Some((new, sealed)) = new {
                    make_room(tx, &mut found, call.now)?;
                    labels::attach_new(&mut found.secret.labels, new.labels, new.id, true)?;
                    put_version(tx, &found.rows(), new.id, &sealed.own);
                }
                for replica in replicas {
                    let copy = new.and_then(|(new, sealed)| {
                        let mut copies = sealed.replicas.iter();
                        copies.find(|(region, _)| *region == replica.region).map(|(_, copy)| (new.id, copy))
                    });
                    let copies = match copy {
                        None => Ok(Vec::new()),
                        Some((id, Ok(version))) => Ok(vec![(id.to_owned(), version.clone())]),
                        Some((_, Err(why))) => Err(why.clone()),
                    };
                    place(tx, &mut found, replica, &copies, overwrite)?;
                }
                save(tx, &found);
                Ok(found)
            })
            .await
    }

    /// The name is taken: by this same request, sent once more, or by another secret.
    async fn created_before(
        &self,
        call: &Call,
        there: Found,
        new: Option<&NewValue<'_>>,
    ) -> Result<Found, Error> {
        if there.secret.purge_ms.is_some() {
            return Err(refused(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        if let Some(new) = new
            && let Some(version) = self.version(&there, new.id)?
        {
            if self.open(call, &there.arn(), new.id, &version).await?.same(new.payload) {
                return Ok(there);
            }
            return Err(token_taken(new.id, &there.arn().to_string()));
        }
        let name = &there.secret.name;
        Err(Error::resource_exists_exception(format!(
            "The operation failed because the secret {name} already exists."
        )))
    }
}
