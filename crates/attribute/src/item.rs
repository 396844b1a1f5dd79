//! Items, and maps inside them: attributes by name.

use crate::value::{Text, Value};

/// Attributes by name, in the order of the names' bytes.
///
/// Items have few attributes and are read more than changed: a sorted vector takes one allocation and is searched by
/// halves. A whole item is put together with [`FromIterator`], which sorts once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    entries: Vec<(Text, Value)>,
}

impl Item {
    /// Without attributes.
    pub fn new() -> Item {
        Item::default()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(entry, _)| entry.as_str().cmp(name))
    }

    /// The attribute of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).ok().map(|at| &self.entries[at].1)
    }

    /// The attribute of this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.find(name).ok().map(|at| &mut self.entries[at].1)
    }

    /// Sets an attribute; the one before is returned.
    pub fn insert(&mut self, name: impl Into<Text> + AsRef<str>, value: Value) -> Option<Value> {
        match self.find(name.as_ref()) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.entries.insert(at, (name.into(), value));
                None
            }
        }
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.find(name).ok().map(|at| self.entries.remove(at).1)
    }

    /// How many attributes.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The attributes in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> + Clone {
        self.entries.iter().map(|(name, value)| (name, value))
    }
}

impl FromIterator<(Text, Value)> for Item {
    /// Of several attributes of one name the last stays.
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Item {
        let mut entries: Vec<(Text, Value)> = entries.into_iter().collect();
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            // The later of two equal names takes the place of the earlier.
            entries.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(&mut later.1, &mut earlier.1);
                }
                same
            });
        }
        Item { entries }
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Item {
    fn from(entries: [(&str, Value); N]) -> Item {
        entries.into_iter().map(|(name, value)| (Text::new(name), value)).collect()
    }
}

impl IntoIterator for Item {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_kept_by_name() {
        let mut item = Item::from([("b", Value::from(2)), ("a", Value::from(1)), ("b", Value::from(3))]);
        assert_eq!(item.len(), 2);
        assert_eq!(item.get("b"), Some(&Value::from(3)));
        assert_eq!(item.insert("c", Value::Null), None);
        assert_eq!(item.insert("a", Value::Null), Some(Value::from(1)));
        assert_eq!(item.remove("b"), Some(Value::from(3)));
        assert_eq!(item.remove("b"), None);
        let names: Vec<&str> = item.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
    }

    #[test]
    fn equality_is_by_content() {
        let one = Item::from([("a", Value::from(1)), ("b", Value::from(2))]);
        let two = Item::from([("b", Value::from(2)), ("a", Value::from(1))]);
        assert_eq!(one, two);
    }
}
