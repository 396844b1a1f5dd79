//! Text to tokens.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A letter, then letters, digits and underscores.
    Word,
    /// `#` and at least one letter, digit or underscore.
    NamePlaceholder,
    /// `:` and the same.
    ValuePlaceholder,
    /// Digits.
    Digits,
    /// One of `( ) [ ] , . = < > + -`, `<>`, `<=` or `>=`.
    Sign,
    /// Any other character.
    Other,
    /// The end of the text.
    End,
}

/// A token and where it stands, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

/// All tokens of a text; the last one is its end.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    // Few expressions have tokens shorter than this on average, spaces included.
    let mut tokens = Vec::with_capacity(bytes.len() / 3 + 2);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            at += 1;
            continue;
        }
        let run = |from: usize, belongs: fn(&u8) -> bool| {
            from + bytes[from..].iter().take_while(|b| belongs(b)).count()
        };
        let part = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let (kind, end) = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => (TokenKind::Word, run(at, part)),
            b'0'..=b'9' => (TokenKind::Digits, run(at, u8::is_ascii_digit)),
            b'#' | b':' if bytes.get(at + 1).is_some_and(part) => {
                let kind =
                    if byte == b'#' { TokenKind::NamePlaceholder } else { TokenKind::ValuePlaceholder };
                (kind, run(at + 1, part))
            }
            b'(' | b')' | b'[' | b']' | b',' | b'.' | b'=' | b'+' | b'-' => (TokenKind::Sign, at + 1),
            b'<' | b'>' => {
                let two =
                    bytes.get(at + 1).is_some_and(|next| *next == b'=' || (byte == b'<' && *next == b'>'));
                (TokenKind::Sign, at + 1 + usize::from(two))
            }
            _ => (TokenKind::Other, at + text[at..].chars().next().map_or(1, char::len_utf8)),
        };
        tokens.push(Token { kind, start: at, end });
        at = end;
    }
    tokens.push(Token { kind: TokenKind::End, start: bytes.len(), end: bytes.len() });
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn spaces_are_of_no_account() {
        assert_eq!(
            texts(" a<>:b\tAND#c\n>= b[ 1 ].x "),
            ["a", "<>", ":b", "AND", "#c", ">=", "b", "[", "1", "]", ".", "x", ""]
        );
    }

    #[test]
    fn what_is_no_token_is_one_character() {
        assert_eq!(texts("_ab 12x # : ü!"), ["_", "ab", "12", "x", "#", ":", "ü", "!", ""]);
        assert_eq!(texts("#1a :_"), ["#1a", ":_", ""]);
    }
}
