//! A form that a browser uploads: its fields carry the signature, which covers the policy among them.

use crate::date;
use crate::error::{AuthError, Mismatch, Place};
use crate::key::SigningKey;
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

/// A form's signature as presented.
#[derive(Clone, Debug)]
pub struct SignedForm {
    signed: Signed,
    policy: String,
}

impl SignedForm {
    /// Reads the signature of a form. `field` gives the value of a field by its name in lower case. `None` when the form
    /// carries nothing of a signature.
    ///
    /// # Errors
    /// [`AuthError`] about the form of what is presented.
    pub fn parse<'a>(field: impl Fn(&str) -> Option<&'a str>) -> Result<Option<SignedForm>, AuthError> {
        let text = FIELDS.map(|(name, _)| field(name).map(str::trim));
        let older = field("awsaccesskeyid").is_some() || field("signature").is_some();
        if text.iter().all(Option::is_none) {
            return if older { Err(AuthError::SignatureV2) } else { Ok(None) };
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
        if policy.len() > POLICY_LEN_MAX {
            return Err(AuthError::TooLarge { what: "policy of a form", limit: POLICY_LEN_MAX });
        }
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

    #[test]
    fn half_a_signature_is_none_and_not_nobody() {
        assert!(form(&[("key", "a")]).unwrap().is_none());
        assert_eq!(form(&[("awsaccesskeyid", "a")]).unwrap_err(), AuthError::SignatureV2);
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
