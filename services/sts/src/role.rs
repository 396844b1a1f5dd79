//! Roles, as IAM keeps them.

use std::sync::Arc;

use identity::{keys, records};
use kernel::{Arn, Principal, PrincipalKind};
use model_sts::Error;
use policy::{Policy, PolicyKind};
use store::{Record as _, Snapshot};

use crate::error;

/// Trusts nobody: stands for the trust policy of a role that does not exist, so that the answer about it is that about
/// a role that does not trust the caller.
const NOBODY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
    "Principal":{"Service":"nobody.invalid"}}}"#;

/// A role that exists.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its ARN, with its path.
    pub arn: Arn,
    pub record: records::Role,
}

/// Reads the ARN of a role.
pub fn parse_arn(text: &str) -> Result<Arn, Error> {
    let arn: Arn = text.parse().map_err(|_| error::invalid(format!("{text} is invalid")))?;
    let is_account = arn.account().len() == 12 && arn.account().bytes().all(|byte| byte.is_ascii_digit());
    let name = arn.resource().strip_prefix("role/").unwrap_or_default();
    if arn.service() != "iam"
        || !arn.region().is_empty()
        || !is_account
        || name.is_empty()
        || name.ends_with('/')
    {
        return Err(error::invalid("Request ARN is invalid"));
    }
    Ok(arn)
}

/// The role with exactly this ARN.
pub fn find(snapshot: &Snapshot, arn: &Arn) -> Result<Option<Role>, store::Error> {
    let name = arn.resource().rsplit('/').next().unwrap_or_default();
    let Some(bytes) = snapshot.get(&keys::role(arn.account(), name))? else { return Ok(None) };
    let record = records::Role::decode(&bytes)?;
    let found =
        Arn::new(arn.partition(), "iam", "", arn.account(), &format!("role{}{}", record.path, record.name));
    // Names are unique without regard to case, but ARNs are compared to the letter.
    Ok((found == *arn).then_some(Role { arn: found, record }))
}

/// Whom a role trusts; nobody where there is no role, or none whose trust policy can be read.
pub fn trust(role: Option<&Role>) -> Arc<Policy> {
    let parse = |document: &str| Policy::parse(document.as_bytes(), PolicyKind::Trust);
    let parsed = role.map(|role| (role, parse(&role.record.trust)));
    match parsed {
        Some((_, Ok(policy))) => Arc::new(policy),
        Some((role, Err(error))) => {
            tracing::error!(role = %role.arn, %error, "a trust policy cannot be read: nobody can assume the role");
            nobody()
        }
        None => nobody(),
    }
}

fn nobody() -> Arc<Policy> {
    Arc::new(Policy::parse(NOBODY.as_bytes(), PolicyKind::Trust).expect("a constant that a test parses"))
}

impl Role {
    /// A session of the role with this name, without the session itself.
    pub fn principal(&self, session_name: &str) -> Principal {
        let (account, name) = (self.arn.account(), &self.record.name);
        Principal {
            kind: PrincipalKind::AssumedRole,
            account: account.to_owned(),
            arn: Arn::new(
                self.arn.partition(),
                "sts",
                "",
                account,
                &format!("assumed-role/{name}/{session_name}"),
            ),
            user_id: format!("{}:{session_name}", self.record.id),
            access_key: String::new(),
            session: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_a_trust_policy() {
        assert_eq!(nobody().kind(), PolicyKind::Trust);
    }

    #[test]
    fn arns_of_roles() {
        for good in ["arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:role/a/b/r"] {
            assert_eq!(parse_arn(good).unwrap().as_str(), good);
        }
        for (bad, text) in [
            ("aws:arn:iam::123456789012:role/r", "aws:arn:iam::123456789012:role/r is invalid"),
            ("arn:aws:iam::123456789012:user/u", "Request ARN is invalid"),
            ("arn:aws:iam::123456789012:role/", "Request ARN is invalid"),
            ("arn:aws:iam::123456789012:role/a/", "Request ARN is invalid"),
            ("arn:aws:iam::12345678901x:role/r", "Request ARN is invalid"),
            ("arn:aws:iam:us-east-1:123456789012:role/r", "Request ARN is invalid"),
            ("arn:aws:sts::123456789012:assumed-role/r/s", "Request ARN is invalid"),
        ] {
            let Err(Error::Common(wire::CommonError::Validation(message))) = parse_arn(bad) else {
                panic!("{bad} is not refused")
            };
            assert_eq!(message, text);
        }
    }
}
