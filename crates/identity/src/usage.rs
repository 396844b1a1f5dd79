//! When access keys and roles were last used, and services by whom: gathered in memory, written now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Call, Clock, PrincipalKind};
use parking_lot::Mutex;
use store::{Record, Store};

use crate::keys;
use crate::records::{AccessKeyUsed, LastAccessed, Role};

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
    /// Of a service: account, the user's or role's unique id, and the service as actions name it.
    Service(String, String, &'static str),
}

impl Usage {
    /// Remembers that a call was authenticated.
    pub fn note(&self, call: &Call) {
        if let Some(who) = of_service(call) {
            self.remember(who, call);
        }
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
        self.remember(who, call);
    }

    fn remember(&self, who: Who, call: &Call) {
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
                            Who::Service(account, id, service) => {
                                if tx.get(&keys::unique_id(id))?.is_some() {
                                    let (used_ms, region) = (used.used_ms, used.region.clone());
                                    let accessed = LastAccessed { used_ms, region };
                                    tx.put(keys::accessed(account, id, service), accessed.encode());
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

/// The use of a service by a user or role, itself or in a session.
fn of_service(call: &Call) -> Option<Who> {
    let principal = &call.principal;
    let id = match (principal.kind, &principal.session) {
        (PrincipalKind::User | PrincipalKind::AssumedRole | PrincipalKind::FederatedUser, Some(session)) => {
            &session.issuer_id
        }
        (PrincipalKind::User, None) => &principal.user_id,
        _ => return None,
    };
    Some(Who::Service(principal.account.clone(), id.clone(), namespace(call.service)))
}

/// What actions of a service begin with, from what its endpoint begins with.
fn namespace(endpoint: &'static str) -> &'static str {
    match endpoint {
        "api.ecr" => "ecr",
        "api.pricing" => "pricing",
        "email" => "ses",
        "monitoring" => "cloudwatch",
        "s3-control" => "s3",
        "streams.dynamodb" => "dynamodb",
        "tagging" => "tag",
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Ids, Principal};
    use store::{Options, Store};

    use super::*;
    use crate::records::Identity;

    const ID: &str = "AIDAAAAAAAAAAAAAAAAAA";

    #[tokio::test]
    async fn the_service_is_remembered_while_the_user_exists() {
        let store = Store::in_memory(Options::default());
        let now = kernel::Timestamp::from_secs(1_750_000_000);
        let mut call = Call { service: "monitoring", ..testkit::call(now) };
        call.principal = Principal {
            kind: PrincipalKind::User,
            user_id: ID.into(),
            ..Principal::root(testkit::ACCOUNT, &Ids.base32(20))
        };
        let row = keys::accessed(testkit::ACCOUNT, ID, "cloudwatch");
        let usage = Usage::default();
        usage.note(&call);
        usage.write(&store).await;
        assert_eq!(store.snapshot().get(&row).unwrap(), None);
        let mut tx = store.begin();
        let identity = Identity { account: testkit::ACCOUNT.into(), is_role: false, name: "ann".into() };
        tx.put(keys::unique_id(ID), identity.encode());
        tx.commit().await.unwrap();
        usage.note(&call);
        usage.write(&store).await;
        let bytes = store.snapshot().get(&row).unwrap().unwrap();
        let accessed = LastAccessed { used_ms: now.millis(), region: testkit::REGION.into() };
        assert_eq!(LastAccessed::decode(&bytes).unwrap(), accessed);
    }
}
