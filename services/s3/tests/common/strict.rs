//! S3 with the policies that decide outside of tests too.

use std::sync::Arc;

use identity::records::User;
use identity::{Authority, Directory, Documents, keys};
use kernel::{Arn, Call, Principal, PrincipalKind};
use service::Deps;
use store::Record as _;
use testkit::ACCOUNT;
use wire::OperationType;

use super::OTHER;

/// S3, and who decides about it.
pub struct Strict {
    pub deps: Deps,
}

impl Strict {
    pub fn new() -> Self {
        let deps = testkit::deps();
        let documents = Arc::new(Documents::default());
        let directory = Arc::new(Directory::new(deps.store.clone(), documents.clone()));
        let services = s3::services(deps.clone()).into_iter().chain([sqs::service(deps.clone())]).collect();
        deps.cloud.fill(services, Arc::new(Authority::new(directory, documents)));
        Self { deps }
    }

    fn call(&self, principal: Principal) -> Call {
        Call { account: principal.account.clone(), principal, ..testkit::call(self.deps.clock.now()) }
    }

    /// As the root user of the account that owns the buckets.
    pub async fn owner<O: OperationType>(&self, _: O, input: O::Input) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(self.call(Principal::root(ACCOUNT, "test")), input).await
    }

    /// As the root user of another account.
    pub async fn other<O: OperationType>(&self, _: O, input: O::Input) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(self.call(Principal::root(OTHER, "other")), input).await
    }

    /// As nobody.
    pub async fn nobody<O: OperationType>(&self, _: O, input: O::Input) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(self.call(Principal::anonymous()), input).await
    }

    /// As somebody else.
    pub async fn by<O: OperationType>(
        &self,
        principal: &Principal,
        _: O,
        input: O::Input,
    ) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(self.call(principal.clone()), input).await
    }

    /// A user of the account that owns the buckets, with this policy.
    pub async fn user(&self, name: &str, policy: &str) -> Principal {
        self.user_of(ACCOUNT, name, policy).await
    }

    /// A user of any account.
    pub async fn user_of(&self, account: &str, name: &str, policy: &str) -> Principal {
        let mut user = User::new(name, "/", format!("AIDA{name}"), 0);
        user.policies.inline.insert("p".to_owned(), policy.to_owned());
        let mut tx = self.deps.store.begin();
        tx.put(keys::user(account, name), user.encode());
        tx.commit().await.expect("a user");
        Principal {
            kind: PrincipalKind::User,
            account: account.to_owned(),
            arn: Arn::aws("iam", "", account, &format!("user/{name}")),
            user_id: format!("AIDA{name}"),
            access_key: "AKIA".to_owned(),
            session: None,
        }
    }

    /// The canonical user id of an account.
    pub fn canonical(&self, account: &str) -> String {
        self.deps.accounts.owner(account).canonical_id
    }
}
