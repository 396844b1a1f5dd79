//! Values.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::item::Item;
use crate::number::Number;
use crate::set::Set;

/// A string: short ones without an allocation, long ones shared by their copies.
pub type Text = smol_str::SmolStr;

/// A binary.
pub type Blob = Box<[u8]>;

/// A value of an attribute. Equality is the service's: numbers by value, sets whatever their order, lists and maps by
/// their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    S(Text),
    /// A number.
    N(Number),
    /// A binary.
    B(Blob),
    /// True or false.
    Bool(bool),
    /// Null.
    Null,
    /// Values by name.
    M(Item),
    /// Values in order.
    L(Vec<Value>),
    /// A set of strings.
    Ss(Set<Text>),
    /// A set of numbers.
    Ns(Set<Number>),
    /// A set of binaries.
    Bs(Set<Blob>),
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the variants of Value")]
pub enum Kind {
    S,
    N,
    B,
    Bool,
    Null,
    M,
    L,
    Ss,
    Ns,
    Bs,
}

impl Kind {
    /// The name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Kind::S => "S",
            Kind::N => "N",
            Kind::B => "B",
            Kind::Bool => "BOOL",
            Kind::Null => "NULL",
            Kind::M => "M",
            Kind::L => "L",
            Kind::Ss => "SS",
            Kind::Ns => "NS",
            Kind::Bs => "BS",
        }
    }

    /// The type of this name on the wire.
    pub fn from_code(code: &str) -> Option<Kind> {
        Some(match code {
            "S" => Kind::S,
            "N" => Kind::N,
            "B" => Kind::B,
            "BOOL" => Kind::Bool,
            "NULL" => Kind::Null,
            "M" => Kind::M,
            "L" => Kind::L,
            "SS" => Kind::Ss,
            "NS" => Kind::Ns,
            "BS" => Kind::Bs,
            _ => return None,
        })
    }

    /// The name as some errors of updates spell it; sets have none of their own.
    pub fn long_name(self) -> &'static str {
        match self {
            Kind::S => "STRING",
            Kind::N => "NUMBER",
            Kind::B => "BINARY",
            Kind::Bool => "BOOLEAN",
            Kind::Null => "NULL",
            Kind::M => "MAP",
            Kind::L => "LIST",
            Kind::Ss => "SS",
            Kind::Ns => "NS",
            Kind::Bs => "BS",
        }
    }

    /// Whether values of the type have an order.
    pub fn is_ordered(self) -> bool {
        matches!(self, Kind::S | Kind::N | Kind::B)
    }

    /// Whether it is one of the three sets.
    pub fn is_set(self) -> bool {
        matches!(self, Kind::Ss | Kind::Ns | Kind::Bs)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Value {
    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Value::S(_) => Kind::S,
            Value::N(_) => Kind::N,
            Value::B(_) => Kind::B,
            Value::Bool(_) => Kind::Bool,
            Value::Null => Kind::Null,
            Value::M(_) => Kind::M,
            Value::L(_) => Kind::L,
            Value::Ss(_) => Kind::Ss,
            Value::Ns(_) => Kind::Ns,
            Value::Bs(_) => Kind::Bs,
        }
    }

    /// The order of two strings, two numbers or two binaries; nothing of anything else.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::S(a), Value::S(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Value::N(a), Value::N(b)) => Some(a.cmp(b)),
            (Value::B(a), Value::B(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// As errors show a value: `{S:text}`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}:", self.kind())?;
        match self {
            Value::S(v) => f.write_str(v)?,
            Value::N(v) => v.fmt(f)?,
            Value::B(v) => f.write_str(&STANDARD.encode(v))?,
            Value::Bool(v) => v.fmt(f)?,
            Value::Null => f.write_str("true")?,
            Value::M(v) => {
                f.write_str("{")?;
                list(f, v.iter().map(|(name, value)| format!("{name}={value}")))?;
                f.write_str("}")?;
            }
            Value::L(v) => bracketed(f, v.iter())?,
            Value::Ss(v) => bracketed(f, v.iter())?,
            Value::Ns(v) => bracketed(f, v.iter())?,
            Value::Bs(v) => bracketed(f, v.iter().map(|member| STANDARD.encode(member)))?,
        }
        f.write_str("}")
    }
}

fn bracketed<T: fmt::Display>(f: &mut fmt::Formatter<'_>, members: impl Iterator<Item = T>) -> fmt::Result {
    f.write_str("[")?;
    list(f, members)?;
    f.write_str("]")
}

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, members: impl Iterator<Item = T>) -> fmt::Result {
    for (at, member) in members.enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        member.fmt(f)?;
    }
    Ok(())
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::S(value.into())
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Value {
        Value::N(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::N(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Value {
        Value::B(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Value {
        Value::L(value)
    }
}

impl From<Item> for Value {
    fn from(value: Item) -> Value {
        Value::M(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strings_numbers_and_binaries_have_an_order() {
        let high: &[u8] = &[128];
        let low: &[u8] = &[127];
        assert_eq!(Value::from(high).order(&low.into()), Some(Ordering::Greater));
        assert_eq!(Value::from("é").order(&"z".into()), Some(Ordering::Greater));
        assert_eq!(Value::from(9).order(&10.into()), Some(Ordering::Less));
        assert_eq!(Value::from("1").order(&1.into()), None);
        assert_eq!(Value::from(true).order(&true.into()), None);
    }

    #[test]
    fn errors_show_values() {
        let bytes: &[u8] = b"b";
        assert_eq!(Value::from(1).to_string(), "{N:1}");
        assert_eq!(Value::from("a").to_string(), "{S:a}");
        assert_eq!(Value::from(bytes).to_string(), "{B:Yg==}");
        let nested = Value::from(vec![Item::from([("k", Value::Null)]).into(), true.into()]);
        assert_eq!(nested.to_string(), "{L:[{M:{k={NULL:true}}}, {BOOL:true}]}");
    }

    #[test]
    fn a_value_is_four_pointers() {
        assert_eq!(size_of::<Value>(), 32);
    }
}
