//! SAML metadata of identity providers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::{CivilTime, Timestamp};
use roxmltree::{Document, Node, ParsingOptions};

use crate::certificate::Certificate;
use crate::error::Error;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Elements, attributes and texts of a document at most: far more than any identity provider's.
const NODES_MAX: u32 = 20_000;
/// Bytes of a document at most. AWS takes ten times as much; a record of the store takes this.
pub const METADATA_BYTES_MAX: usize = 1_000_000;

/// What IAM shows of metadata.
#[derive(Debug, PartialEq, Eq)]
pub struct Metadata {
    /// When it says that it ends.
    pub valid_until: Option<Timestamp>,
}

/// Checks that a text is the metadata of one identity provider that can sign in users: who it is, where it is asked, and
/// certificates to check what it says.
pub fn check(text: &str) -> Result<Metadata, Error> {
    if text.len() > METADATA_BYTES_MAX {
        return Err(invalid(&format!("The metadata is longer than {METADATA_BYTES_MAX} bytes")));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| invalid(&error.to_string()))?;
    let root = document.root_element();
    if !is(&root, METADATA, "EntityDescriptor") {
        return Err(invalid("The root element is not an EntityDescriptor"));
    }
    if root.attribute("entityID").is_none_or(str::is_empty) {
        return Err(invalid("The EntityDescriptor has no entityID"));
    }
    let provider = children(&root, METADATA, "IDPSSODescriptor")
        .find(|node| protocols(node).any(|protocol| protocol == PROTOCOL))
        .ok_or_else(|| invalid("There is no IDPSSODescriptor of SAML 2.0"))?;
    if children(&provider, METADATA, "SingleSignOnService").next().is_none() {
        return Err(invalid("There is no SingleSignOnService"));
    }
    let mut certificates = 0;
    for key in children(&provider, METADATA, "KeyDescriptor") {
        // Without a use, a key is for signing and encryption.
        if key.attribute("use").is_some_and(|of| of != "signing") {
            continue;
        }
        for node in key.descendants().filter(|node| is(node, SIGNATURE, "X509Certificate")) {
            let text: String = node.text().unwrap_or_default().split_ascii_whitespace().collect();
            let der = STANDARD.decode(text).map_err(|_| invalid("A certificate is not in base 64"))?;
            Certificate::from_der(der).ok_or_else(|| invalid("A certificate cannot be read"))?;
            certificates += 1;
        }
    }
    if certificates == 0 {
        return Err(invalid("There is no certificate for signing"));
    }
    let valid_until = match root.attribute("validUntil") {
        Some(text) => Some(time(text).ok_or_else(|| invalid("validUntil is not a time"))?),
        None => None,
    };
    Ok(Metadata { valid_until })
}

fn is(node: &Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.tag_name().namespace() == Some(namespace) && node.tag_name().name() == name
}

fn children<'a, 'i>(
    node: &Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |node| is(node, namespace, name))
}

fn protocols<'a>(node: &Node<'a, '_>) -> impl Iterator<Item = &'a str> {
    node.attribute("protocolSupportEnumeration").unwrap_or_default().split_ascii_whitespace()
}

/// `2030-01-01T00:00:00Z`, perhaps with a fraction: SAML times are in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-').map(|part| part.parse::<u16>().ok());
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let mut time = time.split(':').map(|part| part.parse::<u8>().ok());
    let mut next = || time.next().flatten();
    let small = |part: Option<Option<u16>>| part.flatten().and_then(|part| u8::try_from(part).ok());
    Timestamp::from_civil(CivilTime {
        year: i64::from(date.next().flatten()?),
        month: small(date.next())?,
        day: small(date.next())?,
        hour: next()?,
        minute: next()?,
        second: next()?,
        millisecond: 0,
    })
}

fn invalid(why: &str) -> Error {
    Error::invalid_input_exception(format!("Could not parse metadata: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(time("2030-01-02T03:04:05Z").unwrap().to_string(), "2030-01-02T03:04:05Z");
        assert_eq!(time("2030-01-02T03:04:05.678Z").unwrap().to_string(), "2030-01-02T03:04:05Z");
        for text in ["", "2030-01-02", "2030-01-02T03:04:05", "2030-13-02T03:04:05Z", "2030-01-02T03:04Z"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_metadata() {
        let entities = r#"<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>"#;
        let other = r#"<EntityDescriptor xmlns="urn:other" entityID="a"/>"#;
        let service = format!(
            r#"<EntityDescriptor xmlns="{METADATA}" entityID="a"><SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"/></EntityDescriptor>"#
        );
        for text in ["", "x", "<a>", entities, other, &service] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
