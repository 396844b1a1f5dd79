//! Statements to tokens.

use super::StatementError;

/// A token; texts without their quotes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word as it is written.
    Word(String),
    /// A name between double quotes.
    Quoted(String),
    /// A string between single quotes.
    Text(String),
    /// Digits, with a point and a power perhaps.
    Number(String),
    /// Any of the signs.
    Sign(&'static str),
    /// The end.
    End,
}

const SIGNS: [&str; 23] = [
    "<<", ">>", "<>", "<=", ">=", "!=", "||", "=", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", ":",
    ";", "?", "*", "+",
];

const UNEXPECTED: StatementError = StatementError::Malformed("Unexpected token");

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, StatementError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = &comment[comment.find("*/").ok_or(UNEXPECTED)? + 2..];
        } else if first == '\'' || first == '"' {
            let (content, after) = quoted(&rest[1..], first)?;
            tokens.push(if first == '"' { Token::Quoted(content) } else { Token::Text(content) });
            rest = after;
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit()))
        {
            let len = number(rest.as_bytes());
            tokens.push(Token::Number(rest[..len].to_owned()));
            rest = &rest[len..];
        } else if first.is_alphabetic() || matches!(first, '_' | '$') {
            let end = rest.find(|next: char| !(next.is_alphanumeric() || matches!(next, '_' | '$')));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            let sign =
                SIGNS.into_iter().chain(["-"]).find(|sign| rest.starts_with(sign)).ok_or(UNEXPECTED)?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
    }
    tokens.push(Token::End);
    Ok(tokens)
}

/// What stands before the closing quote, and the text behind it; a quote is doubled to stand for itself.
fn quoted(text: &str, quote: char) -> Result<(String, &str), StatementError> {
    let mut content = String::new();
    let mut rest = text;
    loop {
        let at = rest.find(quote).ok_or(UNEXPECTED)?;
        content.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix(quote) {
            Some(after) => {
                content.push(quote);
                rest = after;
            }
            None => return Ok((content, rest)),
        }
    }
}

/// Bytes of the number that stands first.
fn number(bytes: &[u8]) -> usize {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits(end + 1 + sign.min(bytes.len() - end - 1));
        if power > end + 1 + sign {
            end = power;
        }
    }
    end
}
