//! The rows of items: a header, the item's size as the service counts it, and the item as `attribute` stores it; of a table
//! with a key the item is sealed. Such a row says so itself, and is copied and logged like any other.

use attribute::{Item, Shown, Value, item_size, load_attribute, load_item, store_item};
use bytes::Bytes;

use crate::encryption::{OVERHEAD, Ring};
use crate::error::corrupt;

/// Kind and version of these rows, in the form of every record of the store. They are no records, because an item is shown
/// without being read.
const HEADER: [u8; 4] = [0x20, 0, 1, 0];
/// The same of those that are sealed.
const SEALED: [u8; 4] = [0x22, 0, 1, 0];
const SIZE: usize = size_of::<u32>();

/// An item as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// In bytes, as the service counts.
    pub size: usize,
    /// As `attribute` stores it.
    pub stored: Bytes,
}

impl Row {
    /// What is stored of an item, with this key if the table has one.
    pub fn encode(item: &Item, ring: Option<&Ring>) -> (usize, Bytes) {
        let size = item_size(item);
        let room = size + size / 8;
        let Some(ring) = ring else {
            let mut out = Vec::with_capacity(HEADER.len() + SIZE + room);
            out.extend_from_slice(&head(HEADER, size));
            store_item(item, &mut out);
            return (size, out.into());
        };
        let mut stored = Vec::with_capacity(room);
        store_item(item, &mut stored);
        (size, sealed(size, &stored, ring))
    }

    /// Reads a row; the item itself is not looked at.
    pub fn decode(bytes: &Bytes, ring: Option<&Ring>) -> Result<Self, store::Error> {
        let (is_sealed, size) = read_head(bytes)?;
        let stored = bytes.slice(HEADER.len() + SIZE..);
        if !is_sealed {
            return Ok(Self { size, stored });
        }
        let ring = ring.ok_or_else(|| corrupt("the row of an item is sealed, and its table has no key"))?;
        let opened = ring.open(head(SEALED, size), &stored);
        let stored = opened.ok_or_else(|| corrupt("the row of an item does not open"))?.into();
        Ok(Self { size, stored })
    }

    /// The size alone, for which no key is needed.
    pub fn size(bytes: &[u8]) -> Result<usize, store::Error> {
        read_head(bytes).map(|(_, size)| size)
    }

    /// Whether the item can be read without a key.
    pub fn is_clear(bytes: &Bytes) -> Result<bool, store::Error> {
        read_head(bytes).map(|(is_sealed, _)| !is_sealed)
    }

    /// The same row, sealed if it is not.
    pub fn sealed(bytes: &Bytes, ring: &Ring) -> Result<Bytes, store::Error> {
        match read_head(bytes)? {
            (true, _) => Ok(bytes.clone()),
            (false, size) => Ok(sealed(size, &bytes[HEADER.len() + SIZE..], ring)),
        }
    }

    /// The item for an answer that shows it whole: it goes into JSON as it is.
    pub fn shown(&self) -> Result<Shown, store::Error> {
        Shown::of_stored(&self.stored).map_err(corrupt)
    }

    /// One attribute of it.
    pub fn attribute(&self, name: &str) -> Result<Option<Value>, store::Error> {
        load_attribute(&self.stored, name).map_err(corrupt)
    }

    /// The item.
    pub fn item(&self) -> Result<Item, store::Error> {
        load_item(&self.stored).map_err(corrupt)
    }
}

/// What a row begins with. Items are 400 KiB at most.
fn head([a, b, c, d]: [u8; 4], size: usize) -> [u8; 8] {
    let [e, f, g, h] = (size as u32).to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// Whether a row is sealed, and the size of its item.
fn read_head(bytes: &[u8]) -> Result<(bool, usize), store::Error> {
    let damaged = || corrupt("the row of an item is damaged");
    let (header, rest) = bytes.split_first_chunk::<{ HEADER.len() }>().ok_or_else(damaged)?;
    let is_sealed = match *header {
        HEADER => false,
        SEALED => true,
        _ => return Err(corrupt(format!("the row of an item begins with {header:?}"))),
    };
    let (size, _) = rest.split_first_chunk::<SIZE>().ok_or_else(damaged)?;
    Ok((is_sealed, u32::from_le_bytes(*size) as usize))
}

fn sealed(size: usize, stored: &[u8], ring: &Ring) -> Bytes {
    let head = head(SEALED, size);
    let mut out = Vec::with_capacity(head.len() + OVERHEAD + stored.len());
    out.extend_from_slice(&head);
    ring.seal(head, stored, &mut out);
    out.into()
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    #[test]
    fn a_sealed_row_shows_its_size_and_opens_with_its_key_only() {
        let item = Item::from([("p", Value::from("a")), ("v", Value::from("secret text"))]);
        let (ring, other) = (Ring::random(Ids), Ring::random(Ids));
        let (size, clear) = Row::encode(&item, None);
        let (sealed_size, bytes) = Row::encode(&item, Some(&ring));
        assert_eq!((size, sealed_size), (item_size(&item), item_size(&item)));
        assert!(!bytes.windows(6).any(|part| part == b"secret"));
        assert_eq!((Row::size(&bytes).unwrap(), Row::size(&clear).unwrap()), (size, size));
        let row = Row::decode(&bytes, Some(&ring)).expect("a row");
        assert_eq!((row.size, row.item().expect("an item")), (size, item.clone()));
        assert_eq!(Row::decode(&clear, Some(&ring)).expect("a row"), row);
        assert!(Row::decode(&bytes, None).is_err());
        assert!(Row::decode(&bytes, Some(&other)).is_err());
        // The size is bound to the rest.
        let mut other_size = bytes.to_vec();
        other_size[4] ^= 1;
        assert!(Row::decode(&other_size.into(), Some(&ring)).is_err());
        for end in 0..bytes.len() {
            assert!(Row::decode(&bytes.slice(..end), Some(&ring)).is_err(), "{end}");
        }
        let later = Row::sealed(&clear, &ring).expect("a row");
        assert_eq!(Row::decode(&later, Some(&ring)).expect("a row"), row);
        assert_eq!(Row::sealed(&later, &ring).expect("a row"), later);
        assert!(Row::is_clear(&clear).expect("a row") && !Row::is_clear(&later).expect("a row"));
    }
}
