//! The part of UpdateTable that makes and removes the witness of a global table that is `STRONG`: a third region, which has no
//! table. It comes and goes with the other replica. The contents of all regions are one here, so that it has nothing to keep.

use model_dynamodb::Error;
use model_dynamodb::types::{GlobalTableWitnessGroupUpdate, MultiRegionConsistency};

use crate::error::validation;
use crate::records::Table;

/// What a request wants of a witness, and where.
#[derive(Clone, Copy)]
pub enum Witness<'i> {
    Create(&'i str),
    Delete(&'i str),
}

impl<'i> Witness<'i> {
    /// What these updates say, of which there is one at most.
    pub fn wanted(updates: Option<&'i [GlobalTableWitnessGroupUpdate]>) -> Result<Option<Self>, Error> {
        let Some(update) = updates.and_then(<[_]>::first) else { return Ok(None) };
        match (&update.create, &update.delete) {
            (Some(create), None) => Ok(Some(Self::Create(&create.region_name))),
            (None, Some(delete)) => Ok(Some(Self::Delete(&delete.region_name))),
            (None, None) => {
                Err(validation("There are no actions specified in the Witness Update Action of the request."))
            }
            (Some(_), Some(_)) => Err(several_kinds()),
        }
    }

    /// Where one is to be made.
    pub fn created(wanted: Option<Self>) -> Option<&'i str> {
        wanted.and_then(|witness| match witness {
            Self::Create(region) => Some(region),
            Self::Delete(_) => None,
        })
    }
}

/// Refuses a witness together with replicas that are made in `regions`, the first of which is the table's own.
pub fn check_made(
    wanted: Option<Witness<'_>>,
    regions: &[&str],
    consistency: Option<MultiRegionConsistency>,
) -> Result<(), Error> {
    match wanted {
        None => Ok(()),
        Some(Witness::Delete(_)) => Err(several_kinds()),
        Some(Witness::Create(_)) if consistency != Some(MultiRegionConsistency::Strong) => Err(only_strong()),
        Some(Witness::Create(region)) if regions.first() == Some(&region) => Err(validation(
            "Cannot add a witness in the same region as an existing replica when creating a global table with \
             MultiRegionConsistency set to STRONG.",
        )),
        Some(Witness::Create(region)) if regions.contains(&region) => {
            Err(validation("Cannot target multiple regions with the same action"))
        }
        Some(Witness::Create(_)) => Ok(()),
    }
}

/// Refuses a witness together with changes of replicas.
pub fn check_unchanged(wanted: Option<Witness<'_>>) -> Result<(), Error> {
    match wanted {
        None => Ok(()),
        Some(Witness::Create(_)) => Err(only_strong()),
        Some(Witness::Delete(_)) => Err(several_kinds()),
    }
}

/// Refuses to remove replicas without their witness, and a witness that is not theirs.
pub fn check_removed(wanted: Option<Witness<'_>>, table: &Table) -> Result<(), Error> {
    match (wanted, table.witness()) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(validation("Update table delete operation does not include all witnesses.")),
        (Some(Witness::Create(_)), _) => Err(only_strong()),
        (Some(Witness::Delete(region)), there) if there == Some(region) => Ok(()),
        (Some(Witness::Delete(region)), _) => Err(validation(format!(
            "Update global table operation failed because one or more witnesses were not part of the global table. Please \
             retry the request without these witnesses: [{region}]."
        ))),
    }
}

fn only_strong() -> Error {
    validation(
        "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.",
    )
}

/// A request does one kind of thing with replicas and witnesses.
pub fn several_kinds() -> Error {
    validation("Update table operation with more than one type of replica actions not allowed")
}
