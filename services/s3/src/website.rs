//! What a website answers: which object a path means, and where it redirects. The rules only; [`crate::edge`] serves.

use model_s3::types::{Redirect, RoutingRule, WebsiteConfiguration};
use wire::Open;

/// How the visitor came.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// The address that was asked, with its port.
    pub host: &'a str,
    /// The key that the path names, decoded: without the first slash.
    pub key: &'a str,
}

/// What to do first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the visitor elsewhere.
    Redirect(Moved),
    /// Serve the object with this key.
    Serve(String),
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// HTTP status.
    pub status: u16,
    /// Where to.
    pub location: String,
}

const MOVED_PERMANENTLY: u16 = 301;
const FOUND: u16 = 302;

/// What to do with a visit, before any object is looked for.
pub fn first(website: &WebsiteConfiguration, visit: &Visit<'_>) -> Step {
    if let Some(all) = &website.redirect_all_requests_to {
        let scheme = all.protocol.as_ref().map_or(visit.scheme, Open::as_str);
        let location = format!("{scheme}://{}/{}", *all.host_name, encoded(visit.key));
        return Step::Redirect(Moved { status: MOVED_PERMANENTLY, location });
    }
    if let Some(moved) = routed(website, visit, None) {
        return Step::Redirect(moved);
    }
    let suffix = website.index_document.as_ref().map_or("", |index| index.suffix.as_str());
    if visit.key.is_empty() || visit.key.ends_with('/') {
        return Step::Serve(format!("{}{suffix}", visit.key));
    }
    Step::Serve(visit.key.to_owned())
}

/// The index document of the folder that a key would be, if it were one.
pub fn folder_index(website: &WebsiteConfiguration, key: &str) -> Option<String> {
    let suffix = website.index_document.as_ref()?.suffix.as_str();
    (!key.is_empty() && !key.ends_with('/')).then(|| format!("{key}/{suffix}"))
}

/// Sends the visitor to a folder whose name came without its slash.
pub fn to_folder(visit: &Visit<'_>) -> Moved {
    Moved { status: FOUND, location: format!("/{}/", encoded(visit.key)) }
}

/// Where an error sends the visitor, if anywhere.
pub fn after_error(website: &WebsiteConfiguration, visit: &Visit<'_>, status: u16) -> Option<Moved> {
    routed(website, visit, Some(status))
}

/// Where an object's own `x-amz-website-redirect-location` sends the visitor.
pub fn by_object(location: &str) -> Moved {
    Moved { status: MOVED_PERMANENTLY, location: location.to_owned() }
}

/// The first rule that applies: those that ask for an error only after one, the others only before.
fn routed(website: &WebsiteConfiguration, visit: &Visit<'_>, error: Option<u16>) -> Option<Moved> {
    let rules = website.routing_rules.as_deref().unwrap_or_default();
    let rule = rules.iter().find(|rule| applies(rule, visit.key, error))?;
    let prefix = rule.condition.as_ref().and_then(|condition| condition.key_prefix_equals.as_deref());
    Some(moved(&rule.redirect, visit, prefix.unwrap_or_default()))
}

fn applies(rule: &RoutingRule, key: &str, error: Option<u16>) -> bool {
    let condition = rule.condition.as_ref();
    let prefix = condition.and_then(|condition| condition.key_prefix_equals.as_deref());
    let code = condition.and_then(|condition| condition.http_error_code_returned_equals.as_deref());
    let when = match (code, error) {
        (None, None) => true,
        (Some(code), Some(error)) => code.parse() == Ok(error),
        _ => false,
    };
    when && prefix.is_none_or(|prefix| key.starts_with(prefix))
}

fn moved(redirect: &Redirect, visit: &Visit<'_>, prefix: &str) -> Moved {
    let scheme = redirect.protocol.as_ref().map_or(visit.scheme, Open::as_str);
    let host = redirect.host_name.as_deref().unwrap_or(visit.host);
    let key = match (&redirect.replace_key_with, &redirect.replace_key_prefix_with) {
        (Some(key), _) => key.clone(),
        (None, Some(with)) => format!("{with}{}", visit.key.get(prefix.len()..).unwrap_or_default()),
        (None, None) => visit.key.to_owned(),
    };
    let status = redirect.http_redirect_code.as_deref().and_then(|code| code.parse().ok());
    Moved {
        status: status.unwrap_or(MOVED_PERMANENTLY),
        location: format!("{scheme}://{host}/{}", encoded(&key)),
    }
}

/// A key as it stands in an address.
fn encoded(key: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    /// What stands for itself in paths, and `#`, `?` and `=`, with which rules may write a query or an anchor.
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/')
        .remove(b'!')
        .remove(b'$')
        .remove(b'&')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')')
        .remove(b'*')
        .remove(b'+')
        .remove(b',')
        .remove(b';')
        .remove(b'=')
        .remove(b':')
        .remove(b'@')
        .remove(b'#')
        .remove(b'?')
        .remove(b'%');
    utf8_percent_encode(key, KEPT).to_string()
}

/// A page that says what went wrong, for sites without a page of their own. `facts` are names and values.
pub fn error_page(status: u16, reason: &str, facts: &[(&str, &str)]) -> String {
    let mut page = format!(
        "<html>\n<head><title>{status} {reason}</title></head>\n<body>\n<h1>{status} {reason}</h1>\n<ul>\n"
    );
    for (name, value) in facts {
        page.push_str(&format!("<li>{}: {}</li>\n", escaped(name), escaped(value)));
    }
    page.push_str("</ul>\n<hr/>\n</body>\n</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use model_s3::types::{Condition, IndexDocument, Protocol, RedirectAllRequestsTo};

    use super::*;

    fn site(rules: Vec<RoutingRule>) -> WebsiteConfiguration {
        WebsiteConfiguration {
            index_document: Some(IndexDocument { suffix: "index.html".into() }),
            routing_rules: Some(rules),
            ..Default::default()
        }
    }

    fn rule(prefix: Option<&str>, code: Option<&str>, redirect: Redirect) -> RoutingRule {
        let condition = Condition {
            key_prefix_equals: prefix.map(str::to_owned),
            http_error_code_returned_equals: code.map(str::to_owned),
        };
        let any = prefix.is_some() || code.is_some();
        RoutingRule { condition: any.then_some(condition), redirect: redirect.into() }
    }

    fn visit(key: &str) -> Visit<'_> {
        Visit { scheme: "http", host: "b.s3-website.localhost:4566", key }
    }

    fn location(step: Step) -> (u16, String) {
        match step {
            Step::Redirect(moved) => (moved.status, moved.location),
            Step::Serve(key) => panic!("serves {key}"),
        }
    }

    #[test]
    fn folders_have_an_index() {
        let site = site(Vec::new());
        for (key, served) in [("", "index.html"), ("a/", "a/index.html"), ("a", "a"), ("a.html", "a.html")] {
            assert_eq!(first(&site, &visit(key)), Step::Serve(served.to_owned()));
        }
        assert_eq!(folder_index(&site, "a").as_deref(), Some("a/index.html"));
        assert_eq!(folder_index(&site, "a/"), None);
        assert_eq!(to_folder(&visit("a b")), Moved { status: 302, location: "/a%20b/".to_owned() });
    }

    #[test]
    fn everything_can_go_elsewhere() {
        let all = RedirectAllRequestsTo { host_name: "example.com".into(), protocol: None };
        let mut site = WebsiteConfiguration { redirect_all_requests_to: Some(all), ..Default::default() };
        assert_eq!(location(first(&site, &visit("a/b"))), (301, "http://example.com/a/b".to_owned()));
        site.redirect_all_requests_to.as_mut().unwrap().protocol = Some(Open::Known(Protocol::Https));
        assert_eq!(location(first(&site, &visit(""))), (301, "https://example.com/".to_owned()));
    }

    #[test]
    fn rules_replace_prefixes_and_keys() {
        let prefix = Redirect { replace_key_prefix_with: Some("documents/".into()), ..Default::default() };
        let site1 = site(vec![rule(Some("docs/"), None, prefix)]);
        let expected = "http://b.s3-website.localhost:4566/documents/a.html".to_owned();
        assert_eq!(location(first(&site1, &visit("docs/a.html"))), (301, expected));
        assert_eq!(first(&site1, &visit("other")), Step::Serve("other".to_owned()));
        let whole = Redirect {
            replace_key_with: Some("gone.html".into()),
            http_redirect_code: Some("307".into()),
            host_name: Some("example.com".into()),
            protocol: Some(Open::Known(Protocol::Https)),
            ..Default::default()
        };
        let site2 = site(vec![rule(None, None, whole)]);
        assert_eq!(location(first(&site2, &visit("x"))), (307, "https://example.com/gone.html".to_owned()));
    }

    #[test]
    fn some_rules_wait_for_an_error() {
        let to = |host: &str| Redirect { host_name: Some(host.into()), ..Default::default() };
        let site = site(vec![rule(Some("a/"), Some("404"), to("one")), rule(None, Some("403"), to("two"))]);
        assert_eq!(first(&site, &visit("a/b")), Step::Serve("a/b".to_owned()));
        assert_eq!(after_error(&site, &visit("a/b"), 404).unwrap().location, "http://one/a/b");
        assert_eq!(after_error(&site, &visit("b"), 404), None);
        assert_eq!(after_error(&site, &visit("b"), 403).unwrap().location, "http://two/b");
    }

    #[test]
    fn pages_escape_what_they_show() {
        let page = error_page(404, "Not Found", &[("Key", "<script>")]);
        assert!(
            page.contains("404 Not Found") && page.contains("&lt;script&gt;") && !page.contains("<script>")
        );
    }
}
