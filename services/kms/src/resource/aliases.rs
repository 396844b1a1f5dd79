//! Operations on aliases, which touch the alias and the keys behind it.

use kernel::{Arn, Call};
use model_kms::Error;
use model_kms::types::{CreateAliasInput, DeleteAliasInput, UpdateAliasInput};
use service::{Resource, Target};
use store::{Record as _, Snapshot};

use crate::kms::Kms;
use crate::resource::{Asked, Found, Subject, look_up, target};
use crate::{keys, records};

fn alias_arn(call: &Call, name: &str) -> Arn {
    Arn::aws("kms", &call.region, &call.account, name)
}

/// The alias itself has no policy: the callers' own decide.
fn alias_target(call: &Call, name: &str) -> Target {
    let mut target =
        Target::new(alias_arn(call, name)).with_key("kms:CallerAccount", call.principal.account.clone());
    if let Some(via) = call.called_via.last() {
        target = target.with_key("kms:ViaService", format!("{via}.{}.amazonaws.com", call.region));
    }
    target
}

/// The key that an alias of the caller's account points to.
fn behind(kms: &Kms, call: &Call, snapshot: &Snapshot, name: &str) -> Result<Option<Target>, Error> {
    let Some(bytes) = snapshot.get(&keys::alias(&call.account, &call.region, name))? else { return Ok(None) };
    let id = records::Alias::decode(&bytes)?.key_id;
    let looked = look_up(kms, call, snapshot, &id, false, false)?;
    match looked.subject.found {
        Found::Key(_) => target(kms, call, snapshot, &looked, &Asked::default()).map(Some),
        _ => Ok(None),
    }
}

/// A new alias and its key.
pub fn new_alias(kms: &Kms, call: &Call, input: &CreateAliasInput) -> Result<Resource<Subject>, Error> {
    let snapshot = kms.store.snapshot();
    let looked = look_up(kms, call, &snapshot, &input.target_key_id, false, false)?;
    let key = target(kms, call, &snapshot, &looked, &Asked::default())?;
    Ok(Resource::new(alias_target(call, &input.alias_name), looked.subject).and(key))
}

/// An alias, the key it leaves and the key it goes to.
pub fn moved_alias(kms: &Kms, call: &Call, input: &UpdateAliasInput) -> Result<Resource<Subject>, Error> {
    let snapshot = kms.store.snapshot();
    let looked = look_up(kms, call, &snapshot, &input.target_key_id, false, false)?;
    let key = target(kms, call, &snapshot, &looked, &Asked::default())?;
    let resource = Resource::new(alias_target(call, &input.alias_name), looked.subject).and(key);
    Ok(match behind(kms, call, &snapshot, &input.alias_name)? {
        Some(left) => resource.and(left),
        None => resource,
    })
}

/// An alias and its key.
pub fn alias_of_key(kms: &Kms, call: &Call, input: &DeleteAliasInput) -> Result<Resource<()>, Error> {
    let snapshot = kms.store.snapshot();
    let resource = Resource::new(alias_target(call, &input.alias_name), ());
    Ok(match behind(kms, call, &snapshot, &input.alias_name)? {
        Some(key) => resource.and(key),
        None => resource,
    })
}
