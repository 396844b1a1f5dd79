//! When access keys and roles were last used, and services by whom: gathered in memory, written now and then.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
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
    gathered: Arc<Mutex<Gathered>>,
}

/// Uses by a hash of whose they are: what is looked for is borrowed from a call, what is kept is not. Noting a use of whom
/// is known already allocates nothing.
#[derive(Default)]
struct Gathered {
    hash: RandomState,
    by_hash: HashMap<u64, Vec<Use>>,
    len: usize,
}

/// The last use.
struct Use {
    who: Who,
    used_ms: i64,
    /// As it begins in its endpoint.
    service: &'static str,
    region: String,
    /// Noted since it was written.
    new: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Who {
    /// By id.
    AccessKey(String),
    /// Account, name and unique id.
    Role(String, String, String),
    /// Of a service: account, the user's or role's unique id, and the service as actions name it.
    Service(String, String, &'static str),
}

/// The same, as a call shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Seen<'a> {
    AccessKey(&'a str),
    Role(&'a str, &'a str, &'a str),
    Service(&'a str, &'a str, &'static str),
}

impl Who {
    fn seen(&self) -> Seen<'_> {
        match self {
            Self::AccessKey(id) => Seen::AccessKey(id),
            Self::Role(account, name, id) => Seen::Role(account, name, id),
            Self::Service(account, id, service) => Seen::Service(account, id, service),
        }
    }
}

impl Seen<'_> {
    fn to_owned(self) -> Who {
        match self {
            Self::AccessKey(id) => Who::AccessKey(id.to_owned()),
            Self::Role(account, name, id) => Who::Role(account.to_owned(), name.to_owned(), id.to_owned()),
            Self::Service(account, id, service) => Who::Service(account.to_owned(), id.to_owned(), service),
        }
    }
}

impl Gathered {
    fn note(&mut self, seen: Seen<'_>, call: &Call) {
        let hash = self.hash.hash_one(seen);
        let mut uses = self.by_hash.get_mut(&hash).into_iter().flatten();
        if let Some(known) = uses.find(|known| known.who.seen() == seen) {
            (known.used_ms, known.service, known.new) = (call.now.millis(), call.service, true);
            if known.region != call.region {
                known.region.clone_from(&call.region);
            }
            return;
        }
        if self.len < GATHERED_MAX {
            self.len += 1;
            self.by_hash.entry(hash).or_default().push(Use {
                who: seen.to_owned(),
                used_ms: call.now.millis(),
                service: call.service,
                region: call.region.clone(),
                new: true,
            });
        }
    }

    /// What is to be written. Who was not seen since the last time is forgotten.
    fn take(&mut self) -> Vec<(Who, AccessKeyUsed)> {
        let mut taken = Vec::new();
        self.by_hash.retain(|_, uses| {
            uses.retain(|known| known.new);
            for known in uses.iter_mut() {
                known.new = false;
                let (service, region) = (known.service.to_owned(), known.region.clone());
                taken.push((known.who.clone(), AccessKeyUsed { used_ms: known.used_ms, service, region }));
            }
            !uses.is_empty()
        });
        self.len = taken.len();
        taken
    }
}

impl Usage {
    /// Remembers that a call was authenticated.
    pub fn note(&self, call: &Call) {
        let uses = [of_service(call), of_credential(call)];
        if uses.iter().all(Option::is_none) {
            return;
        }
        let mut gathered = self.gathered.lock();
        for seen in uses.into_iter().flatten() {
            gathered.note(seen, call);
        }
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
        let seen = self.gathered.lock().take();
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
fn of_service(call: &Call) -> Option<Seen<'_>> {
    let principal = &call.principal;
    let id = match (principal.kind, &principal.session) {
        (PrincipalKind::User | PrincipalKind::AssumedRole | PrincipalKind::FederatedUser, Some(session)) => {
            &session.issuer_id
        }
        (PrincipalKind::User, None) => &principal.user_id,
        _ => return None,
    };
    Some(Seen::Service(&principal.account, id, namespace(call.service)))
}

/// The use of a role, or of an access key that lasts.
fn of_credential(call: &Call) -> Option<Seen<'_>> {
    let principal = &call.principal;
    match (principal.kind, &principal.session) {
        (PrincipalKind::AssumedRole, Some(session)) => {
            let name = session.issuer_arn.rsplit('/').next().unwrap_or_default();
            Some(Seen::Role(&principal.account, name, &session.issuer_id))
        }
        (_, None) if principal.access_key.starts_with("AKIA") => Some(Seen::AccessKey(&principal.access_key)),
        _ => None,
    }
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

    #[test]
    fn who_is_known_is_noted_in_place_and_forgotten_when_unseen() {
        let call = |account: &str, ms: i64| {
            let mut call = testkit::call(kernel::Timestamp::from_millis(ms));
            call.service = "sqs";
            call.principal = Principal::root(account, &format!("AKIA{account}"));
            call
        };
        let usage = Usage::default();
        for ms in 1..=3 {
            usage.note(&call("1", ms));
        }
        usage.note(&call("2", 9));
        let mut taken = usage.gathered.lock().take();
        taken.sort_by_key(|(_, used)| used.used_ms);
        assert_eq!(taken.iter().map(|(_, used)| used.used_ms).collect::<Vec<_>>(), [3, 9]);
        let mut elsewhere = call("1", 12);
        elsewhere.region = "eu-west-1".into();
        usage.note(&elsewhere);
        let taken = usage.gathered.lock().take();
        assert_eq!(taken.len(), 1);
        assert!(taken[0].0 == Who::AccessKey("AKIA1".into()) && taken[0].1.region == "eu-west-1");
        assert!(usage.gathered.lock().take().is_empty());
        assert!(usage.gathered.lock().by_hash.is_empty());
        for n in 0..GATHERED_MAX + 10 {
            usage.note(&call(&n.to_string(), 1));
        }
        assert!(usage.gathered.lock().by_hash.len() <= GATHERED_MAX);
        assert_eq!(usage.gathered.lock().take().len(), GATHERED_MAX);
    }
}
