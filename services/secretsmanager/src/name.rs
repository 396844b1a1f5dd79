//! Names of secrets, and the ways to name one in a request.

use kernel::{Arn, Call, Ids};
use model_secretsmanager::Error;

use crate::error::bad_name;

/// The kind of resource in ARNs of this service.
const KIND: &str = "secret:";
/// Characters of an ARN's random end.
const SUFFIX: usize = 6;
/// As recorded ARNs have it: letters of both cases and digits.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Which secret a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretId {
    pub account: String,
    pub region: String,
    pub name: String,
    /// Said only by a whole ARN.
    pub suffix: Option<String>,
}

impl SecretId {
    /// Reads a name, a whole ARN, or an ARN without its random end.
    pub fn parse(call: &Call, text: &str) -> Result<Self, Error> {
        if !text.starts_with("arn:") {
            check(text)?;
            let (account, region) = (call.account.clone(), call.region.clone());
            return Ok(Self { account, region, name: text.to_owned(), suffix: None });
        }
        let arn: Arn = text.parse().map_err(|_| bad_name())?;
        let rest = arn.resource().strip_prefix(KIND).filter(|_| arn.service() == "secretsmanager");
        let rest = rest.ok_or_else(bad_name)?;
        check(rest)?;
        // A partial ARN that ends like a whole one is read as a whole one, as the real service does.
        let (name, suffix) = match split(rest) {
            Some((name, suffix)) => (name, Some(suffix.to_owned())),
            None => (rest, None),
        };
        let (account, region) = (arn.account().to_owned(), arn.region().to_owned());
        Ok(Self { account, region, name: name.to_owned(), suffix })
    }

    /// The ARN by which policies name it when there is no such secret: what nobody has said is any six characters.
    pub fn arn(&self) -> Arn {
        arn(&self.account, &self.region, &self.name, self.suffix.as_deref().unwrap_or("??????"))
    }
}

/// A secret's ARN.
pub fn arn(account: &str, region: &str, name: &str, suffix: &str) -> Arn {
    Arn::aws("secretsmanager", region, account, &format!("{KIND}{name}-{suffix}"))
}

/// The characters a name may have.
pub fn check(name: &str) -> Result<(), Error> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&byte);
    if !name.is_empty() && name.bytes().all(fits) { Ok(()) } else { Err(bad_name()) }
}

/// A new random end.
pub fn suffix(ids: Ids) -> String {
    let mut out = String::with_capacity(SUFFIX);
    while out.len() < SUFFIX {
        // Bytes above the greatest multiple are left out, so that no character comes more often.
        let most = 256 / ALPHABET.len() * ALPHABET.len();
        let fitting = ids.bytes::<16>().into_iter().map(usize::from).filter(|byte| *byte < most);
        out.extend(fitting.take(SUFFIX - out.len()).map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])));
    }
    out
}

fn split(rest: &str) -> Option<(&str, &str)> {
    let (name, suffix) = rest.rsplit_once('-')?;
    let whole = suffix.len() == SUFFIX && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (whole && !name.is_empty()).then_some((name, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, Option<String>)> {
        let call = Call { service: "secretsmanager", ..testkit::call(kernel::Timestamp::from_secs(1)) };
        SecretId::parse(&call, text).ok().map(|id| (id.name, id.suffix))
    }

    #[test]
    fn every_way_to_name_one() {
        let head = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
        assert_eq!(parsed("app/db"), Some(("app/db".into(), None)));
        assert_eq!(parsed("a-b1c2d3"), Some(("a-b1c2d3".into(), None)), "a name is taken as it is");
        assert_eq!(parsed(&format!("{head}app/db-a1B2c3")), Some(("app/db".into(), Some("a1B2c3".into()))));
        assert_eq!(parsed(&format!("{head}app/db")), Some(("app/db".into(), None)));
        assert_eq!(parsed(&format!("{head}db-a1b2")), Some(("db-a1b2".into(), None)));
        assert_eq!(parsed(&format!("{head}db-a1b2c3-")), Some(("db-a1b2c3-".into(), None)));
        for bad in
            ["", "Inv Name", "a*", "arn:aws:sqs:us-east-1:1:secret:x", "arn:aws:secretsmanager:r:1:x", "arn:"]
        {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn suffixes_have_their_form() {
        let one = suffix(Ids);
        assert!(one.len() == 6 && one.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{one}");
        assert_ne!(one, suffix(Ids));
    }
}
