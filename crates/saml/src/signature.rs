//! XML signatures that lie in what they sign.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::Node;

use crate::canonical;
use crate::error::SamlError;
use crate::xml::{EXCLUSIVE, SIGNATURE, children, is, only, text};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// Checks that `signature` signs its parent, whole but for itself, with one of `keys`.
pub fn check(signature: Node<'_, '_>, keys: &[Vec<u8>]) -> Result<(), SamlError> {
    let parent = signature.parent_element().ok_or(wrong("it lies in nothing"))?;
    let info = only(signature, SIGNATURE, "SignedInfo").ok_or(wrong("it has not one SignedInfo"))?;
    let reference = only(info, SIGNATURE, "Reference").ok_or(wrong("it has not one Reference"))?;
    let named = reference.attribute("URI").and_then(|uri| uri.strip_prefix('#'));
    let id = parent.attribute("ID").filter(|id| !id.is_empty());
    if named.is_none() || named != id {
        return Err(wrong("it is not for the element that it lies in"));
    }

    // The signature over the reference, and then what the reference says of its element.
    let form = canonical::of(info, None, &canonicalization(info)?);
    let algorithm = rsa(info)?;
    let value = only(signature, SIGNATURE, "SignatureValue").and_then(bytes);
    let value = value.ok_or(wrong("it has no readable value"))?;
    let signed_by =
        |key: &Vec<u8>| UnparsedPublicKey::new(algorithm, key).verify(form.as_bytes(), &value).is_ok();
    if !keys.iter().any(signed_by) {
        return Err(wrong("it is not by a key of the provider"));
    }

    let form = canonical::of(parent, Some(signature), &transforms(reference)?);
    let hash = hash(reference)?;
    let value = only(reference, SIGNATURE, "DigestValue").and_then(bytes);
    if value.as_deref() != Some(digest::digest(hash, form.as_bytes()).as_ref()) {
        return Err(wrong("what it signs was changed"));
    }
    Ok(())
}

/// How `SignedInfo` itself becomes bytes: the prefixes whose namespaces are written where they are declared.
fn canonicalization<'a>(info: Node<'a, 'a>) -> Result<BTreeSet<&'a str>, SamlError> {
    let method = only(info, SIGNATURE, "CanonicalizationMethod");
    let method = method.filter(|method| method.attribute("Algorithm") == Some(EXCLUSIVE));
    Ok(inclusive(method.ok_or(wrong("its canonical form is not the exclusive one"))?))
}

/// How the signed element becomes bytes: without the signature, and in the exclusive canonical form.
fn transforms<'a>(reference: Node<'a, 'a>) -> Result<BTreeSet<&'a str>, SamlError> {
    let other = wrong("its transforms are not those of SAML");
    let all = only(reference, SIGNATURE, "Transforms").ok_or(other.clone())?;
    let elements: Vec<_> = all.children().filter(Node::is_element).collect();
    let [first, second] = elements[..] else { return Err(other) };
    let named = |node: Node<'_, '_>, algorithm: &str| {
        is(&node, SIGNATURE, "Transform") && node.attribute("Algorithm") == Some(algorithm)
    };
    if !named(first, ENVELOPED)
        || first.children().any(|child| child.is_element())
        || !named(second, EXCLUSIVE)
    {
        return Err(other);
    }
    Ok(inclusive(second))
}

fn inclusive<'a>(method: Node<'a, 'a>) -> BTreeSet<&'a str> {
    let lists = children(method, EXCLUSIVE, "InclusiveNamespaces");
    let prefixes =
        lists.filter_map(|list| list.attribute("PrefixList")).flat_map(str::split_ascii_whitespace);
    prefixes.map(|prefix| if prefix == "#default" { "" } else { prefix }).collect()
}

fn rsa(info: Node<'_, '_>) -> Result<&'static RsaParameters, SamlError> {
    let method = only(info, SIGNATURE, "SignatureMethod").and_then(|method| method.attribute("Algorithm"));
    match method.and_then(|name| name.strip_prefix("http://www.w3.org/2001/04/xmldsig-more#")) {
        Some("rsa-sha256") => Ok(&RSA_PKCS1_2048_8192_SHA256),
        Some("rsa-sha384") => Ok(&RSA_PKCS1_2048_8192_SHA384),
        Some("rsa-sha512") => Ok(&RSA_PKCS1_2048_8192_SHA512),
        _ => Err(wrong("its algorithm is not RSA with SHA-256, SHA-384 or SHA-512")),
    }
}

fn hash(reference: Node<'_, '_>) -> Result<&'static digest::Algorithm, SamlError> {
    match only(reference, SIGNATURE, "DigestMethod").and_then(|method| method.attribute("Algorithm")) {
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => Ok(&SHA256),
        Some("http://www.w3.org/2001/04/xmldsig-more#sha384") => Ok(&SHA384),
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => Ok(&SHA512),
        _ => Err(wrong("its digest is not SHA-256, SHA-384 or SHA-512")),
    }
}

fn bytes(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let packed: String = text(node)?.split_ascii_whitespace().collect();
    STANDARD.decode(packed).ok()
}

fn wrong(why: &'static str) -> SamlError {
    SamlError::Signature(why)
}
