//! How answers write documents: percent-encoded by RFC 3986.

/// Percent-encodes everything but letters, digits and `-._~`.
pub fn document(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_the_unreserved() {
        assert_eq!(document("{\"a\": \"b-._~*/é\"}"), "%7B%22a%22%3A%20%22b-._~%2A%2F%C3%A9%22%7D");
    }
}
