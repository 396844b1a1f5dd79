//! A service: its operations by name.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use blob::Blobs;
use futures::future::BoxFuture;
use kernel::{Call, Clock, Ids};
use parking_lot::Mutex;
use store::Store;
use vault::Vault;
use wire::{CommonError, Dialect, Operation, OperationType, ServiceModel};

use crate::accounts::Accounts;
use crate::authorize::{Allowed, Authorizer, Resource, authorize};
use crate::cloud::Cloud;
use crate::each::{Decided, Each, decide_each};
use crate::edge::Edge;
use crate::operation::{AnyOperation, Describe, Invocation, Outcome, Typed};
use crate::target::Target;

/// What every service is made from.
#[derive(Clone)]
pub struct Deps {
    /// Where everything is kept.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// New identifiers.
    pub ids: Ids,
    /// What seals secrets.
    pub vault: Vault,
    /// The other services.
    pub cloud: Cloud,
    /// How accounts are named as owners.
    pub accounts: Accounts,
    /// Where long bytes are kept.
    pub blobs: Blobs,
}

/// Work that a service does unasked, until the program ends. It may be cut off at any await: whatever it does
/// is a transaction.
pub type Background = BoxFuture<'static, ()>;

/// A service, ready to be called.
pub struct Service {
    model: &'static ServiceModel,
    dialect: Dialect,
    operations: HashMap<&'static str, Box<dyn AnyOperation>>,
    edge: Option<Arc<dyn Edge>>,
    /// Futures need not be shareable; the service is.
    background: Mutex<Vec<Background>>,
    at_end: Mutex<Vec<Background>>,
}

/// Collects the operations of a service.
pub struct Builder<S> {
    service: Service,
    state: Arc<S>,
}

impl Service {
    /// Begins a service over its state.
    pub fn builder<S: Send + Sync + 'static>(model: &'static ServiceModel, state: Arc<S>) -> Builder<S> {
        let service = Self {
            model,
            dialect: Dialect::STANDARD,
            operations: HashMap::new(),
            edge: None,
            background: Mutex::default(),
            at_end: Mutex::default(),
        };
        Builder { service, state }
    }

    /// The service's model.
    pub fn model(&self) -> &'static ServiceModel {
        self.model
    }

    /// How it speaks of broken constraints.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What it answers besides its operations.
    pub fn edge(&self) -> Option<&Arc<dyn Edge>> {
        self.edge.as_ref()
    }

    /// Every operation that is available.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> + '_ {
        self.operations.values().map(|operation| operation.descriptor())
    }

    /// The operation with this name, if it is available.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.get(name).map(|operation| operation.descriptor())
    }

    /// Runs an operation whose types the caller does not know.
    pub fn invoke(&self, name: &str, invocation: Invocation<'_>) -> BoxFuture<'static, Outcome> {
        match self.operations.get(name) {
            Some(operation) => operation.invoke(invocation),
            None => {
                let error =
                    CommonError::NotImplemented { service: self.model.id, operation: name.to_owned() };
                Box::pin(std::future::ready(Err(error.into())))
            }
        }
    }

    /// Runs an operation from inside, with the same validation and authorisation as from outside.
    pub async fn call<O: OperationType>(
        &self,
        authorizer: &dyn Authorizer,
        call: Arc<Call>,
        input: O::Input,
    ) -> Result<O::Output, O::Error> {
        self.dialect.check(&input)?;
        let name = O::descriptor().name;
        let operation = self.operations.get(name).and_then(|op| op.as_any().downcast_ref::<Typed<O>>());
        match operation {
            Some(operation) => operation.run(call, input, authorizer).await,
            None => {
                let error =
                    CommonError::NotImplemented { service: self.model.id, operation: name.to_owned() };
                Err(error.into())
            }
        }
    }

    /// Takes the background work out, for the program to run.
    pub fn take_background(&self) -> Vec<Background> {
        std::mem::take(&mut *self.background.lock())
    }

    /// Takes the work of the end out, for the program to run when no request comes any more and before it stops the
    /// background work.
    pub fn take_at_end(&self) -> Vec<Background> {
        std::mem::take(&mut *self.at_end.lock())
    }
}

impl<S: Send + Sync + 'static> Builder<S> {
    /// Replaces the common texts for broken constraints.
    #[must_use]
    pub fn validation(mut self, dialect: Dialect) -> Self {
        self.service.dialect = dialect;
        self
    }

    /// Makes an operation available.
    #[must_use]
    pub fn op<O, T, R, H, F>(self, operation: O, resolve: R, handle: H) -> Self
    where
        O: OperationType,
        T: Send + 'static,
        R: Fn(&S, &Call, &O::Input) -> Result<Resource<T>, O::Error> + Send + Sync + 'static,
        H: Fn(Arc<S>, Arc<Call>, Allowed<T>, O::Input) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
    {
        self.op_described(operation, resolve, |_, _, _, target| target, handle)
    }

    /// The same, where policies can ask for condition keys that cost something to work out: `describe` gives a target those
    /// of its service, when a policy that matters asks for one.
    #[must_use]
    pub fn op_described<O, T, R, H, F>(
        self,
        operation: O,
        resolve: R,
        describe: Describe<S, O::Input, T>,
        handle: H,
    ) -> Self
    where
        O: OperationType,
        T: Send + 'static,
        R: Fn(&S, &Call, &O::Input) -> Result<Resource<T>, O::Error> + Send + Sync + 'static,
        H: Fn(Arc<S>, Arc<Call>, Allowed<T>, O::Input) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
    {
        let decide = move |state: &S, call: &Call, input: &O::Input, authorizer: &dyn Authorizer| {
            let resource = resolve(state, call, input)?;
            let tell = |value: &T, target: Target| describe(state, input, value, target);
            authorize(authorizer, call, O::descriptor(), resource, &tell).map_err(O::Error::from)
        };
        self.register(operation, decide, handle)
    }

    /// Makes an operation available that names several things, about each of which is decided by itself: those that the
    /// caller may not touch are errors in its answer.
    #[must_use]
    pub fn op_each<O, T, P, R, H, F>(self, operation: O, resolve: R, handle: H) -> Self
    where
        O: OperationType,
        T: Send + 'static,
        P: Send + 'static,
        R: Fn(&S, &Call, &O::Input) -> Result<Each<T, P>, O::Error> + Send + Sync + 'static,
        H: Fn(Arc<S>, Arc<Call>, Decided<T, P>, O::Input) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
    {
        let decide = move |state: &S, call: &Call, input: &O::Input, authorizer: &dyn Authorizer| {
            let each = resolve(state, call, input)?;
            Ok(decide_each(authorizer, call, O::descriptor(), each))
        };
        self.register(operation, decide, handle)
    }

    fn register<O, A, D, H, F>(mut self, _operation: O, decide: D, handle: H) -> Self
    where
        O: OperationType,
        D: Fn(&S, &Call, &O::Input, &dyn Authorizer) -> Result<A, O::Error> + Send + Sync + 'static,
        H: Fn(Arc<S>, Arc<Call>, A, O::Input) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
    {
        let typed: Typed<O> = Typed::new(self.state.clone(), decide, handle);
        let before = self.service.operations.insert(O::descriptor().name, Box::new(typed));
        debug_assert!(before.is_none(), "{} is registered twice", O::descriptor().name);
        self
    }

    /// Sets what answers besides the operations.
    #[must_use]
    pub fn edge(mut self, edge: Arc<dyn Edge>) -> Self {
        self.service.edge = Some(edge);
        self
    }

    /// Adds work that the service does unasked.
    #[must_use]
    pub fn background(self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.service.background.lock().push(Box::pin(work));
        self
    }

    /// Adds work that the service does once more when the program is told to stop. The program waits only a little for it.
    #[must_use]
    pub fn at_end(self, work: impl Future<Output = ()> + Send + 'static) -> Self {
        self.service.at_end.lock().push(Box::pin(work));
        self
    }

    /// The service.
    pub fn build(self) -> Service {
        self.service
    }
}
