//! The canonical request, written into a hash (the usual case) or into text (to show it).

use crate::error::AuthError;
use crate::policy::Policy;
use crate::request::Request;
use crate::text;
use sha2::{Digest, Sha256};

/// Where the canonical request is written to.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Sha256 {
    fn put(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes the canonical request. `signed_headers` is the list as presented (`host;x-amz-date`), `payload` the
/// last line. A signed header the request lacks is written with an empty value; the first of them is what comes back.
///
/// # Errors
/// [`AuthError::MalformedUri`] when a percent sign in the query (or, where the path is decoded, in the path) is
/// not followed by two hexadecimal digits; [`AuthError::TooLarge`] when the query has too many parameters.
pub(crate) fn request<'a>(
    sink: &mut impl Sink,
    req: &Request,
    signed_headers: &'a str,
    payload: &[u8],
    policy: &Policy,
) -> Result<Option<&'a str>, AuthError> {
    sink.put(req.method.as_bytes());
    sink.put(b"\n");
    path(sink, req.path, policy)?;
    sink.put(b"\n");
    query(sink, req.query)?;
    sink.put(b"\n");
    let mut missing = None;
    for name in signed_headers.split(';') {
        if !header(sink, req.headers, name) {
            missing = missing.or(Some(name));
        }
    }
    sink.put(b"\n");
    sink.put(signed_headers.as_bytes());
    sink.put(b"\n");
    sink.put(payload);
    Ok(missing)
}

/// The SHA-256 of the canonical request; arguments and errors as for [`request`]. Here a signed header that the request
/// lacks is an error as well.
pub(crate) fn request_hash(
    req: &Request,
    signed_headers: &str,
    payload: &[u8],
    policy: &Policy,
) -> Result<[u8; 32], AuthError> {
    let mut hash = Sha256::new();
    match request(&mut hash, req, signed_headers, payload, policy)? {
        Some(name) => Err(AuthError::SignedHeaderMissing { name: name.to_owned() }),
        None => Ok(hash.finalize().into()),
    }
}

fn path(sink: &mut impl Sink, path: &str, policy: &Policy) -> Result<(), AuthError> {
    if path.is_empty() {
        sink.put(b"/");
        return Ok(());
    }
    if !policy.double_encode_path {
        return single_encoded(sink, path);
    }
    if !policy.normalize_path || is_normal(path) {
        encode(sink, path.as_bytes(), b'/');
        return Ok(());
    }
    let segments = normalized(path);
    for segment in &segments {
        sink.put(b"/");
        encode(sink, segment.as_bytes(), b'/');
    }
    // As RFC 3986 has it, a path that ends in a dot segment ends in a slash.
    if segments.is_empty() || ["/", "/.", "/.."].iter().any(|end| path.ends_with(end)) {
        sink.put(b"/");
    }
    Ok(())
}

/// Whether a path begins with `/` and has no segment that normalisation would take out.
fn is_normal(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let inner = rest.strip_suffix('/').unwrap_or(rest);
    rest.is_empty() || inner.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

fn normalized(path: &str) -> Vec<&str> {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    kept
}

/// Each byte the path stands for, encoded the one canonical way. A slash sent as `%2F` stays so: it is part of
/// a name, not a separator.
fn single_encoded(sink: &mut impl Sink, path: &str) -> Result<(), AuthError> {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|&&b| text::is_unreserved(b) || b == b'/').count();
        sink.put(&bytes[at..at + run]);
        at += run;
        match bytes.get(at) {
            None => {}
            Some(b'%') => {
                let byte = text::unescape(&bytes[at..]).ok_or(AuthError::MalformedUri)?;
                put_encoded(sink, byte);
                at += 3;
            }
            Some(&byte) => {
                put_encoded(sink, byte);
                at += 1;
            }
        }
    }
    Ok(())
}

fn put_encoded(sink: &mut impl Sink, byte: u8) {
    if text::is_unreserved(byte) { sink.put(&[byte]) } else { sink.put(&text::escape(byte)) }
}

/// Percent-encodes all but the unreserved bytes and `keep`.
pub(crate) fn encode(sink: &mut impl Sink, bytes: &[u8], keep: u8) {
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let run = rest.iter().take_while(|&&b| text::is_unreserved(b) || b == keep).count();
        if run == 0 {
            sink.put(&text::escape(*first));
            rest = tail;
        } else {
            sink.put(&rest[..run]);
            rest = &rest[run..];
        }
    }
}

/// Most parameters of a signed query. A presigned S3 upload with every documented header hoisted has under
/// fifty; a thousand leaves room for Query-protocol calls sent as GET.
const QUERY_LEN_MAX: usize = 1000;

/// Refuses a query of too many parameters.
pub(crate) fn check_query_len(query: &str) -> Result<(), AuthError> {
    if query.bytes().filter(|&b| b == b'&').count() >= QUERY_LEN_MAX {
        return Err(AuthError::TooLarge { what: "number of query parameters", limit: QUERY_LEN_MAX });
    }
    Ok(())
}

/// The parameters, encoded the canonical way and sorted by name, then value. The signature itself is left out.
fn query(sink: &mut impl Sink, query: &str) -> Result<(), AuthError> {
    if query.is_empty() {
        return Ok(());
    }
    check_query_len(query)?;
    // One buffer for all names and values; a parameter is where its name begins, its value begins, and it ends.
    let mut buffer = Vec::with_capacity(query.len() + query.len() / 4);
    let mut parameters = Vec::with_capacity(16);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let begin = buffer.len();
        reencode(&mut buffer, name)?;
        if &buffer[begin..] == b"X-Amz-Signature" {
            buffer.truncate(begin);
            continue;
        }
        let middle = buffer.len();
        reencode(&mut buffer, value)?;
        parameters.push((begin, middle, buffer.len()));
    }
    parameters.sort_unstable_by_key(|&(begin, middle, end)| (&buffer[begin..middle], &buffer[middle..end]));
    for (at, &(begin, middle, end)) in parameters.iter().enumerate() {
        if at > 0 {
            sink.put(b"&");
        }
        sink.put(&buffer[begin..middle]);
        sink.put(b"=");
        sink.put(&buffer[middle..end]);
    }
    Ok(())
}

/// Decodes and encodes again, so that every way of writing a parameter gives the same bytes.
fn reencode(out: &mut Vec<u8>, part: &str) -> Result<(), AuthError> {
    let bytes = part.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let (byte, len) = match bytes[at] {
            b'%' => (text::unescape(&bytes[at..]).ok_or(AuthError::MalformedUri)?, 3),
            b'+' => (b' ', 1),
            byte => (byte, 1),
        };
        put_encoded(out, byte);
        at += len;
    }
    Ok(())
}

/// `name:value` with all values of the header in order, joined by commas. Whether there is any.
fn header(sink: &mut impl Sink, headers: &http::HeaderMap, name: &str) -> bool {
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        sink.put(name.to_ascii_lowercase().as_bytes());
    } else {
        sink.put(name.as_bytes());
    }
    sink.put(b":");
    let mut found = false;
    for value in headers.get_all(name) {
        if found {
            sink.put(b",");
        }
        found = true;
        trimmed(sink, value.as_bytes());
    }
    sink.put(b"\n");
    found
}

/// The value without white space around it, and each run of white space inside as one space.
fn trimmed(sink: &mut impl Sink, value: &[u8]) {
    let value = value.trim_ascii();
    let plain = |pair: &[u8]| !pair[0].is_ascii_whitespace() || (pair[0] == b' ' && pair[1] != b' ');
    if value.windows(2).all(plain) {
        sink.put(value);
        return;
    }
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        sink.put(first);
    }
    for word in words {
        sink.put(b" ");
        sink.put(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn path_of(raw: &str, policy: &Policy) -> String {
        text(|out| path(out, raw, policy).unwrap())
    }

    fn query_of(raw: &str) -> String {
        text(|out| query(out, raw).unwrap())
    }

    #[test]
    fn paths_are_normalised_and_encoded_again() {
        for (raw, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("/./", "/"),
            ("/./example", "/example"),
            ("//", "/"),
            ("//example//", "/example/"),
            ("/../..", "/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/a...b/..c/", "/a...b/..c/"),
            ("/example space/", "/example%20space/"),
            ("/example%20space/", "/example%2520space/"),
            ("/-._~0123456789ABCxyz", "/-._~0123456789ABCxyz"),
            ("/\u{1234}", "/%E1%88%B4"),
            ("/functions/arn%3Aaws%3Alambda", "/functions/arn%253Aaws%253Alambda"),
        ] {
            assert_eq!(path_of(raw, &Policy::DEFAULT), canonical, "{raw}");
        }
    }

    #[test]
    fn paths_of_s3_are_encoded_once_and_kept() {
        for (raw, canonical) in [
            ("", "/"),
            ("/test%24file.text", "/test%24file.text"),
            ("/test$file.text", "/test%24file.text"),
            ("/a//b/../c/./d/", "/a//b/../c/./d/"),
            ("/a+b c", "/a%2Bb%20c"),
            ("/a%2fb", "/a%2Fb"),
            ("/%7Euser", "/~user"),
        ] {
            assert_eq!(path_of(raw, &Policy::S3), canonical, "{raw}");
        }
        for bad in ["/%", "/%4", "/%zz"] {
            assert_eq!(path(&mut Vec::new(), bad, &Policy::S3), Err(AuthError::MalformedUri), "{bad}");
        }
    }

    #[test]
    fn queries_are_sorted_and_encoded_one_way() {
        for (raw, canonical) in [
            ("", ""),
            ("a", "a="),
            ("a=", "a="),
            ("=a", "=a"),
            ("&&a=1&", "a=1"),
            ("Param2=value2&Param1=value1", "Param1=value1&Param2=value2"),
            ("p=b&p=a&P=c", "P=c&p=a&p=b"),
            ("p=a+b&q=a%20b&r=a%2bb", "p=a%20b&q=a%20b&r=a%2Bb"),
            ("a-=1&a=2", "a=2&a-=1"),
            ("\u{1234}=bar", "%E1%88%B4=bar"),
            ("k=a=b", "k=a%3Db"),
            ("k=/:*'()!~", "k=%2F%3A%2A%27%28%29%21~"),
            ("X-Amz-Signature=x&b=1&X-Amz%2DSignature=y", "b=1"),
        ] {
            assert_eq!(query_of(raw), canonical, "{raw}");
        }
        assert_eq!(query(&mut Vec::new(), "a=%zz"), Err(AuthError::MalformedUri));
        let many = vec!["a=1"; QUERY_LEN_MAX + 1].join("&");
        assert!(matches!(query(&mut Vec::new(), &many), Err(AuthError::TooLarge { .. })));
    }

    #[test]
    fn header_values_are_trimmed_and_joined() {
        let mut headers = http::HeaderMap::new();
        for value in ["  value4 ", "value1", "a   b\t c", ""] {
            headers.append("my-header1", value.parse().unwrap());
        }
        let line = text(|out| assert!(header(out, &headers, "My-Header1")));
        assert_eq!(line, "my-header1:value4,value1,a b c,\n");
        assert_eq!(text(|out| assert!(!header(out, &headers, "absent"))), "absent:\n");
        for (raw, canonical) in
            [("", ""), ("a b", "a b"), ("a\tb", "a b"), ("\"a   b\"", "\"a b\""), (" \t ", "")]
        {
            assert_eq!(text(|out| trimmed(out, raw.as_bytes())), canonical, "{raw}");
        }
    }
}
