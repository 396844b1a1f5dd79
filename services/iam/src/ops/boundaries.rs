//! Permissions boundaries of users and roles.

use std::sync::Arc;

use bytes::Bytes;
use identity::keys;
use identity::records::{Role, User};
use kernel::Call;
use model_iam::types::*;
use service::Allowed;
use store::Tx;

use crate::attach;
use crate::error::Error;
use crate::holder::Holder;
use crate::iam::Iam;

/// Replaces a boundary, and the entry of the index that tells of it.
fn replace(
    tx: &mut Tx,
    account: &str,
    boundary: &mut Option<String>,
    new: Option<&str>,
    kind: &str,
    name: &str,
) -> Result<(), Error> {
    if let Some(before) = boundary.take() {
        let row: Bytes = keys::attached(account, &before, kind, name);
        tx.delete(row);
    }
    if let Some(new) = new {
        attach::set_boundary(tx, account, new, kind, name)?;
        *boundary = Some(new.to_owned());
    }
    Ok(())
}

fn absent(kind: &str, name: &str) -> Error {
    let text = format!("The permissions boundary of {kind} {name} cannot be found.");
    Error::no_such_entity_exception(text)
}

impl Iam {
    pub async fn put_user_permissions_boundary(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: PutUserPermissionsBoundaryInput,
    ) -> Result<PutUserPermissionsBoundaryOutput, Error> {
        self.transact(|tx| {
            User::change(tx, &call.account, &input.user_name, |tx, user| {
                let new = Some(input.permissions_boundary.as_str());
                replace(tx, &call.account, &mut user.boundary, new, "boundary-user", &user.name)
            })
        })
        .await?;
        Ok(PutUserPermissionsBoundaryOutput {})
    }

    pub async fn delete_user_permissions_boundary(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteUserPermissionsBoundaryInput,
    ) -> Result<DeleteUserPermissionsBoundaryOutput, Error> {
        self.transact(|tx| {
            User::change(tx, &call.account, &input.user_name, |tx, user| {
                if user.boundary.is_none() {
                    return Err(absent("user", &user.name));
                }
                replace(tx, &call.account, &mut user.boundary, None, "boundary-user", &user.name)
            })
        })
        .await?;
        Ok(DeleteUserPermissionsBoundaryOutput {})
    }

    pub async fn put_role_permissions_boundary(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: PutRolePermissionsBoundaryInput,
    ) -> Result<PutRolePermissionsBoundaryOutput, Error> {
        self.transact(|tx| {
            Role::change(tx, &call.account, &input.role_name, |tx, role| {
                let new = Some(input.permissions_boundary.as_str());
                replace(tx, &call.account, &mut role.boundary, new, "boundary-role", &role.name)
            })
        })
        .await?;
        Ok(PutRolePermissionsBoundaryOutput {})
    }

    pub async fn delete_role_permissions_boundary(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteRolePermissionsBoundaryInput,
    ) -> Result<DeleteRolePermissionsBoundaryOutput, Error> {
        self.transact(|tx| {
            Role::change(tx, &call.account, &input.role_name, |tx, role| {
                if role.boundary.is_none() {
                    return Err(absent("role", &role.name));
                }
                replace(tx, &call.account, &mut role.boundary, None, "boundary-role", &role.name)
            })
        })
        .await?;
        Ok(DeleteRolePermissionsBoundaryOutput {})
    }
}
