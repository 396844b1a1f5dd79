//! What a service is: a model, and for each operation a resolver that says which resource it touches and a
//! handler that does the work.
//!
//! A handler takes its resource as [`Allowed`], which only this crate can make, and makes only after the
//! [`Authorizer`] has said yes: a handler cannot be reached unauthorised.

mod accounts;
mod authorize;
mod caller;
mod cloud;
mod each;
mod edge;
mod failure;
mod operation;
mod places;
mod registry;
mod target;

pub use accounts::{Accounts, Owner};
pub use authorize::{Allowed, Authorizer, Decision, Question, Resource, Tell};
pub use caller::Caller;
pub use cloud::Cloud;
pub use each::{Decided, Each};
pub use edge::{Edge, EdgeHead, EdgeRequest, EdgeResponse, Ended, Forms};
pub use operation::{Describe, Failure, Invocation, Outcome};
pub use places::places;
pub use registry::{Background, Builder, Deps, Service};
pub use target::{ConditionKey, Door, ResourcePolicy, Target};
