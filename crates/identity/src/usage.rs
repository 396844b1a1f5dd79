//! When access keys and roles were last used: gathered in memory, written now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Call, Clock, PrincipalKind};
use parking_lot::Mutex;
use store::{Record, Store};

use crate::keys;
use crate::records::{AccessKeyUsed, Role};

/// How long a use may go unwritten. The real service takes up to hours to show one.
const PAUSE: Duration = Duration::from_secs(60);
/// Uses gathered between two writes; more than these go unnoticed until the next.
const GATHERED_MAX: usize = 4096;
/// Uses written in one transaction, far below the store's limits.
const WRITTEN_TOGETHER: usize = 256;

/// Remembers who was seen.
#[derive(Clone, Default)]
pub struct Usage {
    seen: Arc<Mutex<HashMap<Who, AccessKeyUsed>>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Who {
    /// By id.
    AccessKey(String),
    /// Account, name and unique id.
    Role(String, String, String),
}

impl Usage {
    /// Remembers that a call was authenticated.
    pub fn note(&self, call: &Call) {
        let principal = &call.principal;
        let who = match (principal.kind, &principal.session) {
            (PrincipalKind::AssumedRole, Some(session)) => {
                let name = session.issuer_arn.rsplit('/').next().unwrap_or_default();
                Who::Role(principal.account.clone(), name.to_owned(), session.issuer_id.clone())
            }
            (_, None) if principal.access_key.starts_with("AKIA") => {
                Who::AccessKey(principal.access_key.clone())
            }
            _ => return,
        };
        let mut seen = self.seen.lock();
        if let Some(used) = seen.get_mut(&who) {
            if used.service == call.service && used.region == call.region {
                used.used_ms = call.now.millis();
                return;
            }
        } else if seen.len() >= GATHERED_MAX {
            return;
        }
        let used = AccessKeyUsed {
            used_ms: call.now.millis(),
            service: call.service.to_owned(),
            region: call.region.clone(),
        };
        seen.insert(who, used);
    }

    /// Writes what was gathered, from time to time, until it is dropped.
    pub async fn run(self, store: Store, clock: Clock) {
        loop {
            clock.sleep(PAUSE).await;
            self.write(&store).await;
        }
    }

    /// Writes what was gathered.
    pub async fn write(&self, store: &Store) {
        let seen: Vec<_> = std::mem::take(&mut *self.seen.lock()).into_iter().collect();
        for some in seen.chunks(WRITTEN_TOGETHER) {
            let written = store
                .transact(|tx| {
                    for (who, used) in some {
                        match who {
                            Who::AccessKey(id) => {
                                if tx.get(&keys::access_key(id))?.is_some() {
                                    tx.put(keys::access_key_used(id), used.encode());
                                }
                            }
                            Who::Role(account, name, id) => {
                                let key = keys::role(account, name);
                                let Some(bytes) = tx.get(&key)? else { continue };
                                let mut role = Role::decode(&bytes)?;
                                if role.id == *id {
                                    role.used = Some((used.used_ms, used.region.clone()));
                                    tx.put(key, role.encode());
                                }
                            }
                        }
                    }
                    Ok::<_, store::Error>(())
                })
                .await;
            if let Err(error) = written {
                tracing::warn!(%error, "when access keys were last used was not written");
            }
        }
    }
}
