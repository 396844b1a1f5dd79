//! S3 with the policies that decide outside of tests too.

use std::sync::Arc;

use identity::{Authority, Directory, Documents};
use kernel::{Call, Principal};
use service::Deps;
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
        let services = vec![s3::service(deps.clone()), sqs::service(deps.clone())];
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

    /// The canonical user id of an account.
    pub fn canonical(&self, account: &str) -> String {
        self.deps.accounts.owner(account).canonical_id
    }
}
