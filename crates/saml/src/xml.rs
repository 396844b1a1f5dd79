//! XML without its dangers, and the few questions that are asked about its nodes.

use roxmltree::{Document, Node, ParsingOptions};

/// Elements, attributes and texts of a response at most: about one for every four bytes that the longest can have is
/// more than any that says something has.
pub const RESPONSE_NODES_MAX: u32 = 20_000;
/// As many as IAM takes when it reads metadata.
pub const METADATA_NODES_MAX: u32 = 20_000;
/// How deep elements lie at most. Assertions need about ten; canonical forms are made by recursion.
pub const DEPTH_MAX: u16 = 64;

pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Reads a document: without a document type, hence without entities, without processing instructions, and not too deep.
pub fn parse(text: &str, nodes: u32) -> Result<Document<'_>, String> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: nodes, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    // Parents come before their children.
    let mut depths = vec![0; document.descendants().count()];
    for node in document.descendants() {
        if node.is_pi() {
            return Err("it has a processing instruction".into());
        }
        let Some(parent) = node.parent() else { continue };
        let depth = depths[parent.id().get_usize()] + 1;
        if depth > DEPTH_MAX {
            return Err(format!("elements lie deeper than {DEPTH_MAX}"));
        }
        depths[node.id().get_usize()] = depth;
    }
    Ok(document)
}

pub fn is(node: &Node<'_, '_>, namespace: &str, name: &str) -> bool {
    node.is_element() && node.tag_name().namespace() == Some(namespace) && node.tag_name().name() == name
}

/// The children of this name.
pub fn children<'a, 'i>(
    node: Node<'a, 'i>,
    namespace: &'static str,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |node| is(node, namespace, name))
}

/// The child of this name, if there is exactly one.
pub fn only<'a, 'i>(node: Node<'a, 'i>, namespace: &'static str, name: &'static str) -> Option<Node<'a, 'i>> {
    let mut all = children(node, namespace, name);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// All text of an element that has no elements, without white space around it. Comments do not end it: what is read is
/// what is signed.
pub fn text(node: Node<'_, '_>) -> Option<String> {
    if node.children().any(|child| child.is_element()) {
        return None;
    }
    let parts: String = node.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    Some(parts.trim().to_owned())
}
