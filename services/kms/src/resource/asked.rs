//! What a request asks of a key, as policies and grants see it.

use std::borrow::Cow;

use policy::Value;
use service::Target;

use crate::context::Context;
use crate::grants::{Use, Wanted};
use crate::resource::with_context;

/// The request's own condition keys, and what it is to grants.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    action: Option<&'static str>,
    operation: Option<&'static str>,
    context: Option<&'a Context>,
    wanted: Option<Wanted<'a>>,
    keys: Vec<(Cow<'static, str>, Vec<Value<'static>>)>,
    tags: Vec<(&'a str, &'a str)>,
    removed_tags: Vec<&'a str>,
    /// Whether policies may ask how long the key has not been used.
    pub last_use: bool,
    /// Whether policies may ask if grants are for a service.
    pub about_grants: bool,
}

impl<'a> Asked<'a> {
    /// An operation that grants can allow.
    pub fn granted(operation: &'static str) -> Self {
        Self { operation: Some(operation), ..Self::default() }
    }

    /// The same, where this action must be allowed in place of the operation's own.
    pub fn for_action(mut self, action: &'static str) -> Self {
        self.action = Some(action);
        self
    }

    /// The same with an encryption context.
    pub fn context(mut self, context: Option<&'a Context>) -> Self {
        self.context = context;
        self
    }

    /// The same, which asks for a new grant.
    pub fn wants(mut self, wanted: Wanted<'a>) -> Self {
        self.wanted = Some(wanted);
        self
    }

    /// The same with a condition key, if it has a value.
    pub fn key<V: Into<Value<'static>>>(mut self, name: &'static str, value: Option<V>) -> Self {
        if let Some(value) = value {
            self.keys.push((name.into(), vec![value.into()]));
        }
        self
    }

    /// The same with a condition key of several values.
    pub fn keys(mut self, name: &'static str, values: impl IntoIterator<Item = String>) -> Self {
        self.keys.push((name.into(), values.into_iter().map(Value::from).collect()));
        self
    }

    /// The same, which sets tags.
    pub fn tags(mut self, tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// The same, which removes tags.
    pub fn removed_tags(mut self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        self.removed_tags.extend(keys);
        self
    }

    /// The same, where policies may ask how long the key has not been used.
    pub fn last_use(mut self) -> Self {
        self.last_use = true;
        self
    }

    /// The same, which is about grants.
    pub fn about_grants(mut self) -> Self {
        self.about_grants = true;
        self
    }

    /// As grants see it; `None` if they have no say.
    pub fn as_use(&self) -> Option<Use<'a>> {
        self.operation.map(|operation| Use { operation, context: self.context, wanted: self.wanted })
    }

    /// Puts everything into a target.
    pub fn fill(&self, mut target: Target) -> Target {
        if let Some(action) = self.action {
            target = target.for_actions([action]);
        }
        if let Some(context) = self.context {
            target = with_context(target, context);
        }
        target.keys.extend(self.keys.iter().cloned());
        if !self.tags.is_empty() {
            target = target.with_request_tags(self.tags.iter().copied());
        }
        if !self.removed_tags.is_empty() {
            target = target.with_tag_keys(self.removed_tags.iter().copied());
        }
        target
    }
}
