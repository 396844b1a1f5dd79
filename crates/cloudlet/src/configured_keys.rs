//! Access keys that the configuration file brings along: for those who have keys already, and for test suites that
//! come with theirs.

mod entry;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use gateway::{Credential, Presentation};
use kernel::Principal;
use service::{Accounts, Owner};
use zeroize::Zeroizing;

pub use entry::Entry;

/// More than anybody writes by hand; who needs more makes them with IAM. At some hundred bytes each, a few hundred KiB.
const KEYS_MAX: usize = 1000;

/// Keys of root users, good on loopback listeners only.
#[derive(Clone, Default)]
pub struct ConfiguredKeys {
    keys: HashMap<String, Key>,
    /// By account.
    owners: BTreeMap<String, Named>,
}

#[derive(Clone)]
struct Key {
    secret: Zeroizing<String>,
    account: String,
}

/// What the entries of an account say about it.
#[derive(Clone, Default)]
struct Named {
    canonical_id: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
}

impl fmt::Debug for ConfiguredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredKeys").field("count", &self.keys.len()).finish_non_exhaustive()
    }
}

impl ConfiguredKeys {
    /// Takes the entries of a file, of which any fault is an error that names the entry and shows no secret.
    pub fn new(entries: Vec<Entry>) -> Result<Self> {
        ensure!(entries.len() <= KEYS_MAX, "{} credentials are more than {KEYS_MAX}", entries.len());
        let mut all = Self::default();
        for (at, entry) in entries.into_iter().enumerate() {
            let name = match entry.access_key() {
                Ok(key) => format!("credential {} ({key})", at + 1),
                Err(_) => format!("credential {}", at + 1),
            };
            all.add(entry).context(name)?;
        }
        all.tell_owners_apart()?;
        Ok(all)
    }

    fn add(&mut self, entry: Entry) -> Result<()> {
        entry.check()?;
        ensure!(!self.keys.contains_key(&entry.access_key), "another credential has this access_key");
        let owner = self.owners.entry(entry.account.clone()).or_default();
        let account = &entry.account;
        agree("canonical_id", account, &mut owner.canonical_id, entry.canonical_id)?;
        agree("display_name", account, &mut owner.display_name, entry.display_name)?;
        agree("email", account, &mut owner.email, entry.email)?;
        self.keys.insert(entry.access_key, Key { secret: entry.secret_key.0, account: entry.account });
        Ok(())
    }

    /// A canonical user id is one account's: not also that of another entry, nor the one that follows from another
    /// account's number.
    fn tell_owners_apart(&self) -> Result<()> {
        let derived = Accounts::default();
        let mut taken: HashMap<&str, &str> = HashMap::new();
        for (account, owner) in &self.owners {
            let Some(id) = &owner.canonical_id else { continue };
            let other =
                taken.insert(id, account).map(str::to_owned).or_else(|| derived.with_canonical_id(id));
            if let Some(other) = other.filter(|other| other != account) {
                bail!(
                    "the credentials of account {account} have the canonical_id of account {other}: {id:?}"
                );
            }
        }
        Ok(())
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Fails if there are keys and others than this machine could use them.
    pub fn refuse_beyond_loopback(&self, listen: SocketAddr) -> Result<()> {
        ensure!(
            self.keys.is_empty() || listen.ip().is_loopback(),
            "the configuration file has credentials, which are root users' and good on loopback addresses only, and \
             {listen} is none: take them out and make keys with `cloudlet key` or IAM, or listen on 127.0.0.1"
        );
        Ok(())
    }

    /// Gives the accounts the owners that the entries name.
    pub fn name_owners(&self, accounts: &Accounts) {
        for (account, named) in &self.owners {
            if named.canonical_id.is_none() && named.display_name.is_none() && named.email.is_none() {
                continue;
            }
            let derived = accounts.owner(account);
            let owner = Owner {
                canonical_id: named.canonical_id.clone().unwrap_or(derived.canonical_id),
                display_name: named.display_name.clone().unwrap_or(derived.display_name),
                email: named.email.clone().or(derived.email),
            };
            accounts.set(account, owner);
        }
    }

    /// The credential, if the key is one of these and the request came in on loopback.
    pub fn find(&self, presented: &Presentation<'_>) -> Option<Credential> {
        if !presented.listener.ip().is_loopback() {
            return None;
        }
        let key = self.keys.get(presented.access_key)?;
        Some(Credential {
            secret: key.secret.clone(),
            principal: Principal::root(&key.account, presented.access_key),
            // Nobody can tell whether a secret in a file is one that everybody knows: the keys of test suites stand in
            // their public samples, and a page of another site could sign with them and have the visitor's browser
            // send it here, as a root user. SDKs and tools are no browsers, and lose nothing. So it is as with `test`.
            well_known: true,
        })
    }
}

/// Keeps what the first entry of an account says; another may leave it out or say the same.
fn agree(name: &str, account: &str, kept: &mut Option<String>, said: Option<String>) -> Result<()> {
    if let (Some(kept), Some(said)) = (kept.as_deref(), said.as_deref()) {
        ensure!(kept == said, "{name} is {said:?}, but another credential of account {account} has {kept:?}");
    }
    *kept = kept.take().or(said);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use kernel::{PrincipalKind, Timestamp};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct File {
        credential: Vec<Entry>,
    }

    fn keys(text: &str) -> Result<ConfiguredKeys> {
        let file: File = toml::from_str(text)?;
        ConfiguredKeys::new(file.credential)
    }

    fn entry(key: &str, account: &str, more: &str) -> String {
        let secret = format!("hush-{key}");
        format!(
            "[[credential]]\naccess_key = '{key}'\nsecret_key = '{secret}'\naccount = '{account}'\n{more}\n"
        )
    }

    fn refusal(entries: &[String]) -> String {
        let why = format!("{:#}", keys(&entries.concat()).unwrap_err());
        assert!(!why.contains("hush"), "{why}");
        why
    }

    fn find(keys: &ConfiguredKeys, access_key: &str, listener: SocketAddr) -> Option<Credential> {
        keys.find(&Presentation { access_key, token: None, listener, now: Timestamp::from_secs(0) })
    }

    const ONE: &str = "111111111111";
    const TWO: &str = "222222222222";

    #[test]
    fn keys_are_root_users_on_loopback() {
        let found = keys(&[entry("a", ONE, ""), entry("b", ONE, ""), entry("c", TWO, "")].concat()).unwrap();
        assert_eq!(found.len(), 3);
        let (inside, six) = (([127, 0, 0, 1], 1).into(), (Ipv6Addr::LOCALHOST, 1).into());
        for (key, account) in [("a", ONE), ("b", ONE), ("c", TWO)] {
            let credential = find(&found, key, inside).unwrap();
            assert_eq!(credential.secret.as_str(), format!("hush-{key}"));
            assert_eq!(credential.principal.kind, PrincipalKind::Root);
            assert_eq!((credential.principal.account.as_str(), credential.well_known), (account, true));
            assert!(find(&found, key, six).is_some());
            assert!(find(&found, key, ([192, 0, 2, 1], 1).into()).is_none());
        }
        assert!(find(&found, "d", inside).is_none());
        assert!(find(&found, "A", inside).is_none());
        assert!(!format!("{found:?}").contains("hush"));
    }

    #[test]
    fn beyond_loopback_they_are_refused() {
        let found = keys(&entry("a", ONE, "")).unwrap();
        found.refuse_beyond_loopback(([127, 0, 0, 1], 1).into()).unwrap();
        let why = found.refuse_beyond_loopback(([0, 0, 0, 0], 4566).into()).unwrap_err().to_string();
        assert!(why.contains("0.0.0.0:4566") && why.contains("loopback") && !why.contains("hush"), "{why}");
        ConfiguredKeys::default().refuse_beyond_loopback(([0, 0, 0, 0], 1).into()).unwrap();
    }

    #[test]
    fn a_refusal_names_the_entry() {
        assert_eq!(
            refusal(&[entry("a", ONE, ""), entry("a", TWO, "")]),
            "credential 2 (a): another credential has this access_key"
        );
        assert!(refusal(&[entry("a", "1", "")]).starts_with("credential 1 (a): account"));
        // It may be the secret.
        let why = refusal(&[entry("hush/hush", ONE, "")]);
        assert!(why.starts_with("credential 1: access_key"), "{why}");
        let many: Vec<String> = (0..=KEYS_MAX).map(|n| entry(&format!("k{n}"), ONE, "")).collect();
        assert_eq!(refusal(&many), "1001 credentials are more than 1000");
        assert_eq!(keys(&many[..KEYS_MAX].concat()).unwrap().len(), KEYS_MAX);
    }

    #[test]
    fn accounts_have_the_owners_that_entries_name() {
        let named = "canonical_id = 'testid'\ndisplay_name = 'M. Tester'\nemail = 'tester@example.com'";
        let accounts = Accounts::default();
        let text = [entry("a", ONE, ""), entry("b", ONE, named), entry("c", TWO, "email = 't@example.com'")];
        keys(&text.concat()).unwrap().name_owners(&accounts);
        let owner = accounts.owner(ONE);
        assert_eq!((owner.canonical_id.as_str(), owner.display_name.as_str()), ("testid", "M. Tester"));
        assert_eq!(accounts.with_canonical_id("testid").as_deref(), Some(ONE));
        assert_eq!(accounts.with_email("tester@example.com"), [ONE]);
        let derived = Accounts::default().owner(TWO);
        assert_eq!(accounts.owner(TWO), Owner { email: Some("t@example.com".to_owned()), ..derived });
    }

    #[test]
    fn owners_are_told_apart() {
        let id = "canonical_id = 'x'";
        let why = refusal(&[entry("a", ONE, id), entry("b", TWO, id)]);
        assert!(why.contains(ONE) && why.contains(TWO) && why.contains("\"x\""), "{why}");
        keys(&[entry("a", ONE, id), entry("b", ONE, id)].concat()).unwrap();
        for (name, one, other) in
            [("canonical_id", "x", "y"), ("display_name", "x", "y"), ("email", "x@x", "y@y")]
        {
            let (one, other) = (format!("{name} = '{one}'"), format!("{name} = '{other}'"));
            let why = refusal(&[entry("a", ONE, &one), entry("b", ONE, &other)]);
            assert!(why.starts_with(&format!("credential 2 (b): {name} is ")), "{why}");
        }
        // The id that follows from an account's number.
        let derived = format!("canonical_id = '{}'", Accounts::default().owner(ONE).canonical_id);
        keys(&entry("a", ONE, &derived)).unwrap();
        assert!(refusal(&[entry("a", TWO, &derived)]).contains(ONE));
    }
}
