//! How S3 Control speaks of inputs that break the model's constraints.

use wire::{CommonError, CommonSource, Detailed, Dialect, Violation};

use crate::access_points::error::invalid_access_point;
use crate::error::{invalid_argument, malformed_xml};

/// The service's words.
pub const DIALECT: Dialect = Dialect { render, ..Dialect::STANDARD };

/// What came in the head of a request, by the names of members and of what carries them.
const IN_HEAD: &[(&str, &str)] = &[
    ("AccountId", "x-amz-account-id"),
    ("DataSourceId", "dataSourceId"),
    ("DataSourceType", "dataSourceType"),
    ("MaxResults", "maxResults"),
    ("NextToken", "nextToken"),
    ("TagKeys", "tagKeys"),
];

fn render(violations: &[Violation]) -> Option<CommonError> {
    // The ARNs of buckets, which have tags by this API too, do not fit the model's pattern: operations say what they take.
    let mut counted = violations.iter().filter(|violation| violation.member != "ResourceArn");
    Some(said(counted.next()?).into_common())
}

fn said(violation: &Violation) -> Detailed {
    if violation.member == "Name" {
        return invalid_access_point();
    }
    let value = violation.value.as_deref().unwrap_or_default();
    match IN_HEAD.iter().find(|(member, _)| *member == violation.member) {
        Some((_, name)) if !violation.path.contains('.') => invalid_argument("Invalid argument", name, value),
        _ => malformed_xml(),
    }
}
