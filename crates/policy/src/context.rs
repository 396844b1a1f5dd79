//! The condition keys of a request.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cidr::Cidr;
use crate::date::{self, Instant};
use crate::number::Number;

/// A value of a condition key. Operators of another type read the text, so `Text("10")` is a number to
/// `NumericEquals`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Anything written out: a string, an ARN, a decimal number, a date.
    Text(Cow<'a, str>),
    /// A whole number; to a `Date` operator, seconds since 1970.
    Integer(i64),
    /// True or false.
    Boolean(bool),
    /// An instant in milliseconds since 1970.
    Time(i64),
    /// An address.
    Address(IpAddr),
    /// Bytes.
    Binary(Cow<'a, [u8]>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<IpAddr> for Value<'_> {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl Value<'_> {
    /// The value written out.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Boolean(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Time(millis) => Cow::Owned(date::iso(*millis)),
            Self::Address(address) => Cow::Owned(address.to_canonical().to_string()),
            Self::Binary(bytes) => Cow::Owned(STANDARD.encode(bytes)),
        }
    }

    pub(crate) fn number(&self) -> Option<Number> {
        match self {
            Self::Integer(number) => Some(Number::from(*number)),
            Self::Text(text) => Number::parse(text),
            _ => None,
        }
    }

    pub(crate) fn instant(&self) -> Option<Instant> {
        match self {
            Self::Time(millis) => Some(Instant::from_millis(*millis)),
            Self::Integer(seconds) => Some(Instant::from_seconds(*seconds)),
            Self::Text(text) => Instant::parse(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Text(text) => parse_boolean(text),
            _ => None,
        }
    }

    pub(crate) fn within(&self, range: &Cidr) -> Option<bool> {
        match self {
            Self::Address(address) => Some(range.contains(*address)),
            Self::Text(text) => Some(range.contains(text.parse().ok()?)),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            Self::Text(text) => Some(text.as_bytes()),
            _ => None,
        }
    }
}

/// `true` or `false` in either case of letters.
pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A condition key's name with its hash. Letters of either case are the same in ASCII.
#[derive(Debug)]
pub struct Key {
    hash: u32,
    name: Box<str>,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Key {
    pub(crate) fn new(name: &str) -> Self {
        Self { hash: hash(&[name]), name: name.into() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// FNV-1a over lower-case letters: a filter before names are compared, never a replacement for that.
pub(crate) fn hash(pieces: &[&str]) -> u32 {
    pieces.iter().flat_map(|piece| piece.bytes()).fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    })
}

/// The condition keys of one request with their values. A key that is not there, or has no value, is absent.
///
/// Names and values are borrowed where the caller can lend them. Look-up is a scan, as a request has some tens of
/// keys: its tags (50 at most on a resource, a principal and a request) and fewer than 40 others.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// The hashes of the entries' keys, side by side so that a scan touches little memory.
    hashes: Vec<u32>,
    entries: Vec<Entry<'a>>,
    later: Option<Later<'a>>,
    /// What `later` told.
    told: OnceCell<Box<Context<'static>>>,
}

/// Who tells the keys that are worked out only when one of them is asked for.
#[derive(Clone, Copy)]
struct Later<'a> {
    prefix: &'a str,
    tell: &'a dyn Fn() -> Context<'static>,
}

impl fmt::Debug for Later<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
struct Entry<'a> {
    /// As in `aws:PrincipalTag/`, so that a tag's key needs no copy.
    prefix: &'a str,
    name: Cow<'a, str>,
    values: Values<'a>,
}

#[derive(Clone, Debug)]
enum Values<'a> {
    One(Value<'a>),
    Many(Vec<Value<'a>>),
}

/// Where policies look condition keys up.
pub trait Keys: fmt::Debug {
    /// The values of a key; none where it is absent.
    fn get(&self, key: &Key) -> &[Value<'_>];
}

impl Keys for Context<'_> {
    fn get(&self, key: &Key) -> &[Value<'_>] {
        self.find(key.hash, &key.name)
    }
}

/// The condition keys of a request, gathered when a policy asks for the first of them: most requests are decided by statements
/// that ask for none.
pub struct Gathered<'a, F> {
    gather: F,
    context: OnceCell<Context<'a>>,
}

impl<'a, F: Fn() -> Context<'a>> Gathered<'a, F> {
    /// The keys that `gather` gives, which is called once at most.
    pub fn by(gather: F) -> Self {
        Self { gather, context: OnceCell::new() }
    }
}

impl<'a, F: Fn() -> Context<'a>> Keys for Gathered<'a, F> {
    fn get(&self, key: &Key) -> &[Value<'_>] {
        self.context.get_or_init(&self.gather).get(key)
    }
}

impl<F> fmt::Debug for Gathered<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gathered").field(&self.context).finish()
    }
}

impl<'a> Context<'a> {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// No keys yet, and room for some.
    pub fn with_capacity(keys: usize) -> Self {
        Self { hashes: Vec::with_capacity(keys), entries: Vec::with_capacity(keys), ..Self::default() }
    }

    /// Has keys that begin with `prefix` and are not set told by `tell`, at most once, when the first of them is asked for.
    pub fn tell_later(&mut self, prefix: &'a str, tell: &'a dyn Fn() -> Context<'static>) {
        self.later = Some(Later { prefix, tell });
    }

    /// Gives a single-valued key its value. What it had is replaced.
    pub fn set(&mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        self.put("", key.into(), Values::One(value.into()));
    }

    /// Gives `prefix` + `name` its value, as in `aws:PrincipalTag/` and a tag's key.
    pub fn set_under(&mut self, prefix: &'a str, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        self.put(prefix, name.into(), Values::One(value.into()));
    }

    /// Gives a multivalued key its values, as in `aws:TagKeys`. Without any, the key is absent.
    pub fn set_many<V: Into<Value<'a>>>(
        &mut self,
        key: impl Into<Cow<'a, str>>,
        values: impl IntoIterator<Item = V>,
    ) {
        self.put("", key.into(), Values::Many(values.into_iter().map(Into::into).collect()));
    }

    /// The values of a key; none where it is absent.
    pub fn values(&self, key: &str) -> &[Value<'a>] {
        self.find(hash(&[key]), key)
    }

    fn find(&self, hash: u32, name: &str) -> &[Value<'a>] {
        let candidates = self.hashes.iter().zip(&self.entries).filter(|(other, _)| **other == hash);
        let entry = candidates.map(|(_, entry)| entry).find(|entry| entry.is(name));
        match entry.map(|entry| &entry.values) {
            None => self.told(name).map_or(&[], |told| told.find(hash, name)),
            Some(Values::One(value)) => std::slice::from_ref(value),
            Some(Values::Many(values)) => values,
        }
    }

    fn told(&self, name: &str) -> Option<&Context<'static>> {
        let Later { prefix, tell } = self.later.as_ref()?;
        let is_theirs = name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
        is_theirs.then(|| &**self.told.get_or_init(|| Box::new(tell())))
    }

    fn put(&mut self, prefix: &'a str, name: Cow<'a, str>, values: Values<'a>) {
        let hash = hash(&[prefix, &name]);
        let entry = Entry { prefix, name, values };
        let mut candidates = self.hashes.iter().zip(&mut self.entries).filter(|(other, _)| **other == hash);
        match candidates.find(|(_, old)| old.same_key(&entry)) {
            Some((_, old)) => *old = entry,
            None => {
                self.hashes.push(hash);
                self.entries.push(entry);
            }
        }
    }
}

impl Entry<'_> {
    fn is(&self, name: &str) -> bool {
        let (name, prefix) = (name.as_bytes(), self.prefix.as_bytes());
        name.len() == prefix.len() + self.name.len()
            && name[..prefix.len()].eq_ignore_ascii_case(prefix)
            && name[prefix.len()..].eq_ignore_ascii_case(self.name.as_bytes())
    }

    fn same_key(&self, other: &Entry<'_>) -> bool {
        self.letters().eq(other.letters())
    }

    fn letters(&self) -> impl Iterator<Item = u8> {
        self.prefix.bytes().chain(self.name.bytes()).map(|b| b.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_either_case_and_however_split() {
        let mut context = Context::with_capacity(2);
        context.set("aws:CurrentTime", Value::Time(0));
        assert_eq!(context.values("AWS:currenttime"), [Value::Time(0)]);
        context.set_under("aws:PrincipalTag/", "Team", "red");
        assert_eq!(context.values("aws:principaltag/team"), ["red".into()]);
        context.set("aws:PrincipalTag/TEAM", "blue");
        assert_eq!(context.values("aws:PrincipalTag/Team"), ["blue".into()]);
        context.set_under("aws:Principal", "tag/team".to_owned(), "green".to_owned());
        assert_eq!(context.values("aws:PrincipalTag/Team"), ["green".into()]);
        assert_eq!(context.values("aws:PrincipalTag/Tea"), []);
        context.set_many("aws:TagKeys", Vec::<&str>::new());
        assert_eq!(context.values("aws:TagKeys"), []);
    }

    #[test]
    fn what_is_told_later_is_told_once_and_only_if_asked_for() {
        let times = std::cell::Cell::new(0);
        let tell = || {
            times.set(times.get() + 1);
            let mut told = Context::new();
            told.set_many("dynamodb:Attributes", ["a", "b"]);
            told.set("dynamodb:Select", "COUNT");
            told
        };
        let mut context = Context::new();
        context.set("aws:PrincipalType", "User");
        context.set("dynamodb:Select", "ALL_ATTRIBUTES");
        context.tell_later("dynamodb:", &tell);
        assert_eq!(context.values("aws:SourceVpc"), []);
        assert_eq!(context.values("dynamodb:Select"), ["ALL_ATTRIBUTES".into()]);
        assert_eq!(times.get(), 0);
        assert_eq!(context.values("DynamoDB:attributes"), ["a".into(), "b".into()]);
        assert_eq!(context.values("dynamodb:LeadingKeys"), []);
        assert_eq!(times.get(), 1);
    }

    #[test]
    fn keys_are_gathered_once_and_only_if_asked_for() {
        let times = std::cell::Cell::new(0);
        let keys = Gathered::by(|| {
            times.set(times.get() + 1);
            let mut context = Context::new();
            context.set("aws:PrincipalType", "User");
            context
        });
        assert_eq!(times.get(), 0);
        assert_eq!(keys.get(&Key::new("aws:principaltype")), ["User".into()]);
        assert_eq!(keys.get(&Key::new("aws:username")), []);
        assert_eq!(times.get(), 1);
    }

    #[test]
    fn names_with_the_same_hash_stay_apart() {
        assert_eq!(hash(&["costarring"]), hash(&["liquid"]));
        let mut context = Context::new();
        context.set("costarring", 1);
        assert_eq!(context.values("liquid"), []);
        context.set("liquid", 2);
        assert_eq!(context.values("costarring"), [1.into()]);
        assert_eq!(context.values("Liquid"), [2.into()]);
    }

    #[test]
    fn values_are_written_out_as_documented() {
        let address: IpAddr = "::ffff:203.0.113.5".parse().unwrap();
        let table: [(Value<'_>, &str); 6] = [
            ("x".into(), "x"),
            (Value::Integer(-5), "-5"),
            (true.into(), "true"),
            (Value::Time(1_577_836_801_000), "2020-01-01T00:00:01Z"),
            (address.into(), "203.0.113.5"),
            (Value::Binary(Cow::Borrowed(b"BinaryValueInBase64")), "QmluYXJ5VmFsdWVJbkJhc2U2NA=="),
        ];
        for (value, text) in table {
            assert_eq!(value.text(), text);
        }
    }
}
