//! Which addresses may be asked.

use std::net::IpAddr;

use http::Uri;

/// Longest address: that of an IAM provider has at most 255 characters (API reference), and its documents' paths add few.
const MAX: usize = 2048;

/// Whether an issuer or its keys may be at this address: `https` anywhere, and `http` on this machine only, for what is
/// said there nobody on the way can change.
pub fn is_allowed(url: &str) -> bool {
    parse(url).is_some()
}

/// The address, if it is allowed.
pub(crate) fn parse(url: &str) -> Option<Uri> {
    if url.len() > MAX {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    // A name before the host only makes the host hard to see.
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    match uri.scheme_str()? {
        "https" => Some(uri),
        "http" if is_this_machine(authority.host()) => Some(uri),
        _ => None,
    }
}

/// Whether the keys of an issuer may be at `keys`: never less protected than the issuer itself.
pub(crate) fn keys_of(issuer: &str, keys: &str) -> Option<Uri> {
    let keys = parse(keys)?;
    let weaker = issuer.starts_with("https:") && keys.scheme_str() != Some("https");
    (!weaker).then_some(keys)
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for good in [
            "https://token.actions.githubusercontent.com",
            "https://example.com:8443/realms/a",
            "http://127.0.0.1:8080",
            "http://[::1]:8080/x",
            "http://localhost",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "http://169.254.169.254/latest",
            "https://user@example.com",
            "http://127.0.0.1@example.com",
            "ftp://localhost",
            "file:///etc/passwd",
            "https:///x",
        ] {
            assert!(!is_allowed(bad), "{bad}");
        }
        assert!(!is_allowed(&format!("https://example.com/{}", "x".repeat(MAX))));
    }

    #[test]
    fn keys_are_no_less_protected() {
        assert!(keys_of("https://a.example", "https://b.example/keys").is_some());
        assert!(keys_of("https://a.example", "http://127.0.0.1/keys").is_none());
        assert!(keys_of("http://127.0.0.1:1", "http://127.0.0.1:1/keys").is_some());
        assert!(keys_of("http://127.0.0.1:1", "http://a.example/keys").is_none());
    }
}
