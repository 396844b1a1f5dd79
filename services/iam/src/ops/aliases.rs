//! The account's alias.

use std::sync::Arc;

use identity::{keys, records};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::Record as _;

use crate::error::Error;
use crate::find;
use crate::iam::Iam;
use crate::page::Wanted;
use crate::read::Reader as _;

impl Iam {
    pub async fn create_account_alias(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateAccountAliasInput,
    ) -> Result<CreateAccountAliasOutput, Error> {
        let (account, alias) = (&call.account, input.account_alias.as_str());
        self.transact(|tx| {
            let row = keys::account_alias(alias);
            match tx.bytes(&row)? {
                Some(owner) if owner == account.as_bytes() => return Ok(()),
                Some(_) => {
                    let text = format!("The account alias {alias} already exists.");
                    return Err(Error::entity_already_exists_exception(text));
                }
                None => {}
            }
            let found = find::account(tx, account)?;
            // An account has one alias: a new one takes the place of the one before.
            if let Some(before) = &found.alias {
                tx.delete(keys::account_alias(before));
            }
            tx.put(row, account.clone().into_bytes());
            let created_ms = found.created_ms.or(Some(call.now.millis()));
            let changed = records::Account { alias: Some(alias.to_owned()), created_ms, ..found };
            tx.put(keys::account(account), changed.encode());
            Ok(())
        })
        .await?;
        Ok(CreateAccountAliasOutput {})
    }

    pub async fn list_account_aliases(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListAccountAliasesInput,
    ) -> Result<ListAccountAliasesOutput, Error> {
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let alias = find::account(&mut self.store.snapshot(), &call.account)?.alias;
        let part = wanted.of(alias, Clone::clone);
        Ok(ListAccountAliasesOutput {
            is_truncated: part.truncated(),
            account_aliases: Some(part.entries),
            marker: part.marker,
        })
    }

    pub async fn delete_account_alias(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteAccountAliasInput,
    ) -> Result<DeleteAccountAliasOutput, Error> {
        let (account, alias) = (&call.account, input.account_alias.as_str());
        self.transact(|tx| {
            let found = find::account(tx, account)?;
            if found.alias.as_deref() != Some(alias) {
                let text = format!("The account alias {alias} cannot be found.");
                return Err(Error::no_such_entity_exception(text));
            }
            tx.delete(keys::account_alias(alias));
            tx.put(keys::account(account), records::Account { alias: None, ..found }.encode());
            Ok(())
        })
        .await?;
        Ok(DeleteAccountAliasOutput {})
    }
}
