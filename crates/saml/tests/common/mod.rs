//! An identity provider. It writes what it signs in canonical form from the start, by hand, so that its signatures do not
//! depend on the code under test.

#![allow(dead_code, missing_docs)]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kernel::Timestamp;
use std::time::Duration;

pub const ENTITY: &str = "https://idp.example.com/saml";
pub const ENDPOINT: &str = "https://signin.aws.amazon.com/saml";
pub const ROLE: &str = "arn:aws:iam::123456789012:role/staff";
pub const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/corp";
const OWN: &str = "https://aws.amazon.com/SAML/Attributes/";

pub struct Idp {
    key: RsaKeyPair,
    certificate: String,
}

/// What an assertion of the provider says.
#[derive(Clone)]
pub struct Says {
    pub issuer: String,
    pub subject: String,
    pub audience: String,
    pub recipient: String,
    pub issued: Timestamp,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub session_ends: Option<Timestamp>,
    /// Names with their values.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl Says {
    pub fn new(now: Timestamp) -> Self {
        let says = Self {
            issuer: ENTITY.into(),
            subject: "ann@example.com".into(),
            audience: "urn:amazon:webservices".into(),
            recipient: ENDPOINT.into(),
            issued: now,
            not_before: now,
            not_after: now.plus(Duration::from_secs(300)),
            session_ends: None,
            attributes: Vec::new(),
        };
        let pair = format!("{ROLE},{PROVIDER}");
        says.with(&format!("{OWN}Role"), &[&pair]).with(&format!("{OWN}RoleSessionName"), &["ann"])
    }

    /// With these values of an attribute, and no others.
    pub fn with(mut self, name: &str, values: &[&str]) -> Self {
        self.attributes.retain(|(other, _)| other != name);
        self.attributes.push((name.into(), values.iter().map(|value| (*value).into()).collect()));
        self
    }

    /// The same for one of AWS's attributes.
    pub fn with_own(self, name: &str, values: &[&str]) -> Self {
        self.with(&format!("{OWN}{name}"), values)
    }

    /// In canonical form, with `signature` where it belongs.
    pub fn assertion(&self, id: &str, signature: &str) -> String {
        let Self { issuer, subject, audience, recipient, issued, not_before, not_after, .. } = self;
        let session = self.session_ends.map(|ends| format!(r#" SessionNotOnOrAfter="{ends}""#));
        let session = session.unwrap_or_default();
        let mut attributes = String::new();
        for (name, values) in &self.attributes {
            let values =
                values.iter().map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"));
            let values: String = values.collect();
            attributes += &format!(r#"<saml:Attribute Name="{name}">{values}</saml:Attribute>"#);
        }
        format!(
            r#"<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" IssueInstant="{issued}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{subject}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{not_after}" Recipient="{recipient}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{not_before}" NotOnOrAfter="{not_after}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{issued}"{session}></saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"#
        )
    }
}

/// A response around what is in it, in canonical form.
pub fn response(inner: &str, signature: &str) -> String {
    format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0">{signature}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>{inner}</samlp:Response>"#
    )
}

pub fn packed(xml: &str) -> String {
    STANDARD.encode(xml)
}

impl Idp {
    pub fn new() -> Self {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        Self {
            key: RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap(),
            certificate: STANDARD.encode(certificate.der()),
        }
    }

    pub fn metadata(&self) -> String {
        let certificate = &self.certificate;
        format!(
            r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/sso"/></IDPSSODescriptor></EntityDescriptor>"#
        )
    }

    /// The signature over an element whose canonical form is known.
    pub fn signature(&self, id: &str, canonical: &str) -> String {
        let info = signed_info(id, canonical);
        let mut value = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), info.as_bytes(), &mut value).unwrap();
        let (value, certificate) = (STANDARD.encode(value), &self.certificate);
        // By itself it declares the prefix; within the signature that is done already.
        let info = info.replacen(r#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#, "", 1);
        format!(
            r#"<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"#
        )
    }

    pub fn signed_assertion(&self, says: &Says) -> String {
        says.assertion("_a", &self.signature("_a", &says.assertion("_a", "")))
    }

    /// A response, whose assertion is signed.
    pub fn response(&self, says: &Says) -> String {
        response(&self.signed_assertion(says), "")
    }

    /// A response that is signed itself.
    pub fn signed_response(&self, says: &Says) -> String {
        let inner = says.assertion("_a", "");
        response(&inner, &self.signature("_r", &response(&inner, "")))
    }
}

fn signed_info(id: &str, canonical: &str) -> String {
    let hash = STANDARD.encode(digest(&SHA256, canonical.as_bytes()));
    format!(
        r##"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>{hash}</ds:DigestValue></ds:Reference></ds:SignedInfo>"##
    )
}
