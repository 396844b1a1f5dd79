//! Finds string values in a JSON text without parsing the whole of it.
//!
//! The measured loop needs one string per answer. Walking the string tokens (and nothing else) is enough for that and cannot be
//! fooled by what a message body contains, because a body is itself one string token whose quotes are escaped.

/// The values of every `"key": "string"` pair in `text`, in order and at any depth.
///
/// The slices are raw: still JSON-escaped, so they can be put between quotes in another JSON text unchanged. A pair whose value is
/// not a string, or whose string never ends, is left out.
pub fn string_values<'a>(text: &'a [u8], key: &'a str) -> impl Iterator<Item = &'a str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some((token, after)) = next_string(text, at) {
            at = after;
            if token != key.as_bytes() {
                continue;
            }
            let colon = skip_space(text, after);
            if text.get(colon) != Some(&b':') {
                continue;
            }
            let value_start = skip_space(text, colon + 1);
            if text.get(value_start) != Some(&b'"') {
                continue;
            }
            let (value, after_value) = next_string(text, value_start)?;
            at = after_value;
            if let Ok(value) = std::str::from_utf8(value) {
                return Some(value);
            }
        }
        None
    })
}

/// The first string token at or after `from`, without its quotes, and the position after its closing quote.
fn next_string(text: &[u8], from: usize) -> Option<(&[u8], usize)> {
    let open = from + text.get(from..)?.iter().position(|byte| *byte == b'"')?;
    let mut at = open + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some((&text[open + 1..at], at + 1)),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handles(text: &str) -> Vec<&str> {
        string_values(text.as_bytes(), "ReceiptHandle").collect()
    }

    #[test]
    fn finds_each_handle_in_order() {
        let text =
            r#"{"Messages":[{"ReceiptHandle":"a1","Body":"x"},{"Body":"y" , "ReceiptHandle" : "b2"}]}"#;
        assert_eq!(handles(text), ["a1", "b2"]);
    }

    #[test]
    fn keeps_escapes_so_that_the_value_can_be_sent_back() {
        let text = r#"{"ReceiptHandle":"a\/b\"c\\","Body":"z"}"#;
        assert_eq!(handles(text), [r#"a\/b\"c\\"#]);
    }

    #[test]
    fn is_not_fooled_by_a_body_that_looks_like_a_handle() {
        let text = r#"{"Body":"{\"ReceiptHandle\":\"evil\"}","ReceiptHandle":"good"}"#;
        assert_eq!(handles(text), ["good"]);
        let text = r#"{"Body":"ReceiptHandle","ReceiptHandle":"good"}"#;
        assert_eq!(handles(text), ["good"]);
    }

    #[test]
    fn answers_nothing_for_absent_unfinished_or_other_values() {
        for text in [
            "",
            "{}",
            r#"{"Messages":[]}"#,
            r#"{"ReceiptHandle":7}"#,
            r#"{"ReceiptHandle":null}"#,
            r#"{"ReceiptHandle":"#,
            r#"{"ReceiptHandle":"abc"#,
            r#"{"ReceiptHandle":"abc\"#,
            r#"{"ReceiptHandle"#,
        ] {
            assert_eq!(handles(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn skips_a_value_that_is_not_text() {
        let text = b"{\"ReceiptHandle\":\"\xff\",\"x\":{\"ReceiptHandle\":\"ok\"}}";
        assert_eq!(string_values(text, "ReceiptHandle").collect::<Vec<_>>(), ["ok"]);
    }
}
