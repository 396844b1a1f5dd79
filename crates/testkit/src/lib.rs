//! Services in process, on a store in memory and with a clock that stands still until it is moved: what tests of
//! services stand on.

mod refusals;

use std::sync::Arc;
use std::time::Duration;

use blob::Blobs;
use kernel::{Call, Clock, Endpoint, Ids, Principal, Timestamp};
use parking_lot::Mutex;
use service::{Accounts, Authorizer, Cloud, Decision, Deps, Question, Service, Target};
use store::{Options, Store};
use tokio::task::JoinHandle;
use vault::Vault;
use wire::OperationType;

pub use refusals::refusal_in;

/// The account that calls unless a test says otherwise.
pub const ACCOUNT: &str = "123456789012";
/// The region that is called.
pub const REGION: &str = "us-east-1";

/// Some services and what they stand on.
pub struct Kit {
    deps: Deps,
    asked: Arc<Asked>,
    tasks: Vec<JoinHandle<()>>,
}

/// One question that was put to the policies.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The action.
    pub action: String,
    /// What was to be done it to.
    pub target: Target,
    /// By whom.
    pub call: Call,
}

/// Allows everything but what it is told to deny, and remembers the questions.
#[derive(Default)]
struct Asked {
    asked: Mutex<Vec<Ask>>,
    denied: Mutex<Vec<String>>,
}

impl Authorizer for Asked {
    fn decide(&self, call: &Call, question: &Question<'_>) -> Decision {
        let ask =
            Ask { action: question.action.to_owned(), target: question.target.clone(), call: call.clone() };
        let mut asked = self.asked.lock();
        asked.push(ask);
        let denied = self.denied.lock();
        if denied.iter().any(|d| *d == question.action || *d == question.target.arn.as_str()) {
            return Decision::Deny("because the test denies it".to_owned());
        }
        Decision::Allow
    }
}

/// A call by the root user of [`ACCOUNT`] to be filled in.
pub fn call(now: Timestamp) -> Call {
    Call {
        request_id: Ids.uuid(),
        service: "",
        operation: "",
        account: ACCOUNT.into(),
        region: REGION.into(),
        now,
        principal: Principal::root(ACCOUNT, "test"),
        endpoint: Endpoint { scheme: "http", authority: "localhost:4566".into() },
        source_ip: None,
        user_agent: None,
        referer: None,
        called_via: Vec::new(),
        source: None,
    }
}

/// What services are made from, on a store in memory.
pub fn deps() -> Deps {
    deps_on(Store::in_memory(Options::default()), Clock::frozen(Timestamp::from_secs(1_750_000_000)))
}

/// What services are made from, on this store and with this clock.
pub fn deps_on(store: Store, clock: Clock) -> Deps {
    Deps {
        store,
        clock,
        ids: Ids,
        vault: Vault::ephemeral(),
        cloud: Cloud::default(),
        accounts: Accounts::default(),
        blobs: Blobs::in_memory(),
    }
}

impl Kit {
    /// The services that `make` makes. Their background work runs until the kit is dropped.
    pub fn new(make: impl FnOnce(&Deps) -> Vec<Service>) -> Self {
        Self::on(deps(), make)
    }

    /// The same on what is given.
    pub fn on(deps: Deps, make: impl FnOnce(&Deps) -> Vec<Service>) -> Self {
        let asked = Arc::<Asked>::default();
        let mut kit = Self::deciding(deps, asked.clone(), make);
        kit.asked = asked;
        kit
    }

    /// The same where `authorizer` decides. Such a kit remembers no questions, and denies nothing by itself.
    pub fn deciding(
        deps: Deps,
        authorizer: Arc<dyn Authorizer>,
        make: impl FnOnce(&Deps) -> Vec<Service>,
    ) -> Self {
        let services = make(&deps);
        let work: Vec<_> = services.iter().flat_map(Service::take_background).collect();
        deps.cloud.fill(services, authorizer);
        let tasks = work.into_iter().map(tokio::spawn).collect();
        Self { deps, asked: Arc::default(), tasks }
    }

    /// What the services stand on.
    pub fn deps(&self) -> &Deps {
        &self.deps
    }

    /// A call by the root user of [`ACCOUNT`], now.
    pub fn call(&self) -> Call {
        call(self.deps.clock.now())
    }

    /// Runs an operation as the root user of [`ACCOUNT`].
    pub async fn run<O: OperationType>(&self, _: O, input: O::Input) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(self.call(), input).await
    }

    /// Runs an operation as somebody else; `call` comes from [`Kit::call`].
    pub async fn run_as<O: OperationType>(
        &self,
        call: Call,
        _: O,
        input: O::Input,
    ) -> Result<O::Output, O::Error> {
        self.deps.cloud.call::<O>(call, input).await
    }

    /// Moves the clock.
    pub fn advance(&self, by: Duration) {
        self.deps.clock.advance(by);
    }

    /// Denies this action or this ARN from now on.
    pub fn deny(&self, action_or_arn: &str) {
        self.asked.denied.lock().push(action_or_arn.to_owned());
    }

    /// Takes the questions that were put since the last time.
    pub fn asked(&self) -> Vec<Ask> {
        std::mem::take(&mut *self.asked.asked.lock())
    }
}

impl Drop for Kit {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
