//! Well-formed XML into one buffer.

use quick_xml::escape::escape;

use crate::schema::{Member, XmlNamespace};

/// Writes elements, escaping what needs it.
pub(crate) struct XmlWriter {
    out: String,
    /// How it names members.
    pub names: XmlNames,
}

/// How a document names members.
#[derive(Clone, Copy)]
pub(crate) enum XmlNames {
    /// As the model does.
    Model,
    /// As the query protocol of a service does that left it for one with other names.
    Query,
}

impl XmlNames {
    /// The name of a member.
    pub fn member(self, member: &Member) -> &'static str {
        self.query(member).unwrap_or(member.wire)
    }

    /// The name of a list's entries or a map's keys and values.
    pub fn element(self, member: &Member, default: &'static str) -> &'static str {
        self.query(member).unwrap_or(if member.named { member.wire } else { default })
    }

    fn query(self, member: &Member) -> Option<&'static str> {
        match self {
            Self::Model => None,
            Self::Query => member.query,
        }
    }
}

impl XmlWriter {
    /// Begins a document, with the declaration that every AWS answer has.
    pub fn document(names: XmlNames) -> Self {
        // Most answers fit.
        let mut out = String::with_capacity(1024);
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        Self { out, names }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// Opens an element whose attributes are still to come.
    pub fn start(&mut self, name: &str, namespace: Option<&XmlNamespace>) {
        self.out.push('<');
        self.out.push_str(name);
        if let Some(ns) = namespace {
            if ns.prefix.is_empty() {
                self.attribute("xmlns", ns.uri);
            } else {
                self.attribute(&format!("xmlns:{}", ns.prefix), ns.uri);
            }
        }
    }

    pub fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.out.push_str(&escape(value));
        self.out.push('"');
    }

    /// Ends the opening tag.
    pub fn content(&mut self) {
        self.out.push('>');
    }

    pub fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    /// An element that holds nothing.
    pub fn empty(&mut self, name: &str) {
        self.out.push('<');
        self.out.push_str(name);
        self.out.push_str("/>");
    }

    /// Character data. A carriage return is written as a reference, or readers would turn it into a line feed;
    /// characters that XML 1.0 cannot hold at all are written as the replacement character.
    pub fn text(&mut self, text: &str) {
        for piece in text.split_inclusive(special) {
            let mut chars = piece.chars();
            match chars.next_back() {
                Some('\r') => {
                    self.out.push_str(&escape(chars.as_str()));
                    self.out.push_str("&#xD;");
                }
                Some(last) if special(last) => {
                    self.out.push_str(&escape(chars.as_str()));
                    self.out.push('\u{FFFD}');
                }
                _ => self.out.push_str(&escape(piece)),
            }
        }
    }

    /// An element that holds only a text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.start(name, None);
        self.content();
        self.text(text);
        self.end(name);
    }
}

fn special(c: char) -> bool {
    c == '\r' || (c < ' ' && c != '\t' && c != '\n') || c == '\u{FFFE}' || c == '\u{FFFF}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let mut w = XmlWriter { out: String::new(), names: XmlNames::Model };
        w.start("a", Some(&XmlNamespace { uri: "u&v", prefix: "p" }));
        w.attribute("b", "\"<");
        w.content();
        w.text("<&>\r\n\u{1}é");
        w.end("a");
        let text = String::from_utf8(w.finish()).unwrap();
        assert_eq!(text, "<a xmlns:p=\"u&amp;v\" b=\"&quot;&lt;\">&lt;&amp;&gt;&#xD;\n\u{FFFD}é</a>");
    }
}
