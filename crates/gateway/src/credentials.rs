//! Whose access keys are known.

use std::net::SocketAddr;

use kernel::{Principal, Timestamp};
use zeroize::Zeroizing;

/// What belongs to an access key.
#[derive(Clone)]
pub struct Credential {
    /// The secret that signs.
    pub secret: Zeroizing<String>,
    /// Who signs with it.
    pub principal: Principal,
    /// Whether everybody knows the secret: such a key is good on loopback only, and not for what a web page of
    /// somebody else sends there.
    pub well_known: bool,
}

/// What a request presents.
#[derive(Clone, Copy, Debug)]
pub struct Presentation<'a> {
    /// The id of the access key.
    pub access_key: &'a str,
    /// The session token.
    pub token: Option<&'a str>,
    /// Where the request came in.
    pub listener: SocketAddr,
    /// When.
    pub now: Timestamp,
}

/// Why there is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCredential {
    /// Nobody has the key, or it does not go with the token.
    Unknown,
    /// Its time is over.
    Expired,
}

/// A source of credentials.
pub trait Credentials: Send + Sync {
    /// The credential of an access key.
    fn find(&self, presented: &Presentation<'_>) -> Result<Credential, NoCredential>;

    /// A caller's signature was right; called for every request, so it has to be quick.
    fn used(&self, call: &kernel::Call);
}

/// The keys of a developer's own machine: `test` is the root user of account 000000000000, and every 12-digit
/// number the root user of that account, all with the secret `test`. They are good on loopback addresses only.
pub struct LocalKeys;

/// The account of the access key `test`.
const TEST_ACCOUNT: &str = "000000000000";
const TEST_KEY: &str = "test";
const TEST_SECRET: &str = "test";

impl LocalKeys {
    /// The credential, if the key is one of these.
    pub fn find(&self, presented: &Presentation<'_>) -> Option<Credential> {
        if !presented.listener.ip().is_loopback() {
            return None;
        }
        let account = match presented.access_key {
            TEST_KEY => TEST_ACCOUNT,
            number if is_account(number) => number,
            _ => return None,
        };
        let principal = Principal::root(account, presented.access_key);
        Some(Credential { secret: Zeroizing::new(TEST_SECRET.to_owned()), principal, well_known: true })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account_of(access_key: &str, listener: SocketAddr) -> Option<String> {
        let now = Timestamp::from_secs(0);
        let found = LocalKeys.find(&Presentation { access_key, token: None, listener, now })?;
        assert!(found.well_known);
        Some(found.principal.account)
    }

    #[test]
    fn local_keys_are_for_loopback_only() {
        let inside: SocketAddr = ([127, 0, 0, 1], 4566).into();
        let outside: SocketAddr = ([192, 0, 2, 1], 4566).into();
        assert_eq!(account_of("test", inside).as_deref(), Some(TEST_ACCOUNT));
        assert_eq!(account_of("437064342167", inside).as_deref(), Some("437064342167"));
        for key in ["test", "437064342167"] {
            assert_eq!(account_of(key, outside), None);
        }
        for key in ["", "Test", "43706434216", "4370643421678", "43706434216x"] {
            assert_eq!(account_of(key, inside), None, "{key}");
        }
    }
}
