//! Names of queues.

use model_sqs::Error;

use crate::error::invalid;
use crate::limits::NAME_CHARS_MAX;

/// The answer when no name is given.
pub fn unsaid() -> Error {
    invalid("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
}

/// Whether a queue of this type may have this name.
pub fn check(name: &str, fifo: bool) -> Result<(), Error> {
    if name.is_empty() {
        return Err(invalid("Queue name cannot be empty"));
    }
    let stem = if fifo { name.strip_suffix(".fifo").unwrap_or_default() } else { name };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !stem.is_empty() && stem.bytes().all(plain) && name.len() <= NAME_CHARS_MAX {
        return Ok(());
    }
    Err(invalid(if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length."
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_types() {
        let long = "a".repeat(80);
        assert!(check("A-_9", false).is_ok() && check(&long, false).is_ok() && check("a.fifo", true).is_ok());
        for name in ["", "a b", "a/b", "a.fifo", "é", &format!("{long}a")] {
            assert!(check(name, false).is_err(), "{name}");
        }
        for name in ["a", ".fifo", "a.fif", &format!("{long}.fifo"), "a.b.fifo"] {
            assert!(check(name, true).is_err(), "{name}");
        }
    }
}
