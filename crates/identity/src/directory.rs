//! The identities that are in use, with their policies parsed: kept in memory and dropped when an account's records
//! change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kernel::Arn;
use parking_lot::{Mutex, RwLock};
use policy::{Policy, PolicyKind};
use store::{Record, Snapshot, Store, Watch};

use crate::documents::Documents;
use crate::keys;
use crate::records::{Group, ManagedPolicy, Policies, Role, User};

/// Accounts kept; one Cloudlet serves few.
const ACCOUNTS_MAX: usize = 256;
/// Identities kept of an account: its documented quotas are 5,000 users and 1,000 roles.
const IDENTITIES_MAX: usize = 8192;

/// Who exists.
pub struct Directory {
    store: Store,
    documents: Arc<Documents>,
    accounts: RwLock<HashMap<String, Arc<View>>>,
}

/// What is known of one account, true until its watch says otherwise.
struct View {
    watch: Watch,
    identities: Mutex<Known>,
    managed: Mutex<HashMap<String, Option<Arc<Policy>>>>,
}

/// Identities by kind and name in lower case, and those that were looked for and are not there.
type Known = HashMap<(Kind, String), Option<Arc<Identity>>>;

/// Kinds of identity that can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A user.
    User,
    /// A role.
    Role,
}

/// A user or role and what it may do.
#[derive(Debug)]
pub struct Identity {
    /// Its name, as it was given.
    pub name: String,
    /// Its unique id.
    pub id: String,
    /// Its ARN, with its path.
    pub arn: Arn,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its own policies and those of its groups: the name to report, and the policy.
    pub policies: Vec<(String, Arc<Policy>)>,
    /// Its permissions boundary.
    pub boundary: Option<(String, Arc<Policy>)>,
    /// What cannot be read of its policies: it may do nothing while there is any.
    pub broken: Option<String>,
}

impl Directory {
    /// The identities of a store.
    pub fn new(store: Store, documents: Arc<Documents>) -> Self {
        Self { store, documents, accounts: RwLock::default() }
    }

    /// A user, by its name in any case of letters.
    pub fn user(&self, account: &str, name: &str) -> Result<Option<Arc<Identity>>, store::Error> {
        self.identity(account, Kind::User, name)
    }

    /// A role, by its name in any case of letters.
    pub fn role(&self, account: &str, name: &str) -> Result<Option<Arc<Identity>>, store::Error> {
        self.identity(account, Kind::Role, name)
    }

    /// A managed policy, of the account or of everybody. One that does not parse is none.
    pub fn managed(&self, account: &str, arn: &str) -> Result<Option<Arc<Policy>>, store::Error> {
        self.view(account).managed(self, &self.store.snapshot(), arn)
    }

    fn identity(&self, account: &str, kind: Kind, name: &str) -> Result<Option<Arc<Identity>>, store::Error> {
        let view = self.view(account);
        let key = (kind, name.to_ascii_lowercase());
        if let Some(known) = view.identities.lock().get(&key) {
            return Ok(known.clone());
        }
        let snapshot = self.store.snapshot();
        let found = match kind {
            Kind::User => self.load_user(&view, &snapshot, account, name)?,
            Kind::Role => self.load_role(&view, &snapshot, account, name)?,
        };
        let found = found.map(Arc::new);
        let mut identities = view.identities.lock();
        if identities.len() >= IDENTITIES_MAX {
            identities.clear();
        }
        identities.insert(key, found.clone());
        Ok(found)
    }

    /// What is known of an account, if it is still true, or nothing yet. The watch is registered before anything is
    /// read.
    fn view(&self, account: &str) -> Arc<View> {
        if let Some(view) = self.accounts.read().get(account)
            && !view.watch.has_changed()
        {
            return view.clone();
        }
        let watch = self.store.watch(keys::everything(account));
        let view = Arc::new(View { watch, identities: Mutex::default(), managed: Mutex::default() });
        let mut accounts = self.accounts.write();
        if accounts.len() >= ACCOUNTS_MAX && !accounts.contains_key(account) {
            accounts.clear();
        }
        accounts.insert(account.to_owned(), view.clone());
        view
    }

    fn load_user(
        &self,
        view: &View,
        snapshot: &Snapshot,
        account: &str,
        name: &str,
    ) -> Result<Option<Identity>, store::Error> {
        let Some(bytes) = snapshot.get(&keys::user(account, name))? else { return Ok(None) };
        let user = User::decode(&bytes)?;
        let arn = Arn::aws("iam", "", account, &format!("user{}{}", user.path, user.name));
        let mut gathered = Gathered::new(self, view, snapshot, account);
        gathered.add(&user.policies, "")?;
        for name in &user.groups {
            let Some(bytes) = snapshot.get(&keys::group(account, name))? else { continue };
            let group = Group::decode(&bytes)?;
            gathered.add(&group.policies, &format!("group {}: ", group.name))?;
        }
        let boundary = gathered.boundary(user.boundary.as_deref())?;
        let Gathered { policies, broken, .. } = gathered;
        Ok(Some(Identity { name: user.name, id: user.id, arn, tags: user.tags, policies, boundary, broken }))
    }

    fn load_role(
        &self,
        view: &View,
        snapshot: &Snapshot,
        account: &str,
        name: &str,
    ) -> Result<Option<Identity>, store::Error> {
        let Some(bytes) = snapshot.get(&keys::role(account, name))? else { return Ok(None) };
        let role = Role::decode(&bytes)?;
        let arn = Arn::aws("iam", "", account, &format!("role{}{}", role.path, role.name));
        let mut gathered = Gathered::new(self, view, snapshot, account);
        gathered.add(&role.policies, "")?;
        let boundary = gathered.boundary(role.boundary.as_deref())?;
        let Gathered { policies, broken, .. } = gathered;
        Ok(Some(Identity { name: role.name, id: role.id, arn, tags: role.tags, policies, boundary, broken }))
    }
}

impl View {
    fn managed(
        &self,
        directory: &Directory,
        snapshot: &Snapshot,
        arn: &str,
    ) -> Result<Option<Arc<Policy>>, store::Error> {
        if let Some(known) = self.managed.lock().get(arn) {
            return Ok(known.clone());
        }
        let policy = match document(snapshot, arn)? {
            Some(document) => directory.documents.parse(&document, PolicyKind::Identity),
            None => None,
        };
        let mut managed = self.managed.lock();
        if managed.len() >= IDENTITIES_MAX {
            managed.clear();
        }
        managed.insert(arn.to_owned(), policy.clone());
        Ok(policy)
    }
}

/// The document in force of a managed policy: the catalogue's, or an account's own.
fn document(snapshot: &Snapshot, arn: &str) -> Result<Option<String>, store::Error> {
    let Ok(arn) = arn.parse::<Arn>() else { return Ok(None) };
    let Some(("policy", name)) = arn.resource().split_once('/') else { return Ok(None) };
    if arn.account() == "aws" {
        return Ok(managed_policies::find(arn.as_str()).map(|policy| policy.document.to_owned()));
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some(bytes) = snapshot.get(&keys::policy(arn.account(), name))? else { return Ok(None) };
    let mut policy = ManagedPolicy::decode(&bytes)?;
    let default = policy.default_version;
    let version = policy.versions.iter().position(|version| version.number == default);
    Ok(version.map(|version| policy.versions.swap_remove(version).document))
}

/// The policies of an identity as they are gathered.
struct Gathered<'a> {
    directory: &'a Directory,
    view: &'a View,
    snapshot: &'a Snapshot,
    account: &'a str,
    policies: Vec<(String, Arc<Policy>)>,
    broken: Option<String>,
}

impl<'a> Gathered<'a> {
    fn new(directory: &'a Directory, view: &'a View, snapshot: &'a Snapshot, account: &'a str) -> Self {
        Self { directory, view, snapshot, account, policies: Vec::new(), broken: None }
    }

    fn add(&mut self, policies: &Policies, owner: &str) -> Result<(), store::Error> {
        for (name, document) in &policies.inline {
            let name = format!("{owner}{name}");
            match self.directory.documents.parse(document, PolicyKind::Identity) {
                Some(policy) => self.policies.push((name, policy)),
                None => self.broken = Some(name),
            }
        }
        for arn in &policies.attached {
            match self.view.managed(self.directory, self.snapshot, arn)? {
                Some(policy) => self.policies.push((arn.clone(), policy)),
                None => self.broken = Some(arn.clone()),
            }
        }
        if let Some(what) = &self.broken {
            tracing::error!(
                account = self.account,
                policy = what,
                "a policy cannot be read: its owner may do nothing"
            );
        }
        Ok(())
    }

    fn boundary(&mut self, arn: Option<&str>) -> Result<Option<(String, Arc<Policy>)>, store::Error> {
        let Some(arn) = arn else { return Ok(None) };
        match self.view.managed(self.directory, self.snapshot, arn)? {
            Some(policy) => Ok(Some((arn.to_owned(), policy))),
            None => {
                self.broken = Some(arn.to_owned());
                Ok(None)
            }
        }
    }
}
