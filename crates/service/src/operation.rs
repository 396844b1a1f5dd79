//! One operation of a service, with its types and without them.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use kernel::Call;
use wire::{CommonError, Fault, Operation, OperationType, ServiceError, Structure};

use crate::authorize::Authorizer;
use crate::target::Target;

/// An operation's answer.
pub type Outcome = Result<Box<dyn Structure>, Failure>;

/// An operation's error, of whichever service.
pub struct Failure(Box<dyn AnyError>);

trait AnyError: Send {
    fn fault(&self) -> Fault<'_>;
    fn debug(&self) -> &dyn fmt::Debug;
}

impl<E: ServiceError> AnyError for E {
    fn fault(&self) -> Fault<'_> {
        ServiceError::fault(self)
    }
    fn debug(&self) -> &dyn fmt::Debug {
        self
    }
}

impl Failure {
    /// As the codecs take it.
    pub fn fault(&self) -> Fault<'_> {
        self.0.fault()
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.debug().fmt(f)
    }
}

impl From<CommonError> for Failure {
    fn from(error: CommonError) -> Self {
        Self(Box::new(OnlyCommon(error)))
    }
}

#[derive(Debug)]
struct OnlyCommon(CommonError);

impl AnyError for OnlyCommon {
    fn fault(&self) -> Fault<'_> {
        Fault::Common(&self.0)
    }
    fn debug(&self) -> &dyn fmt::Debug {
        &self.0
    }
}

/// A request on its way into an operation whose types the caller does not know.
pub struct Invocation<'a> {
    /// The call.
    pub call: Arc<Call>,
    /// Decides.
    pub authorizer: &'a dyn Authorizer,
    /// Fills the input and validates it.
    pub fill: &'a mut dyn FnMut(&mut dyn Structure) -> Result<(), CommonError>,
}

/// An operation without its types.
pub(crate) trait AnyOperation: Send + Sync {
    fn descriptor(&self) -> &'static Operation;
    fn invoke(&self, invocation: Invocation<'_>) -> BoxFuture<'static, Outcome>;
    fn as_any(&self) -> &dyn Any;
}

type Run<O> = dyn Fn(
        Arc<Call>,
        <O as OperationType>::Input,
        &dyn Authorizer,
    ) -> BoxFuture<'static, Result<<O as OperationType>::Output, <O as OperationType>::Error>>
    + Send
    + Sync;

/// Gives a target the condition keys of a request that are worked out only when a policy asks for one of them.
pub type Describe<S, I, T> = fn(&S, &I, &T, Target) -> Target;

/// An operation with its types: resolve, authorise, handle.
pub(crate) struct Typed<O: OperationType> {
    run: Box<Run<O>>,
}

impl<O: OperationType> Typed<O> {
    /// `decide` finds what the request touches and whether the caller may; `handle` gets what it lets through.
    pub fn new<S, A, D, H, F>(state: Arc<S>, decide: D, handle: H) -> Self
    where
        S: Send + Sync + 'static,
        O::Input: 'static,
        D: Fn(&S, &Call, &O::Input, &dyn Authorizer) -> Result<A, O::Error> + Send + Sync + 'static,
        H: Fn(Arc<S>, Arc<Call>, A, O::Input) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O::Output, O::Error>> + Send + 'static,
    {
        let run = move |call: Arc<Call>, input: O::Input, authorizer: &dyn Authorizer| {
            let answer: BoxFuture<'static, Result<O::Output, O::Error>> =
                match decide(&state, &call, &input, authorizer) {
                    Ok(allowed) => Box::pin(handle(state.clone(), call, allowed, input)),
                    Err(error) => Box::pin(std::future::ready(Err(error))),
                };
            answer
        };
        Self { run: Box::new(run) }
    }

    pub fn run(
        &self,
        call: Arc<Call>,
        input: O::Input,
        authorizer: &dyn Authorizer,
    ) -> BoxFuture<'static, Result<O::Output, O::Error>> {
        (self.run)(call, input, authorizer)
    }
}

impl<O: OperationType> AnyOperation for Typed<O> {
    fn descriptor(&self) -> &'static Operation {
        O::descriptor()
    }

    fn invoke(&self, invocation: Invocation<'_>) -> BoxFuture<'static, Outcome> {
        let Invocation { call, authorizer, fill } = invocation;
        let mut input = O::Input::default();
        if let Err(error) = fill(&mut input) {
            return Box::pin(std::future::ready(Err(error.into())));
        }
        let answer = self.run(call, input, authorizer);
        Box::pin(async move {
            match answer.await {
                Ok(output) => Ok(Box::new(output) as Box<dyn Structure>),
                Err(error) => Err(Failure(Box::new(error))),
            }
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
