//! A request's XML as a tree.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::error::DecodeError;

/// Deeper than any model nests; keeps recursion over the tree bounded.
const MAX_DEPTH: usize = 64;

/// More than any model has, namespaces included: the reader compares each with all others.
const MAX_ATTRIBUTES: usize = 32;

/// An element. Names are without their prefixes, as the services read them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// Reads one document. Document types are refused: no entity but the five predefined ones is ever expanded.
    pub fn parse(body: &[u8]) -> Result<Element, DecodeError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = true;
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        loop {
            match reader.read_event().map_err(|_| malformed())? {
                Event::Start(tag) => {
                    if open.len() == MAX_DEPTH || root.is_some() {
                        return Err(malformed());
                    }
                    open.push(element(&tag)?);
                }
                Event::Empty(tag) => close(element(&tag)?, &mut open, &mut root)?,
                Event::End(_) => {
                    let done = open.pop().ok_or_else(malformed)?;
                    close(done, &mut open, &mut root)?;
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|_| malformed())?;
                    append(&text, &mut open)?;
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|_| malformed())?;
                    append(&text, &mut open)?;
                }
                Event::GeneralRef(name) => {
                    let name = name.decode().map_err(|_| malformed())?;
                    append(&entity(&name).ok_or_else(malformed)?, &mut open)?;
                }
                Event::DocType(_) => return Err(malformed()),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => break,
            }
        }
        match (open.is_empty(), root) {
            (true, Some(root)) => Ok(root),
            _ => Err(malformed()),
        }
    }

    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn malformed() -> DecodeError {
    DecodeError::new(
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn element(tag: &BytesStart<'_>) -> Result<Element, DecodeError> {
    let name = local(tag.local_name().as_ref())?;
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(malformed());
        }
        let attribute = attribute.map_err(|_| malformed())?;
        // The whole name: `xsi:type` is an attribute of its own, and `xmlns:x` none of ours.
        let key = local(attribute.key.as_ref())?;
        let value = attribute.unescape_value().map_err(|_| malformed())?;
        attributes.push((key, value.into_owned()));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

fn local(name: &[u8]) -> Result<String, DecodeError> {
    Ok(std::str::from_utf8(name).map_err(|_| malformed())?.to_owned())
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), DecodeError> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return Err(malformed()),
    }
    Ok(())
}

fn append(text: &str, open: &mut [Element]) -> Result<(), DecodeError> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(malformed()),
    }
    Ok(())
}

fn entity(name: &str) -> Option<Cow<'static, str>> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some(char::from_u32(code)?.to_string().into());
    }
    Some(match name {
        "lt" => "<".into(),
        "gt" => ">".into(),
        "amp" => "&".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_a_document() {
        let doc = Element::parse(
            b"<?xml version=\"1.0\"?><!-- c --><a xmlns=\"u\" x:t=\"1&lt;\"><b>x &amp; &#x79;</b><b/><![CDATA[<z>]]></a>\n",
        )
        .unwrap();
        assert_eq!(doc.name, "a");
        assert_eq!(doc.attribute("x:t"), Some("1<"));
        assert_eq!(doc.child("b").unwrap().text, "x & y");
        assert_eq!((doc.children.len(), doc.text.as_str()), (2, "<z>"));
    }

    #[test]
    fn refuses_what_is_not_one_document() {
        let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        for text in
            ["", "<a>", "<a></b>", "<a/><b/>", "x<a/>", "<a>&nope;</a>", "<!DOCTYPE a><a/>", deep.as_str()]
        {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn attributes_are_bounded() {
        let element = |count: usize| {
            let attributes: String = (0..count).map(|i| format!(" a{i}=''")).collect();
            Element::parse(format!("<a{attributes}/>").as_bytes())
        };
        assert_eq!(element(MAX_ATTRIBUTES).unwrap().attributes.len(), MAX_ATTRIBUTES);
        assert!(element(MAX_ATTRIBUTES + 1).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Element::parse(&bytes);
        }
        #[test]
        fn any_markup(text in "[<>/&;!\\[\\]a-c\"'= ?-]{0,80}") {
            let _ = Element::parse(text.as_bytes());
        }
    }
}
