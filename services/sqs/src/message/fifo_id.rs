//! Ids of groups, of deduplication and of receive attempts.

use model_sqs::Error;

use crate::error::{invalid, invalid_value};
use crate::limits::FIFO_ID_CHARS_MAX;

/// Whether a text may be such an id.
pub fn is_valid(id: &str) -> bool {
    (1..=FIFO_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Refuses what may not, in the words for a single request or for an entry of a batch.
pub fn check(id: &str, parameter: &str, in_batch: bool) -> Result<(), Error> {
    if is_valid(id) {
        return Ok(());
    }
    let reason =
        format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length");
    Err(if in_batch { invalid(reason) } else { invalid_value(id, parameter, &format!("{reason}.")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphic_characters_only() {
        assert!(is_valid("aZ9!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") && is_valid(&"x".repeat(128)));
        for id in ["", " ", "a b", "é", "\n", &"x".repeat(129)] {
            assert!(!is_valid(id), "{id:?}");
        }
    }
}
