//! Groups and who is in them.

use std::sync::Arc;

use identity::keys;
use identity::records;
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::{KeyRange, KeyReader, Record as _, Tx};

use crate::error::{Error, delete_conflict, exists, over_quota};
use crate::iam::Iam;
use crate::limits::{GROUPS, GROUPS_PER_USER};
use crate::ops::users;
use crate::page::Wanted;
use crate::read::Reader;
use crate::{check, find, quota, shape};

impl Iam {
    pub async fn create_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateGroupInput,
    ) -> Result<CreateGroupOutput, Error> {
        let account = &call.account;
        let group = records::Group {
            name: input.group_name.into_inner(),
            path: check::path(input.path)?,
            id: self.unique_id("AGPA"),
            created_ms: call.now.millis(),
            policies: records::Policies::default(),
        };
        self.transact(|tx| {
            if tx.bytes(&keys::group(account, &group.name))?.is_some() {
                return Err(exists("Group", &group.name));
            }
            quota::take(tx, account, "group", "GroupsPerAccount", GROUPS)?;
            tx.put(keys::group(account, &group.name), group.encode());
            Ok(())
        })
        .await?;
        Ok(CreateGroupOutput { group: Some(shape::group(account, &group)) })
    }

    pub async fn get_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetGroupInput,
    ) -> Result<GetGroupOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let group = find::group(&mut snapshot, account, &input.group_name)?;
        let part = wanted.of(members(&mut snapshot, account, &group.name)?, Clone::clone);
        let mut users = Vec::with_capacity(part.entries.len());
        for name in &part.entries {
            users.push(shape::listed_user(account, &find::user(&mut snapshot, account, name)?));
        }
        Ok(GetGroupOutput {
            group: Some(shape::group(account, &group)),
            users: Some(users),
            is_truncated: part.truncated(),
            marker: part.marker,
        })
    }

    pub async fn list_groups(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListGroupsInput,
    ) -> Result<ListGroupsOutput, Error> {
        let account = &call.account;
        let prefix = input.path_prefix.unwrap_or_default();
        let part = Wanted::new(input.max_items, input.marker.as_deref())?.records(
            &mut self.store.snapshot(),
            &keys::all(account, "group"),
            |group: &records::Group| group.path.starts_with(&prefix),
            |group| &group.name,
        )?;
        Ok(ListGroupsOutput {
            is_truncated: part.truncated(),
            groups: Some(part.entries.iter().map(|group| shape::group(account, group)).collect()),
            marker: part.marker,
        })
    }

    pub async fn list_groups_for_user(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: ListGroupsForUserInput,
    ) -> Result<ListGroupsForUserOutput, Error> {
        let account = &call.account;
        let wanted = Wanted::new(input.max_items, input.marker.as_deref())?;
        let mut snapshot = self.store.snapshot();
        let user = find::user(&mut snapshot, account, &input.user_name)?;
        let mut names = user.groups;
        names.sort_by_key(|name| name.to_ascii_lowercase());
        let part = wanted.of(names, |name| name.to_ascii_lowercase());
        let mut groups = Vec::with_capacity(part.entries.len());
        for name in &part.entries {
            groups.push(shape::group(account, &find::group(&mut snapshot, account, name)?));
        }
        Ok(ListGroupsForUserOutput {
            is_truncated: part.truncated(),
            groups: Some(groups),
            marker: part.marker,
        })
    }

    pub async fn update_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: UpdateGroupInput,
    ) -> Result<UpdateGroupOutput, Error> {
        let account = &call.account;
        let new_path = input.new_path.map(|path| check::path(Some(path))).transpose()?;
        self.transact(|tx| {
            let before = find::group(tx, account, &input.group_name)?;
            let mut group = before.clone();
            if let Some(path) = &new_path {
                group.path.clone_from(path);
            }
            if let Some(name) = &input.new_group_name {
                group.name.clone_from(name);
            }
            rename(tx, account, &before, &group)?;
            tx.put(keys::group(account, &group.name), group.encode());
            Ok(())
        })
        .await?;
        Ok(UpdateGroupOutput {})
    }

    pub async fn delete_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteGroupInput,
    ) -> Result<DeleteGroupOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let group = find::group(tx, account, &input.group_name)?;
            if !members(tx, account, &group.name)?.is_empty() {
                return Err(delete_conflict("must remove users from group first."));
            }
            if !group.policies.attached.is_empty() {
                return Err(delete_conflict("must detach all policies first."));
            }
            if !group.policies.inline.is_empty() {
                return Err(delete_conflict("must delete policies first."));
            }
            tx.delete(keys::group(account, &group.name));
            quota::give_back(tx, account, "group");
            Ok(())
        })
        .await?;
        Ok(DeleteGroupOutput {})
    }

    pub async fn add_user_to_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: AddUserToGroupInput,
    ) -> Result<AddUserToGroupOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let group = find::group(tx, account, &input.group_name)?;
            let mut user = find::user(tx, account, &input.user_name)?;
            if user.groups.iter().any(|name| name.eq_ignore_ascii_case(&group.name)) {
                return Ok(());
            }
            if user.groups.len() >= GROUPS_PER_USER {
                return Err(over_quota("GroupsPerUser", GROUPS_PER_USER));
            }
            tx.put(keys::member(account, &group.name, &user.name), Vec::new());
            user.groups.push(group.name);
            users::save(tx, account, &user);
            Ok(())
        })
        .await?;
        Ok(AddUserToGroupOutput {})
    }

    pub async fn remove_user_from_group(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: RemoveUserFromGroupInput,
    ) -> Result<RemoveUserFromGroupOutput, Error> {
        let account = &call.account;
        self.transact(|tx| {
            let group = find::group(tx, account, &input.group_name)?;
            let mut user = find::user(tx, account, &input.user_name)?;
            let Some(at) = user.groups.iter().position(|name| name.eq_ignore_ascii_case(&group.name)) else {
                let text = format!("User {} not in group {}", user.name, group.name);
                return Err(Error::no_such_entity_exception(text));
            };
            user.groups.remove(at);
            tx.delete(keys::member(account, &group.name, &user.name));
            users::save(tx, account, &user);
            Ok(())
        })
        .await?;
        Ok(RemoveUserFromGroupOutput {})
    }
}

/// The users of a group, in lower case.
pub fn members(from: &mut impl Reader, account: &str, group: &str) -> Result<Vec<String>, Error> {
    let prefix = keys::members(account, group);
    let mut names = Vec::new();
    from.visit(KeyRange::prefix(&prefix), |key, _| {
        if let Some(mut rest) = KeyReader::after_prefix(key, &prefix) {
            names.push(rest.str()?.into_owned());
        }
        Ok(true)
    })?;
    Ok(names)
}

/// Takes everything that says the group's name over to the new one.
fn rename(tx: &mut Tx, account: &str, before: &records::Group, after: &records::Group) -> Result<(), Error> {
    if before.name == after.name {
        return Ok(());
    }
    let moves = !before.name.eq_ignore_ascii_case(&after.name);
    if moves && tx.bytes(&keys::group(account, &after.name))?.is_some() {
        return Err(exists("Group", &after.name));
    }
    for name in members(tx, account, &before.name)? {
        let mut user = find::user(tx, account, &name)?;
        for group in user.groups.iter_mut().filter(|group| group.eq_ignore_ascii_case(&before.name)) {
            group.clone_from(&after.name);
        }
        users::save(tx, account, &user);
        if moves {
            tx.delete(keys::member(account, &before.name, &name));
            tx.put(keys::member(account, &after.name, &name), Vec::new());
        }
    }
    if moves {
        tx.delete(keys::group(account, &before.name));
        for arn in &before.policies.attached {
            tx.delete(keys::attached(account, arn, "group", &before.name));
            tx.put(keys::attached(account, arn, "group", &after.name), Vec::new());
        }
    }
    Ok(())
}
