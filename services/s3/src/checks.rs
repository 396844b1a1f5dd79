//! What more than one kind of request is checked for.

use wire::Detailed;

use crate::error::invalid_argument;

/// Characters of the id of a rule or a configuration.
const ID_MAX: usize = 255;
/// Characters of a tag's key, and of its value ("Categorizing your objects using tags").
const TAG_KEY_MAX: usize = 128;
const TAG_VALUE_MAX: usize = 256;

/// Refuses an id that is too long; `name` is that of its element.
///
/// # Errors
/// `InvalidArgument`.
pub fn id(name: &str, id: &str) -> Result<(), Detailed> {
    if id.chars().count() <= ID_MAX {
        return Ok(());
    }
    Err(invalid_argument("ID length should not exceed allowed limit of 255", name, id))
}

/// Refuses what cannot be the key and value of a tag, of a bucket as of an object.
///
/// # Errors
/// `InvalidTag`.
pub fn tag(key: &str, value: &str) -> Result<(), Detailed> {
    if key.is_empty() || !is_clean(key, TAG_KEY_MAX) {
        return Err(invalid_tag("The TagKey you have provided is invalid", key));
    }
    if !is_clean(value, TAG_VALUE_MAX) {
        return Err(invalid_tag("The TagValue you have provided is invalid", key).with("TagValue", value));
    }
    Ok(())
}

/// Two tags have one key.
pub fn twice(key: &str) -> Detailed {
    invalid_tag("Cannot provide multiple Tags with the same key", key)
}

/// Something is wrong with the tag of this key.
pub fn invalid_tag(text: &'static str, key: &str) -> Detailed {
    Detailed::new("InvalidTag", 400, text).with("TagKey", key)
}

/// Letters, digits and spaces of any script, and some signs.
fn is_clean(text: &str, max: usize) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "+-=._:/@".contains(c);
    text.chars().count() <= max && text.chars().all(allowed)
}
