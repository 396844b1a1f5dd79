//! What browsers may do from other origins: which of a bucket's rules a request fits, and what the answer then says.

use http::Method;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use model_s3::types::CorsRule;
use wire::Detailed;

/// A question of a browser, or a request from another origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing<'a> {
    /// Where the page is from.
    pub origin: &'a str,
    /// The method it wants to use.
    pub method: &'a str,
    /// The headers it wants to send, in lower case.
    pub headers: Vec<String>,
}

/// What of a bucket a preflight is about.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Whether its path names an object.
    pub object: bool,
}

impl<'a> Crossing<'a> {
    /// A preflight's question.
    ///
    /// # Errors
    /// `BadRequest` if it does not say where it is from or what it wants.
    pub fn of_preflight(headers: &'a HeaderMap) -> Result<Self, Detailed> {
        let bad = |text: String| Detailed::new("BadRequest", 400, text);
        let origin = text(headers, &header::ORIGIN)
            .ok_or_else(|| bad("Insufficient information. Origin request header needed.".to_owned()))?;
        let method = text(headers, &header::ACCESS_CONTROL_REQUEST_METHOD)
            .ok_or_else(|| bad("Invalid Access-Control-Request-Method: null".to_owned()))?;
        let listed = text(headers, &header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let listed = listed.split(',').map(|name| name.trim().to_ascii_lowercase());
        Ok(Self { origin, method, headers: listed.filter(|name| !name.is_empty()).collect() })
    }

    /// A request from another origin; `None` if it does not say that it is one. What its preflight asked for, where it
    /// repeats that, counts more than its own method.
    pub fn of_request(method: &'a Method, headers: &'a HeaderMap) -> Option<Self> {
        let origin = text(headers, &header::ORIGIN)?;
        let method = text(headers, &header::ACCESS_CONTROL_REQUEST_METHOD).unwrap_or(method.as_str());
        Some(Self { origin, method, headers: Vec::new() })
    }

    /// The first rule that allows it.
    pub fn allowed_by<'r>(&self, rules: &'r [CorsRule]) -> Option<&'r CorsRule> {
        rules.iter().find(|rule| {
            let allows = |name: &String| {
                let mut allowed = rule.allowed_headers.iter().flatten();
                allowed.any(|pattern| fits(&pattern.to_ascii_lowercase(), name))
            };
            rule.allowed_methods.iter().any(|method| method == self.method)
                && rule.allowed_origins.iter().any(|origin| fits(origin, self.origin))
                && self.headers.iter().all(allows)
        })
    }

    /// The headers of an answer under a rule.
    pub fn headers(&self, rule: &CorsRule) -> Vec<(HeaderName, String)> {
        // Whoever is let in as one of everybody is let in without credentials.
        let everybody = rule.allowed_origins.iter().find(|origin| fits(origin, self.origin));
        let everybody = everybody.is_some_and(|origin| origin == "*");
        let origin = if everybody { "*" } else { self.origin };
        let mut headers = vec![
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.to_owned()),
            (header::ACCESS_CONTROL_ALLOW_METHODS, rule.allowed_methods.join(", ")),
            (
                header::VARY,
                "Origin, Access-Control-Request-Headers, Access-Control-Request-Method".to_owned(),
            ),
        ];
        if !everybody {
            headers.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true".to_owned()));
        }
        if !self.headers.is_empty() {
            headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, self.headers.join(", ")));
        }
        if let Some(exposed) = rule.expose_headers.as_deref().filter(|exposed| !exposed.is_empty()) {
            headers.push((header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.join(", ")));
        }
        if let Some(seconds) = rule.max_age_seconds {
            headers.push((header::ACCESS_CONTROL_MAX_AGE, seconds.to_string()));
        }
        headers
    }
}

/// Puts headers among those of an answer; what cannot stand in a header is left out.
pub fn put_headers(into: &mut HeaderMap, headers: Vec<(HeaderName, String)>) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            into.insert(name, value);
        }
    }
}

/// Why a preflight's question is answered no.
#[derive(Clone, Copy, Debug)]
pub enum Refused {
    MissingBucket,
    MissingRules,
    OtherRules,
}

/// The answer to a preflight that is not allowed what it asks for.
pub fn forbidden(why: Refused, method: &str, about: About) -> Detailed {
    let text = match why {
        Refused::MissingBucket => "CORSResponse: Bucket not found",
        Refused::MissingRules => "CORSResponse: CORS is not enabled for this bucket.",
        Refused::OtherRules => {
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request \
             method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
             resource's CORS spec."
        }
    };
    Detailed::new("AccessForbidden", 403, text)
        .with("Method", method)
        .with("ResourceType", if about.object { "OBJECT" } else { "BUCKET" })
}

/// Whether a text is what a rule says, which has at most one `*`, for any characters; no other character is special.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, end)) => {
            text.len() >= begin.len() + end.len() && text.starts_with(begin) && text.ends_with(end)
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    fn rule(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
        CorsRule {
            allowed_origins: texts(origins).into(),
            allowed_methods: texts(methods).into(),
            allowed_headers: Some(texts(headers)),
            ..Default::default()
        }
    }

    fn crossing<'a>(origin: &'a str, method: &'a str, headers: &[&str]) -> Crossing<'a> {
        Crossing { origin, method, headers: texts(headers) }
    }

    #[test]
    fn origins_match_with_one_wildcard_anywhere() {
        let rules = [
            rule(&["*suffix"], &["GET"], &[]),
            rule(&["start*end"], &["GET"], &[]),
            rule(&["prefix*"], &["GET"], &[]),
            rule(&["*.put"], &["PUT"], &[]),
            rule(&["http://a?b"], &["GET"], &[]),
        ];
        for (origin, method, allowed) in [
            ("foo.suffix", "GET", true),
            ("foo.bar", "GET", false),
            ("foo.suffix.get", "GET", false),
            ("startend", "GET", true),
            ("stand", "GET", false),
            ("star?end", "GET", false),
            ("start12end", "GET", true),
            ("0start12end", "GET", false),
            ("prefix", "GET", true),
            ("bla.prefix", "GET", false),
            ("foo.put", "GET", false),
            ("foo.put", "PUT", true),
            ("http://a?b", "GET", true),
            ("http://a.b", "GET", false),
        ] {
            assert_eq!(
                crossing(origin, method, &[]).allowed_by(&rules).is_some(),
                allowed,
                "{origin} {method}"
            );
        }
    }

    #[test]
    fn headers_have_to_be_allowed_in_either_case() {
        let rules = [rule(&["https://a"], &["GET"], &["x-AMZ-server-SIDE-encryption", "x-meta-*"])];
        let ask = |headers: &[&str]| crossing("https://a", "GET", headers).allowed_by(&rules).is_some();
        assert!(ask(&[]) && ask(&["x-amz-server-side-encryption", "x-meta-a"]));
        assert!(!ask(&["x-amz-server-side-encryption", "range"]));
    }

    #[test]
    fn answers() {
        let rule = CorsRule {
            expose_headers: Some(texts(&["x-amz-id-2", "etag"])),
            max_age_seconds: Some(3000),
            ..rule(&["https://a", "*"], &["GET", "PUT"], &["*"])
        };
        let find = |headers: &[(HeaderName, String)], name: HeaderName| {
            headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone())
        };
        let named = crossing("https://a", "GET", &["range"]).headers(&rule);
        assert_eq!(find(&named, header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "https://a");
        assert_eq!(find(&named, header::ACCESS_CONTROL_ALLOW_CREDENTIALS).unwrap(), "true");
        assert_eq!(find(&named, header::ACCESS_CONTROL_ALLOW_METHODS).unwrap(), "GET, PUT");
        assert_eq!(find(&named, header::ACCESS_CONTROL_ALLOW_HEADERS).unwrap(), "range");
        assert_eq!(find(&named, header::ACCESS_CONTROL_EXPOSE_HEADERS).unwrap(), "x-amz-id-2, etag");
        assert_eq!(find(&named, header::ACCESS_CONTROL_MAX_AGE).unwrap(), "3000");
        let other = crossing("https://b", "GET", &[]).headers(&rule);
        assert_eq!(find(&other, header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "*");
        assert_eq!(find(&other, header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
    }

    #[test]
    fn preflights_say_where_they_are_from_and_what_they_want() {
        let mut headers = HeaderMap::new();
        let error = Crossing::of_preflight(&headers).unwrap_err();
        assert_eq!(error.message, "Insufficient information. Origin request header needed.");
        headers.insert(header::ORIGIN, HeaderValue::from_static("https://a"));
        assert_eq!(Crossing::of_preflight(&headers).unwrap_err().status, 400);
        headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("X-A,x-b, "));
        assert_eq!(Crossing::of_preflight(&headers).unwrap(), crossing("https://a", "PUT", &["x-a", "x-b"]));
    }
}
