//! A parsed policy.

use crate::action::Action;
use crate::error::PolicyError;
use crate::json;
use crate::parse;
use crate::statement::Statement;

/// What a policy is attached to, which decides what it may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// A user, group or role: managed or inline.
    Identity,
    /// A resource, such as a bucket, a queue or a key.
    Resource,
    /// A role, saying who may assume it.
    Trust,
    /// An account or organizational unit.
    Scp,
    /// A session, given when it began.
    Session,
    /// A user or role, as the most its other policies may allow.
    Boundary,
}

impl PolicyKind {
    /// Whether statements name principals.
    pub(crate) fn has_principals(self) -> bool {
        matches!(self, Self::Resource | Self::Trust)
    }

    /// Whether IAM itself checks the statements' resources and ids.
    pub(crate) fn belongs_to_an_identity(self) -> bool {
        matches!(self, Self::Identity | Self::Session | Self::Boundary)
    }
}

/// The version of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, and a document that gives none: `${…}` is plain text.
    V2008,
    /// `2012-10-17`: with variables.
    V2012,
}

/// A policy, compiled once and evaluated often. It borrows nothing and never changes, so an `Arc` of it can be
/// shared by all threads.
#[derive(Debug)]
pub struct Policy {
    kind: PolicyKind,
    version: Version,
    id: Option<Box<str>>,
    statements: Box<[Statement]>,
    /// The bits of all services its statements may be about.
    services: u64,
}

impl Policy {
    /// Reads a JSON document.
    ///
    /// # Errors
    /// Says, in the service's words where they are known, why the document is not a policy of that kind, and where.
    pub fn parse(document: &[u8], kind: PolicyKind) -> Result<Self, PolicyError> {
        let node = json::read(document).map_err(PolicyError::syntax)?;
        Self::compile(&parse::document(&node)?, kind)
    }

    /// Reads the document of a managed policy, which unlike an inline one must be in the newer version.
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn parse_managed(document: &[u8]) -> Result<Self, PolicyError> {
        let node = json::read(document).map_err(PolicyError::syntax)?;
        let document = parse::document(&node)?;
        if document.version != Version::V2012 {
            return Err(PolicyError::new(
                "Policy document must be version 2012-10-17 or greater.",
                "Version",
            ));
        }
        Self::compile(&document, PolicyKind::Identity)
    }

    fn compile(document: &parse::Document<'_>, kind: PolicyKind) -> Result<Self, PolicyError> {
        let statements = parse::statements(document, kind)?;
        let services = statements.iter().fold(0, |mask, statement| mask | statement.actions.mask());
        Ok(Self { kind, version: document.version, id: document.id.map(Into::into), statements, services })
    }

    /// What it was parsed as.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// The version of the language it is in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Its `Id`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its statements in the document's order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Whether any statement may be about the action.
    pub(crate) fn may_cover(&self, action: &Action<'_>) -> bool {
        action.may_be_in(self.services)
    }
}
