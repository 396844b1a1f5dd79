//! The URLs of OpenID Connect providers.

use url::{Host, Url};

use crate::error::{Error, validation};

/// Characters of a URL at most (API reference).
const URL_CHARS_MAX: usize = 255;

/// Checks the URL of a provider: `https`, and nothing behind the path. A provider on this machine may do without TLS and
/// have a port.
pub fn check_url(text: &str) -> Result<(), Error> {
    let refused = || validation("Invalid Open ID Connect Provider URL");
    let url = Url::parse(text).map_err(|_| refused())?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(refused()),
    };
    let scheme = match url.scheme() {
        "https" => true,
        "http" => here,
        _ => false,
    };
    let bare = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && (here || url.port().is_none());
    let plain = text.is_ascii() && !text.contains(char::is_whitespace) && text.len() <= URL_CHARS_MAX;
    // What is kept is what was given: the parser must not have read something else.
    let as_given = text.strip_prefix(url.scheme()).is_some_and(|rest| rest.starts_with("://"));
    if scheme && bare && plain && as_given { Ok(()) } else { Err(refused()) }
}

/// A URL as ARNs say it.
pub fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for good in [
            "https://token.actions.githubusercontent.com",
            "https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF",
            "https://example.com/",
            "http://localhost:8080",
            "http://127.0.0.1:9000/issuer",
            "https://[::1]:8443",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "http://example.com",
            "https://example.com:8443",
            "https://example.com?x=y",
            "https://example.com#x",
            "https://me@example.com",
            "https:example.com",
            "HTTPS://example.com",
            "https:// example.com",
            "ftp://localhost",
            "https://exämple.com",
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
        assert_eq!(without_scheme("https://example.com/a"), "example.com/a");
    }
}
