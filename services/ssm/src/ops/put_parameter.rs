//! PutParameter.

use std::sync::Arc;

use kernel::Call;
use model_ssm::Error;
use model_ssm::types::{ParameterTier, PutParameterInput, PutParameterOutput};
use service::Allowed;
use store::{Record as _, Tx};

use crate::error::{Failure, corrupt};
use crate::keys::Place;
use crate::limits::{COUNT_MARGIN, SEAL_TRIES, VERSIONS_MAX};
use crate::name::Reference;
use crate::ops::plan::{Plan, Request};
use crate::records::{Expiring, Parameter, Tier, Value};
use crate::secure::{self, Sealing};
use crate::ssm::{self, Ssm};

/// A put on its way into the store.
struct Put<'a> {
    call: &'a Call,
    reference: &'a Reference,
    /// The name as the caller writes it, which a new parameter gets.
    shown: &'a str,
    request: &'a Request,
}

impl Ssm {
    pub async fn put_parameter(
        self: Arc<Self>,
        call: Arc<Call>,
        reference: Allowed<Reference>,
        input: PutParameterInput,
    ) -> Result<PutParameterOutput, Error> {
        let reference = reference.into_inner();
        let shown = input.name.trim().to_owned();
        let request = Request::check(&call, &reference, input)?;
        let put = Put { call: &call, reference: &reference, shown: &shown, request: &request };
        let (place, name) = (reference.place(), reference.name.as_str());
        for _ in 0..SEAL_TRIES {
            let before = self.find(place, name, call.now)?;
            let count = self.store.snapshot().get(&place.count(Tier::Standard))?;
            let is_full = count_of(count)? >= self.limits.standard_parameters_max;
            let sealing = request.plan(before.as_ref(), is_full)?.sealing();
            let value = match &sealing {
                Some(sealing) => {
                    secure::seal(&self.cloud, &call, &reference.arn(), sealing, &request.value).await?
                }
                None => Value::Plain(request.value.to_string()),
            };
            if let Some(plan) = self.transact(|tx| self.commit(tx, &put, sealing.as_ref(), &value)).await? {
                let tier = match plan.tier {
                    Tier::Standard => ParameterTier::Standard,
                    Tier::Advanced => ParameterTier::Advanced,
                };
                return Ok(PutParameterOutput { version: Some(plan.number()), tier: Some(tier.into()) });
            }
        }
        Err(Failure::Store(store::Error::Contention).into())
    }

    /// Writes the new version; `None` if another caller's change has made the value one encrypted under the wrong key.
    fn commit(
        &self,
        tx: &mut Tx,
        put: &Put<'_>,
        sealing: Option<&Sealing>,
        value: &Value,
    ) -> Result<Option<Plan>, Failure> {
        let (place, name, now) = (put.reference.place(), put.reference.name.as_str(), put.call.now);
        let row = place.parameter(name);
        let mut before = tx.get(&row)?.map(|bytes| ssm::decode(&bytes)).transpose()?;
        if let Some(expired) = before.take_if(|parameter| !ssm::is_live(parameter, now)) {
            ssm::remove(tx, place, name, &expired);
        }
        let standard_max = self.limits.standard_parameters_max;
        let standard = match before {
            // Only of a new parameter does it matter.
            Some(_) => 0,
            None => self.count(tx, place, Tier::Standard, standard_max)?,
        };
        let plan = put.request.plan(before.as_ref(), standard >= standard_max)?;
        if plan.sealing().as_ref() != sealing {
            return Ok(None);
        }
        if before.as_ref().map(|parameter| parameter.current.tier) != Some(plan.tier) {
            self.enter_tier(tx, place, before.as_ref(), plan.tier)?;
        }
        let version = plan.version(value.clone(), now, put.call.principal.arn.as_str());
        let old_expiry = before.as_ref().and_then(Parameter::expires_ms);
        let after = match before {
            Some(mut parameter) => {
                forget_oldest(tx, place, name, &parameter)?;
                let old = std::mem::replace(&mut parameter.current, version);
                tx.put(place.version(name, old.number), old.encode());
                parameter
            }
            None => Parameter {
                name: put.shown.to_owned(),
                current: version,
                tags: put.request.tags.clone(),
                resource_policy: None,
            },
        };
        let expiry = after.expires_ms();
        if expiry != old_expiry {
            if let Some(old) = old_expiry {
                tx.delete(place.expiry(old, name));
            }
            if let Some(new) = expiry {
                tx.put(place.expiry(new, name), Expiring {}.encode());
                // Said too early it does no harm; said too late it could be forgotten.
                self.schedule.note(place, new);
            }
        }
        tx.put(row, after.encode());
        Ok(Some(plan))
    }

    /// Counts a parameter that is new in a tier, if there is room for it.
    fn enter_tier(
        &self,
        tx: &mut Tx,
        place: Place<'_>,
        before: Option<&Parameter>,
        tier: Tier,
    ) -> Result<(), Failure> {
        let max = match tier {
            Tier::Standard => self.limits.standard_parameters_max,
            Tier::Advanced => self.limits.advanced_parameters_max,
        };
        if self.count(tx, place, tier, max)? >= max {
            let (name, more) = match tier {
                Tier::Standard => (
                    "standard",
                    "either delete existing parameters or upgrade to the advanced-parameter tier (charges apply)",
                ),
                Tier::Advanced => ("advanced", "delete existing parameters"),
            };
            return Err(Error::parameter_limit_exceeded(format!(
                "You have reached the maximum number of {name} parameters for this AWS account and Region ({max}). To \
                 add more parameters, {more}."
            ))
            .into());
        }
        tx.add_i64(place.count(tier), 1);
        if let Some(before) = before {
            tx.add_i64(place.count(before.current.tier), -1);
        }
        Ok(())
    }

    /// How many parameters of a tier there are. Near the quota the number is exact, and creations wait for one another;
    /// far from it they do not.
    fn count(&self, tx: &mut Tx, place: Place<'_>, tier: Tier, max: i64) -> Result<i64, Failure> {
        let key = place.count(tier);
        let about = count_of(tx.get_unchecked(&key)?)?;
        if about + COUNT_MARGIN < max {
            return Ok(about);
        }
        Ok(count_of(tx.get(&key)?)?)
    }
}

/// Makes room for one more version.
fn forget_oldest(tx: &mut Tx, place: Place<'_>, name: &str, parameter: &Parameter) -> Result<(), Failure> {
    if parameter.current.number < VERSIONS_MAX {
        return Ok(());
    }
    let oldest = parameter.oldest();
    let labels = ssm::labels_of(tx.get(&place.labels(name))?)?;
    if labels.versions.values().any(|version| *version == oldest) {
        let shown = &parameter.name;
        return Err(Error::parameter_max_version_limit_exceeded(format!(
            "You attempted to create a new version of {shown} by calling the PutParameter API with the overwrite flag. \
             Version {oldest}, the oldest version, can't be deleted because it has a label associated with it. Move the \
             label to another version of the parameter, and try again."
        ))
        .into());
    }
    tx.delete(place.version(name, oldest));
    Ok(())
}

/// The number in a counter's row.
fn count_of(bytes: Option<bytes::Bytes>) -> Result<i64, store::Error> {
    let Some(bytes) = bytes else { return Ok(0) };
    let bytes = <[u8; 8]>::try_from(&bytes[..]).map_err(|_| corrupt("a counter has not eight bytes"))?;
    Ok(i64::from_le_bytes(bytes))
}
