//! GetParameterHistory.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;
use store::{RangeOptions, Record as _};

use crate::error::{corrupt, not_found};
use crate::limits::HISTORY_PAGE;
use crate::name::Reference;
use crate::records::{Labels, Tier, Version};
use crate::resource::{Found, Named};
use crate::ssm::Ssm;
use crate::{page_token, policies, public, secure};

impl Ssm {
    pub async fn get_parameter_history(
        self: Arc<Self>,
        call: Arc<Call>,
        named: Allowed<Named>,
        input: GetParameterHistoryInput,
    ) -> Result<GetParameterHistoryOutput, Error> {
        let Named { reference, found, .. } = named.into_inner();
        let parameter = match found {
            _ if reference.selector.is_some() => return Err(not_found()),
            Found::Own(parameter) => parameter,
            Found::Public(parameter) => return Ok(of_public(parameter)),
            Found::Nothing => return Err(not_found()),
        };
        let question = page_token::question(&["GetParameterHistory", reference.arn().as_str()]);
        let after = page_token::read(input.next_token.as_deref(), &question)?;
        let after: i64 = after.and_then(|after| after.parse().ok()).unwrap_or(0);
        let max = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(HISTORY_PAGE);
        let (mut versions, labels) = self.versions_after(&reference, after)?;
        versions.push(parameter.current);
        versions.retain(|version| version.number > after);
        let more = versions.len() > max;
        versions.truncate(max);
        let last = versions.last().map(|version| version.number.to_string());
        let decrypted = input.with_decryption == Some(true);
        let mut shown = Vec::with_capacity(versions.len());
        for version in versions {
            shown.push(self.past(&call, &reference, &parameter.name, version, &labels, decrypted).await?);
        }
        let next_token = last.filter(|_| more).map(|last| page_token::write(&last, &question));
        Ok(GetParameterHistoryOutput { parameters: Some(shown), next_token })
    }

    /// The older versions behind one, of which there are at most a hundred, and the labels.
    fn versions_after(
        &self,
        reference: &Reference,
        after: i64,
    ) -> Result<(Vec<Version>, Labels), store::Error> {
        let (place, name) = (reference.place(), &reference.name);
        let snapshot = self.store.snapshot();
        let rows =
            snapshot.range(place.versions_from(name, after.saturating_add(1)), RangeOptions::default())?;
        let versions = rows.entries.iter().map(|(_, bytes)| Version::decode(bytes).map_err(corrupt));
        Ok((versions.collect::<Result<_, _>>()?, Self::labels(&snapshot, place, name)?))
    }

    async fn past(
        &self,
        call: &Call,
        reference: &Reference,
        name: &str,
        mut version: Version,
        labels: &Labels,
        decrypted: bool,
    ) -> Result<ParameterHistory, Error> {
        let arn = reference.arn();
        let value = secure::shown(&self.cloud, call, &arn, &mut version.value, decrypted).await?;
        Ok(ParameterHistory {
            name: Some(name.to_owned()),
            r#type: Some(ParameterType::from(version.kind).into()),
            key_id: version.key_id,
            last_modified_date: Some(Timestamp::from_millis(version.modified_ms)),
            last_modified_user: Some(version.modified_by),
            description: version.description,
            value: Some(value),
            allowed_pattern: version.allowed_pattern,
            version: Some(version.number),
            labels: Some(labels.of(version.number)),
            tier: Some(tier(version.tier).into()),
            policies: Some(policies::shown(&version.policies)),
            data_type: Some(version.data_type),
        })
    }
}

/// A tier as answers name it.
pub fn tier(tier: Tier) -> ParameterTier {
    match tier {
        Tier::Standard => ParameterTier::Standard,
        Tier::Advanced => ParameterTier::Advanced,
    }
}

/// A public parameter has one version.
fn of_public(parameter: public::Parameter) -> GetParameterHistoryOutput {
    let only = ParameterHistory {
        name: Some(parameter.name),
        r#type: Some(ParameterType::String.into()),
        last_modified_date: Some(public::MODIFIED),
        value: Some(parameter.value),
        version: Some(1),
        labels: Some(Vec::new()),
        tier: Some(ParameterTier::Standard.into()),
        policies: Some(Vec::new()),
        data_type: Some(parameter.data_type.to_owned()),
        ..Default::default()
    };
    GetParameterHistoryOutput { parameters: Some(vec![only]), next_token: None }
}
