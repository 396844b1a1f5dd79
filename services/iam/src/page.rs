//! Lists in pages. A marker is opaque: it holds the key of the last entry shown.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use store::{KeyRange, KeyWriter, Record};

use crate::error::{Error, validation};
use crate::limits::{PAGE_DEFAULT, PAGE_MAX};
use crate::read::Reader;

/// The part of a list that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// At most so many.
    pub max: usize,
    /// Those behind this key; empty: from the start.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<T> {
    pub entries: Vec<T>,
    /// The marker of the next part, if there is one.
    pub marker: Option<String>,
}

impl<T> Part<T> {
    /// Whether there is a next part.
    pub fn truncated(&self) -> Option<bool> {
        Some(self.marker.is_some())
    }
}

impl Wanted {
    /// What an input asks for.
    pub fn new(max_items: Option<i32>, marker: Option<&str>) -> Result<Self, Error> {
        let max = max_items.map_or(PAGE_DEFAULT, |max| usize::try_from(max).unwrap_or(0).clamp(1, PAGE_MAX));
        let read = |marker: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(marker).ok()?;
            String::from_utf8(bytes).ok()
        };
        let after = match marker {
            None => None,
            Some(marker) => Some(read(marker).ok_or_else(|| validation("Invalid Marker."))?),
        };
        Ok(Self { max, after })
    }

    /// The places of the part of a list of this length, and the marker of the next part.
    pub fn places(&self, len: usize) -> Result<(Range<usize>, Option<String>), Error> {
        let start = match &self.after {
            None => 0,
            Some(after) => after.parse::<usize>().map_err(|_| validation("Invalid Marker."))?.min(len),
        };
        let end = start.saturating_add(self.max).min(len);
        Ok((start..end, (end < len).then(|| marker(&end.to_string()))))
    }

    /// The part of a list that is in no order of keys.
    pub fn by_place<T>(&self, mut all: Vec<T>) -> Result<Part<T>, Error> {
        let (places, marker) = self.places(all.len())?;
        all.truncate(places.end);
        Ok(Part { entries: all.split_off(places.start), marker })
    }

    /// The part of a whole list that is in the order of its keys.
    pub fn of<T>(&self, all: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Part<T> {
        let mut part = Part { entries: Vec::new(), marker: None };
        for entry in all {
            if self.after.as_ref().is_some_and(|after| key(&entry) <= *after) {
                continue;
            }
            if part.entries.len() == self.max {
                part.marker = part.entries.last().map(|last| marker(&key(last)));
                break;
            }
            part.entries.push(entry);
        }
        part
    }

    /// The part of the records under a prefix that `keep` keeps. Their keys go on with their names in lower case.
    pub fn records<R: Record>(
        &self,
        from: &mut impl Reader,
        prefix: &[u8],
        keep: impl Fn(&R) -> bool,
        name: impl Fn(&R) -> &str,
    ) -> Result<Part<R>, Error> {
        let mut range = KeyRange::prefix(prefix);
        if let Some(after) = &self.after {
            range = range.after(&KeyWriter::from_prefix(prefix).str(after).finish());
        }
        let mut part = Part { entries: Vec::<R>::new(), marker: None };
        from.visit(range, |_, bytes| {
            let record = R::decode(bytes)?;
            if !keep(&record) {
                return Ok(true);
            }
            if part.entries.len() == self.max {
                part.marker = part.entries.last().map(|last| marker(&name(last).to_ascii_lowercase()));
                return Ok(false);
            }
            part.entries.push(record);
            Ok(true)
        })?;
        Ok(part)
    }
}

/// The marker for continuing behind this key.
fn marker(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_without_gap_or_repeat() {
        let all: Vec<String> = (0..250).map(|n| format!("n{n:03}")).collect();
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let part = Wanted::new(None, next.as_deref()).unwrap().of(all.clone(), Clone::clone);
            assert!(part.entries.len() <= PAGE_DEFAULT);
            seen.extend(part.entries);
            next = part.marker;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn an_exact_page_is_the_last() {
        let part = Wanted::new(Some(2), None).unwrap().of(["a", "b"], |s| s.to_string());
        assert_eq!(part.truncated(), Some(false));
        assert!(Wanted::new(None, Some("*")).is_err());
    }
}
