//! DescribeParameters.

use std::sync::Arc;

use kernel::{Call, Timestamp};
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;

use crate::error::invalid;
use crate::filter::{self, Filter, Of};
use crate::keys::Place;
use crate::limits::DESCRIBE_PAGE;
use crate::ops::get_parameter_history::tier;
use crate::records::Parameter;
use crate::scan::Search;
use crate::ssm::Ssm;
use crate::{name, page_token, policies};

impl Ssm {
    pub async fn describe_parameters(
        self: Arc<Self>,
        call: Arc<Call>,
        _: Allowed<()>,
        input: DescribeParametersInput,
    ) -> Result<DescribeParametersOutput, Error> {
        let older = input.filters.unwrap_or_default();
        let given = input.parameter_filters.unwrap_or_default();
        if !older.is_empty() && !given.is_empty() {
            return Err(invalid("You can use either Filters or ParameterFilters in a single request."));
        }
        let filters =
            if older.is_empty() { filter::parse(&given, Of::Describe)? } else { filter::parse_older(&older) };
        let question = page_token::question(&["DescribeParameters", &format!("{older:?}{given:?}")]);
        let after = page_token::read(input.next_token.as_deref(), &question)?;
        if input.shared == Some(true) {
            // Only shares of Resource Access Manager are listed, and there are none.
            return Ok(DescribeParametersOutput { parameters: Some(Vec::new()), next_token: None });
        }
        let max = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(DESCRIBE_PAGE);
        let place = Place { account: &call.account, region: &call.region };
        let beginning = filters.iter().find_map(Filter::beginning).unwrap_or_default();
        let after = after.as_deref();
        let search = Search { place, beginning: &beginning, one_level: false, after, max, now: call.now };
        let page = search.page(&self.store, |name, parameter| {
            let passes = filters.iter().all(|filter| filter.holds(&parameter));
            Ok(passes.then(|| described(place, name, parameter)))
        })?;
        let next_token = page.last.map(|last| page_token::write(&last, &question));
        Ok(DescribeParametersOutput { parameters: Some(page.items), next_token })
    }
}

/// Everything but the value.
fn described(place: Place<'_>, name: &str, parameter: Parameter) -> ParameterMetadata {
    let version = parameter.current;
    ParameterMetadata {
        name: Some(parameter.name),
        arn: Some(name::arn(place.account, place.region, name).to_string()),
        r#type: Some(ParameterType::from(version.kind).into()),
        key_id: version.key_id,
        last_modified_date: Some(Timestamp::from_millis(version.modified_ms)),
        last_modified_user: Some(version.modified_by),
        description: version.description,
        allowed_pattern: version.allowed_pattern,
        version: Some(version.number),
        tier: Some(tier(version.tier).into()),
        policies: Some(policies::shown(&version.policies)),
        data_type: Some(version.data_type),
    }
}
