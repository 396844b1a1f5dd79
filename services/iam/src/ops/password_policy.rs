//! The account's rules for passwords.

use std::sync::Arc;

use identity::{keys, records};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::Record as _;

use crate::error::Error;
use crate::find;
use crate::iam::Iam;
use crate::limits::PASSWORD_CHARS_MIN;

impl Iam {
    pub async fn update_account_password_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateAccountPasswordPolicyInput,
    ) -> Result<UpdateAccountPasswordPolicyOutput, Error> {
        let number = |given: Option<i32>| given.and_then(|given| u32::try_from(given).ok());
        // What is not given goes back to its default.
        let policy = records::PasswordPolicy {
            min_length: number(input.minimum_password_length).unwrap_or(PASSWORD_CHARS_MIN),
            symbols: input.require_symbols.unwrap_or(false),
            numbers: input.require_numbers.unwrap_or(false),
            uppercase: input.require_uppercase_characters.unwrap_or(false),
            lowercase: input.require_lowercase_characters.unwrap_or(false),
            may_change: input.allow_users_to_change_password.unwrap_or(false),
            max_age_days: number(input.max_password_age),
            reuse_prevention: number(input.password_reuse_prevention),
            hard_expiry: input.hard_expiry,
        };
        self.set_password_policy(&call, Some(policy)).await?;
        Ok(UpdateAccountPasswordPolicyOutput {})
    }

    pub async fn get_account_password_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: GetAccountPasswordPolicyInput,
    ) -> Result<GetAccountPasswordPolicyOutput, Error> {
        let found = find::account(&mut self.store.snapshot(), &call.account)?.password_policy;
        let policy = found.ok_or_else(|| no_policy(&call.account))?;
        let number = |kept: u32| i32::try_from(kept).ok();
        let password_policy = Some(PasswordPolicy {
            minimum_password_length: number(policy.min_length),
            require_symbols: Some(policy.symbols),
            require_numbers: Some(policy.numbers),
            require_uppercase_characters: Some(policy.uppercase),
            require_lowercase_characters: Some(policy.lowercase),
            allow_users_to_change_password: Some(policy.may_change),
            expire_passwords: Some(policy.max_age_days.is_some()),
            max_password_age: policy.max_age_days.and_then(number),
            password_reuse_prevention: policy.reuse_prevention.and_then(number),
            hard_expiry: policy.hard_expiry,
        });
        Ok(GetAccountPasswordPolicyOutput { password_policy })
    }

    pub async fn delete_account_password_policy(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        _: DeleteAccountPasswordPolicyInput,
    ) -> Result<DeleteAccountPasswordPolicyOutput, Error> {
        self.set_password_policy(&call, None).await?;
        Ok(DeleteAccountPasswordPolicyOutput {})
    }

    async fn set_password_policy(
        &self,
        call: &Call,
        policy: Option<records::PasswordPolicy>,
    ) -> Result<(), Error> {
        let account = &call.account;
        self.transact(|tx| {
            let found = find::account(tx, account)?;
            if policy.is_none() && found.password_policy.is_none() {
                return Err(no_policy(account));
            }
            let created_ms = found.created_ms.or(Some(call.now.millis()));
            let changed = records::Account { password_policy: policy.clone(), created_ms, ..found };
            tx.put(keys::account(account), changed.encode());
            Ok(())
        })
        .await
    }
}

fn no_policy(account: &str) -> Error {
    let text = format!("The Password Policy with domain name {account} cannot be found.");
    Error::no_such_entity_exception(text)
}
