//! Whether a document is a policy that a bucket can have, in S3's words.

use model_s3::Error;
use policy::{Policy, PolicyKind};
use serde::Deserialize;
use serde::de::IgnoredAny;
use wire::Detailed;

use crate::limits::POLICY_BYTES_MAX;

/// Only which elements there are: a document that lacks one is refused by that element's name.
#[derive(Deserialize)]
struct Elements {
    #[serde(rename = "Statement")]
    statements: Option<Statements>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Statements {
    List(Vec<Statement>),
    One(Statement),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: Option<IgnoredAny>,
    principal: Option<IgnoredAny>,
    not_principal: Option<IgnoredAny>,
    action: Option<IgnoredAny>,
    not_action: Option<IgnoredAny>,
    resource: Option<IgnoredAny>,
    not_resource: Option<IgnoredAny>,
}

/// Reads a policy for the bucket of this name.
///
/// # Errors
/// `MalformedPolicy`.
pub fn parse(document: &str, bucket: &str) -> Result<Policy, Error> {
    parse_for(document, |resource| may_be_in(resource, bucket))
}

/// Reads a policy that is limited to resources which `is_own` takes: what it is given is a pattern.
///
/// # Errors
/// `MalformedPolicy`.
pub fn parse_for(document: &str, is_own: impl Fn(&str) -> bool) -> Result<Policy, Error> {
    if document.len() > POLICY_BYTES_MAX {
        let text = format!("Policy exceeds the maximum allowed document size of {POLICY_BYTES_MAX}");
        return Err(malformed(text).into());
    }
    if !document.trim_start().starts_with('{') || serde_json::from_str::<IgnoredAny>(document).is_err() {
        return Err(malformed("Policies must be valid JSON and the first byte must be '{'").into());
    }
    if let Ok(elements) = serde_json::from_str::<Elements>(document) {
        check_elements(&elements)?;
    }
    let policy = Policy::parse(document.as_bytes(), PolicyKind::Resource).map_err(|error| {
        // The service names the principal beside the text.
        match error.message().strip_prefix("Invalid principal in policy: ") {
            Some(detail) => malformed("Invalid principal in policy").with("Detail", detail),
            None => malformed(error.message().to_owned()),
        }
    })?;
    for statement in policy.statements() {
        if statement.effect() == policy::Effect::Allow && statement.is_not_principal() {
            return Err(malformed("Allow with NotPrincipal is not allowed.").into());
        }
        if !statement.actions().all(is_of_s3) {
            return Err(malformed("Policy has invalid action").into());
        }
        if !statement.resources().all(&is_own) {
            return Err(malformed("Policy has invalid resource").into());
        }
    }
    Ok(policy)
}

fn check_elements(elements: &Elements) -> Result<(), Error> {
    let missing = |name: &str| Error::from(malformed(format!("Missing required field {name}")));
    let statements = match &elements.statements {
        None => return Err(missing("Statement")),
        Some(Statements::List(list)) if list.is_empty() => {
            return Err(malformed("Could not parse the policy: Statement is empty!").into());
        }
        Some(Statements::List(list)) => list.as_slice(),
        Some(Statements::One(one)) => std::slice::from_ref(one),
    };
    for found in statements {
        for (name, there) in [
            ("Effect", found.effect.is_some()),
            ("Principal", found.principal.is_some() || found.not_principal.is_some()),
            ("Action", found.action.is_some() || found.not_action.is_some()),
            ("Resource", found.resource.is_some() || found.not_resource.is_some()),
        ] {
            if !there {
                return Err(missing(name));
            }
        }
    }
    Ok(())
}

fn malformed(text: impl Into<std::borrow::Cow<'static, str>>) -> Detailed {
    Detailed::new("MalformedPolicy", 400, text)
}

fn is_of_s3(action: &str) -> bool {
    action == "*"
        || action
            .split_once(':')
            .is_some_and(|(vendor, _)| vendor.eq_ignore_ascii_case("s3") || vendor == "*")
}

/// Whether a pattern of resources can mean this bucket or something in it.
fn may_be_in(resource: &str, bucket: &str) -> bool {
    if resource == "*" {
        return true;
    }
    let mut parts = resource.splitn(6, ':');
    let (arn, partition, service) = (parts.next(), parts.next(), parts.next());
    let (Some(region), Some(account), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let open = |part: &str| part.is_empty() || part == "*";
    let name = path.split('/').next().unwrap_or_default();
    arn == Some("arn")
        && partition.is_some_and(|partition| partition.starts_with("aws"))
        && service == Some("s3")
        && open(region)
        && open(account)
        && crate::glob::matches(name, bucket)
}

#[cfg(test)]
mod tests {
    use wire::{Protocol, ServiceError as _};

    use super::*;

    fn refusal(document: &str) -> Option<(String, String)> {
        let error = parse(document, "docs").err()?;
        let fault = error.fault();
        let text = fault.message(Protocol::RestXml).into_owned();
        Some((fault.code(Protocol::RestXml).to_owned(), text))
    }

    fn with(statement: &str) -> String {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
    }

    #[test]
    fn texts() {
        let resource = r#""Resource": "arn:aws:s3:::docs/*""#;
        let rest = format!(r#""Effect": "Allow", "Action": "s3:GetObject", {resource}"#);
        let table = [
            ("", "Policies must be valid JSON and the first byte must be '{'".to_owned()),
            ("[]", "Policies must be valid JSON and the first byte must be '{'".to_owned()),
            ("{", "Policies must be valid JSON and the first byte must be '{'".to_owned()),
            (r#"{"Version": "2012-10-17"}"#, "Missing required field Statement".to_owned()),
            (r#"{"Statement": []}"#, "Could not parse the policy: Statement is empty!".to_owned()),
        ];
        for (document, text) in table {
            assert_eq!(refusal(document), Some(("MalformedPolicy".to_owned(), text)), "{document}");
        }
        for (statement, text) in [
            (format!("{{{rest}}}"), "Missing required field Principal"),
            (format!(r#"{{"Principal": "*", "Effect": "Allow", {resource}}}"#), "Missing required field Action"),
            (
                r#"{"Principal": "*", "Effect": "Allow", "Action": "s3:GetObject"}"#.to_owned(),
                "Missing required field Resource",
            ),
            (format!(r#"{{"Principal": {{"AWS": "nobody"}}, {rest}}}"#), "Invalid principal in policy"),
            (
                format!(r#"{{"Principal": "*", "Effect": "Allow", "Action": "sqs:SendMessage", {resource}}}"#),
                "Policy has invalid action",
            ),
            (
                r#"{"Principal": "*", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"}"#.to_owned(),
                "Policy has invalid resource",
            ),
        ] {
            assert_eq!(refusal(&with(&statement)).expect(text).1, text);
        }
        let not = format!(r#"{{"NotPrincipal": {{"AWS": "111122223333"}}, {rest}}}"#);
        assert_eq!(refusal(&with(&not)).unwrap().0, "MalformedPolicy");
        assert_eq!(refusal(&with(&format!(r#"{{"Principal": "*", {rest}}}"#))), None);
    }

    #[test]
    fn resources_have_to_be_able_to_mean_the_bucket() {
        for good in ["*", "arn:aws:s3:::docs", "arn:aws:s3:::docs/a/*", "arn:aws:s3:::*", "arn:aws:s3:::d*/*"]
        {
            assert!(may_be_in(good, "docs"), "{good}");
        }
        for bad in ["docs", "arn:aws:s3:::doc", "arn:aws:s3:::docs2/*", "arn:aws:sqs:::docs", "arn:aws:s3:::"]
        {
            assert!(!may_be_in(bad, "docs"), "{bad}");
        }
    }
}
