//! Tables as requests see them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use attribute::{Invalid, Item, KeyPart, Value};
use bytes::Bytes;
use kernel::Arn;
use model_dynamodb::Error;
use store::Record as _;

use crate::error::{invalid, of_expression, validation};
use crate::keys::{self, Contents, Place, SERVICE};
use crate::limits::DAY_MS;
use crate::log::{Event, Log};
use crate::records::{self, Images, Index};
use crate::schema::is_of;

/// A table as it was when it was looked up. It is good for as long as its row is the same.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    pub place: Place,
    pub arn: Arn,
    /// Key and bytes of its row.
    pub row: Bytes,
    pub raw: Bytes,
    pub record: records::Table,
    pub contents: Contents,
    /// Where its items are.
    pub rows: Bytes,
    /// Its own policy, as authorizers take it.
    pub policy: Option<Arc<str>>,
}

/// An item's key, checked.
#[derive(Clone, Debug)]
pub struct ItemKey {
    /// Its attributes.
    pub item: Item,
    /// Its row.
    pub row: Bytes,
}

impl Images {
    /// What became of an item whose rows these are, and the images that are kept of it.
    pub fn of(
        self,
        before: Option<Bytes>,
        after: Option<Bytes>,
    ) -> (Option<Event>, Option<Bytes>, Option<Bytes>) {
        let event = match (&before, &after) {
            (None, None) => None,
            (None, Some(_)) => Some(Event::Insert),
            (Some(_), Some(_)) => Some(Event::Modify),
            (Some(_), None) => Some(Event::Remove),
        };
        (event, before.filter(|_| self.old), after.filter(|_| self.new))
    }
}

impl Table {
    pub fn read(place: Place, name: &str, row: Bytes, raw: Bytes) -> Result<Self, store::Error> {
        let record = records::Table::decode(&raw)?;
        let contents = place.contents(&record.home);
        let arn = Arn::aws(SERVICE, &place.region, &place.account, &format!("table/{name}"));
        let rows = contents.rows(0);
        let policy = record.policy.as_ref().map(|policy| policy.document.as_str().into());
        Ok(Self { name: name.to_owned(), place, arn, row, raw, record, contents, rows, policy })
    }

    /// What of each change is to be kept for it and for its replicas; none if changes are not.
    pub fn logs(&self) -> Option<Images> {
        let members = self.record.members().filter_map(|member| member.images);
        let needed = members.chain(self.record.images());
        needed.reduce(|a, b| Images { old: a.old || b.old, new: a.new || b.new })
    }

    /// The times that it can be restored to; none if it cannot.
    pub fn restorable(&self, now_ms: i64) -> Option<RangeInclusive<i64>> {
        let recovery = self.record.recovery?;
        Some(recovery.since_ms.max(now_ms - recovery.days * DAY_MS)..=now_ms)
    }

    /// Whether it is being restored or imported, and not there for requests.
    pub fn is_being_made(&self) -> bool {
        self.record.import.is_some() || self.record.restore.as_ref().is_some_and(|restore| !restore.done)
    }

    /// Where changes are kept.
    pub fn log(&self) -> Log {
        self.place.log(&self.record.home)
    }

    /// An index as policies see it.
    pub fn index_arn(&self, index: &Index) -> Arn {
        let resource = format!("table/{}/index/{}", self.name, index.name);
        Arn::aws(SERVICE, &self.place.region, &self.place.account, &resource)
    }

    /// The index of this name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.record.indexes.iter().find(|index| index.name == name)
    }

    /// The key that a request gives of an item: these attributes and no others.
    pub fn key_of(&self, given: Item) -> Result<ItemKey, Error> {
        let key = &self.record.key;
        let typed = key.typed(&self.record.attributes);
        for (part, name, kind) in typed.parts() {
            match given.get(name) {
                Some(value) if is_of(value, kind) => part.check(name, value).map_err(invalid)?,
                _ => return Err(invalid(Invalid::KeySchema)),
            }
        }
        if given.len() != key.len() {
            return Err(invalid(Invalid::KeySchema));
        }
        let row = keys::item(&self.rows, key, &given).ok_or_else(|| invalid(Invalid::KeySchema))?;
        Ok(ItemKey { item: given, row })
    }

    /// The key within a whole item.
    pub fn key_in(&self, item: &Item) -> Result<ItemKey, Error> {
        let key = &self.record.key;
        let typed = key.typed(&self.record.attributes);
        for (part, name, kind) in typed.parts() {
            let value = item.get(name).ok_or_else(|| invalid(Invalid::MissingKey(name.to_owned())))?;
            if !is_of(value, kind) {
                let name = name.to_owned();
                let (expected, actual) = (kind.code(), value.kind().code());
                return Err(invalid(Invalid::KeyType { name, expected, actual }));
            }
            part.check(name, value).map_err(invalid)?;
        }
        let only = crate::schema::only(key.all(), item);
        let row = keys::item(&self.rows, key, item).ok_or_else(|| invalid(Invalid::KeySchema))?;
        Ok(ItemKey { item: only, row })
    }

    /// Refuses an item with an attribute that is of an index's key and cannot be.
    pub fn check_index_keys(&self, item: &Item) -> Result<(), Error> {
        for index in &self.record.indexes {
            for (part, name, kind) in index.key.typed(&self.record.attributes).parts() {
                let Some(value) = item.get(name) else { continue };
                if !is_of(value, kind) {
                    return Err(validation(format!(
                        "One or more parameter values were invalid: Type mismatch for Index Key {name} Expected: {} \
                         Actual: {} IndexName: {}",
                        kind.code(),
                        value.kind().code(),
                        index.name
                    )));
                }
                match part.check(name, value) {
                    Err(Invalid::EmptyKey { what, .. }) => return Err(empty_index_key(index, name, what)),
                    other => other.map_err(invalid)?,
                }
            }
        }
        Ok(())
    }

    /// Refuses an update that leaves an attribute of an index's key empty, which is said in other words than of an item that
    /// is put.
    pub fn check_updated_index_keys(&self, item: &Item) -> Result<(), Error> {
        self.check_set_index_keys(item.iter().map(|(name, value)| (name.as_str(), value)))
    }

    /// The same of what an update sets.
    pub fn check_set_index_keys<'v>(
        &self,
        mut set: impl Iterator<Item = (&'v str, &'v Value)>,
    ) -> Result<(), Error> {
        let is_of_index = |name: &str| {
            let mut keys = self.record.indexes.iter().flat_map(|index| index.key.all());
            keys.any(|key| key == name)
        };
        match set.find_map(|(name, value)| empty(name, value).filter(|_| is_of_index(name))) {
            Some(what) => Err(validation(format!(
                "One or more parameter values are not valid. The update expression attempted to update a secondary index \
                 key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty \
                 {what} value."
            ))),
            None => Ok(()),
        }
    }

    /// Refuses an item that is empty in an attribute of its key or of an index's. In a transaction that is a fault of the
    /// request, while what else is wrong with a key is one of the action.
    pub fn check_not_empty(&self, item: &Item) -> Result<(), Error> {
        let empty = |name: &str| item.get(name).and_then(|value| empty(name, value));
        for name in self.record.key.all() {
            if let Some(what) = empty(name) {
                return Err(invalid(Invalid::EmptyKey { name: name.clone(), what }));
            }
        }
        for index in &self.record.indexes {
            for name in index.key.all() {
                if let Some(what) = empty(name) {
                    return Err(empty_index_key(index, name, what));
                }
            }
        }
        Ok(())
    }

    /// Refuses paths into attributes of its key or an index's, which have no parts. `nested`: the attributes gone into.
    pub fn check_scalars(&self, nested: &[&str]) -> Result<(), Error> {
        if nested.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = self.record.key.all().map(String::as_str).collect();
        let of_indexes = self.record.indexes.iter().flat_map(|index| index.key.all());
        let index_keys: Vec<&str> = of_indexes.map(String::as_str).collect();
        expression::check_scalar_keys(nested, &keys, &index_keys).map_err(of_expression)
    }

    /// Whether this attribute is of the table's key.
    pub fn is_key(&self, name: &str) -> bool {
        self.record.key.all().any(|key| key == name)
    }

    /// Where in an index the item of this row is, and what the index shows of it; none if it has no place there: an attribute of
    /// the key is missing, or was of another type before there was the index.
    pub fn entry(&self, index: &Index, item: &Item, row: &Bytes) -> Option<(Bytes, Item)> {
        let typed = index.key.typed(&self.record.attributes);
        let fits = typed.parts().all(|(part, name, kind)| {
            item.get(name).is_some_and(|value| is_of(value, kind) && part.check(name, value).is_ok())
        });
        let key = keys::index_row(&self.contents.rows(index.id), &index.key, item, row)?;
        fits.then(|| (key, self.projected(index, item)))
    }

    /// The attributes that an index shows of an item.
    fn projected(&self, index: &Index, item: &Item) -> Item {
        let names = self.record.key.all().chain(index.key.all());
        match &index.projection {
            records::Projection::All => item.clone(),
            records::Projection::KeysOnly => crate::schema::only(names, item),
            records::Projection::Include(more) => crate::schema::only(names.chain(more), item),
        }
    }

    /// Whether an index shows this attribute.
    pub fn shows(&self, index: &Index, name: &str) -> bool {
        match &index.projection {
            records::Projection::All => true,
            records::Projection::KeysOnly => self.is_key(name) || index.key.all().any(|key| key == name),
            records::Projection::Include(more) => {
                self.is_key(name) || index.key.all().chain(more).any(|shown| shown == name)
            }
        }
    }
}

/// What is empty of a value that a key cannot have for that: a string or a binary.
fn empty(name: &str, value: &Value) -> Option<&'static str> {
    match KeyPart::Partition.check(name, value) {
        Err(Invalid::EmptyKey { what, .. }) => Some(what),
        _ => None,
    }
}

fn empty_index_key(index: &Index, name: &str, what: &str) -> Error {
    validation(format!(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The \
         AttributeValue for a key attribute cannot contain an empty {what} value. IndexName: {}, IndexKey: {name}",
        index.name
    ))
}
