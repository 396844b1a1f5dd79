//! Responses of a provider: the right ones are believed, and none that differs in anything that counts.

#![allow(missing_docs)]

mod common;

use std::time::Duration;

use common::*;
use kernel::Timestamp;
use saml::{Assertion, SamlError, verify};

const NOW: Timestamp = Timestamp::from_secs(1_900_000_000);

fn ask(idp: &Idp, xml: &str) -> Result<Assertion, SamlError> {
    verify(&packed(xml), &idp.metadata(), NOW)
}

fn after(secs: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(secs))
}

fn before(secs: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(secs))
}

fn is_signature(result: &Result<Assertion, SamlError>) -> bool {
    matches!(result, Err(SamlError::Signature(_)))
}

#[test]
fn the_right_ones_are_believed() {
    let idp = Idp::new();
    let says = Says {
        session_ends: Some(after(1800)),
        ..Says::new(NOW)
            .with_own("PrincipalTag:Team", &["red"])
            .with_own("TransitiveTagKeys", &["Team"])
            .with_own("SourceIdentity", &["ann"])
    };
    let inner = idp.signed_assertion(&says);
    let both = response(&inner, &idp.signature("_r", &response(&inner, "")));
    let spaced = idp.response(&says).replace("<saml:Issuer>", "<!-- a comment --><saml:Issuer>");
    for xml in [idp.response(&says), idp.signed_response(&says), both, spaced] {
        let found = ask(&idp, &xml).unwrap();
        assert_eq!((found.issuer.as_str(), found.subject.as_str()), (ENTITY, "ann@example.com"));
        assert_eq!((found.subject_type.as_str(), found.recipient.as_str()), ("persistent", ENDPOINT));
        assert_eq!(found.roles, [(ROLE.to_owned(), PROVIDER.to_owned())]);
        assert_eq!(found.session_name, "ann");
        assert_eq!(found.tags, [("Team".to_owned(), "red".to_owned())]);
        assert_eq!(found.transitive_tags, ["Team"]);
        assert_eq!(found.source_identity.as_deref(), Some("ann"));
        assert_eq!(found.session_ends, Some(after(1800)));
    }
}

#[test]
fn other_keys_and_changes_are_not() {
    let (idp, other) = (Idp::new(), Idp::new());
    let says = Says::new(NOW);
    let right = idp.response(&says);
    assert!(is_signature(&ask(&other, &right)));
    assert!(is_signature(&ask(&idp, &response(&says.assertion("_a", ""), ""))));
    let value = right.split("<ds:SignatureValue>").nth(1).unwrap().split('<').next().unwrap();
    for (from, to) in [
        ("ann@example.com", "bob@example.com"),
        ("role/staff", "role/admin"),
        ("ID=\"_a\"", "ID=\"_b\""),
        (value, "AAAA"),
        (value, "%"),
        ("xmldsig-more#rsa-sha256", "xmldsig-more#rsa-sha512"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
        ("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"),
        ("Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"", "Algorithm=\"urn:other\""),
    ] {
        let changed = right.replace(from, to);
        assert_ne!(changed, right);
        assert!(is_signature(&ask(&idp, &changed)), "{from} as {to}: {:?}", ask(&idp, &changed));
    }
    // A comment does not hide what is behind it: the name is read as it was signed.
    let split = right.replace("ann@example", "ann<!---->@example");
    assert_eq!(ask(&idp, &split).unwrap().subject, "ann@example.com");
    // A reference to another element, or to nothing, is none to this one.
    for uri in ["", "_other", "_r"] {
        let inner = says.assertion("_a", &idp.signature(uri, &says.assertion("_a", "")));
        assert!(is_signature(&ask(&idp, &response(&inner, ""))), "{uri}");
    }
}

#[test]
fn wrapped_assertions_are_not() {
    let idp = Idp::new();
    let right = Says::new(NOW);
    let evil = Says { subject: "root@example.com".into(), ..Says::new(NOW) };
    let (signed, canonical) = (idp.signed_assertion(&right), right.assertion("_a", ""));
    let signature = idp.signature("_a", &canonical);
    let object = |inner: &str| {
        signature.replace("</ds:Signature>", &format!("<ds:Object>{inner}</ds:Object></ds:Signature>"))
    };
    let extensions = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let about = |evil_id: &str, signature: &str| evil.assertion(evil_id, signature);
    for xml in [
        // Side by side, in either order, with the same id or another.
        response(&format!("{}{signed}", about("_e", "")), ""),
        response(&format!("{signed}{}", about("_e", "")), ""),
        response(&format!("{}{signed}", about("_a", "")), ""),
        // The signed one moved into the signature, or elsewhere in the response.
        response(&about("_e", &object(&canonical)), ""),
        response(&about("_a", &object(&canonical)), ""),
        response(&format!("{}{}", extensions(&signed), about("_e", "")), ""),
        // The signature taken over by another.
        response(&about("_a", &signature), ""),
        response(&about("_e", &signature), ""),
        response(&format!("{}{}", about("_e", ""), extensions(&signature)), ""),
        // The evil one inside the signed one.
        response(&signed.replace("<saml:Subject>", &format!("{}<saml:Subject>", about("_e", ""))), ""),
        // The right response within another.
        response(&about("_e", ""), &idp.signed_response(&right)),
        // Two signatures, or a wrong one beside a right one.
        response(&right.assertion("_a", &format!("{signature}{signature}")), ""),
        response(&signed, &idp.signature("_r", "something else")),
    ] {
        let result = ask(&idp, &xml);
        assert!(
            matches!(result, Err(SamlError::Signature(_) | SamlError::Malformed(_))),
            "{xml}: {result:?}"
        );
    }
}

#[test]
fn others_times_and_places_are_not() {
    let idp = Idp::new();
    let new = || Says::new(NOW);
    let refused = |says: &Says| ask(&idp, &idp.response(says)).expect_err("it is believed");
    assert_eq!(refused(&Says { issuer: "https://other.example".into(), ..new() }), SamlError::Issuer);
    assert_eq!(refused(&Says { audience: "https://other.example".into(), ..new() }), SamlError::Audience);
    assert_eq!(
        refused(&Says { recipient: "https://other.example/saml".into(), ..new() }),
        SamlError::Recipient
    );
    for says in [
        Says { not_after: before(301), ..new() },
        Says { issued: before(300), ..new() },
        Says { session_ends: Some(NOW), ..new() },
    ] {
        assert!(matches!(refused(&says), SamlError::Expired { .. }));
    }
    assert_eq!(refused(&Says { not_before: after(301), ..new() }), SamlError::NotYet);
    assert_eq!(refused(&Says { issued: after(301), ..new() }), SamlError::NotYet);
    assert_eq!(refused(&new().with_own("Role", &["x"])), SamlError::Attribute("Role"));
    assert_eq!(refused(&new().with_own("RoleSessionName", &[])), SamlError::Missing("RoleSessionName"));
    assert_eq!(refused(&new().with_own("PrincipalTag:a", &["1", "2"])), SamlError::Attribute("PrincipalTag"));
    // A clock that is off a little.
    let skewed = Says { not_before: after(299), not_after: before(299), issued: after(299), ..new() };
    assert!(ask(&idp, &idp.response(&skewed)).is_ok());
}

#[test]
fn what_is_no_response_is_not() {
    let idp = Idp::new();
    let right = idp.response(&Says::new(NOW));
    let entity = format!("<!DOCTYPE a [<!ENTITY b \"c\">]>{right}");
    let deep = format!("{}{}", "<a>".repeat(9_000), "</a>".repeat(9_000));
    let instruction = right.replace("<saml:Issuer>", "<?a b?><saml:Issuer>");
    for xml in ["", "x", "<a/>", &entity, &deep, &instruction, &right[..right.len() - 1]] {
        assert!(matches!(ask(&idp, xml), Err(SamlError::Malformed(_))), "{:.80}", xml);
    }
    let failed = right.replace("status:Success", "status:AuthnFailed");
    assert!(matches!(ask(&idp, &failed), Err(SamlError::Refused(_))));
    let sealed =
        response("<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>", "");
    assert_eq!(ask(&idp, &sealed), Err(SamlError::Encrypted));
    let metadata = idp.metadata();
    assert_eq!(verify(&"A".repeat(100_001), &metadata, NOW), Err(SamlError::TooLong));
    assert!(matches!(verify("*", &metadata, NOW), Err(SamlError::Malformed(_))));
    let over = metadata.replace("entityID", "validUntil=\"2029-01-01T00:00:00Z\" entityID");
    for metadata in ["", "<a/>", &over, &metadata.replace("signing", "encryption")] {
        assert!(matches!(verify(&packed(&right), metadata, NOW), Err(SamlError::Metadata(_))));
    }
}
