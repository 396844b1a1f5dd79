//! What an assertion says, and whether it says it to us and now.

use std::collections::BTreeMap;
use std::time::Duration;

use kernel::Timestamp;
use roxmltree::Node;

use crate::error::SamlError;
use crate::time;
use crate::xml::{SAML, children, only, text};

/// How far a provider's clock may be off.
const SKEW: Duration = Duration::from_secs(300);
/// How long after it was issued an assertion may be shown (IAM user guide, troubleshooting SAML federation).
const REDEEM: Duration = Duration::from_secs(300);
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const FORMATS: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:";
const ATTRIBUTES: &str = "https://aws.amazon.com/SAML/Attributes/";
const AUDIENCE: &str = "urn:amazon:webservices";

/// What an assertion says that is signed, in time, and for AWS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assertion {
    /// The provider's entity id.
    pub issuer: String,
    /// Who was signed in: the `NameID`.
    pub subject: String,
    /// The format of `subject`, of SAML's own the last part: `persistent`, `transient`.
    pub subject_type: String,
    /// Where the assertion is to be shown, which AWS calls the audience.
    pub recipient: String,
    /// Pairs of roles and providers, as ARNs.
    pub roles: Vec<(String, String)>,
    /// The name for the session.
    pub session_name: String,
    /// Tags for the session.
    pub tags: Vec<(String, String)>,
    /// Keys of those tags that pass on to the next session.
    pub transitive_tags: Vec<String>,
    /// The source identity for the session.
    pub source_identity: Option<String>,
    /// When the session at the provider ends, the first of several.
    pub session_ends: Option<Timestamp>,
    /// All attributes with their values.
    pub attributes: BTreeMap<String, Vec<String>>,
}

/// Reads an assertion whose signature was checked.
pub fn read(node: Node<'_, '_>, issuer: &str, now: Timestamp) -> Result<Assertion, SamlError> {
    if node.attribute("Version") != Some("2.0") {
        return Err(SamlError::Malformed("the assertion is not of SAML 2.0".into()));
    }
    if only(node, SAML, "Issuer").and_then(text).as_deref() != Some(issuer) {
        return Err(SamlError::Issuer);
    }
    let issued = instant(node, "IssueInstant")?.ok_or(SamlError::Missing("IssueInstant"))?;
    if issued > now.plus(SKEW) {
        return Err(SamlError::NotYet);
    }
    not_over(issued.plus(REDEEM), now)?;
    conditions(node, now)?;
    let subject = only(node, SAML, "Subject").ok_or(SamlError::Missing("Subject"))?;
    let recipient = confirmed(subject, now)?;
    let name = only(subject, SAML, "NameID").ok_or(SamlError::Missing("NameID"))?;
    let format = name.attribute("Format").unwrap_or("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified");
    let session_ends = session_ends(node)?;
    if let Some(ends) = session_ends {
        not_over(ends, now)?;
    }

    let attributes = attributes(node)?;
    let own = |name: &str| attributes.get(&format!("{ATTRIBUTES}{name}"));
    let roles = own("Role").ok_or(SamlError::Missing("Role"))?;
    let session_name = one(own("RoleSessionName"), "RoleSessionName")?;
    Ok(Assertion {
        issuer: issuer.to_owned(),
        subject: text(name).filter(|name| !name.is_empty()).ok_or(SamlError::Missing("NameID"))?,
        subject_type: format.strip_prefix(FORMATS).unwrap_or(format).to_owned(),
        recipient,
        roles: roles.iter().map(|pair| role(pair)).collect::<Result<_, _>>()?,
        session_name: session_name.ok_or(SamlError::Missing("RoleSessionName"))?,
        tags: tags(&attributes)?,
        transitive_tags: own("TransitiveTagKeys").cloned().unwrap_or_default(),
        source_identity: one(own("SourceIdentity"), "SourceIdentity")?,
        session_ends,
        attributes,
    })
}

/// For how long and for whom the assertion is.
fn conditions(node: Node<'_, '_>, now: Timestamp) -> Result<(), SamlError> {
    let conditions = only(node, SAML, "Conditions").ok_or(SamlError::Missing("Conditions"))?;
    within(conditions, now)?;
    let mut restrictions = 0;
    // Each restriction must be met, by one of its audiences.
    for restriction in children(conditions, SAML, "AudienceRestriction") {
        restrictions += 1;
        let mut audiences = children(restriction, SAML, "Audience").filter_map(text);
        if !audiences.any(|audience| audience == AUDIENCE || is_endpoint(&audience)) {
            return Err(SamlError::Audience);
        }
    }
    if restrictions == 0 { Err(SamlError::Audience) } else { Ok(()) }
}

/// Where the subject may be shown by whoever has the assertion.
fn confirmed(subject: Node<'_, '_>, now: Timestamp) -> Result<String, SamlError> {
    let confirmation = only(subject, SAML, "SubjectConfirmation");
    let confirmation = confirmation.filter(|node| node.attribute("Method") == Some(BEARER));
    let confirmation = confirmation.ok_or(SamlError::Missing("SubjectConfirmation"))?;
    let data = only(confirmation, SAML, "SubjectConfirmationData");
    let data = data.ok_or(SamlError::Missing("SubjectConfirmationData"))?;
    let recipient = data.attribute("Recipient").filter(|recipient| is_endpoint(recipient));
    let recipient = recipient.ok_or(SamlError::Recipient)?;
    if data.attribute("NotOnOrAfter").is_none() {
        return Err(SamlError::Missing("NotOnOrAfter"));
    }
    within(data, now)?;
    Ok(recipient.to_owned())
}

/// `https://signin.aws.amazon.com/saml`, or that of a region.
fn is_endpoint(url: &str) -> bool {
    let host = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/saml"));
    let region = host.and_then(|host| host.strip_suffix("signin.aws.amazon.com"));
    let is_region = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    region.is_some_and(|region| region.is_empty() || region.strip_suffix('.').is_some_and(is_region))
}

fn within(node: Node<'_, '_>, now: Timestamp) -> Result<(), SamlError> {
    if instant(node, "NotBefore")?.is_some_and(|from| now.plus(SKEW) < from) {
        return Err(SamlError::NotYet);
    }
    match instant(node, "NotOnOrAfter")? {
        Some(until) => not_over(until.plus(SKEW), now),
        None => Ok(()),
    }
}

fn not_over(ended: Timestamp, now: Timestamp) -> Result<(), SamlError> {
    if now < ended { Ok(()) } else { Err(SamlError::Expired { now, ended }) }
}

fn instant(node: Node<'_, '_>, name: &'static str) -> Result<Option<Timestamp>, SamlError> {
    let Some(value) = node.attribute(name) else { return Ok(None) };
    time::parse(value).map(Some).ok_or(SamlError::Attribute(name))
}

fn session_ends(node: Node<'_, '_>) -> Result<Option<Timestamp>, SamlError> {
    let mut first: Option<Timestamp> = None;
    for statement in children(node, SAML, "AuthnStatement") {
        let ends = instant(statement, "SessionNotOnOrAfter")?;
        first = [first, ends].into_iter().flatten().min();
    }
    Ok(first)
}

fn attributes(node: Node<'_, '_>) -> Result<BTreeMap<String, Vec<String>>, SamlError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let statements = children(node, SAML, "AttributeStatement");
    for attribute in statements.flat_map(|statement| children(statement, SAML, "Attribute")) {
        let name = attribute.attribute("Name").ok_or(SamlError::Attribute("Attribute"))?;
        let values = children(attribute, SAML, "AttributeValue").filter_map(text);
        let values = values.filter(|value| !value.is_empty());
        found.entry(name.to_owned()).or_default().extend(values);
    }
    Ok(found)
}

/// A role and its provider, in either order.
fn role(pair: &str) -> Result<(String, String), SamlError> {
    let is_provider = |arn: &str| arn.contains(":saml-provider/");
    let (one, other) = pair.split_once(',').ok_or(SamlError::Attribute("Role"))?;
    let (one, other) = (one.trim().to_owned(), other.trim().to_owned());
    match (is_provider(&one), is_provider(&other)) {
        (false, true) => Ok((one, other)),
        (true, false) => Ok((other, one)),
        _ => Err(SamlError::Attribute("Role")),
    }
}

fn tags(attributes: &BTreeMap<String, Vec<String>>) -> Result<Vec<(String, String)>, SamlError> {
    let start = format!("{ATTRIBUTES}PrincipalTag:");
    let of_tags = attributes.iter().filter_map(|(name, values)| Some((name.strip_prefix(&start)?, values)));
    let tag = |(key, values): (&str, &Vec<String>)| match values.as_slice() {
        [value] => Ok((key.to_owned(), value.clone())),
        [] => Ok((key.to_owned(), String::new())),
        _ => Err(SamlError::Attribute("PrincipalTag")),
    };
    of_tags.map(tag).collect()
}

fn one(values: Option<&Vec<String>>, name: &'static str) -> Result<Option<String>, SamlError> {
    match values.map(Vec::as_slice) {
        None | Some([]) => Ok(None),
        Some([value]) => Ok(Some(value.clone())),
        Some(_) => Err(SamlError::Attribute(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        for good in ["https://signin.aws.amazon.com/saml", "https://eu-west-1.signin.aws.amazon.com/saml"] {
            assert!(is_endpoint(good), "{good}");
        }
        for bad in [
            "http://signin.aws.amazon.com/saml",
            "https://signin.aws.amazon.com/saml/",
            "https://evil-signin.aws.amazon.com/saml",
            "https://.signin.aws.amazon.com/saml",
            "https://evil.example/x.signin.aws.amazon.com/saml",
            "",
        ] {
            assert!(!is_endpoint(bad), "{bad}");
        }
    }

    #[test]
    fn roles_stand_in_either_order() {
        let (role_arn, provider) = ("arn:aws:iam::1:role/r", "arn:aws:iam::1:saml-provider/p");
        let pair = Ok((role_arn.to_owned(), provider.to_owned()));
        assert_eq!(role(&format!("{role_arn},{provider}")), pair);
        assert_eq!(role(&format!("{provider}, {role_arn}")), pair);
        for bad in ["", role_arn, "a,b", &format!("{provider},{provider}")] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }
}
