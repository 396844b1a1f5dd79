//! Form parameters by schema: the inputs of the two query protocols.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::error::DecodeError;
use crate::percent::parse_form;
use crate::scalar;
use crate::schema::{Kind, Member, Schema, TimestampFormat};
use crate::value::{Slot, Structure, Value};

/// More parameters than any documented request has (a batch of ten messages with ten attributes each has
/// about 600).
const MAX_PARAMETERS: usize = 20_000;
/// Deeper than any model nests.
const MAX_DEPTH: usize = 64;

/// The parameters of a request, as a tree along their dotted names.
#[derive(Debug, Default)]
pub struct Params {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    value: Option<String>,
    children: BTreeMap<String, Node>,
}

/// How the two query protocols name things.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    Query,
    Ec2,
}

impl Params {
    /// Reads the parameters of the query string and then of the body, which win.
    pub fn parse(query: &str, body: &[u8]) -> Result<Self, DecodeError> {
        let body = std::str::from_utf8(body)
            .map_err(|_| DecodeError::new("The request body is not valid UTF-8."))?;
        let mut root = Node::default();
        for text in [query, body] {
            for (name, value) in parse_form(text, MAX_PARAMETERS)? {
                root.insert(&name, value)?;
            }
        }
        Ok(Self { root })
    }

    /// The parameter with this undotted name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.root.children.get(name)?.value.as_deref()
    }

    /// Gives the undotted parameter `name` a value, if it has none.
    pub fn or_insert(&mut self, name: &str, value: &str) {
        let node = self.root.children.entry(name.to_owned()).or_default();
        node.value.get_or_insert_with(|| value.to_owned());
    }

    pub(crate) fn decode(&self, into: &mut dyn Structure, names: Names) -> Result<(), DecodeError> {
        structure(&self.root, into, names)
    }
}

impl Node {
    fn insert(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), DecodeError> {
        let mut node = self;
        for (depth, part) in name.split('.').enumerate() {
            if depth == MAX_DEPTH {
                return Err(DecodeError::new("A parameter is nested too deeply."));
            }
            if !node.children.contains_key(part) {
                node.children.insert(part.to_owned(), Node::default());
            }
            node = node.children.get_mut(part).ok_or_else(|| DecodeError::new("unreachable parameter"))?;
        }
        node.value = Some(value.into_owned());
        Ok(())
    }

    /// The children with numbers for names, in the order of the numbers.
    fn numbered(&self) -> Vec<&Node> {
        let mut nodes: Vec<(u32, &Node)> = self
            .children
            .iter()
            .filter(|(name, _)| !name.starts_with(['0', '+']))
            .filter_map(|(name, node)| Some((name.parse().ok()?, node)))
            .collect();
        nodes.sort_by_key(|(n, _)| *n);
        nodes.into_iter().map(|(_, node)| node).collect()
    }
}

impl Names {
    /// The name under which a structure's member stands.
    fn member(self, member: &'static Member) -> Cow<'static, str> {
        match (self, member.query) {
            (_, Some(name)) => name.into(),
            (Self::Query, None) => member.wire.into(),
            (Self::Ec2, None) => {
                let mut name = member.wire.to_owned();
                if let Some(first) = name.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                name.into()
            }
        }
    }

    /// The name of a list's entries or a map's keys and values.
    fn element(self, member: &Member, default: &'static str) -> &'static str {
        match member.query {
            Some(name) => name,
            None if member.named => member.wire,
            None => default,
        }
    }
}

fn structure(node: &Node, into: &mut dyn Structure, names: Names) -> Result<(), DecodeError> {
    for (i, member) in into.schema().members.iter().enumerate() {
        if let Some(child) = child(node, member, names) {
            decode(member, child, into.get_mut(i), names)?;
        }
    }
    Ok(())
}

/// Where a member's parameters hang.
fn child<'a>(node: &'a Node, member: &'static Member, names: Names) -> Option<&'a Node> {
    let found = match member.entry_in_place().filter(|_| names == Names::Query) {
        Some(entry) => node.children.get(entry.query.unwrap_or(entry.wire)),
        None => node.children.get(names.member(member).as_ref()),
    };
    // Some clients send the newer protocol's names, and the services take them.
    found.or_else(|| node.children.get(member.wire).filter(|_| names == Names::Query))
}

fn decode(
    member: &'static Member,
    node: &Node,
    value: &mut dyn Value,
    names: Names,
) -> Result<(), DecodeError> {
    let schema = member.target;
    match schema.kind {
        Kind::List => list(member, node, value, names),
        Kind::Map => map(member, node, value, names),
        Kind::Structure => match value.slot() {
            Slot::Struct(into) => structure(node, into, names),
            _ => Err(unexpected(member)),
        },
        Kind::Union => union(schema, node, value, names),
        Kind::Document | Kind::Own => Err(unexpected(member)),
        _ => match &node.value {
            Some(text) => scalar::set_text(member, value, Cow::Borrowed(text), TimestampFormat::Iso8601),
            None => Err(unexpected(member)),
        },
    }
}

fn list(
    member: &'static Member,
    node: &Node,
    value: &mut dyn Value,
    names: Names,
) -> Result<(), DecodeError> {
    let element = member.target.element();
    let Slot::List(into) = value.slot() else { return Err(unexpected(member)) };
    // EC2's lists are all flattened.
    let entries = if member.is_flattened() || names == Names::Ec2 {
        Some(node)
    } else {
        node.children.get(names.element(element, "member"))
    };
    for entry in entries.into_iter().flat_map(Node::numbered) {
        decode(element, entry, into.push(), names)?;
    }
    Ok(())
}

fn map(member: &'static Member, node: &Node, value: &mut dyn Value, names: Names) -> Result<(), DecodeError> {
    let schema = member.target;
    let Slot::Map(into) = value.slot() else { return Err(unexpected(member)) };
    let entries = if member.is_flattened() { Some(node) } else { node.children.get("entry") };
    let (key_name, value_name) =
        (names.element(schema.key(), "key"), names.element(schema.element(), "value"));
    for entry in entries.into_iter().flat_map(Node::numbered) {
        let key = entry.children.get(key_name).and_then(|key| key.value.clone());
        let key = key.ok_or_else(|| DecodeError::new(format!("An entry of {} has no key.", member.name)))?;
        let place = into.insert(key);
        if let Some(found) = entry.children.get(value_name) {
            decode(schema.element(), found, place, names)?;
        } else {
            // A present key with nothing beside it has an empty value; only validation can tell what is missing.
            place.slot();
        }
    }
    Ok(())
}

fn union(
    schema: &'static Schema,
    node: &Node,
    value: &mut dyn Value,
    names: Names,
) -> Result<(), DecodeError> {
    let Slot::Union(into) = value.slot() else {
        return Err(DecodeError::new(format!("{} is not a union.", schema.name)));
    };
    for (i, member) in schema.members.iter().enumerate() {
        if let Some(found) = child(node, member, names) {
            return decode(member, found, into.select(i), names);
        }
    }
    Ok(())
}

fn unexpected(member: &Member) -> DecodeError {
    DecodeError::new(format!("The value of {} has an unexpected structure.", member.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_order_lists() {
        let params = Params::parse("", b"L.10=j&L.2=b&L.1=a&L.x=no&L.01=no").unwrap();
        let values: Vec<_> =
            params.root.children["L"].numbered().iter().map(|n| n.value.clone().unwrap()).collect();
        assert_eq!(values, ["a", "b", "j"]);
    }

    #[test]
    fn the_body_wins_and_depth_is_bounded() {
        let params = Params::parse("Action=A", b"Action=B").unwrap();
        assert_eq!(params.get("Action"), Some("B"));
        let deep = vec!["a"; MAX_DEPTH + 1].join(".");
        assert!(Params::parse(&deep, b"").is_err());
        assert!(Params::parse("", &[0xff]).is_err());
    }
}
