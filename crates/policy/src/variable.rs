//! Policy variables: `${key}`, `${key, 'default'}`, and the escapes `${*}`, `${?}`, `${$}`.

use crate::context::{Key, Keys};
use std::borrow::Cow;

/// What a `${…}` stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum Variable {
    /// A character that otherwise has a meaning of its own.
    Literal(char),
    /// The value of a condition key of the request.
    Key { key: Key, default: Option<Box<str>> },
}

impl Variable {
    /// Reads the variable at the head of `text`, which begins with `${`; gives it and the rest.
    /// Nothing when it is not closed or has no key.
    pub(crate) fn parse(text: &str) -> Option<(Self, &str)> {
        let inner = text.strip_prefix("${")?;
        for (escape, literal) in [("*}", '*'), ("?}", '?'), ("$}", '$')] {
            if let Some(rest) = inner.strip_prefix(escape) {
                return Some((Self::Literal(literal), rest));
            }
        }
        let end = inner.find([',', '}', '{', '$', '\'', '"'])?;
        let name = inner[..end].trim();
        if name.is_empty() {
            return None;
        }
        let (default, rest) = match inner[end..].strip_prefix(',') {
            None => (None, &inner[end..]),
            Some(rest) => {
                let quoted = rest.trim_start().strip_prefix('\'')?;
                let (default, rest) = quoted.split_once('\'')?;
                (Some(default.into()), rest.trim_start())
            }
        };
        let rest = rest.strip_prefix('}')?;
        Some((Self::Key { key: Key::new(name), default }, rest))
    }

    /// The text a key's variable stands for in this request: the value, or else the default. A key with several
    /// values has no text of its own.
    pub(crate) fn resolve<'v>(&'v self, keys: &'v dyn Keys) -> Option<Cow<'v, str>> {
        match self {
            Self::Literal(_) => None,
            Self::Key { key, default } => match keys.get(key) {
                [value] => Some(value.text()),
                [] => default.as_deref().map(Cow::Borrowed),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, default: Option<&str>) -> Variable {
        Variable::Key { key: Key::new(name), default: default.map(Into::into) }
    }

    #[test]
    fn every_form_is_read() {
        let table = [
            ("${aws:username}/x", key("aws:username", None), "/x"),
            ("${aws:userid, 'anonymous'}", key("aws:userid", Some("anonymous")), ""),
            ("${aws:PrincipalTag/team,'a}b, c'}!", key("aws:PrincipalTag/team", Some("a}b, c")), "!"),
            ("${aws:PrincipalTag/cost center}", key("aws:PrincipalTag/cost center", None), ""),
            ("${*}*", Variable::Literal('*'), "*"),
            ("${?}", Variable::Literal('?'), ""),
            ("${$}{x}", Variable::Literal('$'), "{x}"),
        ];
        for (text, variable, rest) in table {
            assert_eq!(Variable::parse(text), Some((variable, rest)), "{text}");
        }
    }

    #[test]
    fn broken_forms_are_refused() {
        for bad in ["${", "${}", "${ }", "${a", "${a, b}", "${a, 'b}", "${a, 'b' c}", "${a${b}}", "${, 'x'}"]
        {
            assert_eq!(Variable::parse(bad), None, "{bad}");
        }
    }
}
