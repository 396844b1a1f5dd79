//! Writing values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::item::Item;
use crate::number::Number;
use crate::value::Value;

/// Appends an item: an object of values by name, in the order of the names.
pub fn write_item(item: &Item, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in item.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        write_value(value, out);
    }
    out.push(b'}');
}

/// Appends a value: an object with the type as its one key.
pub fn write_value(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(value.kind().code().as_bytes());
    out.extend_from_slice(b"\":");
    match value {
        Value::S(text) => write_text(text, out),
        Value::N(number) => write_number_text(*number, out),
        Value::B(blob) => write_blob(blob, out),
        Value::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Null => out.extend_from_slice(b"true"),
        Value::M(item) => write_item(item, out),
        Value::L(values) => write_array(values, out, write_value),
        Value::Ss(set) => write_array(set, out, |text, out| write_text(text, out)),
        Value::Ns(set) => write_array(set, out, |number, out| write_number_text(*number, out)),
        Value::Bs(set) => write_array(set, out, |blob, out| write_blob(blob, out)),
    }
    out.push(b'}');
}

fn write_array<'a, T: 'a>(
    members: impl IntoIterator<Item = &'a T>,
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (at, member) in members.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(member, out);
    }
    out.push(b']');
}

/// Appends a number as the string it is on the wire.
pub fn write_number_text(number: Number, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(number.text().as_str().as_bytes());
    out.push(b'"');
}

/// Appends a binary as the string it is on the wire.
pub fn write_blob(blob: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + blob.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(blob, &mut out[start..]).expect("room for four bytes of every three");
    out.truncate(start + written);
    out.push(b'"');
}

/// Appends a JSON string.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain(rest));
        out.extend_from_slice(plain);
        let Some((&byte, behind)) = special.split_first() else { break };
        rest = behind;
        let escape = match byte {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1F => b'u',
            other => other,
        };
        out.extend_from_slice(&[b'\\', escape]);
        if escape == b'u' {
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    out.push(b'"');
}

/// How many bytes at the beginning are written as they are.
fn plain(bytes: &[u8]) -> usize {
    // So many at once, without a branch for each: the compiler makes two or three vector instructions of it.
    const TOGETHER: usize = 32;
    let is_special = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    let (chunks, _) = bytes.as_chunks::<TOGETHER>();
    let has_none = |chunk: &&[u8; TOGETHER]| !chunk.iter().fold(false, |any, &byte| any | is_special(byte));
    let sure = chunks.iter().take_while(has_none).count() * TOGETHER;
    let behind = &bytes[sure..];
    sure + behind.iter().position(|&byte| is_special(byte)).unwrap_or(behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_json_demands() {
        let mut out = Vec::new();
        write_text("a\"\\\n\r\t\u{0}\u{1f}\u{7f}é/", &mut out);
        assert_eq!(std::str::from_utf8(&out), Ok("\"a\\\"\\\\\\n\\r\\t\\u0000\\u001f\u{7f}é/\""));
    }

    #[test]
    fn escapes_are_found_wherever_they_stand() {
        for length in 0..100 {
            for at in 0..length {
                for special in ["\"", "\\", "\n", "\u{1f}"] {
                    let text = format!("{}{special}{}", "a".repeat(at), "é".repeat(length - at));
                    let mut out = Vec::new();
                    write_text(&text, &mut out);
                    assert_eq!(serde_json::from_slice::<String>(&out).ok(), Some(text));
                }
            }
        }
    }

    #[test]
    fn items_are_written_as_they_are_read() {
        let text = r#"{"b":{"B":"AP8="},"bs":{"BS":["YQ=="]},"f":{"BOOL":false},"l":{"L":[{"NULL":true},{"M":{}}]},"n":{"N":"-0.5"},"ns":{"NS":["1","2"]},"s":{"S":""},"ss":{"SS":["a","b"]}}"#;
        let item = crate::item_from_slice(text.as_bytes()).expect("JSON").expect("an item");
        let mut out = Vec::new();
        write_item(&item, &mut out);
        assert_eq!(std::str::from_utf8(&out), Ok(text));
    }
}
