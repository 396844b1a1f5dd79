//! GetParametersByPath.

use std::sync::Arc;

use kernel::{Arn, Call};
use model_ssm::Error;
use model_ssm::types::*;
use service::Allowed;

use crate::filter::{self, Filter, Of};
use crate::keys::Place;
use crate::limits::PATH_PAGE;
use crate::name::{self, Reference};
use crate::page_token;
use crate::public;
use crate::reading::public_shown;
use crate::records::Parameter;
use crate::scan::Search;
use crate::ssm::Ssm;

impl Ssm {
    pub async fn get_parameters_by_path(
        self: Arc<Self>,
        call: Arc<Call>,
        path: Allowed<String>,
        input: GetParametersByPathInput,
    ) -> Result<GetParametersByPathOutput, Error> {
        let path = path.into_inner();
        let recursive = input.recursive == Some(true);
        let given = input.parameter_filters.unwrap_or_default();
        let filters = filter::parse(&given, Of::Path)?;
        let question = page_token::question(&[
            "GetParametersByPath",
            &path,
            &recursive.to_string(),
            &format!("{given:?}"),
        ]);
        let after = page_token::read(input.next_token.as_deref(), &question)?;
        let max = input.max_results.and_then(|max| usize::try_from(max).ok()).unwrap_or(PATH_PAGE);
        let beginning = if path.is_empty() { String::new() } else { format!("{path}/") };
        if beginning.starts_with("aws/") {
            return Ok(public_page(&call, &beginning, recursive, &filters, after.as_deref(), max, &question));
        }
        let place = Place { account: &call.account, region: &call.region };
        let search = Search {
            place,
            beginning: &beginning,
            one_level: !recursive,
            after: after.as_deref(),
            max,
            now: call.now,
        };
        let page = search.page(&self.store, |name, parameter| {
            let chosen = self.labelled(place, name, parameter, &filters)?;
            Ok(chosen.map(|parameter| (name::arn(place.account, place.region, name), parameter)))
        })?;
        let decrypted = input.with_decryption == Some(true);
        let mut parameters = Vec::with_capacity(page.items.len());
        for (arn, parameter) in page.items {
            parameters.push(self.shown(&call, arn, parameter, decrypted).await?);
        }
        let next_token = page.last.map(|last| page_token::write(&last, &question));
        Ok(GetParametersByPathOutput { parameters: Some(parameters), next_token })
    }

    /// The parameter in the version that has one of the labels asked for, if any are, and passes the other filters.
    fn labelled(
        &self,
        place: Place<'_>,
        name: &str,
        mut parameter: Parameter,
        filters: &[Filter],
    ) -> Result<Option<Parameter>, store::Error> {
        for filter in filters {
            let Filter::Label(wanted) = filter else { continue };
            let snapshot = self.store.snapshot();
            let labels = Self::labels(&snapshot, place, name)?;
            let Some(number) = wanted.iter().find_map(|label| labels.versions.get(label).copied()) else {
                return Ok(None);
            };
            if number != parameter.current.number {
                let Some(version) = Self::version(&snapshot, place, name, number)? else { return Ok(None) };
                parameter.current = version;
            }
        }
        Ok(filters.iter().all(|filter| filter.holds_of(&parameter.current)).then_some(parameter))
    }
}

/// A page of public parameters. They are all plain strings without labels.
fn public_page(
    call: &Call,
    beginning: &str,
    recursive: bool,
    filters: &[Filter],
    after: Option<&str>,
    max: usize,
    question: &str,
) -> GetParametersByPathOutput {
    let passes = filters.iter().all(|filter| match filter {
        Filter::Kind(_, values) => values.iter().any(|value| value == "String"),
        _ => false,
    });
    let below = public::beginning(&call.region, beginning, after)
        .filter(|parameter| passes && (recursive || !parameter.name[1 + beginning.len()..].contains('/')));
    let mut page: Vec<public::Parameter> = below.take(max + 1).collect();
    let more = page.len() > max;
    page.truncate(max);
    let last = page.last().map(|parameter| name::normal(&parameter.name).to_owned());
    let arn = |parameter: &public::Parameter| -> Arn {
        let name = name::normal(&parameter.name).to_owned();
        Reference { account: String::new(), region: call.region.clone(), name, selector: None }.arn()
    };
    let parameters =
        page.into_iter().map(|parameter| public_shown(arn(&parameter).as_str(), parameter)).collect();
    let next_token = last.filter(|_| more).map(|last| page_token::write(&last, question));
    GetParametersByPathOutput { parameters: Some(parameters), next_token }
}
