//! Which resource an operation touches, and the condition keys that come with it.
//!
//! What does not exist resolves as well, to the ARN it would have at the default path, so that only those who may look
//! learn that it is not there.

mod entities;
mod inputs;

use std::collections::BTreeMap;

use identity::keys;
use identity::records::{AccessKey, Group, InstanceProfile, ManagedPolicy, Role, User};
use kernel::{Arn, Call, PrincipalKind};
use model_iam::types::{
    AddRoleToInstanceProfileInput, CreateGroupInput, CreateInstanceProfileInput, CreatePolicyInput,
    CreateRoleInput, CreateServiceLinkedRoleInput, CreateUserInput, GetAccessKeyLastUsedInput,
    GetServiceLinkedRoleDeletionStatusInput, Tag,
};
use service::{Resource, Target};
use store::Record;

pub use self::entities::*;
pub use self::inputs::{Extra, MaybeUser, Names};
use crate::arn;
use crate::error::{Error, validation};
use crate::iam::Iam;
use crate::limits::PATH_DEFAULT;
use crate::ops::service_linked_roles::{role_name, role_of_task};
use crate::read::Reader as _;
use crate::service_linked;

/// Whose things an operation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The account's root user.
    Root,
    /// The user of this name.
    User(String),
}

/// Everything of the account, for operations that cannot be limited to resources.
pub fn account<I>(_: &Iam, call: &Call, _: &I) -> Result<Resource<()>, Error> {
    Ok(Resource::new(arn::of(&call.account, "*"), ()))
}

/// The user that the input names.
pub fn user<I: Names>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let target = user_target(iam, &call.account, input.name())?;
    Ok(Resource::new(with_extra(target, &input.extra()), ()))
}

/// The user that the input names, or else the caller.
pub fn self_or_user<I: MaybeUser>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<Owner>, Error> {
    let owner = match input.user_name() {
        Some(name) => Owner::User(name.to_owned()),
        None => caller(call)?,
    };
    let target = match &owner {
        Owner::User(name) => user_target(iam, &call.account, name)?,
        Owner::Root => Target::new(arn::of(&call.account, "root")),
    };
    Ok(Resource::new(target, owner))
}

/// Who calls, where that is somebody who has passwords and keys.
pub fn caller(call: &Call) -> Result<Owner, Error> {
    match call.principal.kind {
        PrincipalKind::Root => Ok(Owner::Root),
        PrincipalKind::User => {
            let resource = call.principal.arn.resource();
            Ok(Owner::User(resource.rsplit('/').next().unwrap_or(resource).to_owned()))
        }
        _ => Err(validation("Must specify userName when calling with non-User credentials")),
    }
}

/// The group that the input names.
pub fn group<I: Names>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let account = &call.account;
    let found: Option<Group> = read(iam, &keys::group(account, input.name()))?;
    let path = found.map_or(PATH_DEFAULT.to_owned(), |group| group.path);
    let target = Target::new(arn::named(account, "group", &path, input.name()));
    Ok(Resource::new(with_extra(target, &input.extra()), ()))
}

/// The role that the input names.
pub fn role<I: Names>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let target = role_target(iam, &call.account, input.name())?;
    Ok(Resource::new(with_extra(target, &input.extra()), ()))
}

/// The instance profile that the input names.
pub fn instance_profile<I: Names>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let target = profile_target(iam, &call.account, input.name())?;
    Ok(Resource::new(with_extra(target, &input.extra()), ()))
}

/// The managed policy whose ARN the input gives.
pub fn policy<I: Names>(iam: &Iam, call: &Call, input: &I) -> Result<Resource<()>, Error> {
    let given = input.name();
    let arn: Arn =
        given.parse().map_err(|_| Error::invalid_input_exception(format!("ARN {given} is not valid.")))?;
    let name = arn::name_in(&arn, "policy/").filter(|_| arn.account() == call.account);
    let found: Option<ManagedPolicy> = match name {
        Some(name) => read(iam, &keys::policy(&call.account, name))?,
        None => None,
    };
    let tags = found.filter(|policy| arn::policy(&call.account, policy) == arn).map(|policy| policy.tags);
    // The policies that AWS manages are everybody's.
    let target = with_resource_tags(Target::new(arn).owned_by(&*call.account), &tags.unwrap_or_default());
    Ok(Resource::new(with_extra(target, &input.extra()), ()))
}

/// A user that is to be made.
pub fn new_user(_: &Iam, call: &Call, input: &CreateUserInput) -> Result<Resource<()>, Error> {
    Ok(made(call, "user", input.path.as_deref(), input))
}

/// A group that is to be made.
pub fn new_group(_: &Iam, call: &Call, input: &CreateGroupInput) -> Result<Resource<()>, Error> {
    Ok(made(call, "group", input.path.as_deref(), input))
}

/// A role that is to be made.
pub fn new_role(_: &Iam, call: &Call, input: &CreateRoleInput) -> Result<Resource<()>, Error> {
    Ok(made(call, "role", input.path.as_deref(), input))
}

/// An instance profile that is to be made.
pub fn new_instance_profile(
    _: &Iam,
    call: &Call,
    input: &CreateInstanceProfileInput,
) -> Result<Resource<()>, Error> {
    Ok(made(call, "instance-profile", input.path.as_deref(), input))
}

/// A managed policy that is to be made.
pub fn new_policy(_: &Iam, call: &Call, input: &CreatePolicyInput) -> Result<Resource<()>, Error> {
    Ok(made(call, "policy", input.path.as_deref(), input))
}

/// An instance profile that gets a role, and the role, which the caller must be allowed to pass on.
pub fn profile_and_role(
    iam: &Iam,
    call: &Call,
    input: &AddRoleToInstanceProfileInput,
) -> Result<Resource<()>, Error> {
    let profile = profile_target(iam, &call.account, &input.instance_profile_name)?;
    let role = role_target(iam, &call.account, &input.role_name)?
        .for_actions(["iam:PassRole"])
        .with_key("iam:PassedToService", "ec2.amazonaws.com");
    Ok(Resource::new(profile, ()).and(role))
}

/// The user who has an access key.
pub fn access_key_owner(
    iam: &Iam,
    call: &Call,
    input: &GetAccessKeyLastUsedInput,
) -> Result<Resource<()>, Error> {
    let key: Option<AccessKey> = read(iam, &keys::access_key(&input.access_key_id))?;
    let owner = key.filter(|key| key.account == call.account).and_then(|key| key.user);
    let target = match owner {
        Some(name) => user_target(iam, &call.account, &name)?,
        None => Target::new(arn::of(&call.account, "user/*")),
    };
    Ok(Resource::new(target, ()))
}

/// The user, group or role whose ARN the input gives.
pub fn by_arn<I: Names>(_: &Iam, _: &Call, input: &I) -> Result<Resource<()>, Error> {
    let given = input.name();
    let arn: Arn =
        given.parse().map_err(|_| Error::invalid_input_exception(format!("ARN {given} is not valid.")))?;
    Ok(Resource::new(arn, ()))
}

/// A service-linked role that is to be made.
pub fn new_service_linked_role(
    _: &Iam,
    call: &Call,
    input: &CreateServiceLinkedRoleInput,
) -> Result<Resource<()>, Error> {
    let service = input.aws_service_name.as_str();
    // Of a service that is not known, policies can name any role.
    let base = service_linked::find(service).map_or("*", |linked| linked.role);
    let name = role_name(base, input.custom_suffix.as_deref());
    let arn = arn::named(&call.account, "role", &format!("/aws-service-role/{service}/"), &name);
    Ok(Resource::new(Target::new(arn).with_key("iam:AWSServiceName", service.to_owned()), ()))
}

/// The service-linked role that is being deleted.
pub fn deleted_role(
    _: &Iam,
    call: &Call,
    input: &GetServiceLinkedRoleDeletionStatusInput,
) -> Result<Resource<()>, Error> {
    let named = role_of_task(&call.account, &input.deletion_task_id);
    Ok(Resource::new(named.unwrap_or_else(|| arn::of(&call.account, "role/*")), ()))
}

fn made(call: &Call, kind: &str, path: Option<&str>, input: &impl Names) -> Resource<()> {
    let arn = arn::named(&call.account, kind, path.unwrap_or(PATH_DEFAULT), input.name());
    Resource::new(with_extra(Target::new(arn), &input.extra()), ())
}

/// A user as policies see it.
pub fn user_target(iam: &Iam, account: &str, name: &str) -> Result<Target, Error> {
    let Some(user) = read::<User>(iam, &keys::user(account, name))? else {
        return Ok(Target::new(arn::named(account, "user", PATH_DEFAULT, name)));
    };
    let target = with_boundary(Target::new(arn::user(account, &user)), user.boundary.as_deref());
    Ok(with_resource_tags(target, &user.tags))
}

/// A role as policies see it.
pub fn role_target(iam: &Iam, account: &str, name: &str) -> Result<Target, Error> {
    let Some(role) = read::<Role>(iam, &keys::role(account, name))? else {
        return Ok(Target::new(arn::named(account, "role", PATH_DEFAULT, name)));
    };
    let target = with_boundary(Target::new(arn::role(account, &role)), role.boundary.as_deref());
    Ok(with_resource_tags(target, &role.tags))
}

fn profile_target(iam: &Iam, account: &str, name: &str) -> Result<Target, Error> {
    let found: Option<InstanceProfile> = read(iam, &keys::instance_profile(account, name))?;
    Ok(match found {
        None => Target::new(arn::named(account, "instance-profile", PATH_DEFAULT, name)),
        Some(profile) => {
            let target = Target::new(arn::instance_profile(account, &profile));
            with_resource_tags(target, &profile.tags)
        }
    })
}

fn read<R: Record>(iam: &Iam, key: &[u8]) -> Result<Option<R>, Error> {
    iam.store.snapshot().record(key)
}

fn with_boundary(target: Target, boundary: Option<&str>) -> Target {
    match boundary {
        Some(boundary) => target.with_key("iam:PermissionsBoundary", boundary.to_owned()),
        None => target,
    }
}

/// The tags that a resource has, under both of their names.
pub fn with_resource_tags(target: Target, tags: &BTreeMap<String, String>) -> Target {
    let target = target.with_tags(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    tags.iter()
        .fold(target, |target, (key, value)| target.with_key(format!("iam:ResourceTag/{key}"), value.clone()))
}

/// The condition keys that the request sets.
fn with_extra(mut target: Target, extra: &Extra<'_>) -> Target {
    if let Some(boundary) = extra.boundary {
        // That which is asked for, in place of that which is.
        target.keys.retain(|(name, _)| name != "iam:PermissionsBoundary");
        target = with_boundary(target, Some(boundary));
    }
    if let Some(arn) = extra.policy_arn {
        target = target.with_key("iam:PolicyARN", arn.to_owned());
    }
    target = with_request_tags(target, extra.tags);
    match extra.tag_keys {
        Some(keys) => target.with_tag_keys(keys.iter().map(String::as_str)),
        None => target,
    }
}

/// The tags that a request sets.
pub fn with_request_tags<'t>(target: Target, tags: impl IntoIterator<Item = &'t Tag>) -> Target {
    target.with_request_tags(tags.into_iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
}
