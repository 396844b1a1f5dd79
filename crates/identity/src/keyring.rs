//! Whose access keys are known, with what is needed to verify a signature.

use std::collections::HashMap;
use std::sync::Arc;

use kernel::{Arn, Principal, PrincipalKind, Timestamp};
use parking_lot::RwLock;
use store::{Record, Store, Watch};
use subtle::ConstantTimeEq;
use vault::Vault;
use zeroize::Zeroizing;

use crate::authority::name_of;
use crate::directory::Directory;
use crate::keys;
use crate::records::AccessKey;
use crate::token;

/// Longer than any access key id (IAM API reference: 16 to 128 characters).
const ID_MAX: usize = 128;
/// Keys and sessions kept, each some hundred bytes; a session up to 8 KiB with its policies.
const KEPT_MAX: usize = 4096;

/// Finds access keys: lasting ones in the store, temporary ones in the token that comes with them. What was found is
/// kept; a change of any access key drops what is kept of lasting ones.
pub struct Keyring {
    store: Store,
    vault: Vault,
    directory: Arc<Directory>,
    lasting: RwLock<Lasting>,
    sessions: RwLock<HashMap<String, Arc<Temporary>>>,
}

struct Lasting {
    watch: Watch,
    keys: HashMap<String, Arc<Key>>,
}

struct Key {
    account: String,
    user: Option<String>,
    secret: Zeroizing<String>,
}

struct Temporary {
    token: String,
    secret: Zeroizing<String>,
    principal: Principal,
    expires: Timestamp,
}

/// A known access key.
pub struct Found {
    /// The secret that signs.
    pub secret: Zeroizing<String>,
    /// Who signs with it.
    pub principal: Principal,
}

/// Why an access key is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Nobody has it, it is not active, its token is not its own, or whoever had it is gone.
    #[error("nobody has this access key")]
    Unknown,
    /// Its time is over.
    #[error("the credentials have expired")]
    Expired,
}

impl Keyring {
    /// The keys of a store.
    pub fn new(store: Store, vault: Vault, directory: Arc<Directory>) -> Self {
        let watch = store.watch(keys::access_keys());
        let lasting = RwLock::new(Lasting { watch, keys: HashMap::new() });
        Self { store, vault, directory, lasting, sessions: RwLock::default() }
    }

    /// Finds an access key; `token` is the session token that came along.
    pub fn find(&self, id: &str, token: Option<&str>, now: Timestamp) -> Result<Found, KeyError> {
        if id.len() > ID_MAX {
            return Err(KeyError::Unknown);
        }
        match token {
            Some(token) if id.starts_with("ASIA") => self.session(id, token, now),
            // Tools send empty or made-up tokens along with lasting keys; the signature covers those.
            _ => self.lasting(id),
        }
    }

    fn lasting(&self, id: &str) -> Result<Found, KeyError> {
        let key = match self.known(id) {
            Some(key) => key,
            None => self.load(id)?,
        };
        let principal = match &key.user {
            None => Principal::root(&key.account, id),
            Some(name) => {
                let user = self.directory.user(&key.account, name).map_err(unreadable)?;
                let user = user.ok_or(KeyError::Unknown)?;
                Principal {
                    kind: PrincipalKind::User,
                    account: key.account.clone(),
                    arn: user.arn.clone(),
                    user_id: user.id.clone(),
                    access_key: id.to_owned(),
                    session: None,
                }
            }
        };
        Ok(Found { secret: key.secret.clone(), principal })
    }

    fn known(&self, id: &str) -> Option<Arc<Key>> {
        let lasting = self.lasting.read();
        if lasting.watch.has_changed() { None } else { lasting.keys.get(id).cloned() }
    }

    /// A failure to read is a refusal.
    fn load(&self, id: &str) -> Result<Arc<Key>, KeyError> {
        // Before the key is read, so that no change is missed.
        let watch = self.store.watch(keys::access_keys());
        let bytes = self.store.snapshot().get(&keys::access_key(id)).map_err(unreadable)?;
        let record =
            AccessKey::decode(&bytes.ok_or(KeyError::Unknown)?).map_err(|error| unreadable(error.into()))?;
        if !record.active {
            return Err(KeyError::Unknown);
        }
        let secret = self.vault.open("iam.access-key", id, &record.sealed_secret).map_err(|error| {
            tracing::error!(access_key = id, %error, "an access key cannot be opened");
            KeyError::Unknown
        })?;
        let secret = String::from_utf8(secret.to_vec()).map_err(|_| KeyError::Unknown)?;
        let key =
            Arc::new(Key { account: record.account, user: record.user, secret: Zeroizing::new(secret) });
        let mut lasting = self.lasting.write();
        if lasting.watch.has_changed() {
            *lasting = Lasting { watch, keys: HashMap::new() };
        }
        if lasting.keys.len() >= KEPT_MAX {
            lasting.keys.clear();
        }
        lasting.keys.insert(id.to_owned(), key.clone());
        Ok(key)
    }

    fn session(&self, id: &str, token: &str, now: Timestamp) -> Result<Found, KeyError> {
        let known = self.sessions.read().get(id).cloned();
        let same = known.filter(|known| known.token.as_bytes().ct_eq(token.as_bytes()).into());
        let session = match same {
            Some(session) => session,
            None => self.open(id, token, now)?,
        };
        if session.expires <= now {
            return Err(KeyError::Expired);
        }
        if !self.still_there(&session.principal)? {
            return Err(KeyError::Unknown);
        }
        Ok(Found { secret: session.secret.clone(), principal: session.principal.clone() })
    }

    fn open(&self, id: &str, token: &str, now: Timestamp) -> Result<Arc<Temporary>, KeyError> {
        let (secret, principal) = token::open(&self.vault, id, token, now).map_err(|error| match error {
            token::TokenError::Expired => KeyError::Expired,
            token::TokenError::Invalid => KeyError::Unknown,
        })?;
        let expires = principal.session.as_ref().map(|session| session.expires).ok_or(KeyError::Unknown)?;
        let session = Arc::new(Temporary { token: token.to_owned(), secret, principal, expires });
        let mut sessions = self.sessions.write();
        if sessions.len() >= KEPT_MAX {
            sessions.retain(|_, session| session.expires > now);
            if sessions.len() >= KEPT_MAX {
                sessions.clear();
            }
        }
        sessions.insert(id.to_owned(), session.clone());
        Ok(session)
    }

    /// Whether the role or user behind a session is still the one that began it.
    fn still_there(&self, principal: &Principal) -> Result<bool, KeyError> {
        let Some(session) = &principal.session else { return Ok(false) };
        let Ok(issuer) = session.issuer_arn.parse::<Arn>() else { return Ok(false) };
        if issuer.resource() == "root" {
            return Ok(true);
        }
        let found = match principal.kind {
            PrincipalKind::AssumedRole => self.directory.role(&principal.account, name_of(&issuer)),
            _ => self.directory.user(&principal.account, name_of(&issuer)),
        };
        Ok(found.map_err(unreadable)?.is_some_and(|identity| identity.id == session.issuer_id))
    }
}

fn unreadable(error: store::Error) -> KeyError {
    tracing::error!(%error, "credentials cannot be read");
    KeyError::Unknown
}
