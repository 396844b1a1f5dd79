//! Allowed patterns: regular expressions that a parameter's values must match.

use fancy_regex::RegexBuilder;
use model_ssm::Error;

use crate::limits::{BACKTRACK_MAX, PATTERN_BYTES_MAX};

/// Refuses a pattern that is not one, and a value that it does not match as a whole. A pattern comes with every put, so
/// it is compiled for this once.
pub fn check(pattern: &str, value: &str) -> Result<(), Error> {
    let regex = RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .backtrack_limit(BACKTRACK_MAX)
        .delegate_size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|_| {
            Error::invalid_allowed_pattern_exception(format!(
                "The allowed pattern is not a valid regular expression: {pattern}"
            ))
        })?;
    if regex.is_match(value).unwrap_or(false) {
        return Ok(());
    }
    Err(Error::parameter_pattern_mismatch_exception(format!(
        "Parameter value, cannot be validated against allowedPattern: {pattern}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values() {
        assert!(check(r"^\d+$", "12").is_ok() && check(r"\d+", "12").is_ok());
        assert!(check("a|b", "b").is_ok() && check("(?!aws).*", "mine").is_ok());
        for (pattern, value) in
            [(r"\d+", "12x"), ("a|b", "ab"), ("(?!aws).*", "aws"), ("(a+)+c(?=d)", "aaaa")]
        {
            let error = check(pattern, value).unwrap_err();
            assert!(matches!(error, Error::ParameterPatternMismatchException(_)), "{pattern}");
        }
        assert!(matches!(check("(", "x").unwrap_err(), Error::InvalidAllowedPatternException(_)));
        assert!(matches!(
            check("((a{1000}){1000}){1000}", "x").unwrap_err(),
            Error::InvalidAllowedPatternException(_)
        ));
    }

    #[test]
    fn backtracking_ends() {
        assert!(check("(?=(a+)+$)(a|b)*c", &"a".repeat(4096)).is_err());
    }
}
