//! Actions of a statement.

use crate::context::hash;
use crate::pattern::{Pattern, Syntax};

/// The action of a request, taken apart once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action<'a> {
    service: &'a str,
    name: &'a str,
    hash: u32,
}

impl<'a> Action<'a> {
    /// Takes `service:Name` apart.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (service, name) = text.split_once(':')?;
        let whole = !service.is_empty() && !name.is_empty() && !name.contains(':');
        whole.then(|| Self { service, name, hash: hash(&[service]) })
    }
}

/// One bit of 64 for a service, so that most statements are passed over by one comparison.
fn service_mask(hash: u32) -> u64 {
    1 << (hash % 64)
}

/// Any service's bit.
const EVERY_SERVICE: u64 = u64::MAX;

/// `Action` or `NotAction`.
#[derive(Debug)]
pub(crate) struct Actions {
    negated: bool,
    /// The bits of the services it may apply to.
    mask: u64,
    list: Box<[ActionPattern]>,
}

#[derive(Debug)]
struct ActionPattern {
    /// Its hash and name; nothing for every service.
    service: Option<(u32, Box<str>)>,
    name: Pattern,
    source: Box<str>,
}

impl Actions {
    /// Compiles texts that [`check`] has passed.
    pub(crate) fn new(negated: bool, texts: &[&str]) -> Self {
        let list: Box<[_]> = texts.iter().filter_map(|text| ActionPattern::new(text)).collect();
        let services = list.iter().fold(0, |mask, pattern| {
            mask | pattern.service.as_ref().map_or(EVERY_SERVICE, |(hash, _)| service_mask(*hash))
        });
        Self { negated, mask: if negated { EVERY_SERVICE } else { services }, list }
    }

    /// Whether the statement is about this action.
    pub(crate) fn cover(&self, action: &Action<'_>) -> bool {
        action.may_be_in(self.mask) && self.list.iter().any(|pattern| pattern.matches(action)) != self.negated
    }

    pub(crate) fn negated(&self) -> bool {
        self.negated
    }

    pub(crate) fn mask(&self) -> u64 {
        self.mask
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|pattern| &*pattern.source)
    }
}

impl Action<'_> {
    /// Whether any statement of a set with these bits may be about this action.
    pub(crate) fn may_be_in(&self, mask: u64) -> bool {
        service_mask(self.hash) & mask != 0
    }
}

impl ActionPattern {
    fn new(text: &str) -> Option<Self> {
        let (service, name) = text.split_once(':').unwrap_or(("*", text));
        // Wildcards alone: without variables every text compiles.
        let name = Pattern::parse(name, Syntax { wildcards: true, variables: false })?;
        let service = (service != "*").then(|| (hash(&[service]), service.into()));
        Some(Self { service, name, source: text.into() })
    }

    fn matches(&self, action: &Action<'_>) -> bool {
        self.service.as_ref().is_none_or(|(hash, _)| *hash == action.hash)
            && self.name.matches_ignoring_ascii_case(action.name)
            && self.service.as_ref().is_none_or(|(_, service)| service.eq_ignore_ascii_case(action.service))
    }
}

/// Why a text is not an action, in the service's words.
pub(crate) fn check(text: &str) -> Result<(), String> {
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = text.split_once(':') else {
        return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".into());
    };
    if name.contains(':') {
        return Err("Actions/Condition can contain only one colon.".into());
    }
    let clean = vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    if vendor != "*" && (vendor.is_empty() || !clean) {
        return Err(format!("Vendor {vendor} is not valid"));
    }
    Ok(())
}

/// Whether a role's trust policy may speak of the action.
pub(crate) fn is_for_trust(text: &str) -> bool {
    let Some((vendor, name)) = text.split_once(':') else { return false };
    let known = ["assumerole", "tagsession", "setsourceidentity", "setcontext", "*"];
    let name = name.to_ascii_lowercase();
    vendor.eq_ignore_ascii_case("sts") && known.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(negated: bool, texts: &[&str], action: &str) -> bool {
        for text in texts {
            check(text).unwrap();
        }
        Actions::new(negated, texts).cover(&Action::parse(action).unwrap())
    }

    #[test]
    fn names_match_in_either_case_with_wildcards() {
        let table: [(&[&str], &str, bool); 10] = [
            (&["*"], "s3:GetObject", true),
            (&["*:*"], "s3:GetObject", true),
            (&["s3:*"], "s3:GetObject", true),
            (&["S3:getobject"], "s3:GetObject", true),
            (&["s3:Get*"], "s3:PutObject", false),
            (&["s3:*Object"], "s3:PutObject", true),
            (&["s3:GetObject"], "s3:GetObjectAcl", false),
            (&["iam:Get*", "s3:G??Object"], "s3:GetObject", true),
            (&["s3:*"], "s3express:CreateSession", false),
            (&["iam:*AccessKey*"], "iam:UpdateAccessKey", true),
        ];
        for (texts, action, expected) in table {
            assert_eq!(cover(false, texts, action), expected, "{texts:?} {action}");
            assert_eq!(cover(true, texts, action), !expected, "not {texts:?} {action}");
        }
    }

    #[test]
    fn services_with_the_same_hash_stay_apart() {
        assert_eq!(hash(&["costarring"]), hash(&["liquid"]));
        assert!(!cover(false, &["costarring:*"], "liquid:Get"));
        assert!(cover(false, &["costarring:*", "liquid:*"], "liquid:Get"));
    }

    #[test]
    fn requests_without_a_plain_action_are_refused() {
        for bad in ["", "GetObject", ":GetObject", "s3:", "s3:Get:Object"] {
            assert!(Action::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn texts_are_refused_in_the_service_s_words() {
        assert!(check("GetObject").unwrap_err().starts_with("Actions/Conditions must be prefaced"));
        assert!(check("ec2:ec2:CreateNetworkInterface").unwrap_err().contains("only one colon"));
        assert_eq!(check("s*:Get").unwrap_err(), "Vendor s* is not valid");
        assert_eq!(check(":Get").unwrap_err(), "Vendor  is not valid");
    }
}
