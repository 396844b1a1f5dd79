//! A response, and the one assertion in it that is signed.

use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use crate::error::SamlError;
use crate::signature;
use crate::xml::{PROTOCOL, SAML, SIGNATURE, children, is, only};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// Names of attributes that other programs take for ids.
const IDS: [&str; 4] = ["ID", "Id", "id", "AssertionID"];

/// The assertion, with a signature of its own or within a response that has one. Where both are signed, both signatures
/// must be right.
pub fn signed_assertion<'a>(document: &'a Document<'a>, keys: &[Vec<u8>]) -> Result<Node<'a, 'a>, SamlError> {
    let malformed = |why: &str| SamlError::Malformed(why.to_owned());
    let response = document.root_element();
    if !is(&response, PROTOCOL, "Response") || response.attribute("Version") != Some("2.0") {
        return Err(malformed("the root element is not a Response of SAML 2.0"));
    }
    unambiguous(document)?;
    let status = only(response, PROTOCOL, "Status").and_then(|status| only(status, PROTOCOL, "StatusCode"));
    match status.and_then(|code| code.attribute("Value")) {
        Some(SUCCESS) => {}
        Some(other) => return Err(SamlError::Refused(other.to_owned())),
        None => return Err(malformed("it has no status")),
    }
    if children(response, SAML, "EncryptedAssertion").next().is_some() {
        return Err(SamlError::Encrypted);
    }
    let assertion = only(response, SAML, "Assertion");
    let assertion = assertion.ok_or_else(|| malformed("it does not have exactly one assertion"))?;

    let mut checked = 0;
    for node in document.descendants().filter(|node| is(node, SIGNATURE, "Signature")) {
        let parent = node.parent_element();
        if parent != Some(response) && parent != Some(assertion) {
            return Err(SamlError::Signature("it is neither the response's nor the assertion's"));
        }
        checked += 1;
        // One each.
        if checked > 2 || parent.and_then(|parent| only(parent, SIGNATURE, "Signature")) != Some(node) {
            return Err(SamlError::Signature("there are several"));
        }
        signature::check(node, keys)?;
    }
    if checked == 0 {
        return Err(SamlError::Signature("there is none"));
    }
    Ok(assertion)
}

/// There are no two elements of which somebody could take one for the other: no id is used twice, and there is one
/// assertion only, wherever it lies.
fn unambiguous(document: &Document<'_>) -> Result<(), SamlError> {
    let mut ids = BTreeSet::new();
    let mut assertions = 0;
    for node in document.descendants().filter(Node::is_element) {
        let own = node.attributes().filter(|attribute| IDS.contains(&attribute.name()));
        for attribute in own {
            if !ids.insert(attribute.value()) {
                return Err(SamlError::Malformed("an id is used twice".into()));
            }
        }
        assertions += usize::from(is(&node, SAML, "Assertion"));
    }
    match assertions {
        0 | 1 => Ok(()),
        _ => Err(SamlError::Malformed("it does not have exactly one assertion".into())),
    }
}
