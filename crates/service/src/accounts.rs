//! How S3 names accounts: by canonical user ids, and by e-mail addresses for those who know them.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use sha2::{Digest, Sha256};

/// Who owns buckets and objects, by account. Cloning gives another handle to the same.
#[derive(Clone, Default)]
pub struct Accounts(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    owners: HashMap<String, Owner>,
    by_canonical_id: HashMap<String, String>,
}

/// An account as S3 shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its canonical user id.
    pub canonical_id: String,
    /// Its name, for people.
    pub display_name: String,
    /// Its address, where it has one.
    pub email: Option<String>,
}

/// Half of a derived canonical user id: account and check, 16 bytes each.
const HALF: usize = 16;

impl Accounts {
    /// Gives an account another owner than the one that follows from its number.
    pub fn set(&self, account: &str, owner: Owner) {
        let mut known = self.0.write();
        known.by_canonical_id.insert(owner.canonical_id.clone(), account.to_owned());
        known.owners.insert(account.to_owned(), owner);
    }

    /// The owner of what belongs to an account.
    pub fn owner(&self, account: &str) -> Owner {
        self.0.read().owners.get(account).cloned().unwrap_or_else(|| Owner {
            canonical_id: canonical_id(account),
            display_name: account.to_owned(),
            email: None,
        })
    }

    /// The account with this canonical user id.
    pub fn with_canonical_id(&self, id: &str) -> Option<String> {
        let known = self.0.read();
        known.by_canonical_id.get(id).cloned().or_else(|| account_of(id))
    }

    /// The accounts with this address.
    pub fn with_email(&self, email: &str) -> Vec<String> {
        let known = self.0.read();
        let has =
            |owner: &Owner| owner.email.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(email));
        known.owners.iter().filter(|(_, owner)| has(owner)).map(|(account, _)| account.clone()).collect()
    }
}

fn check(account: &[u8]) -> [u8; HALF] {
    let digest = Sha256::new_with_prefix(b"canonical user ").chain_update(account).finalize();
    let mut check = [0; HALF];
    check.copy_from_slice(&digest[..HALF]);
    check
}

/// The canonical user id of an account: it can be turned back, so that nothing has to be kept to know whose it is.
fn canonical_id(account: &str) -> String {
    let check = check(account.as_bytes());
    let mut half = [0; HALF];
    for (at, byte) in account.bytes().take(HALF).enumerate() {
        half[at] = byte;
    }
    let mixed = half.iter().zip(check).map(|(byte, check)| byte ^ check);
    mixed.chain(check).map(|byte| format!("{byte:02x}")).collect()
}

fn account_of(canonical_id: &str) -> Option<String> {
    let digits = canonical_id.as_bytes();
    if digits.len() != 4 * HALF || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let bytes = bytes?;
    let (mixed, found) = bytes.split_at(HALF);
    let account: Vec<u8> =
        mixed.iter().zip(found).map(|(byte, check)| byte ^ check).take_while(|byte| *byte != 0).collect();
    let account = String::from_utf8(account).ok()?;
    (canonical_id_is_of(canonical_id, &account)).then_some(account)
}

fn canonical_id_is_of(id: &str, account: &str) -> bool {
    account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && canonical_id(account) == id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_accounts_and_back() {
        let accounts = Accounts::default();
        let owner = accounts.owner("123456789012");
        assert_eq!(owner.canonical_id.len(), 64);
        assert_ne!(owner.canonical_id, accounts.owner("123456789013").canonical_id);
        assert_eq!(accounts.with_canonical_id(&owner.canonical_id).as_deref(), Some("123456789012"));
        for wrong in ["", "0", &"0".repeat(64), &"zz".repeat(32), &owner.canonical_id[1..]] {
            assert_eq!(accounts.with_canonical_id(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn owners_can_be_given() {
        let accounts = Accounts::default();
        let owner = Owner {
            canonical_id: "someone".to_owned(),
            display_name: "Some One".to_owned(),
            email: Some("one@example.com".to_owned()),
        };
        accounts.set("111111111111", owner.clone());
        assert_eq!(accounts.owner("111111111111"), owner);
        assert_eq!(accounts.with_canonical_id("someone").as_deref(), Some("111111111111"));
        assert_eq!(accounts.with_email("ONE@example.com"), ["111111111111"]);
        assert!(accounts.with_email("two@example.com").is_empty());
    }
}
