//! What a body may hold.

/// The text that refuses other characters.
pub const INVALID_CHARACTERS: &str = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | \
     #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF";

/// Whether every character may be in a body or a text attribute: those of XML 1.0.
pub fn has_valid_characters(text: &str) -> bool {
    text.chars().all(|c| match c {
        '\t' | '\n' | '\r' => true,
        c => c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_xml() {
        assert!(has_valid_characters("a\t\n\r é \u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}"));
        for c in ['\0', '\u{1}', '\u{8}', '\u{b}', '\u{13}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            assert!(!has_valid_characters(&format!("a{c}b")), "{c:?}");
        }
    }
}
