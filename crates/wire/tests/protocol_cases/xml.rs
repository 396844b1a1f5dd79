//! Whether two XML documents say the same.

use roxmltree::{Document, Node};

/// Elements that hold the request's id, which is a matter of choice.
const REQUEST_ID: [&str; 4] = ["ResponseMetadata", "RequestId", "RequestID", "requestId"];

/// An element without what does not matter: white space between elements, and the order of differently named ones.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Element {
    name: String,
    namespace: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

/// The default namespace of a document's root.
pub fn namespace_of_root(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    document.root_element().default_namespace().map(str::to_owned)
}

/// The text of the first element with this name.
pub fn text_of(text: &str, name: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let node =
        document.descendants().find(|node| node.has_tag_name(name) || node.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}

/// Whether a document holds no text but the request's id.
pub fn says_nothing(text: &str) -> bool {
    let empty = |e: &Element| e.text.is_empty();
    Document::parse(text).is_ok_and(|d| {
        let root = element(d.root_element());
        empty(&root) && root.children.iter().all(|child| empty(child) && child.children.is_empty())
    })
}

/// Compares two documents.
pub fn same(found: &str, expected: &str) -> Result<(), String> {
    let read = |text: &str| {
        let document = Document::parse(text.trim()).map_err(|e| format!("{e}: {text}"))?;
        Ok::<_, String>(element(document.root_element()))
    };
    let (ours, theirs) = (read(found)?, read(expected)?);
    if ours == theirs { Ok(()) } else { Err(format!("body {found}\nnot {expected}")) }
}

fn element(node: Node<'_, '_>) -> Element {
    let mut children: Vec<Element> = node
        .children()
        .filter(Node::is_element)
        .filter(|child| !REQUEST_ID.contains(&child.tag_name().name()))
        .map(element)
        .collect();
    // The entries of a map have no order of their own; a stable sort keeps that of a list.
    children.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key().cmp(&b.key())));
    let mut attributes: Vec<_> = node
        .attributes()
        .map(|a| (format!("{}{}", a.namespace().unwrap_or_default(), a.name()), a.value().to_owned()))
        .collect();
    attributes.extend(
        node.namespaces()
            .filter(|ns| ns.name().is_some_and(|prefix| prefix != "xml"))
            .map(|ns| (format!("xmlns:{}", ns.name().unwrap_or_default()), ns.uri().to_owned())),
    );
    attributes.sort();
    let is_leaf = !node.children().any(|child| child.is_element());
    let text = node.text().filter(|text| is_leaf && !(text.contains('\n') && text.trim().is_empty()));
    Element {
        name: node.tag_name().name().to_owned(),
        namespace: node.tag_name().namespace().unwrap_or_default().to_owned(),
        attributes,
        text: text.unwrap_or_default().to_owned(),
        children,
    }
}

/// The names of keys and values in the cases' maps.
const PAIRS: [(&str, &str); 5] = [
    ("key", "value"),
    ("K", "V"),
    ("Attribute", "Setting"),
    ("OuterKey", "value"),
    ("InnerKey", "InnerValue"),
];

impl Element {
    /// The key, if this is an entry of a map.
    fn key(&self) -> Option<&str> {
        let [first, second] = self.children.as_slice() else { return None };
        let (key, _) = PAIRS.iter().find(|(key, value)| {
            [(*key, *value), (*value, *key)].contains(&(first.name.as_str(), second.name.as_str()))
        })?;
        [first, second].into_iter().find(|child| child.name == *key).map(|child| child.text.as_str())
    }
}
