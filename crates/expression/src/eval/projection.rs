//! Parts of items.

use std::collections::BTreeMap;

use attribute::{Item, Text, Value};

use crate::bind::{Bound, Resolved};
use crate::tree::{Path, Projection, Update};

/// What is wanted of items, put together once for any number of them.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    attributes: BTreeMap<&'a str, Part<'a>>,
}

/// What is wanted of a value.
#[derive(Clone, Debug)]
enum Part<'a> {
    Whole,
    Names(BTreeMap<&'a str, Part<'a>>),
    /// In the order of the indexes: what is found of them stands together in the list that is returned.
    Indexes(BTreeMap<usize, Part<'a>>),
}

impl<'a> Wanted<'a> {
    /// The attributes of these names, each whole.
    pub fn attributes(names: impl IntoIterator<Item = &'a str>) -> Wanted<'a> {
        Wanted { attributes: names.into_iter().map(|name| (name, Part::Whole)).collect() }
    }

    fn of<T>(bound: &'a Bound<'_, T>, paths: impl Iterator<Item = &'a Path>) -> Wanted<'a> {
        let mut wanted = Wanted::default();
        for path in paths {
            let mut part = wanted.attributes.entry(bound.name(&path.head)).or_insert(Part::Whole);
            for step in bound.steps(path).skip(1) {
                // Paths neither overlap nor conflict, so what is whole here has only just been begun.
                part = match step {
                    Resolved::Name(name) => {
                        if !matches!(part, Part::Names(_)) {
                            *part = Part::Names(BTreeMap::new());
                        }
                        let Part::Names(parts) = part else { break };
                        parts.entry(name).or_insert(Part::Whole)
                    }
                    Resolved::Index(index) => {
                        if !matches!(part, Part::Indexes(_)) {
                            *part = Part::Indexes(BTreeMap::new());
                        }
                        let Part::Indexes(parts) = part else { break };
                        parts.entry(index).or_insert(Part::Whole)
                    }
                };
            }
        }
        wanted
    }

    /// What the item has of it; empty where it has nothing.
    pub fn project(&self, item: &Item) -> Item {
        project(&self.attributes, item)
    }
}

fn project(parts: &BTreeMap<&str, Part<'_>>, item: &Item) -> Item {
    parts.iter().filter_map(|(name, part)| Some((Text::new(name), part.of(item.get(name)?)?))).collect()
}

impl Part<'_> {
    /// Nothing where the value has none of what is wanted.
    fn of(&self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Part::Whole, value) => Some(value.clone()),
            (Part::Names(parts), Value::M(item)) => {
                let item = project(parts, item);
                (!item.is_empty()).then_some(Value::M(item))
            }
            (Part::Indexes(parts), Value::L(values)) => {
                let values: Vec<Value> =
                    parts.iter().filter_map(|(index, part)| part.of(values.get(*index)?)).collect();
                (!values.is_empty()).then_some(Value::L(values))
            }
            _ => None,
        }
    }
}

impl Bound<'_, Projection> {
    /// What it wants of items.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted::of(self, self.tree.paths.iter())
    }

    /// The attributes it goes into.
    pub fn nested_attributes(&self) -> Vec<&str> {
        let nested = self.tree.paths.iter().filter(|path| !path.rest.is_empty());
        nested.map(|path| self.name(&path.head)).collect()
    }

    /// The attributes it wants something of.
    pub fn attributes(&self) -> Vec<&str> {
        self.tree.paths.iter().map(|path| self.name(&path.head)).collect()
    }
}

impl Bound<'_, Update> {
    /// The parts of an item that it touches. Of the item before it is done these are UPDATED_OLD, of the item after
    /// it UPDATED_NEW: there too the paths are those of the expression, so an element of a list that moved up is
    /// shown for the one that was removed, and one that was appended is not shown.
    pub fn touched(&self) -> Wanted<'_> {
        Wanted::of(self, self.tree.actions.iter().map(|action| action.path()))
    }
}
