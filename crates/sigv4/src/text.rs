//! Hexadecimal and percent-encoding, byte by byte.

use std::borrow::Cow;

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Lower-case hexadecimal of a SHA-256 value.
pub(crate) fn hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut out = [0; 64];
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = LOWER[usize::from(byte >> 4)];
        pair[1] = LOWER[usize::from(byte & 15)];
    }
    out
}

/// The same as text.
pub(crate) fn hex_string(bytes: &[u8; 32]) -> String {
    hex(bytes).iter().map(|&b| char::from(b)).collect()
}

/// Reads 64 lower-case hexadecimal digits; anything else is `None`. Upper case is refused because a signature
/// is compared as text everywhere else.
pub(crate) fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *byte = lower_digit(pair[0])? << 4 | lower_digit(pair[1])?;
    }
    Some(out)
}

fn lower_digit(byte: u8) -> Option<u8> {
    if byte.is_ascii_uppercase() { None } else { any_digit(byte) }
}

fn any_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The bytes that are never percent-encoded in a canonical request.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `%XX` of a byte, upper case.
pub(crate) fn escape(byte: u8) -> [u8; 3] {
    [b'%', UPPER[usize::from(byte >> 4)], UPPER[usize::from(byte & 15)]]
}

/// The byte that `%XX` at the beginning of `text` stands for.
pub(crate) fn unescape(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => Some(any_digit(*high)? << 4 | any_digit(*low)?),
        _ => None,
    }
}

/// Decodes a query name or value (`+` is a space). `None` when a `%` is not followed by two hexadecimal digits.
pub(crate) fn decode_query(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.bytes().any(|b| matches!(b, b'%' | b'+')) {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                out.push(unescape(&bytes[at..])?);
                at += 3;
            }
            b'+' => {
                out.push(b' ');
                at += 1;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Some(Cow::Owned(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_there_and_back_and_refuses_upper_case() {
        let bytes: [u8; 32] = std::array::from_fn(|i| (i * 7 + 3) as u8);
        let text = hex(&bytes);
        assert_eq!(unhex(&text), Some(bytes));
        assert_eq!(unhex(&text.to_ascii_uppercase()), None);
        assert_eq!(unhex(&text[..62]), None);
        assert_eq!(hex_string(&[0xab; 32]), "ab".repeat(32));
    }

    #[test]
    fn a_query_part_is_decoded_or_refused() {
        assert_eq!(decode_query("a+b%2F%2f").as_deref(), Some(&b"a b//"[..]));
        assert_eq!(decode_query("plain").as_deref(), Some(&b"plain"[..]));
        for bad in ["%", "%2", "%zz", "a%g0"] {
            assert_eq!(decode_query(bad), None, "{bad}");
        }
    }
}
