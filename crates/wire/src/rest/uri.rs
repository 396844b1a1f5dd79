//! Path patterns of REST operations.

use std::borrow::Cow;

use crate::error::DecodeError;
use crate::percent::decode_path;

/// A pattern such as `/{Bucket}/{Key+}?uploads`.
#[derive(Debug)]
pub(crate) struct UriPattern {
    segments: Vec<Segment>,
    /// Parameters that must be there, with this value if one is given.
    query: Vec<(&'static str, Option<&'static str>)>,
}

#[derive(Debug, PartialEq)]
enum Segment {
    Literal(&'static str),
    Label(&'static str),
    /// One or more segments, only as the last one of the models' patterns but for a literal tail.
    Greedy(&'static str),
}

impl UriPattern {
    pub fn parse(uri: &'static str) -> Self {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let segments = path.split('/').skip(1).map(Segment::parse).collect();
        let query = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.split_once('=') {
                Some((name, "")) => (name, None),
                Some((name, value)) => (name, Some(value)),
                None => (pair, None),
            })
            .collect();
        let mut pattern = Self { segments, query };
        pattern.drop_trailing_slash();
        pattern
    }

    /// `/functions/` and `/functions` are the same to every service.
    fn drop_trailing_slash(&mut self) {
        if self.segments.last() == Some(&Segment::Literal("")) {
            self.segments.pop();
        }
    }

    /// Whether the raw path and the parsed query string fit.
    pub fn matches(&self, path: &str, query: &[(Cow<'_, str>, Cow<'_, str>)]) -> bool {
        // Parameters first: most patterns of a service like S3 differ in nothing else.
        self.query
            .iter()
            .all(|(name, value)| query.iter().any(|(n, v)| n == name && value.is_none_or(|value| v == value)))
            && self.walk(path, |_, _| ()).is_some()
    }

    /// The raw texts of the labels, if the path fits.
    pub fn labels<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut labels = Vec::with_capacity(self.segments.len());
        self.walk(path, |name, text| labels.push((name, text)))?;
        Some(labels)
    }

    /// Goes along the path, and gives out each label with its raw text; `None` if the path does not fit.
    fn walk<'a>(&self, path: &'a str, mut label: impl FnMut(&'static str, &'a str)) -> Option<()> {
        let mut rest = path.strip_prefix('/')?;
        let mut ended = rest.is_empty();
        for (i, segment) in self.segments.iter().enumerate() {
            if ended {
                return None;
            }
            let after = self.segments.len() - i - 1;
            let taken = match segment {
                Segment::Greedy(_) => greedy_end(rest, after)?,
                _ => rest.find('/').unwrap_or(rest.len()),
            };
            let (text, tail) = rest.split_at(taken);
            match segment {
                Segment::Literal(literal) if *literal == text => {}
                Segment::Literal(_) => return None,
                Segment::Label(_) | Segment::Greedy(_) if text.is_empty() => return None,
                Segment::Label(name) | Segment::Greedy(name) => label(name, text),
            }
            ended = tail.is_empty();
            rest = tail.strip_prefix('/').unwrap_or(tail);
        }
        // A single trailing slash is the same as none.
        (ended || rest.is_empty()).then_some(())
    }

    /// Of two patterns that fit a request the greater one is meant: literals before labels before greedy labels,
    /// from the left, then more parameters.
    pub fn specificity(&self) -> impl Ord + use<> {
        let segments: Vec<u8> = self
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(_) => 2,
                Segment::Label(_) => 1,
                Segment::Greedy(_) => 0,
            })
            .collect();
        let valued = self.query.iter().filter(|(_, value)| value.is_some()).count();
        (segments, self.query.len(), valued)
    }

    /// Parameters that are part of the pattern, and so not part of any map of the rest.
    pub fn query_names(&self) -> impl Iterator<Item = &'static str> {
        self.query.iter().map(|(name, _)| *name)
    }
}

/// Where a greedy label ends that has `after` segments behind it.
fn greedy_end(rest: &str, after: usize) -> Option<usize> {
    let mut end = rest.len();
    for _ in 0..after {
        end = rest[..end].rfind('/')?;
    }
    Some(end)
}

impl Segment {
    fn parse(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(label) => match label.strip_suffix('+') {
                Some(label) => Self::Greedy(label),
                None => Self::Label(label),
            },
            None => Self::Literal(text),
        }
    }
}

/// Decodes one label.
pub(crate) fn decode_label(text: &str) -> Result<Cow<'_, str>, DecodeError> {
    decode_path(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(uri: &'static str, path: &'static str) -> Option<Vec<(&'static str, &'static str)>> {
        UriPattern::parse(uri).labels(path)
    }

    #[test]
    fn paths() {
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/a/c"), Some(vec![("Bucket", "b"), ("Key", "a/c")]));
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/a/"), Some(vec![("Bucket", "b"), ("Key", "a/")]));
        assert_eq!(labels("/{Bucket}/{Key+}", "/b//x"), Some(vec![("Bucket", "b"), ("Key", "/x")]));
        assert_eq!(labels("/{Bucket}/{Key+}", "/b/"), None);
        assert_eq!(labels("/{Bucket}", "/b/"), Some(vec![("Bucket", "b")]));
        assert_eq!(labels("/{Bucket}", "/"), None);
        assert_eq!(labels("/", "/"), Some(vec![]));
        assert_eq!(labels("/", "/x"), None);
        assert_eq!(labels("/a/{x+}/tags", "/a/b/c/tags"), Some(vec![("x", "b/c")]));
        assert_eq!(labels("/f/", "/f"), Some(vec![]));
        assert_eq!(labels("/f", "f"), None);
    }

    #[test]
    fn queries_and_specificity() {
        let put = UriPattern::parse("/{Bucket}");
        let acl = UriPattern::parse("/{Bucket}?acl");
        let has = |name: &'static str| vec![(Cow::from(name), Cow::from(""))];
        assert!(acl.matches("/b", &has("acl")) && !acl.matches("/b", &has("tagging")));
        assert!(acl.specificity() > put.specificity());
        assert!(UriPattern::parse("/a/b").specificity() > UriPattern::parse("/a/{x}").specificity());
    }
}
