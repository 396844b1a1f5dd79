//! How the service speaks of names, paths and documents with characters that they cannot have: in texts of its own. All
//! else it says in the common words.

use wire::{CommonError, Constraint, Dialect, Violation, standard_text};

/// The texts of the service.
pub const DIALECT: Dialect = Dialect { render, ..Dialect::STANDARD };

const NAME: &str = "[\\w+=,.@-]+";
const TEXT: &str = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+";

fn render(violations: &[Violation]) -> Option<CommonError> {
    let text = match violations {
        [only] => own_text(only).unwrap_or_else(|| standard_text(violations)),
        _ => standard_text(violations),
    };
    Some(CommonError::Validation(text))
}

fn own_text(violation: &Violation) -> Option<String> {
    let Constraint::Pattern(pattern) = violation.constraint else { return None };
    let rule = match violation.path.as_str() {
        "path" | "newPath" => {
            "It must begin and end with / and contain only alphanumeric characters and/or / characters."
        }
        "pathPrefix" => "It must begin with / and contain only alphanumeric characters and/or / characters.",
        _ if pattern == NAME => "It must contain only alphanumeric characters and/or the following: +=,.@_-",
        _ if pattern == TEXT => "It must contain only printable ASCII characters.",
        _ => return None,
    };
    Some(format!("The specified value for {} is invalid. {rule}", violation.path))
}
