//! The rows of items: a header, the item's size as the service counts it, and the item as `attribute` stores it.

use attribute::{Item, Shown, Value, item_size, load_attribute, load_item, store_item};
use bytes::Bytes;

use crate::error::corrupt;

/// Kind and version of these rows, in the form of every record of the store. They are no records, because an item is shown
/// without being read.
const HEADER: [u8; 4] = [0x20, 0, 1, 0];
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
    /// What is stored of an item.
    pub fn encode(item: &Item) -> (usize, Bytes) {
        let size = item_size(item);
        let mut out = Vec::with_capacity(HEADER.len() + SIZE + size + size / 8);
        out.extend_from_slice(&HEADER);
        // Items are 400 KiB at most.
        out.extend_from_slice(&(size as u32).to_le_bytes());
        store_item(item, &mut out);
        (size, out.into())
    }

    /// Reads a row; the item itself is not looked at.
    pub fn decode(bytes: &Bytes) -> Result<Self, store::Error> {
        let damaged = || corrupt("the row of an item is damaged");
        let (header, rest) = bytes.split_first_chunk::<{ HEADER.len() }>().ok_or_else(damaged)?;
        if *header != HEADER {
            return Err(corrupt(format!("the row of an item begins with {header:?}")));
        }
        let (size, _) = rest.split_first_chunk::<SIZE>().ok_or_else(damaged)?;
        let size = u32::from_le_bytes(*size) as usize;
        Ok(Self { size, stored: bytes.slice(HEADER.len() + SIZE..) })
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
