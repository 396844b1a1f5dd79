//! What an authorizer is asked about.

use std::borrow::Cow;
use std::sync::Arc;

use kernel::Arn;
use policy::{AclGrant, Policy, Value};

/// A condition key with its values.
pub type ConditionKey = (Cow<'static, str>, Vec<Value<'static>>);

/// A resource that an operation touches, as policies see it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The ARN that policies name.
    pub arn: Arn,
    /// The account that owns it, where its ARN does not say and it is not the caller's.
    pub owner: Option<String>,
    /// Its own policy.
    pub policy: Option<ResourcePolicy>,
    /// Whether its own policy must take part even within an account, as with keys of KMS and with roles.
    pub policy_required: bool,
    /// What its access control list gives the caller.
    pub acl: AclGrant,
    /// The canonical user id of the caller's account, for policies that name it so.
    pub caller_id: Option<String>,
    /// Condition keys of this request and resource.
    pub keys: Vec<ConditionKey>,
    /// The actions that must be allowed on it, in place of the operation's.
    pub actions: Option<Vec<Cow<'static, str>>>,
    /// What it is reached through: see [`Target::through`].
    pub door: Option<Box<Door>>,
}

/// A resource that another one is reached through, like a bucket through an access point. It has an owner and a policy of
/// its own.
#[derive(Clone, Debug)]
pub struct Door {
    /// The ARN that policies name when they speak of what is behind it.
    pub arn: Arn,
    /// The account that owns it.
    pub owner: String,
    /// Its own policy.
    pub policy: Option<ResourcePolicy>,
}

/// The policy of a resource.
#[derive(Clone, Debug)]
pub enum ResourcePolicy {
    /// Parsed.
    Parsed(Arc<Policy>),
    /// As it is stored; the authorizer keeps what it has parsed. One that does not parse allows nothing.
    Document(Arc<str>),
}

impl Target {
    /// A resource without a policy of its own.
    pub fn new(arn: Arn) -> Self {
        Self {
            arn,
            owner: None,
            policy: None,
            policy_required: false,
            acl: AclGrant::Nothing,
            caller_id: None,
            keys: Vec::new(),
            actions: None,
            door: None,
        }
    }

    /// The same, where whatever is asked must be allowed on the door as well: what is allowed on the one only is not.
    #[must_use]
    pub fn through(mut self, door: Door) -> Self {
        self.door = Some(Box::new(door));
        self
    }

    /// The door as a target: the same is asked about it, with the same condition keys.
    pub fn door(&self) -> Option<Self> {
        let Door { arn, owner, policy } = (**self.door.as_ref()?).clone();
        Some(Self {
            policy,
            caller_id: self.caller_id.clone(),
            keys: self.keys.clone(),
            actions: self.actions.clone(),
            ..Self::new(arn).owned_by(owner)
        })
    }

    /// The same, owned by this account.
    #[must_use]
    pub fn owned_by(mut self, account: impl Into<String>) -> Self {
        self.owner = Some(account.into());
        self
    }

    /// The same with a policy of its own, as a document.
    #[must_use]
    pub fn with_policy(mut self, document: impl Into<Arc<str>>) -> Self {
        self.policy = Some(ResourcePolicy::Document(document.into()));
        self
    }

    /// The same with a policy of its own, parsed.
    #[must_use]
    pub fn with_parsed_policy(mut self, policy: Arc<Policy>) -> Self {
        self.policy = Some(ResourcePolicy::Parsed(policy));
        self
    }

    /// The same, where nothing is allowed that its own policy does not let be allowed.
    #[must_use]
    pub fn policy_required(mut self) -> Self {
        self.policy_required = true;
        self
    }

    /// The same with what its access control list gives the caller, whose account has this canonical user id.
    #[must_use]
    pub fn with_acl(mut self, acl: AclGrant, caller_id: Option<String>) -> Self {
        (self.acl, self.caller_id) = (acl, caller_id);
        self
    }

    /// The same with a condition key.
    #[must_use]
    pub fn with_key(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value<'static>>) -> Self {
        self.keys.push((name.into(), vec![value.into()]));
        self
    }

    /// The same with a condition key of several values.
    #[must_use]
    pub fn with_keys<V: Into<Value<'static>>>(
        mut self,
        name: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        self.keys.push((name.into(), values.into_iter().map(Into::into).collect()));
        self
    }

    /// The same with the tags it has: `aws:ResourceTag/…`.
    #[must_use]
    pub fn with_tags<'t>(mut self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        for (key, value) in tags {
            self = self.with_key(format!("aws:ResourceTag/{key}"), value.to_owned());
        }
        self
    }

    /// The same with the tags that the request sets: `aws:RequestTag/…` and `aws:TagKeys`.
    #[must_use]
    pub fn with_request_tags<'t>(mut self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let mut keys = Vec::new();
        for (key, value) in tags {
            keys.push(key.to_owned());
            self = self.with_key(format!("aws:RequestTag/{key}"), value.to_owned());
        }
        if keys.is_empty() { self } else { self.with_keys("aws:TagKeys", keys) }
    }

    /// The same with the keys of tags that the request removes: `aws:TagKeys`.
    #[must_use]
    pub fn with_tag_keys<'t>(self, keys: impl IntoIterator<Item = &'t str>) -> Self {
        self.with_keys("aws:TagKeys", keys.into_iter().map(str::to_owned))
    }

    /// The same, where these actions (`kms:ReEncryptFrom`) must be allowed in place of the operation's own.
    #[must_use]
    pub fn for_actions<A: Into<Cow<'static, str>>>(mut self, actions: impl IntoIterator<Item = A>) -> Self {
        self.actions = Some(actions.into_iter().map(Into::into).collect());
        self
    }
}

impl From<Arn> for Target {
    fn from(arn: Arn) -> Self {
        Self::new(arn)
    }
}
