//! A value of any schema, without a generated type.

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::Timestamp;

use crate::document::Document;
use crate::schema::{Kind, Schema};
use crate::value::{ListValue, MapValue, Slot, Structure, TextSlot, UnionValue, Value, View};

/// A value that follows a schema known only at run time: for shapes that have no type of their own, for
/// fuzzing, and for the protocols' test cases.
#[derive(Clone)]
pub struct Dyn {
    schema: &'static Schema,
    state: Option<State>,
}

#[derive(Clone)]
enum State {
    Bool(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(String),
    Blob(Bytes),
    Time(Timestamp),
    Document(Document),
    List(Entries),
    Map(Map),
    Struct(Members),
    Union(Choice),
}

#[derive(Clone)]
struct Entries {
    schema: &'static Schema,
    entries: Vec<Dyn>,
}

#[derive(Clone)]
struct Map {
    schema: &'static Schema,
    entries: BTreeMap<String, Dyn>,
}

#[derive(Clone)]
struct Members {
    schema: &'static Schema,
    members: Vec<Dyn>,
}

#[derive(Clone)]
struct Choice {
    schema: &'static Schema,
    active: Option<(usize, Box<Dyn>)>,
}

impl Dyn {
    /// An absent value of this shape.
    pub fn absent(schema: &'static Schema) -> Self {
        Self { schema, state: None }
    }

    /// An empty structure of this shape (which has to be a structure's), as the codecs take inputs and outputs.
    pub fn structure(schema: &'static Schema) -> Box<dyn Structure> {
        Box::new(Members::new(schema))
    }
}

impl Members {
    fn new(schema: &'static Schema) -> Self {
        Self { schema, members: schema.members.iter().map(|m| Dyn::absent(m.target)).collect() }
    }
}

fn empty(schema: &'static Schema) -> State {
    match schema.kind {
        Kind::Boolean => State::Bool(false),
        Kind::Integer => State::Int(0),
        Kind::Long => State::Long(0),
        Kind::Float => State::Float(0.0),
        Kind::Double => State::Double(0.0),
        Kind::String => State::Text(String::new()),
        Kind::Blob => State::Blob(Bytes::new()),
        Kind::Timestamp => State::Time(Timestamp::default()),
        Kind::Document | Kind::Own => State::Document(Document::Null),
        Kind::List => State::List(Entries { schema, entries: Vec::new() }),
        Kind::Map => State::Map(Map { schema, entries: BTreeMap::new() }),
        Kind::Structure => State::Struct(Members::new(schema)),
        Kind::Union => State::Union(Choice { schema, active: None }),
    }
}

impl Value for Dyn {
    fn view(&self) -> View<'_> {
        match &self.state {
            None => View::Absent,
            Some(State::Bool(v)) => View::Bool(*v),
            Some(State::Int(v)) => View::Int(i64::from(*v)),
            Some(State::Long(v)) => View::Int(*v),
            Some(State::Float(v)) => View::Float(*v),
            Some(State::Double(v)) => View::Double(*v),
            Some(State::Text(v)) => View::Text(v),
            Some(State::Blob(v)) => View::Blob(v),
            Some(State::Time(v)) => View::Time(*v),
            Some(State::Document(v)) => View::Document(v),
            Some(State::List(v)) => View::List(v),
            Some(State::Map(v)) => View::Map(v),
            Some(State::Struct(v)) => View::Struct(v),
            Some(State::Union(v)) => View::Union(v),
        }
    }

    fn slot(&mut self) -> Slot<'_> {
        let schema = self.schema;
        match self.state.get_or_insert_with(|| empty(schema)) {
            State::Bool(v) => Slot::Bool(v),
            State::Int(v) => Slot::Int(v),
            State::Long(v) => Slot::Long(v),
            State::Float(v) => Slot::Float(v),
            State::Double(v) => Slot::Double(v),
            State::Text(v) => Slot::Text(v as &mut dyn TextSlot),
            State::Blob(v) => Slot::Blob(v),
            State::Time(v) => Slot::Time(v),
            State::Document(v) => Slot::Document(v),
            State::List(v) => Slot::List(v),
            State::Map(v) => Slot::Map(v),
            State::Struct(v) => Slot::Struct(v),
            State::Union(v) => Slot::Union(v),
        }
    }
}

impl ListValue for Entries {
    fn len(&self) -> usize {
        self.entries.len()
    }
    fn get(&self, i: usize) -> &dyn Value {
        &self.entries[i]
    }
    fn push(&mut self) -> &mut dyn Value {
        self.entries.push(Dyn::absent(self.schema.element().target));
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }
}

impl MapValue for Map {
    fn len(&self) -> usize {
        self.entries.len()
    }
    fn visit(&self, f: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        for (key, value) in &self.entries {
            if !f(key, value) {
                return;
            }
        }
    }
    fn insert(&mut self, key: String) -> &mut dyn Value {
        let fresh = Dyn::absent(self.schema.element().target);
        let entry = self.entries.entry(key).or_insert_with(|| fresh.clone());
        *entry = fresh;
        entry
    }
}

impl Structure for Members {
    fn schema(&self) -> &'static Schema {
        self.schema
    }
    fn get(&self, i: usize) -> &dyn Value {
        &self.members[i]
    }
    fn get_mut(&mut self, i: usize) -> &mut dyn Value {
        &mut self.members[i]
    }
}

impl UnionValue for Choice {
    fn schema(&self) -> &'static Schema {
        self.schema
    }
    fn active(&self) -> Option<(usize, &dyn Value)> {
        self.active.as_ref().map(|(i, value)| (*i, &**value as &dyn Value))
    }
    fn select(&mut self, i: usize) -> &mut dyn Value {
        let fresh = Box::new(Dyn::absent(self.schema.members[i].target));
        &mut *self.active.insert((i, fresh)).1
    }
}
