//! The form in which items are kept: shorter than JSON, read several times faster, and turned into JSON without being read into
//! values first.
//!
//! ```text
//! item   = count entry*            entry = text value
//! value  = tag, then               text  = length bytes
//!   0 text                  a string
//!   1 length bytes          a number, as `Number::encode` writes it
//!   2 length bytes          a binary
//!   3, 4, 5                 false, true, null
//!   6 size item             a map
//!   7 size count value*     a list
//!   8, 9, 10 size count (length bytes)*    sets of strings, numbers and binaries
//! ```
//! Counts and lengths are LEB128. A size is that of what follows, in four bytes (little-endian), so that whatever is not
//! wanted is passed over. The form never changes: another one would be another record of the table's.

use std::fmt;

use crate::item::Item;
use crate::json;
use crate::limits::DEPTH_MAX;
use crate::number::Number;
use crate::set::Set;
use crate::value::{Text, Value};

const S: u8 = 0;
const N: u8 = 1;
const B: u8 = 2;
const FALSE: u8 = 3;
const TRUE: u8 = 4;
const NULL: u8 = 5;
const M: u8 = 6;
const L: u8 = 7;
const SS: u8 = 8;
const NS: u8 = 9;
const BS: u8 = 10;

/// Bytes that are not a stored item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not a stored item")
    }
}

impl std::error::Error for Damaged {}

/// Appends an item.
pub fn store_item(item: &Item, out: &mut Vec<u8>) {
    count(item.len(), out);
    for (name, value) in item.iter() {
        bytes(name.as_bytes(), out);
        store_value(value, out);
    }
}

fn store_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::S(text) => tagged(S, text.as_bytes(), out),
        Value::N(number) => {
            out.push(N);
            store_number(*number, out);
        }
        Value::B(blob) => tagged(B, blob, out),
        Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
        Value::Null => out.push(NULL),
        Value::M(item) => sized(M, out, |out| store_item(item, out)),
        Value::L(values) => sized(L, out, |out| {
            count(values.len(), out);
            values.iter().for_each(|value| store_value(value, out));
        }),
        Value::Ss(set) => sized(SS, out, |out| {
            count(set.len(), out);
            set.iter().for_each(|text| bytes(text.as_bytes(), out));
        }),
        Value::Ns(set) => sized(NS, out, |out| {
            count(set.len(), out);
            set.iter().for_each(|number| store_number(*number, out));
        }),
        Value::Bs(set) => sized(BS, out, |out| {
            count(set.len(), out);
            set.iter().for_each(|blob| bytes(blob, out));
        }),
    }
}

fn tagged(tag: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    bytes(payload, out);
}

fn sized(tag: u8, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[tag, 0, 0, 0, 0]);
    let start = out.len();
    write(out);
    // An item is 400 KiB at most, whatever its form.
    let size = u32::try_from(out.len() - start).expect("a value is shorter than 4 GiB");
    out[start - 4..start].copy_from_slice(&size.to_le_bytes());
}

/// A number takes 22 bytes at most, so that its length is one byte.
fn store_number(number: Number, out: &mut Vec<u8>) {
    let at = out.len();
    out.push(0);
    number.encode(out);
    out[at] = (out.len() - at - 1) as u8;
}

fn bytes(payload: &[u8], out: &mut Vec<u8>) {
    count(payload.len(), out);
    out.extend_from_slice(payload);
}

fn count(mut n: usize, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Reads an item.
pub fn load_item(stored: &[u8]) -> Result<Item, Damaged> {
    let mut rest = Rest(stored);
    let item = rest.item(0)?;
    rest.end(item)
}

/// Reads one attribute of an item, passing over the others.
pub fn load_attribute(stored: &[u8], name: &str) -> Result<Option<Value>, Damaged> {
    let mut rest = Rest(stored);
    for _ in 0..rest.count()? {
        // Names are in order.
        match rest.bytes()?.cmp(name.as_bytes()) {
            std::cmp::Ordering::Less => rest.pass()?,
            std::cmp::Ordering::Equal => return rest.value(0).map(Some),
            std::cmp::Ordering::Greater => return Ok(None),
        }
    }
    Ok(None)
}

/// Appends the JSON of a stored item, as [`write_item`](crate::write_item) does of an item.
pub fn write_stored(stored: &[u8], out: &mut Vec<u8>) -> Result<(), Damaged> {
    let mut rest = Rest(stored);
    rest.write_item(0, out)?;
    rest.end(())
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Damaged> {
        Ok(self.take(1)?[0])
    }

    fn count(&mut self) -> Result<usize, Damaged> {
        let mut n = 0;
        // 28 bits are more than any item has bytes.
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            n |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Damaged)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let len = self.count()?;
        self.take(len)
    }

    fn text(&mut self) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damaged)
    }

    fn number(&mut self) -> Result<Number, Damaged> {
        Number::decode(self.bytes()?).ok_or(Damaged)
    }

    fn size(&mut self) -> Result<usize, Damaged> {
        let size = self.take(4)?.try_into().map_err(|_| Damaged)?;
        Ok(u32::from_le_bytes(size) as usize)
    }

    /// What a size is said of.
    fn sized(&mut self) -> Result<Self, Damaged> {
        let size = self.size()?;
        self.take(size).map(Self)
    }

    fn end<T>(&self, value: T) -> Result<T, Damaged> {
        if self.0.is_empty() { Ok(value) } else { Err(Damaged) }
    }

    /// Passes over a value.
    fn pass(&mut self) -> Result<(), Damaged> {
        let len = match self.byte()? {
            S | N | B => self.count()?,
            FALSE | TRUE | NULL => 0,
            M..=BS => self.size()?,
            _ => return Err(Damaged),
        };
        self.take(len).map(drop)
    }

    /// Reads as many as a count says. Each takes a byte at least, so a count is no reason for more memory than that.
    fn many<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
        let count = self.count()?;
        if count > self.0.len() {
            return Err(Damaged);
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn set<T: Ord + Clone>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, Damaged>,
    ) -> Result<Set<T>, Damaged> {
        let mut inside = self.sized()?;
        let members = inside.many(read)?;
        inside.end(Set::new(members).map_err(|_| Damaged)?)
    }

    fn item(&mut self, depth: usize) -> Result<Item, Damaged> {
        let entries = self.many(|rest| {
            let name = Text::new(rest.text()?);
            Ok((name, rest.value(depth)?))
        })?;
        Ok(entries.into_iter().collect())
    }

    fn value(&mut self, depth: usize) -> Result<Value, Damaged> {
        if depth > DEPTH_MAX + 1 {
            return Err(Damaged);
        }
        Ok(match self.byte()? {
            S => Value::S(Text::new(self.text()?)),
            N => Value::N(self.number()?),
            B => Value::B(self.bytes()?.into()),
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            NULL => Value::Null,
            M => {
                let mut inside = self.sized()?;
                let item = inside.item(depth + 1)?;
                inside.end(Value::M(item))?
            }
            L => {
                let mut inside = self.sized()?;
                let values = inside.many(|rest| rest.value(depth + 1))?;
                inside.end(Value::L(values))?
            }
            SS => Value::Ss(self.set(|rest| rest.text().map(Text::new))?),
            NS => Value::Ns(self.set(Self::number)?),
            BS => Value::Bs(self.set(|rest| rest.bytes().map(Into::into))?),
            _ => return Err(Damaged),
        })
    }

    fn write_item(&mut self, depth: usize, out: &mut Vec<u8>) -> Result<(), Damaged> {
        out.push(b'{');
        for at in 0..self.count()? {
            if at > 0 {
                out.push(b',');
            }
            json::write_text(self.text()?, out);
            out.push(b':');
            self.write_value(depth, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn write_value(&mut self, depth: usize, out: &mut Vec<u8>) -> Result<(), Damaged> {
        if depth > DEPTH_MAX + 1 {
            return Err(Damaged);
        }
        match self.byte()? {
            S => {
                out.extend_from_slice(b"{\"S\":");
                json::write_text(self.text()?, out);
            }
            N => {
                out.extend_from_slice(b"{\"N\":");
                json::write_number_text(self.number()?, out);
            }
            B => {
                out.extend_from_slice(b"{\"B\":");
                json::write_blob(self.bytes()?, out);
            }
            FALSE => out.extend_from_slice(b"{\"BOOL\":false"),
            TRUE => out.extend_from_slice(b"{\"BOOL\":true"),
            NULL => out.extend_from_slice(b"{\"NULL\":true"),
            M => {
                out.extend_from_slice(b"{\"M\":");
                let mut inside = self.sized()?;
                inside.write_item(depth + 1, out)?;
                inside.end(())?;
            }
            L => {
                out.extend_from_slice(b"{\"L\":");
                self.write_array(out, |rest, out| rest.write_value(depth + 1, out))?;
            }
            SS => {
                out.extend_from_slice(b"{\"SS\":");
                self.write_array(out, |rest, out| {
                    json::write_text(rest.text()?, out);
                    Ok(())
                })?;
            }
            NS => {
                out.extend_from_slice(b"{\"NS\":");
                self.write_array(out, |rest, out| {
                    json::write_number_text(rest.number()?, out);
                    Ok(())
                })?;
            }
            BS => {
                out.extend_from_slice(b"{\"BS\":");
                self.write_array(out, |rest, out| {
                    json::write_blob(rest.bytes()?, out);
                    Ok(())
                })?;
            }
            _ => return Err(Damaged),
        }
        out.push(b'}');
        Ok(())
    }

    fn write_array(
        &mut self,
        out: &mut Vec<u8>,
        write: impl Fn(&mut Self, &mut Vec<u8>) -> Result<(), Damaged>,
    ) -> Result<(), Damaged> {
        let mut inside = self.sized()?;
        out.push(b'[');
        for at in 0..inside.count()? {
            if at > 0 {
                out.push(b',');
            }
            write(&mut inside, out)?;
        }
        out.push(b']');
        inside.end(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: &str = r#"{"b":{"B":"AP8="},"bs":{"BS":["YQ=="]},"f":{"BOOL":false},"l":{"L":[{"NULL":true},{"M":{"x":{"N":"-1.5"}}}]},"n":{"N":"-0.5"},"ns":{"NS":["1","2"]},"s":{"S":"é\n"},"ss":{"SS":["a","b"]},"t":{"BOOL":true}}"#;

    fn stored(json: &str) -> (Item, Vec<u8>) {
        let item = crate::item_from_slice(json.as_bytes()).expect("JSON").expect("an item");
        let mut out = Vec::new();
        store_item(&item, &mut out);
        (item, out)
    }

    #[test]
    fn every_type_comes_back_and_is_written_as_json() {
        let (item, bytes) = stored(ALL);
        assert_eq!(load_item(&bytes).as_ref(), Ok(&item));
        let mut json = Vec::new();
        write_stored(&bytes, &mut json).expect("stored");
        assert_eq!(std::str::from_utf8(&json), Ok(ALL));
        for (name, value) in item.iter() {
            assert_eq!(load_attribute(&bytes, name).as_ref(), Ok(&Some(value.clone())));
        }
        assert_eq!(load_attribute(&bytes, "absent"), Ok(None));
        assert_eq!(load_attribute(&bytes, "zz"), Ok(None));
    }

    /// As the first version of this wrote it: kept so that it stays readable.
    #[test]
    fn the_form_does_not_change() {
        let (_, bytes) = stored(r#"{"a":{"S":"x"},"l":{"L":[{"BOOL":true}]},"n":{"N":"10"}}"#);
        assert_eq!(bytes, b"\x03\x01a\0\x01x\x01l\x07\x02\0\0\0\x01\x04\x01n\x01\x02\xc1\x0b");
    }

    #[test]
    fn damage_is_found() {
        let (_, bytes) = stored(ALL);
        for len in 0..bytes.len() {
            assert_eq!(load_item(&bytes[..len]), Err(Damaged), "of {len} bytes");
            assert_eq!(write_stored(&bytes[..len], &mut Vec::new()), Err(Damaged), "of {len} bytes");
        }
        assert_eq!(load_item(&[bytes, vec![0]].concat()), Err(Damaged));
    }

    proptest! {
        /// Whatever the bytes, reading ends, and both ways of reading agree.
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut json = Vec::new();
            let written = write_stored(&bytes, &mut json);
            if let Ok(item) = load_item(&bytes) {
                prop_assert_eq!(written, Ok(()));
                prop_assert!(item.len() <= bytes.len());
            }
        }
    }
}
