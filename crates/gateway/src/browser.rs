//! Requests that somebody else's web page makes a browser send.
//!
//! A page can sign with a secret that everybody knows and have the visitor's browser send the request to the
//! visitor's own machine. Browsers say where a request comes from; a page that points its own name at the loopback
//! address is known by that name in `Host`.

use http::HeaderMap;
use http::header::ORIGIN;

use crate::endpoint::host_of;

/// Names that nobody can register: reserved (RFC 2606, RFC 6761, RFC 6762, ICANN's `internal`), or of the services
/// themselves.
const OWN_SUFFIXES: [&str; 6] =
    [".localhost", ".test", ".local", ".internal", ".amazonaws.com", ".localhost.localstack.cloud"];

/// Whether a web page of another site is behind the request. `visit` says that the request shows something and does
/// nothing, so that a link may lead to it from anywhere: no page sees what another window shows.
pub(crate) fn is_foreign(headers: &HeaderMap, visit: bool) -> bool {
    if !is_own(host_of(headers)) {
        return true;
    }
    // Browsers do not let a page choose its origin, so where it is said it decides: to a browser `bucket.s3.localhost` is
    // another site than the developer's own page on `localhost`.
    if let Some(origin) = headers.get(ORIGIN) {
        let host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
        // `null` is the origin of sandboxed pages and of files.
        return !host.is_some_and(is_own);
    }
    let says = |name, text: &[u8]| headers.get(name).is_some_and(|value| value.as_bytes() == text);
    let link = visit && says("sec-fetch-mode", b"navigate") && says("sec-fetch-dest", b"document");
    says("sec-fetch-site", b"cross-site") && !link
}

/// Whether an authority is this machine's, or a name inside its network.
fn is_own(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.parse::<std::net::IpAddr>().is_ok()
        || !host.contains('.')
        || host == "localhost.localstack.cloud"
        || OWN_SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(headers: &[(&'static str, &str)]) -> HeaderMap {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_str(value).unwrap())
        });
        headers.collect()
    }

    fn foreign(list: &[(&'static str, &str)]) -> bool {
        is_foreign(&headers(list), false)
    }

    #[test]
    fn tools_and_own_pages_are_not_foreign() {
        assert!(!foreign(&[("host", "localhost:4566")]));
        assert!(!foreign(&[("host", "127.0.0.1:4566")]));
        assert!(!foreign(&[("host", "[::1]:4566")]));
        assert!(!foreign(&[("host", "cloudlet:4566")]));
        assert!(!foreign(&[("host", "bucket.s3.localhost:4566")]));
        assert!(!foreign(&[("host", "sqs.us-east-1.amazonaws.com")]));
        assert!(!foreign(&[("host", "localhost:4566"), ("origin", "http://localhost:3000")]));
        assert!(!foreign(&[("host", "localhost:4566"), ("sec-fetch-site", "same-site")]));
        // A page of the developer's own that uses a presigned link.
        assert!(!foreign(&[
            ("host", "bucket.s3.localhost:4566"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "cross-site"),
        ]));
    }

    #[test]
    fn pages_of_others_are() {
        assert!(foreign(&[("host", "localhost:4566"), ("origin", "https://example.com")]));
        assert!(foreign(&[("host", "localhost:4566"), ("origin", "null")]));
        assert!(foreign(&[("host", "localhost:4566"), ("sec-fetch-site", "cross-site")]));
        // A name of theirs that resolves to this machine.
        assert!(foreign(&[("host", "rebound.example.com:4566")]));
        assert!(foreign(&[("host", "localhost.example.com")]));
        assert!(foreign(&[("host", "rebound.example.com"), ("origin", "http://localhost:3000")]));
    }

    #[test]
    fn a_link_may_be_followed_but_not_embedded() {
        let visit = |site, mode, dest| {
            let list = [
                ("host", "localhost:4566"),
                ("sec-fetch-site", site),
                ("sec-fetch-mode", mode),
                ("sec-fetch-dest", dest),
            ];
            (is_foreign(&headers(&list), true), is_foreign(&headers(&list), false))
        };
        assert_eq!(visit("cross-site", "navigate", "document"), (false, true));
        assert_eq!(visit("cross-site", "navigate", "iframe"), (true, true));
        assert_eq!(visit("cross-site", "no-cors", "image"), (true, true));
        assert_eq!(visit("same-origin", "no-cors", "image"), (false, false));
    }
}
