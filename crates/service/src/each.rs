//! Operations that name several things, about each of which is decided by itself.

use kernel::Call;
use wire::{Access, CommonError, Operation};

use crate::authorize::{Allowed, Authorizer, check};
use crate::target::Target;

/// What such an operation touches, found by its resolver.
#[derive(Clone, Debug)]
pub struct Each<T, P> {
    whole: T,
    parts: Vec<(Target, P)>,
}

impl<T, P> Each<T, P> {
    /// Things with what the policies are asked about each, and what they are in, about which nobody is asked.
    pub fn new(whole: T, parts: Vec<(Target, P)>) -> Self {
        Self { whole, parts }
    }
}

/// The same, decided: of what the caller may not touch, the refusal is left.
#[derive(Debug)]
pub struct Decided<T, P> {
    /// What the things are in. A caller who may touch none of them must not learn more of it than that it exists.
    pub whole: T,
    /// One for each thing, in the resolver's order.
    pub parts: Vec<Result<Allowed<P>, CommonError>>,
}

/// Lets those parts through on which every action of the operation is allowed.
pub(crate) fn decide_each<T, P>(
    authorizer: &dyn Authorizer,
    call: &Call,
    operation: &Operation,
    each: Each<T, P>,
) -> Decided<T, P> {
    let decide = |(target, part): (Target, P)| {
        if operation.access == Access::Policy {
            check(authorizer, call, operation, &target, &Vec::new)?;
        }
        Ok(Allowed(part))
    };
    Decided { whole: each.whole, parts: each.parts.into_iter().map(decide).collect() }
}
