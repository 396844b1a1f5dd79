//! SELECT: partition by partition where the condition says which, else through all.

use attribute::{Item, KeyPart, Shown, Value, load_item, store_item};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use expression::partiql::Select as Parsed;
use expression::{KeyQuery, Literal, Range, Wanted};
use model_dynamodb::Error;
use sha2::{Digest as _, Sha256};
use store::{KeyRange, Snapshot};

use super::{key_of, partition_values};
use crate::capacity::{Rate, Units, of_read};
use crate::encryption::Ring;
use crate::error::validation;
use crate::limits::{PAGE_BYTES_MAX, PARTITIONS_MAX};
use crate::ops::Shows;
use crate::read::{self, Source, Wish};
use crate::row::Row;
use crate::schema::is_of;
use crate::table::Table;

/// A SELECT, ready to be read.
pub struct Select<'t> {
    source: Source<'t>,
    parsed: &'t Parsed,
    ranges: Vec<KeyRange>,
    reverse: bool,
}

/// What was read of a SELECT.
pub struct Page {
    pub items: Vec<Shown>,
    pub units: Units,
    /// Where to go on.
    pub next: Option<Token>,
}

/// Where a SELECT goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Which of its partitions.
    pub partition: usize,
    /// Behind this item of it.
    pub last: Option<Item>,
}

/// Bytes of the digest that ties a token to its statement: enough to tell all that a client sends apart.
const DIGEST: usize = 16;

impl Token {
    /// As clients keep it; `of` is what it belongs to.
    pub fn encode(&self, of: &[u8; DIGEST]) -> String {
        let mut bytes = of.to_vec();
        // There are `PARTITIONS_MAX` at most.
        bytes.extend_from_slice(&(self.partition as u32).to_le_bytes());
        if let Some(last) = &self.last {
            store_item(last, &mut bytes);
        }
        BASE64.encode(bytes)
    }

    /// Reads one that a client gives.
    ///
    /// # Errors
    /// `ValidationException` for one of another statement, or none at all.
    pub fn decode(text: &str, of: &[u8; DIGEST]) -> Result<Self, Error> {
        let bytes = BASE64.decode(text).map_err(|_| wrong_token())?;
        let (digest, rest) = bytes.split_first_chunk::<DIGEST>().ok_or_else(wrong_token)?;
        let (partition, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong_token)?;
        if digest != of {
            return Err(wrong_token());
        }
        let last = if rest.is_empty() { None } else { Some(load_item(rest).map_err(|_| wrong_token())?) };
        Ok(Self { partition: u32::from_le_bytes(*partition) as usize, last })
    }

    /// What tokens of a statement belong to.
    pub fn digest(table: &Table, text: &str, values: &[Value]) -> [u8; DIGEST] {
        let mut stored = Vec::new();
        for value in values {
            store_item(&Item::from([("", value.clone())]), &mut stored);
        }
        let mut hash = Sha256::new();
        for part in [table.record.id.as_bytes(), text.as_bytes(), &stored] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let mut digest = [0; DIGEST];
        digest.copy_from_slice(&hash.finalize()[..DIGEST]);
        digest
    }
}

impl<'t> Select<'t> {
    /// Finds out where to read.
    pub fn new(table: &'t std::sync::Arc<Table>, parsed: &'t Parsed) -> Result<Self, Error> {
        let index = parsed.source.index.as_ref().map(|name| name.to_string());
        if index.as_ref().is_some_and(|name| table.index(name).is_none()) {
            return Err(validation("The table does not have the specified index"));
        }
        let source = Source::new(table, index.as_ref())?;
        let key = source.key();
        let mut partitions =
            parsed.condition.as_ref().map(|condition| partition_values(key, condition)).unwrap_or_default();
        if partitions.len() > PARTITIONS_MAX {
            return Err(validation(format!(
                "Too many values for the partition key in the IN of the WHERE clause: at most {PARTITIONS_MAX}"
            )));
        }
        let types = &table.record.attributes;
        for values in &partitions {
            for ((name, kind), value) in key.typed(types).partition.iter().zip(values) {
                if !is_of(value, *kind) {
                    return Err(mismatch());
                }
                KeyPart::Partition.check(name, value).map_err(crate::error::invalid)?;
            }
        }
        let reverse = order(&source, parsed, &mut partitions)?;
        let ranges = if partitions.is_empty() {
            vec![KeyRange::prefix(source.rows())]
        } else {
            let (sort, range) = sorted(&source, parsed)?;
            let rows = source.rows();
            let of = |partition: Vec<&Value>| {
                let partition = partition.into_iter().collect();
                read::range_of(&rows, &KeyQuery { partition, sort: sort.clone(), range })
            };
            partitions.into_iter().map(of).collect()
        };
        Ok(Self { source, parsed, ranges, reverse })
    }

    /// Reads on, at most `limit` items, of a table with this key.
    pub fn read(
        &self,
        (snapshot, ring): (&Snapshot, Option<&Ring>),
        consistent: Option<bool>,
        limit: Option<usize>,
        from: Option<Token>,
    ) -> Result<Page, Error> {
        let shows = || match &self.parsed.projection {
            Some(projection) => Shows::Projection(projection.bound()),
            None => Shows::All,
        };
        let mut wish = Wish {
            select: read::default_select(None, &self.source, &shows()),
            shows: shows(),
            filter: self.parsed.condition.as_ref().map(Literal::bound),
            limit,
            rate: Rate::of_read(consistent),
        };
        wish.check_selection(&self.source)?;
        wish.check(&self.source, consistent)?;
        let (first, mut last) = from.map_or((0, None), |token| (token.partition, token.last));
        if first >= self.ranges.len() {
            return Err(wrong_token());
        }
        let mut page = Page { items: Vec::new(), units: Units::default(), next: None };
        let (mut scanned, mut bytes) = (0, 0);
        for (at, range) in self.ranges.iter().enumerate().skip(first) {
            let range = match last.take() {
                None => range.clone(),
                Some(last) => {
                    let start = self.source.start(&last)?;
                    read::behind(range, &start, self.reverse).ok_or_else(wrong_token)?
                }
            };
            wish.limit = limit.map(|limit| limit - scanned);
            let found = read::page((snapshot, ring), &self.source, range, self.reverse, &wish)?;
            page.items.extend(found.items);
            page.units.add(&found.units);
            scanned += found.scanned;
            bytes += found.bytes;
            let more = at + 1 < self.ranges.len();
            let full = bytes >= PAGE_BYTES_MAX || limit.is_some_and(|limit| scanned >= limit);
            if found.last.is_some() {
                page.next = Some(Token { partition: at, last: found.last });
                break;
            }
            if full && more {
                page.next = Some(Token { partition: at + 1, last: None });
                break;
            }
        }
        Ok(page)
    }
}

/// One item that a SELECT names by its whole key, and how many bytes were read for it.
pub fn one(
    (snapshot, ring): (&Snapshot, Option<&Ring>),
    table: &Table,
    parsed: &Parsed,
    rate: Rate,
) -> Result<(Option<Shown>, Units, usize), Error> {
    if parsed.source.index.is_some() {
        return Err(validation("Select statements within a batch or transaction cannot read from an index"));
    }
    let key = key_of(table, parsed.condition.as_ref())?;
    let row = snapshot.get(&key.row)?.map(|bytes| Row::decode(&bytes, ring)).transpose()?;
    let size = row.as_ref().map_or(0, |row| row.size);
    let units = Units::reading(of_read(size, rate));
    let Some(item) = row.map(|row| row.item()).transpose()? else { return Ok((None, units, size)) };
    if parsed.condition.as_ref().is_some_and(|condition| !condition.bound().matches(&item)) {
        return Ok((None, units, size));
    }
    let shown = match &parsed.projection {
        Some(projection) => {
            let bound = projection.bound();
            let wanted: Wanted<'_> = bound.wanted();
            wanted.project(&item)
        }
        None => item,
    };
    Ok((Some(Shown::Item(shown)), units, size))
}

fn wrong_token() -> Error {
    validation("Given NextToken is not valid for this statement and its parameters")
}

fn mismatch() -> Error {
    validation(
        "One or more parameter values were invalid: Condition parameter type does not match schema type",
    )
}

/// What the condition says of the sort key: values of its first attributes, and a range of the next.
fn sorted<'t>(source: &Source<'t>, parsed: &'t Parsed) -> Result<(Vec<&'t Value>, Option<Range<'t>>), Error> {
    let mut equal = Vec::new();
    let Some(condition) = &parsed.condition else { return Ok((equal, None)) };
    let ranges = condition.ranges();
    for (name, kind) in source.key().typed(&source.table.record.attributes).sort {
        // Of several the first is as good as any: the filter sees to the others.
        let range = ranges.iter().find(|(known, _)| *known == name).map(|(_, range)| *range);
        match range {
            None => break,
            Some(range) if range.values().any(|value| !is_of(value, kind)) => return Err(mismatch()),
            Some(Range::Equal(value)) => equal.push(value),
            Some(range) => return Ok((equal, Some(range))),
        }
    }
    Ok((equal, None))
}

/// Puts the partitions into the order that is asked for; whether items come from the end.
fn order(source: &Source<'_>, parsed: &Parsed, partitions: &mut [Vec<&Value>]) -> Result<bool, Error> {
    if parsed.order.is_empty() {
        return Ok(false);
    }
    if partitions.is_empty() {
        return Err(validation(
            "Must have WHERE clause in the statement when using ORDER BY clause: with a condition on the partition key",
        ));
    }
    let key = source.key();
    let mut reverse = None;
    let mut by_partition = None;
    for (name, descending) in &parsed.order {
        let part = key.all().position(|known| **known == **name).ok_or_else(|| {
            validation(format!(
                "Variable reference {name} in ORDER BY clause must be part of the primary key"
            ))
        })?;
        let slot = if part < key.partition.len() { &mut by_partition } else { &mut reverse };
        if slot.is_some_and(|known| known != *descending) {
            return Err(validation("Attributes of one key in ORDER BY clause must have one direction"));
        }
        *slot = Some(*descending);
    }
    if partitions.len() > 1 {
        let Some(descending) = by_partition else {
            return Err(validation(
                "ORDER BY clause of a statement about several partitions must begin with the partition key",
            ));
        };
        partitions.sort_by_cached_key(|values| crate::keys::in_order(values.iter().copied()));
        if descending {
            partitions.reverse();
        }
    }
    Ok(reverse.unwrap_or(false))
}
