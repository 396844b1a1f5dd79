//! Service-linked roles.

use std::sync::Arc;

use identity::keys;
use identity::records::{self, DeletionTask};
use kernel::{Arn, Call};
use model_iam::types::*;
use service::Allowed;
use store::{KeyRange, Record as _, Tx};

use crate::error::Error;
use crate::iam::Iam;
use crate::limits::{DELETION_KEPT_MS, SESSION_SECS_DEFAULT};
use crate::ops::roles;
use crate::read::Reader as _;
use crate::{attach, find, service_linked, shape};

impl Iam {
    pub async fn create_service_linked_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: CreateServiceLinkedRoleInput,
    ) -> Result<CreateServiceLinkedRoleOutput, Error> {
        let account = &call.account;
        let service = input.aws_service_name.as_str();
        let Some(linked) = service_linked::find(service) else {
            let text = format!("Service-linked roles are not supported for {service}");
            return Err(Error::invalid_input_exception(text));
        };
        if input.custom_suffix.is_some() && !linked.suffixes {
            let text = format!("Custom suffix is not allowed for {service}");
            return Err(Error::invalid_input_exception(text));
        }
        let name = role_name(linked.role, input.custom_suffix.as_deref());
        let role = records::Role {
            path: format!("/aws-service-role/{service}/"),
            id: self.unique_id("AROA"),
            created_ms: call.now.millis(),
            trust: format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
            ),
            description: input.description,
            max_session_secs: SESSION_SECS_DEFAULT,
            policies: records::Policies::default(),
            boundary: None,
            tags: Default::default(),
            used: None,
            linked_to: Some(service.to_owned()),
            name,
        };
        let shown = self
            .transact(|tx| {
                if tx.bytes(&keys::role(account, &role.name))?.is_some() {
                    return Err(Error::invalid_input_exception(format!(
                        "Service role name {} has been taken in this account, please try a different suffix.",
                        role.name
                    )));
                }
                let mut role = role.clone();
                let name = role.name.clone();
                attach::attach(tx, account, &mut role.policies, &linked.policy_arn(), "role", &name)?;
                roles::add(tx, account, &role)?;
                shape::role(tx, account, &role)
            })
            .await?;
        let shown = Role { max_session_duration: None, role_last_used: None, ..shown };
        Ok(CreateServiceLinkedRoleOutput { role: Some(shown) })
    }

    pub async fn delete_service_linked_role(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DeleteServiceLinkedRoleInput,
    ) -> Result<DeleteServiceLinkedRoleOutput, Error> {
        let account = &call.account;
        let now_ms = call.now.millis();
        let uuid = self.ids.uuid();
        let id = self
            .transact(|tx| {
                let role = find::role(tx, account, &input.role_name)?;
                let Some(service) = &role.linked_to else {
                    let text = format!("Role {} is not a service-linked role.", role.name);
                    return Err(Error::invalid_input_exception(text));
                };
                let id = format!("task/aws-service-role/{service}/{}/{uuid}", role.name);
                roles::remove(tx, account, &role);
                forget_old(tx, account, now_ms)?;
                let task = DeletionTask { role: role.name, deleted_ms: now_ms };
                tx.put(keys::deletion(account, &id), task.encode());
                Ok(id)
            })
            .await?;
        Ok(DeleteServiceLinkedRoleOutput { deletion_task_id: Some(id) })
    }

    pub async fn get_service_linked_role_deletion_status(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: GetServiceLinkedRoleDeletionStatusInput,
    ) -> Result<GetServiceLinkedRoleDeletionStatusOutput, Error> {
        let id = input.deletion_task_id.as_str();
        let row = keys::deletion(&call.account, id);
        // The role is gone when the task is there: nothing here can be using it.
        match self.store.snapshot().record::<DeletionTask>(&row)? {
            Some(_) => Ok(GetServiceLinkedRoleDeletionStatusOutput {
                status: Some(DeletionTaskStatusType::Succeeded.into()),
                reason: None,
            }),
            None => {
                let text = format!("The deletion task with id {id} cannot be found.");
                Err(Error::no_such_entity_exception(text))
            }
        }
    }
}

/// The name of a service's role.
pub fn role_name(base: &str, suffix: Option<&str>) -> String {
    match suffix {
        Some(suffix) => format!("{base}_{suffix}"),
        None => base.to_owned(),
    }
}

/// The role that a deletion's id names.
pub fn role_of_task(account: &str, id: &str) -> Option<Arn> {
    let rest = id.strip_prefix("task/")?;
    let (role, _) = rest.rsplit_once('/')?;
    Some(crate::arn::of(account, &format!("role/{role}")))
}

/// Forgets deletions that nobody waits for any more.
fn forget_old(tx: &mut Tx, account: &str, now_ms: i64) -> Result<(), Error> {
    let mut old = Vec::new();
    tx.visit(KeyRange::prefix(keys::all(account, "deletion")), |key, bytes| {
        if DeletionTask::decode(bytes)?.deleted_ms < now_ms - DELETION_KEPT_MS {
            old.push(key.to_vec());
        }
        Ok(true)
    })?;
    for key in old {
        tx.delete(key);
    }
    Ok(())
}
