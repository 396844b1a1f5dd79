//! CreateAlias, UpdateAlias, DeleteAlias, ListAliases.

use std::sync::Arc;

use kernel::{Arn, Call, Timestamp};
use model_kms::Error;
use model_kms::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _};
use wire::CommonError;

use crate::error::{invalid, no_alias};
use crate::key_id::Named;
use crate::keys;
use crate::kms::{Kms, change_in, read};
use crate::limits::{ALIASES_PER_KEY_MAX, PAGE_DEFAULT, PAGE_MAX};
use crate::ops::page;
use crate::ops::subject::check_stays;
use crate::records::Alias;
use crate::resource::Subject;

/// Checks the name of an alias that is to be made, moved or deleted.
fn check_name(name: &str) -> Result<(), Error> {
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(invalid(
            "Alias must start with the prefix \"alias/\". Please see \
             https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html",
        ));
    };
    if rest.starts_with("aws/") {
        return Err(CommonError::coded(
            "NotAuthorizedException",
            400,
            "Aliases of services are made by them.",
        )
        .into());
    }
    if rest.is_empty() {
        return Err(Error::invalid_alias_name_exception("An alias has a name behind the prefix."));
    }
    if rest.contains(':') {
        return Err(invalid(format!("{name} contains invalid characters for an alias")));
    }
    Ok(())
}

fn check_target(target: &str) -> Result<(), Error> {
    let names_alias =
        target.starts_with("alias/") || (target.starts_with("arn:") && target.contains(":alias/"));
    if names_alias { Err(invalid("Aliases must refer to keys. Not aliases")) } else { Ok(()) }
}

fn arn(call: &Call, name: &str) -> Arn {
    Arn::aws("kms", &call.region, &call.account, name)
}

fn too_many(key: &Arn) -> Error {
    Error::limit_exceeded_exception(format!("{key} has {ALIASES_PER_KEY_MAX} aliases already."))
}

impl Kms {
    pub async fn create_alias(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: CreateAliasInput,
    ) -> Result<CreateAliasOutput, Error> {
        let name = input.alias_name.into_inner();
        check_name(&name)?;
        check_target(&input.target_key_id)?;
        let key = self.own_key(&call, subject.into_inner()).await?;
        let row = keys::alias(&call.account, &call.region, &name);
        let now_ms = call.now.millis();
        self.change(&key, |tx, record| {
            check_stays(&key.arn, record)?;
            if tx.get(&row)?.is_some() {
                let arn = arn(&call, &name);
                return Err(Error::already_exists_exception(format!(
                    "An alias with the name {arn} already exists"
                )));
            }
            if record.aliases.len() >= ALIASES_PER_KEY_MAX {
                return Err(too_many(&key.arn));
            }
            record.aliases.insert(name.clone());
            let alias = Alias { key_id: key.id.clone(), created_ms: now_ms, updated_ms: now_ms };
            tx.put(row.clone(), alias.encode());
            Ok(())
        })
        .await?;
        Ok(CreateAliasOutput {})
    }

    pub async fn update_alias(
        self: Arc<Self>,
        call: Arc<Call>,
        subject: Allowed<Subject>,
        input: UpdateAliasInput,
    ) -> Result<UpdateAliasOutput, Error> {
        let name = input.alias_name.into_inner();
        check_name(&name)?;
        check_target(&input.target_key_id)?;
        let key = self.own_key(&call, subject.into_inner()).await?;
        let (account, region) = (&*call.account, &*call.region);
        let row = keys::alias(account, region, &name);
        let left = self
            .change(&key, |tx, record| {
                check_stays(&key.arn, record)?;
                let bytes = tx.get(&row)?.ok_or_else(|| no_alias(&arn(&call, &name)))?;
                let mut alias = Alias::decode(&bytes)?;
                if alias.key_id == key.id {
                    return Ok(alias.key_id);
                }
                let old = read(tx, account, region, &alias.key_id)?;
                if old.as_ref().is_some_and(|old| {
                    (old.usage, old.spec.is_pair()) != (record.usage, record.spec.is_pair())
                }) {
                    return Err(invalid(format!(
                        "Alias {} can only move to a key of the same type and key usage.",
                        arn(&call, &name)
                    )));
                }
                if record.aliases.len() >= ALIASES_PER_KEY_MAX {
                    return Err(too_many(&key.arn));
                }
                record.aliases.insert(name.clone());
                let left = std::mem::replace(&mut alias.key_id, key.id.clone());
                alias.updated_ms = call.now.millis();
                tx.put(row.clone(), alias.encode());
                if old.is_some() {
                    change_in(tx, account, region, &left, |_, old| {
                        old.aliases.remove(&name);
                        Ok(())
                    })?;
                }
                Ok(left)
            })
            .await?;
        self.forget(account, region, &left);
        Ok(UpdateAliasOutput {})
    }

    pub async fn delete_alias(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteAliasInput,
    ) -> Result<DeleteAliasOutput, Error> {
        let name = input.alias_name.into_inner();
        check_name(&name)?;
        let (account, region) = (&*call.account, &*call.region);
        let row = keys::alias(account, region, &name);
        let left = self
            .store
            .transact(|tx| {
                let bytes = tx.get(&row)?.ok_or_else(|| no_alias(&arn(&call, &name)))?;
                let id = Alias::decode(&bytes)?.key_id;
                tx.delete(row.clone());
                if read(tx, account, region, &id)?.is_some() {
                    change_in(tx, account, region, &id, |_, record| {
                        record.aliases.remove(&name);
                        Ok(())
                    })?;
                }
                Ok::<_, Error>(id)
            })
            .await?;
        self.forget(account, region, &left);
        Ok(DeleteAliasOutput {})
    }

    pub async fn list_aliases(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListAliasesInput,
    ) -> Result<ListAliasesOutput, Error> {
        let page = page::Request::new(input.limit, input.marker.as_deref(), PAGE_DEFAULT, PAGE_MAX)?;
        let snapshot = self.store.snapshot();
        let (account, region) = (&*call.account, &*call.region);
        let (rows, next_marker) = match &input.key_id {
            Some(key_id) => {
                let id = match Named::parse(&call, key_id)? {
                    Named::Key { account, id } if account == call.account => id,
                    _ => return Err(crate::error::bad_key_id(key_id)),
                };
                let arn = crate::key_id::key_arn(account, region, &id);
                let key = self
                    .find_at(&snapshot, account, region, &id)?
                    .ok_or_else(|| crate::error::no_key(&arn))?;
                let (names, marker) = page.cut(key.record.aliases.iter().cloned(), String::clone);
                let mut rows = Vec::with_capacity(names.len());
                for name in names {
                    if let Some(bytes) = snapshot.get(&keys::alias(account, region, &name))? {
                        rows.push((name, bytes));
                    }
                }
                (rows, marker)
            }
            None => {
                let prefix = keys::aliases(account, region);
                let mut range = KeyRange::prefix(&prefix);
                if let Some(after) = &page.after {
                    range = range.after(&keys::alias(account, region, after));
                }
                let found = snapshot.range(range, RangeOptions::limit(page.max + 1))?;
                let named = found
                    .entries
                    .iter()
                    .map(|(row, bytes)| Ok::<_, Error>((keys::last(row, &prefix)?, bytes.clone())));
                let rows = named.collect::<Result<Vec<_>, _>>()?;
                page.cut(rows.into_iter(), |(name, _)| name.clone())
            }
        };
        let entry = |(name, bytes): (String, wire::Bytes)| {
            let alias = Alias::decode(&bytes)?;
            Ok(AliasListEntry {
                alias_arn: Some(arn(&call, &name).to_string()),
                alias_name: Some(name),
                target_key_id: Some(alias.key_id),
                creation_date: Some(Timestamp::from_millis(alias.created_ms)),
                last_updated_date: Some(Timestamp::from_millis(alias.updated_ms)),
            })
        };
        Ok(ListAliasesOutput {
            aliases: Some(rows.into_iter().map(entry).collect::<Result<_, Error>>()?),
            truncated: Some(next_marker.is_some()),
            next_marker,
        })
    }
}
