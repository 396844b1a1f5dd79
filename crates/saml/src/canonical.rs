//! Exclusive canonical XML 1.0 without comments, of an element with all below it but one.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::{Attribute, Node};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// Prefixes with the namespaces that they stand for in what is written so far; the empty one is the default.
type Scope<'a> = BTreeMap<&'a str, &'a str>;

/// The canonical form of `node` without `left_out`. Namespaces of the prefixes in `inclusive` are written where they are
/// declared, others where they are used. The tree must not be deep: this calls itself for each level.
pub fn of(node: Node<'_, '_>, left_out: Option<Node<'_, '_>>, inclusive: &BTreeSet<&str>) -> String {
    let mut out = String::new();
    element(&mut out, node, left_out, inclusive, &mut Scope::new());
    out
}

fn element<'a>(
    out: &mut String,
    node: Node<'a, 'a>,
    left_out: Option<Node<'_, '_>>,
    inclusive: &BTreeSet<&str>,
    written: &mut Scope<'a>,
) {
    let source = node.document().input_text();
    let name = qualified(source, node.range().start + 1);
    let mut attributes: Vec<(Attribute<'a, 'a>, &str)> =
        node.attributes().map(|attribute| (attribute, qualified(source, attribute.range().start))).collect();
    attributes.sort_by_key(|(attribute, _)| (attribute.namespace().unwrap_or_default(), attribute.name()));

    let mut used: BTreeSet<&'a str> = BTreeSet::from([prefix(name)]);
    // An attribute without a prefix is in no namespace, whatever the default is.
    used.extend(attributes.iter().map(|(_, name)| prefix(name)).filter(|prefix| !prefix.is_empty()));
    let in_scope = node.namespaces().map(|namespace| namespace.name().unwrap_or_default());
    used.extend(in_scope.filter(|prefix| inclusive.contains(prefix)));
    used.remove("xml");

    // What this element declares, with what stood for the prefix before.
    let mut declared = Vec::new();
    out.push('<');
    out.push_str(name);
    for prefix in used {
        let uri = node.lookup_namespace_uri(Some(prefix).filter(|prefix| !prefix.is_empty()));
        let uri = uri.unwrap_or_default();
        let before = written.get(prefix).copied();
        if before == Some(uri) || (before.is_none() && uri.is_empty()) || uri == XML {
            continue;
        }
        declared.push((prefix, written.insert(prefix, uri)));
        out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.push_str(prefix);
        value(out, uri);
    }
    for (attribute, name) in attributes {
        out.push(' ');
        out.push_str(name);
        value(out, attribute.value());
    }
    out.push('>');
    for child in node.children().filter(|child| Some(*child) != left_out) {
        if child.is_element() {
            element(out, child, left_out, inclusive, written);
        } else if child.is_text() {
            text(out, child.text().unwrap_or_default());
        }
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
    for (prefix, before) in declared {
        match before {
            Some(uri) => written.insert(prefix, uri),
            None => written.remove(prefix),
        };
    }
}

/// The name that begins at a place of the source, with its prefix.
fn qualified(source: &str, from: usize) -> &str {
    let rest = &source[from..];
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/' | '=');
    &rest[..rest.find(ends).unwrap_or(rest.len())]
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

fn value(out: &mut String, value: &str) {
    out.push_str("=\"");
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(source: &str, name: &str, inclusive: &[&str]) -> String {
        let document = crate::xml::parse(source, 1000).unwrap();
        let node = document.descendants().find(|node| node.tag_name().name() == name).unwrap();
        let out = document.descendants().find(|node| node.tag_name().name() == "out");
        of(node, out, &inclusive.iter().copied().collect())
    }

    #[test]
    fn namespaces_stand_where_they_are_used() {
        let source =
            r#"<a:r xmlns:a="urn:a" xmlns:b="urn:b" xmlns="urn:d"><a:s b:x="1"><t><a:u/></t></a:s></a:r>"#;
        let whole = r#"<a:s xmlns:a="urn:a" xmlns:b="urn:b" b:x="1"><t xmlns="urn:d"><a:u></a:u></t></a:s>"#;
        assert_eq!(form(source, "s", &[]), whole);
        assert_eq!(form(source, "u", &[]), r#"<a:u xmlns:a="urn:a"></a:u>"#);
        assert_eq!(form(source, "u", &["b", "z"]), r#"<a:u xmlns:a="urn:a" xmlns:b="urn:b"></a:u>"#);
        // The same prefix for another namespace, a default that ends, two prefixes of one namespace.
        let source = r#"<r xmlns="urn:d" xmlns:p="urn:1"><p:a><p:b xmlns:p="urn:2"/><c xmlns=""/></p:a></r>"#;
        assert_eq!(
            form(source, "r", &[]),
            r#"<r xmlns="urn:d"><p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"></p:b><c xmlns=""></c></p:a></r>"#
        );
        let source = r#"<p:r xmlns:p="urn:1" xmlns:q="urn:1"><q:a/></p:r>"#;
        assert_eq!(form(source, "r", &[]), r#"<p:r xmlns:p="urn:1"><q:a xmlns:q="urn:1"></q:a></p:r>"#);
        // Beside each other, each declares for itself; behind one that declares anew, the old one counts again.
        let source = r#"<r xmlns:p="urn:1"><p:a/><p:a/><p:b><p:c xmlns:p="urn:2"/><p:d/></p:b></r>"#;
        assert_eq!(
            form(source, "r", &[]),
            r#"<r><p:a xmlns:p="urn:1"></p:a><p:a xmlns:p="urn:1"></p:a><p:b xmlns:p="urn:1"><p:c xmlns:p="urn:2"></p:c><p:d></p:d></p:b></r>"#
        );
    }

    #[test]
    fn order_spelling_and_what_is_left_out() {
        let source = "<r  b='2'\n a = \"1\" xmlns:z='urn:a' z:c='3' xml:lang='en'>x&#13;<!-- no -->&gt;<![CDATA[<&]]>\
                      <out>gone</out><e f='&quot;&#9;&#10;&lt;&apos;'/>\r\n</r>";
        let expected = "<r xmlns:z=\"urn:a\" a=\"1\" b=\"2\" xml:lang=\"en\" z:c=\"3\">x&#xD;&gt;&lt;&amp;\
                        <e f=\"&quot;&#x9;&#xA;&lt;'\"></e>\n</r>";
        assert_eq!(form(source, "r", &[]), expected);
    }
}
