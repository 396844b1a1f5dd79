//! Whose access keys are known.

use std::net::SocketAddr;

use kernel::Principal;

/// What belongs to an access key.
#[derive(Clone)]
pub struct Credential {
    /// The secret that signs.
    pub secret: String,
    /// The token that has to come with it, for temporary credentials.
    pub session_token: Option<String>,
    /// Who signs with it.
    pub principal: Principal,
}

/// A source of credentials.
pub trait Credentials: Send + Sync {
    /// The credential of an access key, for a request that came in at `listener`.
    fn find(&self, access_key: &str, listener: SocketAddr) -> Option<Credential>;
}

/// The keys of a developer's own machine: `test` is the root user of account 000000000000, and every 12-digit
/// number the root user of that account, all with the secret `test`. They are good on loopback addresses only.
pub struct LocalKeys;

/// The account of the access key `test`.
const TEST_ACCOUNT: &str = "000000000000";
const TEST_KEY: &str = "test";
const TEST_SECRET: &str = "test";

impl Credentials for LocalKeys {
    fn find(&self, access_key: &str, listener: SocketAddr) -> Option<Credential> {
        if !listener.ip().is_loopback() {
            return None;
        }
        let account = match access_key {
            TEST_KEY => TEST_ACCOUNT,
            number if is_account(number) => number,
            _ => return None,
        };
        let principal = Principal::root(account, access_key);
        Some(Credential { secret: TEST_SECRET.to_owned(), session_token: None, principal })
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_keys_are_for_loopback_only() {
        let inside: SocketAddr = ([127, 0, 0, 1], 4566).into();
        let outside: SocketAddr = ([192, 0, 2, 1], 4566).into();
        assert_eq!(LocalKeys.find("test", inside).unwrap().principal.account, TEST_ACCOUNT);
        assert_eq!(LocalKeys.find("437064342167", inside).unwrap().principal.account, "437064342167");
        for key in ["test", "437064342167"] {
            assert!(LocalKeys.find(key, outside).is_none());
        }
        for key in ["", "Test", "43706434216", "4370643421678", "43706434216x"] {
            assert!(LocalKeys.find(key, inside).is_none(), "{key}");
        }
    }
}
