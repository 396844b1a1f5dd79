//! Text beyond ASCII in headers: encoded words of RFC 2047, which S3 takes in metadata and answers with.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The text of a value that consists of one or more encoded words of UTF-8; other values are what they are.
pub fn decode(value: &str) -> String {
    words(value).unwrap_or_else(|| value.to_owned())
}

fn words(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    for word in value.split_ascii_whitespace() {
        let word = word.strip_prefix("=?")?.strip_suffix("?=")?;
        let mut parts = word.splitn(3, '?');
        let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
        if !charset.eq_ignore_ascii_case("utf-8") {
            return None;
        }
        match encoding {
            "B" | "b" => bytes.extend(STANDARD.decode(text).ok()?),
            "Q" | "q" => quoted(text, &mut bytes)?,
            _ => return None,
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}

fn quoted(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some(())
}

/// A value as a header can carry it: in the encoding Q where most of it can be read so, in B otherwise, as is recorded of the
/// real service.
pub fn encode(value: &str) -> Cow<'_, str> {
    // In units of UTF-16, which is what the service seems to count.
    let all = value.encode_utf16().count();
    let plain = value.encode_utf16().filter(|unit| is_plain(*unit)).count();
    if plain == all {
        return value.into();
    }
    if plain <= all - plain {
        return format!("=?UTF-8?B?{}?=", STANDARD.encode(value)).into();
    }
    let mut word = "=?UTF-8?Q?".to_owned();
    for byte in value.bytes() {
        match byte {
            b' ' => word.push('_'),
            b'!'..=b'~' if !b"=_?".contains(&byte) => word.push(char::from(byte)),
            _ => write!(word, "={byte:02X}").expect("a text takes more"),
        }
    }
    word.push_str("?=");
    word.into()
}

fn is_plain(unit: u16) -> bool {
    unit == u16::from(b'\t') || (u16::from(b' ')..=u16::from(b'~')).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_either_encoding() {
        assert_eq!(decode("=?UTF-8?B?w6TDtg==?="), "äö");
        assert_eq!(decode("=?utf-8?Q?=C3=A4_b?="), "ä b");
        assert_eq!(decode("=?UTF-8?B?w6Q=?= =?UTF-8?B?w7Y=?="), "äö");
        for plain in
            ["", "plain", "=?UTF-8?B?!?=", "=?UTF-8?Q?=C3?=", "=?ISO-8859-1?Q?=E4?=", "=?UTF-8?Q?=+1?", "=?x"]
        {
            assert_eq!(decode(plain), plain);
        }
        for text in ["plain text", "äö", "日本", "mostly plain = ä_?\t"] {
            assert_eq!(decode(&encode(text)), text);
            assert!(encode(text).is_ascii());
        }
    }

    /// As recorded of the real service.
    #[test]
    fn the_encoding_is_the_more_readable_one() {
        for (text, word) in [
            ("ÄMÄZÕÑ S3", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
            ("\0\u{1}\u{2}\u{3}", "=?UTF-8?B?AAECAw==?="),
            ("\u{fffd}a\u{fffd}", "=?UTF-8?B?77+9Ye+/vQ==?="),
            (
                "test_—_file%E2%80%94_é_2👑.pdf",
                "=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2%80%94=5F=C3=A9=5F2=F0=9F=91=91.pdf?=",
            ),
            ("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
        ] {
            assert_eq!(encode(text), word);
        }
    }
}
