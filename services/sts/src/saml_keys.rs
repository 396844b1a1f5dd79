//! The condition keys of SAML assertions.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::Assertion;

/// Those that later requests of the session see as well (IAM user guide, "Available keys for SAML-based AWS STS
/// federation").
const KEPT: &[&str] = &["saml:namequalifier", "saml:sub", "saml:sub_type"];

/// Names of attributes (eduPerson, eduOrg, X.500 and LDAP, Active Directory) and the keys that show them.
const SHOWN: &[(&str, &str)] = &[
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "edupersonaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.2", "edupersonnickname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.3", "edupersonorgdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.4", "edupersonorgunitdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.5", "edupersonprimaryaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "edupersonprincipalname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "edupersonentitlement"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.8", "edupersonprimaryorgunitdn"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "edupersonscopedaffiliation"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", "edupersontargetedid"),
    ("urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "edupersonassurance"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.2", "eduorghomepageuri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.3", "eduorgidentityauthnpolicyuri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.4", "eduorglegalname"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.5", "eduorgsuperioruri"),
    ("urn:oid:1.3.6.1.4.1.5923.1.2.1.6", "eduorgwhitepagesuri"),
    ("urn:oid:2.5.4.3", "cn"),
    ("urn:oid:2.5.4.4", "surname"),
    ("urn:oid:2.5.4.42", "givenName"),
    ("urn:oid:2.5.4.45", "x500UniqueIdentifier"),
    ("urn:oid:0.9.2342.19200300.100.1.1", "uid"),
    ("urn:oid:0.9.2342.19200300.100.1.3", "mail"),
    ("urn:oid:0.9.2342.19200300.100.1.45", "organizationStatus"),
    ("http://schemas.xmlsoap.org/claims/CommonName", "commonName"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "name"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "givenName"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "surname"),
    ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "mail"),
    ("http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "primaryGroupSID"),
];

/// Keys with their values, for an assertion of the provider with this name in this account.
pub fn of(account: &str, provider: &str, assertion: &Assertion) -> Vec<(String, Vec<String>)> {
    let mut keys = BTreeMap::from([
        ("saml:aud".to_owned(), vec![assertion.recipient.clone()]),
        ("saml:doc".to_owned(), vec![format!("{account}/{provider}")]),
        ("saml:iss".to_owned(), vec![assertion.issuer.clone()]),
        ("saml:namequalifier".to_owned(), vec![name_qualifier(&assertion.issuer, account, provider)]),
        ("saml:sub".to_owned(), vec![assertion.subject.clone()]),
        ("saml:sub_type".to_owned(), vec![assertion.subject_type.clone()]),
    ]);
    for (attribute, key) in SHOWN {
        let values = assertion.attributes.get(*attribute).into_iter().flatten().cloned();
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            keys.entry(format!("saml:{key}")).or_default().extend(values);
        }
    }
    keys.into_iter().collect()
}

/// Names of the keys that a session keeps.
pub fn kept() -> Vec<String> {
    KEPT.iter().map(|key| (*key).to_owned()).collect()
}

/// What makes a provider's subject unique among those of all accounts and providers. The hash is AWS's choice, and no
/// secret hangs on it.
pub fn name_qualifier(issuer: &str, account: &str, provider: &str) -> String {
    let text = format!("{issuer}{account}/{provider}");
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_qualifier_of_the_documentation() {
        // printf %s https://example.com/saml123456789012/MySAMLIdP | openssl sha1 -binary | base64
        let found = name_qualifier("https://example.com/saml", "123456789012", "MySAMLIdP");
        assert_eq!(found, "1uAJanUnBc2XeUkHURMht+xam2c=");
    }

    #[test]
    fn attributes_that_have_keys() {
        let attributes = BTreeMap::from([
            ("urn:oid:1.3.6.1.4.1.5923.1.1.1.1".to_owned(), vec!["staff".to_owned(), "member".to_owned()]),
            ("urn:oid:1.2.3".to_owned(), vec!["x".to_owned()]),
            ("saml:aud".to_owned(), vec!["x".to_owned()]),
        ]);
        let assertion = Assertion { attributes, recipient: "there".into(), ..Assertion::default() };
        let keys: BTreeMap<_, _> = of("1", "p", &assertion).into_iter().collect();
        assert_eq!(keys["saml:edupersonaffiliation"], ["staff", "member"]);
        assert_eq!((&*keys["saml:aud"][0], &*keys["saml:doc"][0]), ("there", "1/p"));
        assert_eq!(keys.len(), 7);
    }
}
