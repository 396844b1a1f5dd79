//! Patterns of the models, compiled on first use.

use std::sync::OnceLock;

use fancy_regex::{Regex, RegexBuilder};

/// A regular expression of a model. The models use ECMA-like syntax with look-around, so the engine is one
/// that can backtrack, with a limit on how often.
pub struct Pattern {
    source: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

/// Steps of backtracking before a text counts as not matching. A pathological text of a few hundred
/// characters reaches it in well under a millisecond.
const BACKTRACK_LIMIT: usize = 100_000;

impl Pattern {
    /// A pattern as the model writes it.
    pub const fn new(source: &'static str) -> Self {
        Self { source, compiled: OnceLock::new() }
    }

    /// The pattern as the model writes it, as error texts quote it.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Whether the whole of `text` matches. Patterns that no engine here can compile match nothing; the code
    /// generator refuses them.
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(self.source));
        compiled.as_ref().is_some_and(|regex| regex.is_match(text).unwrap_or(false))
    }

    /// Whether the pattern can be compiled at all.
    pub fn compiles(source: &str) -> bool {
        compile(source).is_some()
    }
}

fn compile(source: &str) -> Option<Regex> {
    // Constraints hold for the whole value, whether or not the model anchors the pattern.
    let anchored = format!("^(?:{})$", translate(source));
    RegexBuilder::new(&anchored).backtrack_limit(BACKTRACK_LIMIT).build().ok()
}

/// From the models' dialect to the engine's: pairs of surrogates stand for all characters beyond the BMP.
fn translate(source: &str) -> String {
    source
        .replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}")
        .replace(r"\ud800\udc00-\udbff\udfff", r"\x{10000}-\x{10FFFF}")
        .replace(r"\uD800-\uDBFF\uDC00-\uDFFF", r"\x{10000}-\x{10FFFF}")
        .replace(r"\Z", r"\z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_whole_text() {
        static P: Pattern = Pattern::new("[a-z]+");
        assert!(P.matches("abc"));
        assert!(!P.matches("abc1"));
        assert!(!P.matches(""));
        assert!(!P.matches("abc\n1"));
    }

    #[test]
    fn look_around_and_surrogates() {
        static P: Pattern = Pattern::new(r"(?!aws).*");
        assert!(P.matches("mine") && !P.matches("aws:mine"));
        static Q: Pattern = Pattern::new(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*");
        assert!(Q.matches("a 😀\n"));
        assert!(!Q.matches("\u{1}"));
    }

    #[test]
    fn backtracking_is_bounded() {
        static P: Pattern = Pattern::new(r"(?=(a+)+$)(a|b)*c");
        assert!(!P.matches(&"a".repeat(5000)));
    }
}
