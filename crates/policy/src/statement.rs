//! One statement.

use crate::action::{Action, Actions};
use crate::condition::Condition;
use crate::context::Keys;
use crate::principal::{Named, Naming, Principal};
use crate::resource::Resources;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Permits.
    Allow,
    /// Forbids, whatever else permits.
    Deny,
}

/// A compiled statement.
#[derive(Debug)]
pub struct Statement {
    pub(crate) sid: Option<Box<str>>,
    pub(crate) effect: Effect,
    pub(crate) principals: Option<Principals>,
    pub(crate) actions: Actions,
    /// Nothing where the policy's own resource is meant.
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
}

/// `Principal` or `NotPrincipal`.
#[derive(Debug)]
pub(crate) struct Principals {
    pub negated: bool,
    pub list: Box<[Named]>,
}

/// A request as statements see it.
pub(crate) struct Question<'q> {
    pub principal: Principal<'q>,
    pub canonical_user: Option<&'q str>,
    pub has_boundary: bool,
    pub action: Action<'q>,
    pub resource: &'q str,
    pub keys: &'q dyn Keys,
}

impl Statement {
    /// How directly the statement grants or denies the request; `Naming::None` if it does not apply. A statement
    /// of a policy that belongs to its principal names it itself.
    pub(crate) fn applies(&self, question: &Question<'_>) -> Naming {
        if !self.actions.cover(&question.action) {
            return Naming::None;
        }
        let naming = match &self.principals {
            None => Naming::Itself,
            Some(principals) => principals.name(question, self.effect),
        };
        let covered = naming != Naming::None
            && self
                .resources
                .as_ref()
                .is_none_or(|list| list.cover(question.resource, question.keys, self.effect))
            && self.conditions.iter().all(|condition| condition.holds(question.keys, self.effect));
        if covered { naming } else { Naming::None }
    }

    /// Its `Sid`.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// Whether it allows or denies.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Its actions as written.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.sources()
    }

    /// Whether it names the actions it is not about.
    pub fn is_not_action(&self) -> bool {
        self.actions.negated()
    }

    /// Its resources as written; none where it has no such element.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().flat_map(Resources::sources)
    }

    /// Whether it names the resources it is not about.
    pub fn is_not_resource(&self) -> bool {
        self.resources.as_ref().is_some_and(Resources::negated)
    }

    /// The condition keys it asks for, for services that show which are missing.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(Condition::key)
    }

    /// Its principals as pairs of type and name, as in `("AWS", "111122223333")`; a root user's ARN is given as its
    /// account.
    pub fn principals(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.principals.iter().flat_map(|principals| principals.list.iter().map(Named::source))
    }

    /// Whether it names the principals it is not about.
    pub fn is_not_principal(&self) -> bool {
        self.principals.as_ref().is_some_and(|principals| principals.negated)
    }
}

impl Principals {
    fn name(&self, question: &Question<'_>, effect: Effect) -> Naming {
        let best = self
            .list
            .iter()
            .map(|named| named.names(&question.principal, question.canonical_user))
            .max()
            .unwrap_or(Naming::None);
        match (self.negated, effect) {
            // Somebody an identity provider vouches for is let in only where the provider is named.
            (false, Effect::Allow) if matches!(question.principal, Principal::Federated { .. }) => match best
            {
                Naming::Itself => Naming::Itself,
                _ => Naming::None,
            },
            (false, _) => best,
            // Being named by the account alone excludes from a grant, but does not exempt from a denial: an
            // exempt user is listed beside its account, whose other users stay denied. Whoever has a
            // permissions boundary is never exempt (documented).
            (true, Effect::Allow)
                if best == Naming::None && !matches!(question.principal, Principal::Federated { .. }) =>
            {
                Naming::Everybody
            }
            (true, Effect::Deny) if best < Naming::Behind || question.has_boundary => Naming::Everybody,
            (true, _) => Naming::None,
        }
    }
}
