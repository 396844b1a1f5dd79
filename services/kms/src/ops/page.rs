//! Lists in pages. A marker holds the last entry of the page before.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model_kms::Error;

use crate::error::invalid;

/// A checked request for a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    pub max: usize,
    pub after: Option<String>,
}

impl Request {
    /// Checks a limit against the most that the list gives; the model has checked it against the most of any list.
    pub fn new(limit: Option<i32>, marker: Option<&str>, default: usize, most: usize) -> Result<Self, Error> {
        let max = match limit {
            None => default,
            Some(limit) => usize::try_from(limit).ok().filter(|max| (1..=most).contains(max)).ok_or_else(|| {
                invalid(format!(
                    "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
                     have value less than or equal to {most}"
                ))
            })?,
        };
        let after = marker.map(|marker| decode(marker).ok_or_else(bad_marker)).transpose()?;
        Ok(Self { max, after })
    }

    /// The page out of all entries, which are in the order of their names, and the marker of the next one.
    pub fn cut<T>(
        &self,
        all: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let behind = |entry: &T| self.after.as_ref().is_none_or(|after| name(entry) > *after);
        let mut page: Vec<T> = all.filter(behind).take(self.max + 1).collect();
        let more = page.len() > self.max;
        page.truncate(self.max);
        let marker = page.last().filter(|_| more).map(|last| encode(&name(last)));
        (page, marker)
    }
}

/// The marker behind an entry.
pub fn encode(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

fn decode(marker: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(marker).ok()?).ok()
}

fn bad_marker() -> Error {
    Error::invalid_marker_exception("The marker is not one of this list.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another() {
        let all = ["a", "b", "c"];
        let first = Request::new(Some(2), None, 50, 100).unwrap();
        let (page, marker) = first.cut(all.iter(), |name| name.to_string());
        assert_eq!(page, [&"a", &"b"]);
        let second = Request::new(Some(2), marker.as_deref(), 50, 100).unwrap();
        assert_eq!(second.cut(all.iter(), |name| name.to_string()), (vec![&"c"], None));
        assert!(
            Request::new(Some(101), None, 50, 100).is_err() && Request::new(Some(0), None, 50, 100).is_err()
        );
        assert!(matches!(Request::new(None, Some("?"), 50, 100), Err(Error::InvalidMarkerException(_))));
    }
}
