//! CBOR to values.

use bytes::Bytes;

use crate::error::DecodeError;
use crate::schema::{Kind, Member};
use crate::timestamp;
use crate::value::{Slot, Structure, Value, View};

use super::reader::{Item, Reader, malformed};

/// The tag of a time as seconds since the epoch.
const TAG_EPOCH: u64 = 1;

/// Deeper than any model nests.
const MAX_DEPTH: usize = 128;

/// Fills `into` from a map. Unknown members are skipped, nulls are absent.
pub(crate) fn decode(body: &[u8], into: &mut dyn Structure) -> Result<(), DecodeError> {
    let mut reader = Reader::new(body);
    match reader.next()? {
        Item::Map(count) => structure(&mut reader, count, into, 0)?,
        _ => return Err(malformed()),
    }
    if reader.at_end() { Ok(()) } else { Err(malformed()) }
}

/// Calls `each` with the first item of every entry of a list or map.
fn entries<'a>(
    reader: &mut Reader<'a>,
    count: Option<u64>,
    mut each: impl FnMut(&mut Reader<'a>, Item<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut left = count;
    while left != Some(0) {
        match reader.next()? {
            Item::Break if left.is_none() => return Ok(()),
            item => each(reader, item)?,
        }
        left = left.map(|n| n - 1);
    }
    Ok(())
}

fn structure(
    reader: &mut Reader<'_>,
    count: Option<u64>,
    into: &mut dyn Structure,
    depth: usize,
) -> Result<(), DecodeError> {
    let schema = into.schema();
    let mut guess = 0;
    entries(reader, count, |reader, key| {
        let Item::Text(key) = key else { return Err(malformed()) };
        let Some(at) = schema.member_by_wire(&key, guess) else { return reader.skip() };
        guess = at + 1;
        match reader.next()? {
            Item::Null => Ok(()),
            _ if !matches!(into.get(at).view(), View::Absent) => {
                Err(DecodeError::new(format!("Duplicate field '{}'", schema.members[at].wire)))
            }
            item => value(reader, item, &schema.members[at], into.get_mut(at), depth + 1),
        }
    })
}

fn value(
    reader: &mut Reader<'_>,
    item: Item<'_>,
    member: &'static Member,
    into: &mut dyn Value,
    depth: usize,
) -> Result<(), DecodeError> {
    if depth > MAX_DEPTH {
        return Err(malformed());
    }
    let schema = member.target;
    let mismatch = || DecodeError::new(format!("The value of {} is of the wrong type.", member.name));
    match (item, into.slot()) {
        (Item::Bool(found), Slot::Bool(v)) => *v = found,
        (Item::Int(n), Slot::Int(v)) => *v = i32::try_from(n).map_err(|_| mismatch())?,
        (Item::Int(n), Slot::Long(v)) => *v = i64::try_from(n).map_err(|_| mismatch())?,
        (Item::Int(n), Slot::Float(v)) => *v = n as f32,
        (Item::Int(n), Slot::Double(v)) => *v = n as f64,
        (Item::Float(n), Slot::Float(v)) => *v = n as f32,
        (Item::Float(n), Slot::Double(v)) => *v = n,
        (Item::Text(text), Slot::Text(v)) => v.set(text.into_owned()),
        (Item::Bytes(bytes), Slot::Blob(v)) => *v = Bytes::from(bytes.into_owned()),
        (Item::Tag(TAG_EPOCH), Slot::Time(v)) => {
            let secs = match reader.next()? {
                Item::Int(n) => n as f64,
                Item::Float(n) => n,
                _ => return Err(mismatch()),
            };
            *v = timestamp::from_epoch(secs).ok_or_else(mismatch)?;
        }
        (Item::Map(count), Slot::Struct(v)) => structure(reader, count, v, depth)?,
        (Item::List(count), Slot::List(v)) => entries(reader, count, |reader, item| match item {
            Item::Null if schema.sparse => {
                v.push();
                Ok(())
            }
            Item::Null => Err(mismatch()),
            item => value(reader, item, schema.element(), v.push(), depth + 1),
        })?,
        (Item::Map(count), Slot::Map(v)) => entries(reader, count, |reader, key| {
            let Item::Text(key) = key else { return Err(malformed()) };
            match reader.next()? {
                Item::Null if schema.sparse => {
                    v.insert(key.into_owned());
                    Ok(())
                }
                Item::Null => Err(mismatch()),
                item => value(reader, item, schema.element(), v.insert(key.into_owned()), depth + 1),
            }
        })?,
        (Item::Map(count), Slot::Union(v)) => {
            let mut taken = false;
            entries(reader, count, |reader, key| {
                let Item::Text(key) = key else { return Err(malformed()) };
                let Some(at) = schema.member_by_wire(&key, 0) else { return reader.skip() };
                match reader.next()? {
                    Item::Null => Ok(()),
                    _ if std::mem::replace(&mut taken, true) => Err(mismatch()),
                    item => value(reader, item, &schema.members[at], v.select(at), depth + 1),
                }
            })?;
            if !taken {
                return Err(mismatch());
            }
        }
        _ => return Err(mismatch()),
    }
    debug_assert!(
        !matches!(schema.kind, Kind::Document | Kind::Own),
        "RPC v2 has neither documents nor own forms"
    );
    Ok(())
}
