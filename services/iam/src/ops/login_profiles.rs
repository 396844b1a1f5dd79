//! Passwords of users.

use std::sync::Arc;

use identity::records::{Login, PasswordPolicy, User};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::Tx;
use wire::CommonError;

use crate::error::Error;
use crate::iam::Iam;
use crate::ops::users::save;
use crate::resource::Owner;
use crate::{find, password, shape};

const DAY_MS: i64 = 86_400_000;

/// A password that passed the rules, hashed.
struct NewPassword {
    hash: String,
    /// The hashes that it was compared with: it is good only while these are still the user's.
    known: Vec<String>,
    /// Hashes kept beside the newest.
    keep: usize,
}

impl Iam {
    pub async fn create_login_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: CreateLoginProfileInput,
    ) -> Result<CreateLoginProfileOutput, Error> {
        let account = &call.account;
        let name = user_of(&owner)?;
        let given = input.password.unwrap_or_default();
        let new = self.new_password(&call, name, &given).await?;
        let reset_required = input.password_reset_required.unwrap_or(false);
        let login_profile = self
            .transact(|tx| {
                let mut user = find::user(tx, account, name)?;
                if user.login.is_some() {
                    let text = format!("Login Profile for user {} already exists.", user.name);
                    return Err(Error::entity_already_exists_exception(text));
                }
                let now_ms = call.now.millis();
                let hashes = vec![new.hash.clone()];
                user.login = Some(Login { created_ms: now_ms, changed_ms: now_ms, hashes, reset_required });
                save(tx, account, &user);
                shown(&user)
            })
            .await?;
        Ok(CreateLoginProfileOutput { login_profile: Some(login_profile) })
    }

    pub async fn get_login_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        _: GetLoginProfileInput,
    ) -> Result<GetLoginProfileOutput, Error> {
        let user = find::user(&mut self.store.snapshot(), &call.account, user_of(&owner)?)?;
        Ok(GetLoginProfileOutput { login_profile: Some(shown(&user)?) })
    }

    pub async fn update_login_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateLoginProfileInput,
    ) -> Result<UpdateLoginProfileOutput, Error> {
        let account = &call.account;
        login_of(&find::user(&mut self.store.snapshot(), account, &input.user_name)?)?;
        let new = match &input.password {
            Some(given) => Some(self.new_password(&call, &input.user_name, given).await?),
            None => None,
        };
        self.transact(|tx| {
            let mut user = find::user(tx, account, &input.user_name)?;
            if let Some(new) = &new {
                set_password(&mut user, new, &call)?;
            }
            let mut login = login_of(&user)?.clone();
            login.reset_required = input.password_reset_required.unwrap_or(login.reset_required);
            user.login = Some(login);
            save(tx, account, &user);
            Ok(())
        })
        .await?;
        Ok(UpdateLoginProfileOutput {})
    }

    pub async fn delete_login_profile(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        _: DeleteLoginProfileInput,
    ) -> Result<DeleteLoginProfileOutput, Error> {
        let name = user_of(&owner)?;
        self.transact(|tx| {
            let mut user = find::user(tx, &call.account, name)?;
            login_of(&user)?;
            user.login = None;
            save(tx, &call.account, &user);
            Ok(())
        })
        .await?;
        Ok(DeleteLoginProfileOutput {})
    }

    pub async fn change_password(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        input: ChangePasswordInput,
    ) -> Result<ChangePasswordOutput, Error> {
        let account = &call.account;
        let name = user_of(&owner)?;
        let (user, rules) = {
            let mut snapshot = self.store.snapshot();
            let user = find::user(&mut snapshot, account, name)?;
            (user, find::account(&mut snapshot, account)?.password_policy)
        };
        let login = login_of(&user)?;
        let newest: Vec<String> = login.hashes.iter().take(1).cloned().collect();
        if password::find(&input.old_password, newest).await?.is_none() {
            return Err(CommonError::AccessDenied("The old password was incorrect.".to_owned()).into());
        }
        if rules.as_ref().is_some_and(|rules| expired_for_good(rules, login, call.now.millis())) {
            let text = "The password has expired. An administrator must set a new one.";
            return Err(CommonError::AccessDenied(text.to_owned()).into());
        }
        let new = self.new_password(&call, name, &input.new_password).await?;
        self.transact(|tx| change_own(tx, account, name, &new, &call)).await?;
        Ok(ChangePasswordOutput {})
    }

    /// Checks a password by the account's rules and hashes it.
    async fn new_password(&self, call: &Call, name: &str, given: &str) -> Result<NewPassword, Error> {
        let (known, found) = {
            let mut snapshot = self.store.snapshot();
            let user = find::user(&mut snapshot, &call.account, name)?;
            let known = user.login.map(|login| login.hashes).unwrap_or_default();
            (known, find::account(&mut snapshot, &call.account)?)
        };
        let rules = found.password_policy.as_ref();
        let names: Vec<&str> = std::iter::once(&*call.account).chain(found.alias.as_deref()).collect();
        password::check(given, rules, &names)?;
        let keep = rules.and_then(|rules| rules.reuse_prevention).unwrap_or(0);
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let compared = known.iter().take(keep).cloned().collect();
        if password::find(given, compared).await?.is_some() {
            let text = "Password was used before and the account's policy prevents its reuse";
            return Err(Error::password_policy_violation_exception(text));
        }
        Ok(NewPassword { hash: password::hash(self.ids, given).await?, known, keep })
    }
}

fn change_own(tx: &mut Tx, account: &str, name: &str, new: &NewPassword, call: &Call) -> Result<(), Error> {
    let mut user = find::user(tx, account, name)?;
    set_password(&mut user, new, call)?;
    if let Some(login) = &mut user.login {
        login.reset_required = false;
    }
    save(tx, account, &user);
    Ok(())
}

/// Puts a new password in the place of the one it was compared with.
fn set_password(user: &mut User, new: &NewPassword, call: &Call) -> Result<(), Error> {
    let mut login = login_of(user)?.clone();
    if login.hashes != new.known {
        let text = format!("Login Profile for User {} is being changed. Please try again.", user.name);
        return Err(Error::entity_temporarily_unmodifiable_exception(text));
    }
    login.hashes.insert(0, new.hash.clone());
    login.hashes.truncate(new.keep.max(1));
    login.changed_ms = call.now.millis();
    user.login = Some(login);
    Ok(())
}

/// Whether a password is too old for its user to replace it.
fn expired_for_good(rules: &PasswordPolicy, login: &Login, now_ms: i64) -> bool {
    let days = rules.max_age_days.filter(|_| rules.hard_expiry == Some(true));
    days.is_some_and(|days| now_ms >= login.changed_ms.saturating_add(i64::from(days) * DAY_MS))
}

fn user_of(owner: &Owner) -> Result<&str, Error> {
    match owner {
        Owner::User(name) => Ok(name),
        Owner::Root => Err(no_login("root")),
    }
}

fn login_of(user: &User) -> Result<&Login, Error> {
    user.login.as_ref().ok_or_else(|| no_login(&user.name))
}

fn no_login(name: &str) -> Error {
    Error::no_such_entity_exception(format!("Login Profile for User {name} cannot be found."))
}

fn shown(user: &User) -> Result<LoginProfile, Error> {
    let login = login_of(user)?;
    Ok(LoginProfile {
        user_name: Some(user.name.clone()),
        create_date: shape::time(login.created_ms),
        password_reset_required: Some(login.reset_required),
    })
}
