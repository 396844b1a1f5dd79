//! The address by which a caller reached us.

use std::net::SocketAddr;

use http::HeaderMap;
use http::header::HOST;
use kernel::Endpoint;

/// Longer than any host name with a port.
const MAX_AUTHORITY: usize = 300;

/// The endpoint for the URLs in answers: the `Host` header as it came, if it could be one, else the listener's
/// address.
pub(crate) fn endpoint(headers: &HeaderMap, listener: SocketAddr) -> Endpoint {
    let authority = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| is_authority(host))
        .map_or_else(|| listener.to_string(), str::to_owned);
    Endpoint { scheme: "http", authority }
}

/// The host without its port.
pub(crate) fn host_of(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_authority(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.len() <= MAX_AUTHORITY && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let listener: SocketAddr = ([127, 0, 0, 1], 4566).into();
        let with = |host: &'static str| HeaderMap::from_iter([(HOST, http::HeaderValue::from_static(host))]);
        assert_eq!(endpoint(&with("localhost:4566"), listener).authority, "localhost:4566");
        assert_eq!(endpoint(&with("a/b?<x>"), listener).authority, "127.0.0.1:4566");
        assert_eq!(endpoint(&HeaderMap::new(), listener).authority, "127.0.0.1:4566");
        assert_eq!(host_of(&with("sqs.localhost:4566")), "sqs.localhost");
        assert_eq!(host_of(&with("[::1]:4566")), "[::1]");
    }
}
