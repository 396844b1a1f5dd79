//! Users.

use std::sync::Arc;

use identity::records::{self, Identity, MfaDevice};
use identity::{keys, records::AccessKey};
use kernel::{Arn, Call};
use model_iam::types::*;
use service::Allowed;
use store::{KeyRange, RangeOptions, Record as _, Tx};

use crate::error::{Error, delete_conflict, exists};
use crate::iam::Iam;
use crate::limits::USERS;
use crate::page::Wanted;
use crate::read::Reader as _;
use crate::resource::Owner;
use crate::{arn, attach, belongings, check, find, quota, shape};

/// Kinds of what a user may have, and what must be done with it before the user goes.
const BELONGINGS: [(&str, &str); 3] = [
    ("signing", "must delete signing certificates first."),
    ("ssh", "must delete SSH public keys first."),
    ("service-cred", "must delete service-specific credentials first."),
];

impl Iam {
    pub async fn create_user(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateUserInput,
    ) -> Result<CreateUserOutput, Error> {
        let account = &call.account;
        let path = check::path(input.path)?;
        let tags = check::tags(&input.tags.unwrap_or_default())?;
        let id = self.unique_id("AIDA");
        let user = records::User {
            boundary: input.permissions_boundary,
            tags,
            ..records::User::new(&input.user_name, &path, id, call.now.millis())
        };
        self.transact(|tx| {
            if tx.bytes(&keys::user(account, &user.name))?.is_some() {
                return Err(exists("User", &user.name));
            }
            quota::take(tx, account, "user", "UsersPerAccount", USERS)?;
            if let Some(boundary) = &user.boundary {
                attach::set_boundary(tx, account, boundary, "boundary-user", &user.name)?;
            }
            add(tx, account, &user);
            Ok(())
        })
        .await?;
        Ok(CreateUserOutput { user: Some(shape::user(account, &user)) })
    }

    pub async fn get_user(
        self: Arc<Self>,
        call: Arc<Call>,
        owner: Allowed<Owner>,
        _: GetUserInput,
    ) -> Result<GetUserOutput, Error> {
        let account = &call.account;
        let mut snapshot = self.store.snapshot();
        let user = match &*owner {
            Owner::User(name) => shape::user(account, &find::user(&mut snapshot, account, name)?),
            Owner::Root => {
                let of_account = find::account(&mut snapshot, account)?;
                User {
                    user_name: of_account.alias,
                    user_id: Some(account.clone()),
                    arn: Some(arn::of(account, "root").to_string()),
                    create_date: of_account.created_ms.and_then(shape::time),
                    ..User::default()
                }
            }
        };
        Ok(GetUserOutput { user: Some(user) })
    }

    pub async fn list_users(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListUsersInput,
    ) -> Result<ListUsersOutput, Error> {
        let account = &call.account;
        let prefix = input.path_prefix.unwrap_or_default();
        let part = Wanted::new(input.max_items, input.marker.as_deref())?.records(
            &mut self.store.snapshot(),
            &keys::all(account, "user"),
            |user: &records::User| user.path.starts_with(&prefix),
            |user| &user.name,
        )?;
        Ok(ListUsersOutput {
            is_truncated: part.truncated(),
            users: Some(part.entries.iter().map(|user| shape::listed_user(account, user)).collect()),
            marker: part.marker,
        })
    }

    pub async fn update_user(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateUserInput,
    ) -> Result<UpdateUserOutput, Error> {
        let account = &call.account;
        let new_path = input.new_path.map(|path| check::path(Some(path))).transpose()?;
        self.transact(|tx| {
            let before = find::user(tx, account, &input.user_name)?;
            let mut user = before.clone();
            if let Some(path) = &new_path {
                user.path.clone_from(path);
            }
            if let Some(name) = &input.new_user_name {
                user.name.clone_from(name);
            }
            rename(tx, account, &before, &user)?;
            save(tx, account, &user);
            Ok(())
        })
        .await?;
        Ok(UpdateUserOutput {})
    }

    pub async fn delete_user(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteUserInput,
    ) -> Result<DeleteUserOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let user = find::user(tx, account, &input.user_name)?;
            let in_the_way = [
                (!user.groups.is_empty(), "must remove users from group first."),
                (!user.policies.attached.is_empty(), "must detach all policies first."),
                (!user.policies.inline.is_empty(), "must delete policies first."),
                (!user.access_keys.is_empty(), "must delete access keys first."),
                (user.login.is_some(), "must delete login profile first."),
                (!user.mfa.is_empty(), "must delete MFA device first."),
            ];
            if let Some((_, what)) = in_the_way.into_iter().find(|(is, _)| *is) {
                return Err(delete_conflict(what));
            }
            for (kind, what) in BELONGINGS {
                let all = KeyRange::prefix(keys::belongings(account, kind, &user.id));
                if !tx.page(all, RangeOptions::limit(1))?.entries.is_empty() {
                    return Err(delete_conflict(what));
                }
            }
            if let Some(what) = belongings::in_the_way(tx, account, &user.id)? {
                return Err(delete_conflict(what));
            }
            if let Some(boundary) = &user.boundary {
                tx.delete(keys::attached(account, boundary, "boundary-user", &user.name));
            }
            tx.delete(keys::unique_id(&user.id));
            tx.delete_range(store::KeyRange::prefix(keys::all_accessed(account, &user.id)));
            tx.delete(keys::user(account, &user.name));
            quota::give_back(tx, account, "user");
            Ok(())
        })
        .await?;
        Ok(DeleteUserOutput {})
    }
}

/// Writes a new user, and what tells of it.
pub fn add(tx: &mut Tx, account: &str, user: &records::User) {
    let identity = Identity { account: account.to_owned(), is_role: false, name: user.name.clone() };
    tx.put(keys::unique_id(&user.id), identity.encode());
    save(tx, account, user);
}

/// Writes a user.
pub fn save(tx: &mut Tx, account: &str, user: &records::User) {
    tx.put(keys::user(account, &user.name), user.encode());
}

/// Takes everything that says the user's name over to the new one.
fn rename(tx: &mut Tx, account: &str, before: &records::User, after: &records::User) -> Result<(), Error> {
    if before.name == after.name {
        return Ok(());
    }
    if !before.name.eq_ignore_ascii_case(&after.name) {
        if tx.bytes(&keys::user(account, &after.name))?.is_some() {
            return Err(exists("User", &after.name));
        }
        tx.delete(keys::user(account, &before.name));
        for group in &before.groups {
            tx.delete(keys::member(account, group, &before.name));
            tx.put(keys::member(account, group, &after.name), Vec::new());
        }
        let attached = before.policies.attached.iter().map(|arn| (arn, "user"));
        for (arn, kind) in attached.chain(before.boundary.iter().map(|arn| (arn, "boundary-user"))) {
            tx.delete(keys::attached(account, arn, kind, &before.name));
            tx.put(keys::attached(account, arn, kind, &after.name), Vec::new());
        }
    }
    let identity = Identity { account: account.to_owned(), is_role: false, name: after.name.clone() };
    tx.put(keys::unique_id(&after.id), identity.encode());
    for id in &before.access_keys {
        let row = keys::access_key(id);
        if let Some(key) = tx.record::<AccessKey>(&row)? {
            tx.put(row, AccessKey { user: Some(after.name.clone()), ..key }.encode());
        }
    }
    for serial in &before.mfa {
        let Some(name) =
            serial.parse::<Arn>().ok().and_then(|arn| arn::name_in(&arn, "mfa/").map(str::to_owned))
        else {
            continue;
        };
        let row = keys::mfa_device(account, &name);
        if let Some(device) = tx.record::<MfaDevice>(&row)? {
            let enabled = device.enabled.map(|(_, since)| (after.name.clone(), since));
            tx.put(row, MfaDevice { enabled, ..device }.encode());
        }
    }
    Ok(())
}
