//! A form that a browser uploads: its fields carry the signature, which covers the policy among them.

use std::fmt;

use crate::date;
use crate::error::{AuthError, Mismatch, Place};
use crate::key::SigningKey;
use crate::older;
use crate::payload::Payload;
use crate::signed::{Parts, Signed};

/// The fields that belong to a signature, by their names in lower case.
const FIELDS: [(&str, &str); 4] = [
    ("x-amz-algorithm", "X-Amz-Algorithm"),
    ("x-amz-credential", "X-Amz-Credential"),
    ("x-amz-date", "X-Amz-Date"),
    ("x-amz-signature", "X-Amz-Signature"),
];

/// Longest policy, bytes of base64. The real service takes forms of 20 KB without the file.
const POLICY_LEN_MAX: usize = 32 * 1024;

/// Who signed a form.
#[derive(Clone, Debug)]
pub enum Form {
    /// With this version of signatures.
    Signed(SignedForm),
    /// With the one before: forms are written once into pages, by whatever library there was.
    Older(OlderForm),
}

/// A form's signature as presented.
#[derive(Clone, Debug)]
pub struct SignedForm {
    signed: Signed,
    policy: String,
}

/// A form's signature of version 2: HMAC-SHA1 of the policy under the secret itself.
#[derive(Clone)]
pub struct OlderForm {
    access_key: String,
    signature: String,
    policy: String,
    session_token: Option<String>,
}

impl Form {
    /// Reads the signature of a form. `field` gives the value of a field by its name in lower case. `None` when the form
    /// carries nothing of a signature.
    ///
    /// # Errors
    /// [`AuthError`] about the form of what is presented.
    pub fn parse<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Form>, AuthError> {
        if let Some(older) = OlderForm::parse(&field)? {
            return Ok(Some(Self::Older(older)));
        }
        Ok(SignedForm::parse(field)?.map(Self::Signed))
    }
}

impl OlderForm {
    fn parse<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Option<Self>, AuthError> {
        let (access_key, signature) = (field("awsaccesskeyid"), field("signature"));
        if access_key.is_none() && signature.is_none() || field("x-amz-signature").is_some() {
            return Ok(None);
        }
        let (Some(access_key), Some(signature), Some(policy)) = (access_key, signature, field("policy"))
        else {
            let missing = |name| if field(name).is_none() { Some(name) } else { None };
            let names =
                [("awsaccesskeyid", "AWSAccessKeyId"), ("signature", "Signature"), ("policy", "Policy")];
            let names = names.into_iter().filter(|(name, _)| missing(*name).is_some());
            return Err(AuthError::IncompleteQuery { names: names.map(|(_, shown)| shown).collect() });
        };
        check_policy(policy)?;
        Ok(Some(Self {
            access_key: access_key.to_owned(),
            signature: signature.trim().to_owned(),
            policy: policy.to_owned(),
            session_token: field("x-amz-security-token").map(str::to_owned),
        }))
    }

    /// The access key id.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The session token of temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// Verifies the signature. How long a form is good is said in its policy, which is for the caller to read.
    ///
    /// # Errors
    /// [`AuthError::SignatureDoesNotMatch`].
    pub fn verify(&self, secret: &str) -> Result<(), AuthError> {
        if older::is_right(secret, self.policy.as_bytes(), &self.signature) {
            return Ok(());
        }
        Err(AuthError::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key: self.access_key.clone(),
            signature: self.signature.clone(),
            canonical_request: String::new(),
            string_to_sign: self.policy.clone(),
        })))
    }
}

impl fmt::Debug for OlderForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OlderForm").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

fn check_policy(policy: &str) -> Result<(), AuthError> {
    if policy.len() > POLICY_LEN_MAX {
        return Err(AuthError::TooLarge { what: "policy of a form", limit: POLICY_LEN_MAX });
    }
    Ok(())
}

impl SignedForm {
    fn parse<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Option<SignedForm>, AuthError> {
        let text = FIELDS.map(|(name, _)| field(name).map(str::trim));
        if text.iter().all(Option::is_none) {
            return Ok(None);
        }
        let missing: Vec<_> =
            FIELDS.iter().zip(&text).filter(|(_, text)| text.is_none()).map(|((_, name), _)| *name).collect();
        let ([Some(algorithm), Some(credential), Some(day), Some(signature)], Some(policy)) =
            (text, field("policy"))
        else {
            return Err(AuthError::IncompleteQuery { names: missing });
        };
        if algorithm != crate::ALGORITHM {
            let algorithm = algorithm.to_owned();
            return Err(AuthError::UnsupportedAlgorithm { place: Place::Query, algorithm });
        }
        check_policy(policy)?;
        let malformed = || AuthError::MalformedDate { place: Place::Query, value: day.to_owned() };
        let signed = Signed::new(Parts {
            place: Place::Query,
            credential,
            // The policy alone is signed; the name stands for the list that a request has.
            signed_headers: "host",
            signature,
            time: date::parse_iso(day).ok_or_else(malformed)?,
            expires_s: None,
            session_token: field("x-amz-security-token").map(str::to_owned),
            payload: Payload::Unsigned,
        })?;
        Ok(Some(SignedForm { signed, policy: policy.to_owned() }))
    }

    /// Who it claims to be from, and for what.
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Verifies scope and signature with the key derived for this access key, date, region and service. How long a form
    /// is good is said in its policy, which is for the caller to read.
    ///
    /// # Errors
    /// [`AuthError::WrongScope`] or [`AuthError::SignatureDoesNotMatch`].
    pub fn verify(&self, key: &SigningKey) -> Result<(), AuthError> {
        self.signed.check_scope(crate::Expected::default())?;
        let signature = key.sign(&[self.policy.as_bytes()]);
        if crate::ChunkSigner::matches(self.signed.signature_text().as_bytes(), &signature) {
            return Ok(());
        }
        Err(AuthError::SignatureDoesNotMatch(Box::new(Mismatch {
            access_key: self.signed.access_key().to_owned(),
            signature: self.signed.signature_text().to_owned(),
            canonical_request: String::new(),
            string_to_sign: self.policy.clone(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const CREDENTIAL: &str = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request";

    fn form<'a>(fields: &'a [(&'a str, &'a str)]) -> Result<Option<SignedForm>, AuthError> {
        SignedForm::parse(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value))
    }

    #[test]
    fn the_policy_is_what_is_signed() {
        let key = SigningKey::derive(SECRET, "20151229", "us-east-1", "s3");
        let policy = "eyJleHBpcmF0aW9uIjoiMjAxNS0xMi0zMFQxMjowMDowMC4wMDBaIn0=";
        let signature = crate::text::hex_string(&key.sign(&[policy.as_bytes()]));
        let fields = |policy, credential, signature| {
            [
                ("x-amz-algorithm", crate::ALGORITHM),
                ("x-amz-credential", credential),
                ("x-amz-date", "20151229T000000Z"),
                ("x-amz-signature", signature),
                ("policy", policy),
            ]
        };
        let good = form(&fields(policy, CREDENTIAL, &signature)).unwrap().unwrap();
        assert_eq!(
            (good.signed().access_key(), good.signed().region()),
            ("AKIAIOSFODNN7EXAMPLE", "us-east-1")
        );
        assert_eq!(good.verify(&key), Ok(()));
        let changed = form(&fields("eyJ9", CREDENTIAL, &signature)).unwrap().unwrap();
        let Err(AuthError::SignatureDoesNotMatch(mismatch)) = changed.verify(&key) else { panic!("let in") };
        assert_eq!((mismatch.string_to_sign.as_str(), mismatch.canonical_request.as_str()), ("eyJ9", ""));
        let other_day = CREDENTIAL.replace("20151229", "20151230");
        let other_day = form(&fields(policy, &other_day, &signature)).unwrap().unwrap();
        assert!(matches!(other_day.verify(&key), Err(AuthError::WrongScope { .. })));
    }

    fn older(fields: &[(&str, &str)]) -> Result<Option<Form>, AuthError> {
        Form::parse(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value))
    }

    /// The signature was computed with Python's `hmac`.
    #[test]
    fn older_forms() {
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDA3LTEyLTAxVDEyOjAwOjAwLjAwMFoiLAogICJjb25kaXRpb25zIjogWwogICAgeyJidWNrZXQiOiAiam9obnNtaXRoIn0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci9lcmljLyJdLAogICAgeyJhY2wiOiAicHVibGljLXJlYWQifSwKICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL2pvaG5zbWl0aC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwKICAgIFsic3RhcnRzLXdpdGgiLCAiJENvbnRlbnQtVHlwZSIsICJpbWFnZS8iXSwKICAgIHsieC1hbXotbWV0YS11dWlkIjogIjE0MzY1MTIzNjUxMjc0In0sCiAgICBbInN0YXJ0cy13aXRoIiwgIiR4LWFtei1tZXRhLXRhZyIsICIiXQogIF0KfQo=";
        let signature = "gp42sMsv4L5xLO0OjT+56V64o+A=";
        let fields = [("awsaccesskeyid", "AKID"), ("signature", signature), ("policy", policy)];
        let Some(Form::Older(form)) = older(&fields).unwrap() else { panic!("not older") };
        assert_eq!((form.access_key(), form.session_token()), ("AKID", None));
        assert_eq!(form.verify(SECRET), Ok(()));
        assert!(matches!(form.verify("other"), Err(AuthError::SignatureDoesNotMatch(_))));
        for signature in ["", "AAAA", "?"] {
            let fields = [("awsaccesskeyid", "AKID"), ("signature", signature), ("policy", policy)];
            let Some(Form::Older(form)) = older(&fields).unwrap() else { panic!("not older") };
            assert!(matches!(form.verify(SECRET), Err(AuthError::SignatureDoesNotMatch(_))));
        }
        let half = older(&[("awsaccesskeyid", "a")]).unwrap_err();
        assert_eq!(half, AuthError::IncompleteQuery { names: vec!["Signature", "Policy"] });
    }

    #[test]
    fn half_a_signature_is_none_and_not_nobody() {
        assert!(form(&[("key", "a")]).unwrap().is_none());
        let refused = form(&[("x-amz-signature", "a"), ("policy", "p")]).unwrap_err();
        let names = vec!["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date"];
        assert_eq!(refused, AuthError::IncompleteQuery { names });
        let no_policy = [
            ("x-amz-algorithm", crate::ALGORITHM),
            ("x-amz-credential", CREDENTIAL),
            ("x-amz-date", "20151229T000000Z"),
            ("x-amz-signature", "00"),
        ];
        assert!(matches!(form(&no_policy), Err(AuthError::IncompleteQuery { .. })));
    }
}
