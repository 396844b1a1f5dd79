//! Reading a part of a table or index, item by item: what Query and Scan have in common.

use std::sync::Arc;

use attribute::{Item, Shown};
use bytes::Bytes;
use expression::{Bound, Condition, Range as KeyTest};
use model_dynamodb::Error;
use model_dynamodb::types::Select;
use store::{KeyRange, RangeOptions, Snapshot, prefix_end};

use crate::capacity::{Rate, Units, of_read};
use crate::encryption::Ring;
use crate::error::{of_expression, validation};
use crate::keys;
use crate::limits::{CHUNK_ITEMS, PAGE_BYTES_MAX};
use crate::ops::Shows;
use crate::records::{Index, IndexState, Projection};
use crate::row::Row;
use crate::schema::{KeyNames, is_of};
use crate::table::Table;

/// A table, or one of its indexes.
#[derive(Clone, Copy)]
pub struct Source<'t> {
    pub table: &'t Arc<Table>,
    pub index: Option<&'t Index>,
}

/// What is to be shown of what is found.
pub struct Wish<'i> {
    pub shows: Shows<'i>,
    pub select: Select,
    pub filter: Option<Bound<'i, Condition>>,
    pub limit: Option<usize>,
    pub rate: Rate,
}

/// What was found.
#[derive(Default)]
pub struct Page {
    pub items: Vec<Shown>,
    pub count: usize,
    pub scanned: usize,
    /// Where to go on, if this is not known to be the end.
    pub last: Option<Item>,
    pub units: Units,
    /// How many were read.
    pub bytes: usize,
}

impl<'t> Source<'t> {
    /// The table, or its index of this name.
    pub fn new(table: &'t Arc<Table>, index: Option<&String>) -> Result<Self, Error> {
        let found = index.map(|name| {
            let index = table
                .index(name)
                .ok_or_else(|| validation(format!("The table does not have the specified index: {name}")))?;
            match index.state {
                IndexState::Active => Ok(index),
                _ => Err(validation(format!("Cannot read from backfilling global secondary index: {name}"))),
            }
        });
        Ok(Self { table, index: found.transpose()? })
    }

    /// Its key.
    pub fn key(&self) -> &'t KeyNames {
        self.index.map_or(&self.table.record.key, |index| &index.key)
    }

    /// Where its rows are.
    pub fn rows(&self) -> Bytes {
        match self.index {
            None => self.table.rows.clone(),
            Some(index) => self.table.contents.rows(index.id),
        }
    }

    /// The attributes that say where a row is: of an index its key and the table's.
    fn position(&self) -> Vec<&'t String> {
        let mut names: Vec<&String> = self.key().all().collect();
        if self.index.is_some() {
            let more: Vec<&String> =
                self.table.record.key.all().filter(|name| !names.contains(name)).collect();
            names.extend(more);
        }
        names
    }

    /// The row that a starting key stands for, which need not be there.
    pub fn start(&self, given: &Item) -> Result<Bytes, Error> {
        let wrong = || validation("The provided starting key is invalid");
        let names = self.position();
        let types = &self.table.record.attributes;
        for keys in [self.key(), &self.table.record.key] {
            for (part, name, kind) in keys.typed(types).parts() {
                let value = given.get(name).ok_or_else(wrong)?;
                if !is_of(value, kind) {
                    return Err(validation(
                        "The provided starting key is invalid: The provided key element does not match the schema",
                    ));
                }
                part.check(name, value).map_err(|_| wrong())?;
            }
        }
        if given.len() != names.len() {
            return Err(wrong());
        }
        let item = keys::item(&self.table.rows, &self.table.record.key, given).ok_or_else(wrong)?;
        match self.index {
            None => Ok(item),
            Some(index) => keys::index_row(&self.rows(), &index.key, given, &item).ok_or_else(wrong),
        }
    }

    /// Whether all items can be shown whole, or have these attributes.
    fn shows(&self, names: Option<&[&str]>) -> bool {
        match (self.index, names) {
            (None, _) => true,
            (Some(index), None) => index.projection == Projection::All,
            (Some(index), Some(names)) => names.iter().all(|name| self.table.shows(index, name)),
        }
    }
}

impl Wish<'_> {
    /// Refuses a selection that does not fit the attributes that are asked for.
    pub fn check_selection(&self, source: &Source<'_>) -> Result<(), Error> {
        match (self.select, self.shows.attributes()) {
            (Select::AllAttributes | Select::Count | Select::AllProjectedAttributes, Some(_)) => {
                let what = if matches!(self.shows, Shows::Projection(_)) {
                    "ProjectionExpression"
                } else {
                    "AttributesToGet"
                };
                let choice = if self.select == Select::Count {
                    "only the Count".to_owned()
                } else {
                    self.select_name().to_owned()
                };
                Err(validation(format!("Cannot specify the {what} when choosing to get {choice}")))
            }
            (Select::SpecificAttributes, None) => Err(validation(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
            )),
            (Select::AllProjectedAttributes, _) if source.index.is_none() => {
                Err(validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what an index cannot give.
    pub fn check(&self, source: &Source<'_>, consistent: Option<bool>) -> Result<(), Error> {
        let Some(index) = source.index.filter(|index| !index.local) else { return Ok(()) };
        if consistent == Some(true) {
            return Err(validation("Consistent reads are not supported on global secondary indexes"));
        }
        if self.select == Select::AllAttributes && index.projection != Projection::All {
            return Err(validation(format!(
                "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary \
                 index {} because its projection type is not ALL",
                index.name
            )));
        }
        let missing =
            self.shows.attributes().into_iter().flatten().find(|name| !source.table.shows(index, name));
        match missing {
            Some(name) => Err(validation(format!(
                "One or more parameter values were invalid: Global secondary index {} does not project [{name}]",
                index.name
            ))),
            None => Ok(()),
        }
    }

    fn select_name(&self) -> &'static str {
        use wire::Enum as _;
        self.select.as_str()
    }
}

/// What Select means where nothing is said.
pub fn default_select(said: Option<Select>, source: &Source<'_>, shows: &Shows<'_>) -> Select {
    said.unwrap_or(match (shows.attributes(), source.index) {
        (Some(_), _) => Select::SpecificAttributes,
        (None, Some(_)) => Select::AllProjectedAttributes,
        (None, None) => Select::AllAttributes,
    })
}

/// The rows that a condition on keys speaks of.
pub fn range_of(rows: &[u8], query: &expression::KeyQuery<'_>) -> KeyRange {
    let partition = keys::partition(query.partition.iter().copied());
    let prefix =
        query.sort.iter().fold(keys::in_partition(rows, &partition), |key, value| keys::sort(key, value));
    let all = KeyRange::prefix(prefix.as_slice());
    let at = |value| keys::sort(prefix.clone(), value).finish();
    let behind = |value| prefix_end(&at(value));
    match query.range {
        None => all,
        Some(KeyTest::Equal(value)) => KeyRange::prefix(at(value)),
        Some(KeyTest::Less(value)) => KeyRange::new(all.start, at(value)),
        Some(KeyTest::LessOrEqual(value)) => KeyRange::new(all.start, behind(value)),
        Some(KeyTest::Greater(value)) => KeyRange::new(behind(value), all.end),
        Some(KeyTest::GreaterOrEqual(value)) => KeyRange::new(at(value), all.end),
        Some(KeyTest::Between(low, high)) => KeyRange::new(at(low), behind(high)),
        Some(KeyTest::BeginsWith(start)) => keys::sort_prefix(prefix, start),
        // Refused when the condition was made.
        Some(KeyTest::NotIndexable(_)) => KeyRange::new(all.start.clone(), all.start),
    }
}

/// The part of a table that a segment of a scan has: of all partitions as many as every other.
pub fn segment(rows: &[u8], number: i32, of: i32) -> KeyRange {
    let edge = |n: i32| -> Bytes {
        if n == of {
            return prefix_end(rows);
        }
        let first = ((n as u128) << 64) / of as u128;
        let mut partition = [0; keys::PARTITION];
        partition[..8].copy_from_slice(&(first as u64).to_be_bytes());
        keys::in_partition(rows, &partition).finish()
    };
    KeyRange::new(if number == 0 { Bytes::copy_from_slice(rows) } else { edge(number) }, edge(number + 1))
}

/// Reads on in `range` until something ends the page. With the snapshot goes the key of the table, if it has one.
pub fn page(
    (snapshot, ring): (&Snapshot, Option<&Ring>),
    source: &Source<'_>,
    mut range: KeyRange,
    reverse: bool,
    wish: &Wish<'_>,
) -> Result<Page, Error> {
    let mut page = Page::default();
    let wanted = wish.shows.wanted();
    // A local index gives what it does not show from the table, at the price of reading that too.
    let names = wish.shows.attributes();
    let fetches = match wish.select {
        Select::AllAttributes | Select::SpecificAttributes => !source.shows(names.as_deref()),
        Select::AllProjectedAttributes | Select::Count => false,
    };
    let (mut bytes, mut fetched) = (0, 0.0);
    let left = wish.limit.unwrap_or(usize::MAX);
    'chunks: loop {
        let chunk = (left - page.scanned).min(CHUNK_ITEMS);
        let options = RangeOptions { limit: chunk, max_bytes: 2 * PAGE_BYTES_MAX, reverse };
        let found = snapshot.range(range.clone(), options)?;
        for (_, value) in &found.entries {
            let row = Row::decode(value, ring)?;
            page.scanned += 1;
            bytes += row.size;
            let row =
                if fetches { fetch((snapshot, ring), source, &row, wish.rate, &mut fetched)? } else { row };
            let item = if wish.filter.is_some() || wanted.is_some() { Some(row.item()?) } else { None };
            let matches = match (&wish.filter, &item) {
                (Some(filter), Some(item)) => filter.matches(item),
                _ => true,
            };
            if matches {
                page.count += 1;
                if wish.select != Select::Count {
                    page.items.push(match (&wanted, &item) {
                        (Some(wanted), Some(item)) => Shown::Item(wanted.project(item)),
                        _ => row.shown()?,
                    });
                }
            }
            if page.scanned == left || bytes >= PAGE_BYTES_MAX {
                page.last = Some(position(source, &row)?);
                break 'chunks;
            }
        }
        match found.entries.last() {
            Some((last, _)) if found.more => {
                range = if reverse { range.before(last) } else { range.after(last) };
            }
            _ => break,
        }
    }
    page.bytes = bytes;
    let units = of_read(bytes, wish.rate);
    match source.index {
        None => page.units.read = units,
        Some(index) => {
            page.units.add_index(&index.name, index.local, units);
            page.units.read = fetched;
        }
    }
    Ok(page)
}

/// The item itself that an entry of an index stands for.
fn fetch(
    (snapshot, ring): (&Snapshot, Option<&Ring>),
    source: &Source<'_>,
    entry: &Row,
    rate: Rate,
    units: &mut f64,
) -> Result<Row, store::Error> {
    let table = source.table;
    let lost = || crate::error::corrupt("an index has an entry without an item");
    let row = keys::item(&table.rows, &table.record.key, &position(source, entry)?).ok_or_else(lost)?;
    let item = Row::decode(&snapshot.get(&row)?.ok_or_else(lost)?, ring)?;
    *units += of_read(item.size, rate);
    Ok(item)
}

/// Where a row is.
fn position(source: &Source<'_>, row: &Row) -> Result<Item, store::Error> {
    let mut item = Item::new();
    for name in source.position() {
        if let Some(value) = row.attribute(name)? {
            item.insert(name.as_str(), value);
        }
    }
    Ok(item)
}

/// Refuses a filter on a key.
pub fn check_filter(
    source: &Source<'_>,
    filter: &Bound<'_, Condition>,
    expression: bool,
) -> Result<(), Error> {
    let keys: Vec<&str> = source.key().all().map(String::as_str).collect();
    expression::check_filter(&filter.attributes(), &keys, expression).map_err(of_expression)
}

/// Goes on behind a starting key, which has to lie within.
pub fn behind(range: &KeyRange, start: &Bytes, reverse: bool) -> Option<KeyRange> {
    range.contains(start).then(|| if reverse { range.before(start) } else { range.after(start) })
}
