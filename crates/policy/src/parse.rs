//! From a document to a policy. The checks run in the order of the service's, so that of several mistakes the
//! same one is reported: grammar, older reader, statement ids, resources, actions.

use std::collections::HashSet;

use crate::action::{self, Actions};
use crate::condition::Condition;
use crate::error::PolicyError;
use crate::json::Node;
use crate::operator::{Kind, Operator};
use crate::policy::{PolicyKind, Version};
use crate::principal::Named;
use crate::resource::{self, Resources};
use crate::statement::{Effect, Principals, Statement};

/// A document with its parts told apart and nothing compiled.
pub(crate) struct Document<'n> {
    pub version: Version,
    pub id: Option<&'n str>,
    pub statements: Vec<Raw<'n>>,
}

/// A statement with its parts told apart.
pub(crate) struct Raw<'n> {
    place: String,
    sid: Option<&'n str>,
    effect: &'n str,
    principal: Option<(bool, Vec<(&'n str, &'n str)>)>,
    action: Option<(bool, Vec<&'n str>)>,
    resource: Option<(bool, Vec<&'n str>)>,
    conditions: Vec<RawCondition<'n>>,
}

struct RawCondition<'n> {
    place: String,
    operator: Operator,
    key: &'n str,
    values: Vec<&'n str>,
}

/// Tells the parts of a document apart.
pub(crate) fn document(node: &Node) -> Result<Document<'_>, PolicyError> {
    let Node::Map(elements) = node else { return Err(PolicyError::syntax("")) };
    let mut version = Version::V2008;
    let mut id = None;
    let mut statements = None;
    for (name, value) in elements {
        match (name.as_str(), value) {
            ("Version", Node::Text(text)) if text == "2012-10-17" => version = Version::V2012,
            ("Version", Node::Text(text)) if text == "2008-10-17" => version = Version::V2008,
            ("Id", Node::Text(text)) => id = Some(text.as_str()),
            ("Statement", Node::List(list)) => {
                let place = |at: usize| format!("Statement[{at}]");
                let each = list.iter().enumerate().map(|(at, node)| raw_statement(node, place(at)));
                statements = Some(each.collect::<Result<Vec<_>, _>>()?);
            }
            ("Statement", node @ Node::Map(_)) => {
                statements = Some(vec![raw_statement(node, "Statement".into())?]);
            }
            _ => return Err(PolicyError::syntax(name.as_str())),
        }
    }
    let statements =
        statements.filter(|list| !list.is_empty()).ok_or_else(|| PolicyError::syntax("Statement"))?;
    Ok(Document { version, id, statements })
}

fn raw_statement(node: &Node, place: String) -> Result<Raw<'_>, PolicyError> {
    let Node::Map(elements) = node else { return Err(PolicyError::syntax(place)) };
    let (mut sid, mut effect, mut principal, mut action, mut resource) = (None, None, None, None, None);
    let mut conditions = Vec::new();
    for (name, value) in elements {
        let here = format!("{place}.{name}");
        match name.as_str() {
            "Sid" => sid = Some(text(value, &here)?),
            "Effect" => effect = Some(text(value, &here)?),
            "Principal" | "NotPrincipal" if principal.is_none() => {
                principal = Some((name.starts_with("Not"), principals(value, &here)?));
            }
            "Action" | "NotAction" if action.is_none() => {
                action = Some((name.starts_with("Not"), texts(value, &here)?));
            }
            "Resource" | "NotResource" if resource.is_none() => {
                resource = Some((name.starts_with("Not"), texts(value, &here)?));
            }
            "Condition" => conditions = raw_conditions(value, &here)?,
            _ => return Err(PolicyError::syntax(here)),
        }
    }
    let effect = effect
        .filter(|text: &&str| text.eq_ignore_ascii_case("allow") || text.eq_ignore_ascii_case("deny"))
        .ok_or_else(|| PolicyError::syntax(format!("{place}.Effect")))?;
    Ok(Raw { place, sid, effect, principal, action, resource, conditions })
}

fn text<'n>(node: &'n Node, place: &str) -> Result<&'n str, PolicyError> {
    match node {
        Node::Text(text) => Ok(text),
        _ => Err(PolicyError::syntax(place)),
    }
}

fn texts<'n>(node: &'n Node, place: &str) -> Result<Vec<&'n str>, PolicyError> {
    match node {
        Node::List(list) => list.iter().map(|node| text(node, place)).collect(),
        node => Ok(vec![text(node, place)?]),
    }
}

fn principals<'n>(node: &'n Node, place: &str) -> Result<Vec<(&'n str, &'n str)>, PolicyError> {
    match node {
        Node::Text(text) => Ok(vec![("AWS", text)]),
        Node::Map(map) if !map.is_empty() => {
            let mut list = Vec::new();
            for (kind, values) in map {
                let here = format!("{place}.{kind}");
                if !matches!(kind.as_str(), "AWS" | "Service" | "Federated" | "CanonicalUser") {
                    return Err(PolicyError::syntax(here));
                }
                list.extend(texts(values, &here)?.into_iter().map(|value| (kind.as_str(), value)));
            }
            Ok(list)
        }
        _ => Err(PolicyError::syntax(place)),
    }
}

fn raw_conditions<'n>(node: &'n Node, place: &str) -> Result<Vec<RawCondition<'n>>, PolicyError> {
    let Node::Map(operators) = node else { return Err(PolicyError::syntax(place)) };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let here = format!("{place}.{name}");
        let Node::Map(keys) = keys else { return Err(PolicyError::syntax(here)) };
        let operator = Operator::parse(name);
        // The service lets an operator it does not know pass where no key stands under it.
        for (key, values) in keys {
            let here = format!("{here}.{key}");
            let Some(operator) = operator else { return Err(PolicyError::syntax(here)) };
            let values = match values {
                Node::List(list) => {
                    list.iter().map(|node| condition_value(node, &here)).collect::<Result<_, _>>()?
                }
                node => vec![condition_value(node, &here)?],
            };
            conditions.push(RawCondition { place: here, operator, key, values });
        }
    }
    Ok(conditions)
}

fn condition_value<'n>(node: &'n Node, place: &str) -> Result<&'n str, PolicyError> {
    match node {
        Node::Text(text) | Node::Number(text) => Ok(text),
        Node::Bool(value) => Ok(if *value { "true" } else { "false" }),
        _ => Err(PolicyError::syntax(place)),
    }
}

/// Checks the statements against the kind of policy and compiles them.
pub(crate) fn statements(document: &Document<'_>, kind: PolicyKind) -> Result<Box<[Statement]>, PolicyError> {
    let raw = &document.statements;
    for statement in raw {
        statement.check_effect()?;
    }
    let conditions = raw
        .iter()
        .map(|statement| statement.compile_conditions(document.version))
        .collect::<Result<Vec<_>, _>>()?;
    if kind.belongs_to_an_identity() {
        for (place, text) in raw.iter().flat_map(Raw::resource_texts) {
            if resource::check(text).is_ok() && resource::fails_legacy_parsing(text) {
                return Err(PolicyError::legacy(format!("{place}.Resource")));
            }
        }
    }
    check_sids(raw, kind)?;
    for statement in raw {
        statement.check_principal(kind)?;
    }
    for statement in raw {
        statement.check_action_exists()?;
    }
    if kind.belongs_to_an_identity() {
        for (place, text) in raw.iter().flat_map(Raw::resource_texts) {
            resource::check(text)
                .map_err(|message| PolicyError::new(message, format!("{place}.Resource")))?;
        }
    }
    for statement in raw {
        statement.check_actions(kind)?;
    }
    for statement in raw {
        statement.check_resource_exists(kind)?;
    }
    raw.iter()
        .zip(conditions)
        .map(|(statement, conditions)| statement.compile(conditions, document.version))
        .collect()
}

fn check_sids(raw: &[Raw<'_>], kind: PolicyKind) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    for statement in raw {
        let Some(sid) = statement.sid.filter(|sid| !sid.is_empty()) else { continue };
        let place = || format!("{}.Sid", statement.place);
        if kind.belongs_to_an_identity() && !sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let message = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular \
                           expression [0-9A-Za-z]*";
            return Err(PolicyError::new(message, place()));
        }
        if !seen.insert(sid) {
            return Err(PolicyError::new("Statement IDs (SID) in a single policy must be unique.", place()));
        }
    }
    Ok(())
}

impl<'n> Raw<'n> {
    fn resource_texts(&self) -> impl Iterator<Item = (&str, &'n str)> {
        self.resource.iter().flat_map(|(_, texts)| texts.iter().map(|text| (self.place.as_str(), *text)))
    }

    fn check_effect(&self) -> Result<(), PolicyError> {
        match self.effect {
            "Allow" | "Deny" => Ok(()),
            _ => Err(PolicyError::legacy(format!("{}.Effect", self.place))),
        }
    }

    fn check_principal(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        match (&self.principal, kind.has_principals()) {
            (Some(_), false) => {
                let place = format!("{}.Principal", self.place);
                Err(PolicyError::new("Policy document should not specify a principal.", place))
            }
            (None, true) => Err(PolicyError::new("Missing required field Principal", self.place.as_str())),
            _ => Ok(()),
        }
    }

    fn check_action_exists(&self) -> Result<(), PolicyError> {
        match &self.action {
            Some((_, texts)) if !texts.is_empty() => Ok(()),
            _ => Err(PolicyError::new("Policy statement must contain actions.", self.place.as_str())),
        }
    }

    fn check_resource_exists(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        match (&self.resource, kind) {
            (Some(_), PolicyKind::Trust) => {
                Err(PolicyError::new("Has prohibited field Resource", format!("{}.Resource", self.place)))
            }
            // A policy of a resource may leave out what it is attached to; services that want it named say so.
            (None, PolicyKind::Trust | PolicyKind::Resource) => Ok(()),
            (Some((_, texts)), _) if !texts.is_empty() => Ok(()),
            _ => Err(PolicyError::new("Policy statement must contain resources.", self.place.as_str())),
        }
    }

    fn check_actions(&self, kind: PolicyKind) -> Result<(), PolicyError> {
        for text in self.action.iter().flat_map(|(_, texts)| texts) {
            let place = format!("{}.Action", self.place);
            action::check(text).map_err(|message| PolicyError::new(message, place.as_str()))?;
            if kind == PolicyKind::Trust && !action::is_for_trust(text) {
                return Err(PolicyError::new(
                    "AssumeRole policy may only specify STS AssumeRole actions.",
                    place,
                ));
            }
        }
        Ok(())
    }

    fn compile_conditions(&self, version: Version) -> Result<Box<[Condition]>, PolicyError> {
        let compile = |raw: &RawCondition<'_>| {
            Condition::new(raw.operator, raw.key, &raw.values, version == Version::V2012).ok_or_else(|| {
                match raw.operator.kind {
                    Kind::Date(_) | Kind::Numeric(_) => PolicyError::legacy(raw.place.as_str()),
                    _ => PolicyError::syntax(raw.place.as_str()),
                }
            })
        };
        self.conditions.iter().map(compile).collect()
    }

    fn compile(&self, conditions: Box<[Condition]>, version: Version) -> Result<Statement, PolicyError> {
        let (not_action, actions) =
            self.action.as_ref().map_or((false, &[][..]), |(not, texts)| (*not, texts));
        let resources = match &self.resource {
            None => None,
            Some((negated, texts)) => {
                let compiled = Resources::new(*negated, texts, version == Version::V2012);
                Some(
                    compiled
                        .map_err(|text| PolicyError::syntax(format!("{}.Resource {text}", self.place)))?,
                )
            }
        };
        let principals = match &self.principal {
            None => None,
            Some((negated, list)) => Some(Principals { negated: *negated, list: self.named(list)? }),
        };
        Ok(Statement {
            sid: self.sid.filter(|sid| !sid.is_empty()).map(Into::into),
            effect: if self.effect == "Deny" { Effect::Deny } else { Effect::Allow },
            principals,
            actions: Actions::new(not_action, actions),
            resources,
            conditions,
        })
    }

    fn named(&self, list: &[(&str, &str)]) -> Result<Box<[Named]>, PolicyError> {
        let read = |(kind, value): &(&str, &str)| {
            Named::parse(kind, value).ok_or_else(|| {
                let message = format!("Invalid principal in policy: \"{kind}\":\"{value}\"");
                PolicyError::new(message, format!("{}.Principal", self.place))
            })
        };
        list.iter().map(read).collect()
    }
}
