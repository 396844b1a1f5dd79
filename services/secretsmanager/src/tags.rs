//! Tags of a secret.

use model_secretsmanager::Error;
use model_secretsmanager::types::Tag;

use crate::error::invalid;
use crate::limits::TAGS_MAX;

/// Tags in the order they were attached.
pub type Tags = Vec<(String, String)>;

/// Checks tags of a request.
pub fn read(tags: &[Tag]) -> Result<Tags, Error> {
    let mut read = Tags::new();
    for tag in tags {
        let key = tag.key.clone().unwrap_or_default();
        check_key(&key)?;
        if read.iter().any(|(known, _)| *known == key) {
            return Err(invalid(format!("Duplicate tag key {key}.")));
        }
        read.push((key, tag.value.clone().unwrap_or_default()));
    }
    check_number(&read)?;
    Ok(read)
}

/// Attaches tags; one with a key that is there takes its place.
pub fn attach(tags: &mut Tags, new: &Tags) -> Result<(), Error> {
    for (key, value) in new {
        match tags.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => known.clone_from(value),
            None => tags.push((key.clone(), value.clone())),
        }
    }
    check_number(tags)
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() {
        return Err(invalid("Tag keys can't be empty."));
    }
    if key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
        return Err(invalid("Tag keys beginning with aws: are reserved for system use."));
    }
    Ok(())
}

fn check_number(tags: &Tags) -> Result<(), Error> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    Err(invalid(format!("A secret can have at most {TAGS_MAX} tags.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: Some(key.into()), value: Some(value.into()) }
    }

    #[test]
    fn later_values_take_the_place_of_earlier_ones() {
        let mut tags = read(&[tag("a", "1"), tag("b", "")]).unwrap();
        attach(&mut tags, &read(&[tag("c", "3"), tag("a", "2")]).unwrap()).unwrap();
        let expected = [("a", "2"), ("b", ""), ("c", "3")].map(|(key, value)| (key.into(), value.into()));
        assert_eq!(tags, expected);
    }

    #[test]
    fn bad_tags_are_refused() {
        assert!(read(&[tag("a", "1"), tag("a", "2")]).is_err());
        assert!(read(&[tag("AWS:x", "1")]).is_err() && read(&[tag("", "1")]).is_err());
        let many: Vec<Tag> = (0..51).map(|i| tag(&format!("k{i}"), "")).collect();
        assert!(read(&many).is_err() && read(&many[..50]).is_ok());
        let mut tags = read(&many[..50]).unwrap();
        assert!(attach(&mut tags, &read(&many[50..]).unwrap()).is_err());
    }
}
