//! Resources of a statement.

use crate::context::Keys;
use crate::pattern::{Outcome, Pattern, Syntax, after_fifth_colon};
use crate::statement::Effect;

/// `Resource` or `NotResource`.
#[derive(Debug)]
pub(crate) struct Resources {
    negated: bool,
    list: Box<[Pattern]>,
}

impl Resources {
    /// Compiles; the error is the text that has a malformed or misplaced variable.
    pub(crate) fn new<'t>(negated: bool, texts: &[&'t str], variables: bool) -> Result<Self, &'t str> {
        let compile = |text: &&'t str| {
            let misplaced = match after_fifth_colon(text) {
                Some(resource) => text[..resource].contains("${"),
                None => text.contains("${"),
            };
            if variables && misplaced {
                return Err(*text);
            }
            Pattern::parse(text, Syntax { wildcards: true, variables }).ok_or(*text)
        };
        Ok(Self { negated, list: texts.iter().map(compile).collect::<Result<_, _>>()? })
    }

    /// Whether the statement is about this resource. A `NotResource` with a variable that has no value here
    /// cannot be told, and then allows nothing and denies.
    pub(crate) fn cover(&self, resource: &str, keys: &dyn Keys, effect: Effect) -> bool {
        let mut unknown = false;
        for pattern in &self.list {
            match pattern.matches(resource, keys) {
                Outcome::Yes => return !self.negated,
                Outcome::Unknown => unknown = true,
                Outcome::No => {}
            }
        }
        self.negated && (!unknown || effect == Effect::Deny)
    }

    pub(crate) fn negated(&self) -> bool {
        self.negated
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(Pattern::source)
    }
}

/// What the resource part of an IAM ARN begins with.
const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// Why IAM refuses a resource in a policy of an identity, in its words.
pub(crate) fn check(text: &str) -> Result<(), String> {
    if text == "*" {
        return Ok(());
    }
    let mut parts = text.splitn(6, ':');
    let (first, Some(partition)) = (parts.next(), parts.next()) else {
        return Err(format!("Resource {text} must be in ARN format or \"*\"."));
    };
    let rest: Vec<&str> = parts.collect();
    if partition != "*" && !partition.starts_with("aws") {
        let part = |at: usize| rest.get(at).filter(|part| !part.is_empty() || rest.len() > 1).unwrap_or(&"*");
        return Err(format!(
            "Partition \"{partition}\" is not valid for resource \"arn:{partition}:{}:{}:{}:{}\".",
            part(0),
            part(1),
            part(2),
            part(3)
        ));
    }
    if first != Some("arn") {
        return Err(format!("Resource {text} must be in ARN format or \"*\"."));
    }
    let Some(vendor) = rest.first() else {
        return Err("Resource vendor must be fully qualified and cannot contain regexes.".into());
    };
    if rest.len() > 1 && vendor.contains(['*', '?']) {
        return Err("Resource vendor must be fully qualified and cannot contain regexes.".into());
    }
    let [_, region, account, path] = rest[..] else { return Ok(()) };
    match *vendor {
        "iam" if !matches!(region, "" | "*") => {
            Err(format!("IAM resource {text} cannot contain region information."))
        }
        // The root user's ARN has no path; published policies name it.
        "iam"
            if path != "root"
                && !path.starts_with(['*', '?'])
                && !IAM_PATHS.iter().any(|start| path.starts_with(start)) =>
        {
            Err(format!("IAM resource path must either be \"*\" or start with {}.", IAM_PATHS.join(", ")))
        }
        // Access points and jobs have a region, and an account with it; buckets have neither.
        "s3" if !matches!(region, "" | "*") && account.is_empty() => {
            Err(format!("Resource {text} can not contain region information."))
        }
        _ => Ok(()),
    }
}

/// Whether IAM's older reader, which wants whole ARNs, refuses the text.
pub(crate) fn fails_legacy_parsing(text: &str) -> bool {
    let mut parts = text.split(':');
    text != "*"
        && text.contains(':')
        && ((after_fifth_colon(text).is_none() && text.contains("::")) || parts.nth(2) == Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;

    #[test]
    fn wildcards_reach_across_everything() {
        let cover = |text: &str, resource: &str| {
            Resources::new(false, &[text], true).unwrap().cover(resource, &Context::new(), Effect::Allow)
        };
        assert!(cover("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1/2/test/3/object.jpg"));
        assert!(!cover("arn:aws:s3:::bucket/*/test/*", "arn:aws:s3:::bucket/1-test/object.jpg"));
        assert!(cover("arn:aws:sqs:*", "arn:aws:sqs:us-east-1:111122223333:q"));
        assert!(!cover("arn:aws:sqs:us-east-1:111122223333:q", "*"));
        assert!(cover("*", "*"));
    }

    #[test]
    fn variables_stand_after_the_fifth_colon_only() {
        assert!(Resources::new(false, &["arn:aws:s3:::${aws:username}"], true).is_ok());
        assert_eq!(
            Resources::new(false, &["arn:aws:iam::${k}:user/x"], true).unwrap_err(),
            "arn:aws:iam::${k}:user/x"
        );
        assert!(
            Resources::new(false, &["arn:aws:iam::${k}:user/x"], false).is_ok(),
            "no variables in 2008-10-17"
        );
        let not = Resources::new(true, &["arn:aws:s3:::${aws:username}"], true).unwrap();
        assert!(!not.cover("arn:aws:s3:::x", &Context::new(), Effect::Allow));
        assert!(not.cover("arn:aws:s3:::x", &Context::new(), Effect::Deny));
    }

    #[test]
    fn texts_are_refused_in_the_service_s_words() {
        let table = [
            ("bucket", "Resource bucket must be in ARN format or \"*\"."),
            ("x:aws:s3:::b", "Resource x:aws:s3:::b must be in ARN format or \"*\"."),
            ("arn:error:s3:::b", "Partition \"error\" is not valid for resource \"arn:error:s3:::b\"."),
            ("arn:aws", "Resource vendor must be fully qualified and cannot contain regexes."),
            ("arn:aws:*:::x", "Resource vendor must be fully qualified and cannot contain regexes."),
            (
                "arn:aws:s3:us-east-1::b",
                "Resource arn:aws:s3:us-east-1::b can not contain region information.",
            ),
            (
                "arn:aws:iam:r:1:user/x",
                "IAM resource arn:aws:iam:r:1:user/x cannot contain region information.",
            ),
        ];
        for (text, message) in table {
            assert_eq!(check(text).unwrap_err(), message);
        }
        assert!(
            check("arn:aws:iam::111122223333:users/x")
                .unwrap_err()
                .starts_with("IAM resource path must either")
        );
        for good in [
            "*",
            "arn:aws:s3:::b",
            "arn:aws:s3:us-west-2:111122223333:accesspoint/a",
            "arn:*:iam::*:role/x",
            "arn:aws:iam::*:root",
            "arn:aws:sqs:*",
        ] {
            check(good).unwrap();
            assert!(!fails_legacy_parsing(good), "{good}");
        }
        assert!(fails_legacy_parsing("arn:aws:s3::b"));
        assert!(fails_legacy_parsing("arn:aws::::b"));
    }
}
