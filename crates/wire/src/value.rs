//! How codecs see values: read through [`View`], written through [`Slot`], members by index.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use kernel::Timestamp;

use crate::document::Document;
use crate::error::DecodeError;
use crate::schema::Schema;
use crate::stream::ByteStream;

/// A value that codecs can read and fill in.
pub trait Value: Send + Sync {
    /// What is there.
    fn view(&self) -> View<'_>;
    /// The place to write to. Asking for it makes an absent value present.
    fn slot(&mut self) -> Slot<'_>;
}

/// A value to be read.
#[allow(missing_docs)]
pub enum View<'a> {
    Absent,
    Bool(bool),
    Int(i64),
    Float(f32),
    Double(f64),
    Text(&'a str),
    Blob(&'a Bytes),
    Time(Timestamp),
    Document(&'a Document),
    Stream(&'a ByteStream),
    List(&'a dyn ListValue),
    Map(&'a dyn MapValue),
    Struct(&'a dyn Structure),
    Union(&'a dyn UnionValue),
    Own(&'a dyn OwnForm),
}

/// A value to be written.
#[allow(missing_docs)]
pub enum Slot<'a> {
    Bool(&'a mut bool),
    Int(&'a mut i32),
    Long(&'a mut i64),
    Float(&'a mut f32),
    Double(&'a mut f64),
    Text(&'a mut dyn TextSlot),
    Blob(&'a mut Bytes),
    Time(&'a mut Timestamp),
    Document(&'a mut Document),
    Stream(&'a mut ByteStream),
    List(&'a mut dyn ListValue),
    Map(&'a mut dyn MapValue),
    Struct(&'a mut dyn Structure),
    Union(&'a mut dyn UnionValue),
    Own(&'a mut dyn OwnForm),
}

/// A value with a form of its own in JSON, which it reads and writes itself: one that the parts of a codec would be too slow
/// or too loose for. Only JSON protocols have such values.
pub trait OwnForm: Send + Sync {
    /// Becomes what a JSON text says. The text is well-formed, however deep.
    fn read_json(&mut self, json: &str) -> Result<(), DecodeError>;
    /// Appends its JSON text.
    fn write_json(&self, out: &mut Vec<u8>);
}

/// Something that takes a text: a string or an enumeration.
pub trait TextSlot {
    /// Replaces what is there.
    fn set(&mut self, text: String);
}

/// A list.
pub trait ListValue: Send + Sync {
    /// Number of entries.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The entry at `i < len()`.
    fn get(&self, i: usize) -> &dyn Value;
    /// Appends an entry and gives it to be filled in.
    fn push(&mut self) -> &mut dyn Value;
}

/// A map with text keys.
pub trait MapValue: Send + Sync {
    /// Number of entries.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Visits the entries in order of their keys, until `f` gives `false`.
    fn visit(&self, f: &mut dyn FnMut(&str, &dyn Value) -> bool);
    /// The value at `key`, new (and replacing an older one) to be filled in.
    fn insert(&mut self, key: String) -> &mut dyn Value;
}

/// A structure: members by their index in the schema.
pub trait Structure: Send + Sync {
    /// Its shape.
    fn schema(&self) -> &'static Schema;
    /// The member at `i < schema().members.len()`.
    fn get(&self, i: usize) -> &dyn Value;
    /// The same, to be written.
    fn get_mut(&mut self, i: usize) -> &mut dyn Value;
}

/// A union: at most one member.
pub trait UnionValue: Send + Sync {
    /// Its shape.
    fn schema(&self) -> &'static Schema;
    /// The index and value of the member that is set.
    fn active(&self) -> Option<(usize, &dyn Value)>;
    /// Makes the member at `i < schema().members.len()` the one that is set.
    fn select(&mut self, i: usize) -> &mut dyn Value;
}

macro_rules! scalar {
    ($type:ty, |$v:ident| $view:expr, $slot:ident) => {
        impl Value for $type {
            fn view(&self) -> View<'_> {
                let $v = self;
                $view
            }
            fn slot(&mut self) -> Slot<'_> {
                Slot::$slot(self)
            }
        }
    };
}

scalar!(bool, |v| View::Bool(*v), Bool);
scalar!(i32, |v| View::Int(i64::from(*v)), Int);
scalar!(i64, |v| View::Int(*v), Long);
scalar!(f32, |v| View::Float(*v), Float);
scalar!(f64, |v| View::Double(*v), Double);
scalar!(String, |v| View::Text(v), Text);
scalar!(Bytes, |v| View::Blob(v), Blob);
scalar!(Timestamp, |v| View::Time(*v), Time);
scalar!(Document, |v| View::Document(v), Document);
scalar!(ByteStream, |v| View::Stream(v), Stream);

impl TextSlot for String {
    fn set(&mut self, text: String) {
        *self = text;
    }
}

impl<T: Value + Default> Value for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, Value::view)
    }
    fn slot(&mut self) -> Slot<'_> {
        self.get_or_insert_default().slot()
    }
}

impl<T: Value> Value for Box<T> {
    fn view(&self) -> View<'_> {
        (**self).view()
    }
    fn slot(&mut self) -> Slot<'_> {
        (**self).slot()
    }
}

impl<T: Value + Default> Value for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::List(self)
    }
}

impl<T: Value + Default> ListValue for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }
    fn get(&self, i: usize) -> &dyn Value {
        &self[i]
    }
    fn push(&mut self) -> &mut dyn Value {
        Vec::push(self, T::default());
        let last = Vec::len(self) - 1;
        &mut self[last]
    }
}

impl<T: Value + Default> Value for BTreeMap<String, T> {
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::Map(self)
    }
}

impl<T: Value + Default> MapValue for BTreeMap<String, T> {
    fn len(&self) -> usize {
        BTreeMap::len(self)
    }
    fn visit(&self, f: &mut dyn FnMut(&str, &dyn Value) -> bool) {
        for (key, value) in self {
            if !f(key, value) {
                return;
            }
        }
    }
    fn insert(&mut self, key: String) -> &mut dyn Value {
        let entry = self.entry(key).or_default();
        *entry = T::default();
        entry
    }
}

/// A required member of an input. Validation refuses an input that lacks one before any handler sees it, so
/// handlers use it as if it were the value itself.
#[derive(Clone, Default, PartialEq)]
pub struct Req<T> {
    value: T,
    present: bool,
}

impl<T> Req<T> {
    /// Takes the value out.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> From<T> for Req<T> {
    fn from(value: T) -> Self {
        Self { value, present: true }
    }
}

impl From<&str> for Req<String> {
    fn from(value: &str) -> Self {
        value.to_owned().into()
    }
}

impl<T> Deref for Req<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Value> Value for Req<T> {
    fn view(&self) -> View<'_> {
        if self.present { self.value.view() } else { View::Absent }
    }
    fn slot(&mut self) -> Slot<'_> {
        self.present = true;
        self.value.slot()
    }
}

/// An enumeration of a model.
pub trait Enum: Copy + Eq + Send + Sync + 'static {
    /// Every value with its text, in the model's order.
    const VALUES: &'static [(&'static str, Self)];

    /// The text of this value.
    fn as_str(self) -> &'static str;

    /// The value with this text.
    fn parse(text: &str) -> Option<Self> {
        Self::VALUES.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
    }
}

/// A value of an enumeration, or a text that is none of them: kept, so that the validator can quote it.
#[derive(Clone, PartialEq, Eq)]
pub enum Open<E> {
    /// One of the model's values.
    Known(E),
    /// Anything else.
    Unknown(String),
}

impl<E: Enum> Open<E> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.as_str(),
            Self::Unknown(text) => text,
        }
    }

    /// The value, if it is one of the model's.
    pub fn known(&self) -> Option<E> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }
}

impl<E> Default for Open<E> {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl<E: Enum> From<E> for Open<E> {
    fn from(value: E) -> Self {
        Self::Known(value)
    }
}

impl<E: Enum> fmt::Debug for Open<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<E: Enum> TextSlot for Open<E> {
    fn set(&mut self, text: String) {
        *self = E::parse(&text).map_or(Self::Unknown(text), Self::Known);
    }
}

impl<E: Enum> Value for Open<E> {
    fn view(&self) -> View<'_> {
        View::Text(self.as_str())
    }
    fn slot(&mut self) -> Slot<'_> {
        Slot::Text(self)
    }
}

/// Debug output of a structure: present members only, sensitive ones hidden. For `impl Debug` of generated types.
pub fn debug_structure(value: &dyn Structure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let schema = value.schema();
    let mut out = f.debug_struct(schema.name);
    for (i, member) in schema.members.iter().enumerate() {
        let view = value.get(i).view();
        if !matches!(view, View::Absent) {
            out.field(member.name, &Shown { schema: member.target, view });
        }
    }
    out.finish()
}

struct Shown<'a> {
    schema: &'static Schema,
    view: View<'a>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.sensitive {
            return f.write_str("(hidden)");
        }
        match &self.view {
            View::Absent => f.write_str("null"),
            View::Bool(v) => v.fmt(f),
            View::Int(v) => v.fmt(f),
            View::Float(v) => v.fmt(f),
            View::Double(v) => v.fmt(f),
            View::Text(v) => v.fmt(f),
            View::Blob(v) => write!(f, "({} bytes)", v.len()),
            View::Time(v) => v.fmt(f),
            View::Document(_) => f.write_str("(document)"),
            View::Own(_) => f.write_str("(in its own form)"),
            View::Stream(v) => v.fmt(f),
            View::List(list) => {
                let schema = self.schema.element().target;
                let entries = (0..list.len()).map(|i| Shown { schema, view: list.get(i).view() });
                f.debug_list().entries(entries).finish()
            }
            View::Map(map) => {
                let schema = self.schema.element().target;
                let hide_keys = self.schema.key().target.sensitive;
                let mut out = f.debug_map();
                map.visit(&mut |key, value| {
                    let key = if hide_keys { "(hidden)" } else { key };
                    out.entry(&key, &Shown { schema, view: value.view() });
                    true
                });
                out.finish()
            }
            View::Struct(structure) => debug_structure(*structure, f),
            View::Union(union) => {
                let mut out = f.debug_struct(self.schema.name);
                if let Some((i, value)) = union.active() {
                    let member = &union.schema().members[i];
                    out.field(member.name, &Shown { schema: member.target, view: value.view() });
                }
                out.finish()
            }
        }
    }
}
