//! What the metadata of an identity provider says about its signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use roxmltree::Node;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

use crate::error::SamlError;
use crate::time;
use crate::xml::{METADATA, METADATA_NODES_MAX, PROTOCOL, SIGNATURE, children, is, parse, text};

/// Keys of a provider at most: each is tried for each signature.
const KEYS_MAX: usize = 16;

/// Who a provider is, and what it signs with.
pub struct Metadata {
    pub entity_id: String,
    /// RSA public keys, as PKCS #1 has them.
    pub keys: Vec<Vec<u8>>,
}

impl Metadata {
    /// Reads what IAM has checked when the provider was registered. Whether certificates have ended is not asked: they
    /// only carry the keys, as with AWS.
    pub fn read(source: &str, now: Timestamp) -> Result<Self, SamlError> {
        let unusable = |why: &str| SamlError::Metadata(why.to_owned());
        let document = parse(source, METADATA_NODES_MAX).map_err(SamlError::Metadata)?;
        let root = document.root_element();
        if !is(&root, METADATA, "EntityDescriptor") {
            return Err(unusable("the root element is not an EntityDescriptor"));
        }
        if let Some(until) = root.attribute("validUntil") {
            let until = time::parse(until).ok_or_else(|| unusable("validUntil is not a time"))?;
            if now >= until {
                return Err(unusable("its time is over"));
            }
        }
        let entity_id = root.attribute("entityID").filter(|id| !id.is_empty());
        let entity_id = entity_id.ok_or_else(|| unusable("it has no entityID"))?.to_owned();
        let provider = children(root, METADATA, "IDPSSODescriptor").find(speaks_saml_2);
        let provider = provider.ok_or_else(|| unusable("it has no IDPSSODescriptor of SAML 2.0"))?;
        let signing = children(provider, METADATA, "KeyDescriptor")
            // Without a use, a key is for signing as well.
            .filter(|key| key.attribute("use").is_none_or(|of| of == "signing"));
        let certificates =
            signing.flat_map(|key| key.descendants().filter(|node| is(node, SIGNATURE, "X509Certificate")));
        let keys: Vec<_> = certificates.filter_map(key_of).take(KEYS_MAX).collect();
        if keys.is_empty() {
            return Err(unusable("it has no RSA key for signing"));
        }
        Ok(Self { entity_id, keys })
    }
}

fn speaks_saml_2(node: &Node<'_, '_>) -> bool {
    let spoken = node.attribute("protocolSupportEnumeration").unwrap_or_default();
    spoken.split_ascii_whitespace().any(|protocol| protocol == PROTOCOL)
}

/// The key of a certificate, if it is one of RSA.
fn key_of(node: Node<'_, '_>) -> Option<Vec<u8>> {
    let packed: String = text(node)?.split_ascii_whitespace().collect();
    let der = STANDARD.decode(packed).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let key = certificate.public_key();
    let is_rsa = key.algorithm.algorithm.to_id_string() == "1.2.840.113549.1.1.1";
    is_rsa.then(|| key.subject_public_key.data.to_vec())
}
