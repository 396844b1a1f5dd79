//! Reading through layers: one key, or a page of a range merged from all of them.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::error::Error;
use crate::layer::{Base, BaseIter, Entry, Layer, Span};
use crate::range::{KeyRange, Page, successor};
use crate::writes::{add, counter};

/// Entries fetched from a layer at once: few at first, since most pages are short, then more. The most bounds how long
/// a layer's lock is held.
const CHUNK_FIRST: usize = 16;
const CHUNK_MOST: usize = 512;

/// Layers over a base, newest first, read at one version.
pub(crate) struct Stack<'a> {
    pub layers: &'a [&'a dyn Layer],
    pub base: &'a dyn Base,
    pub at: u64,
}

/// How much of a range to read. All are at least 1.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    pub entries: usize,
    pub bytes: usize,
}

impl Stack<'_> {
    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let mut delta: Option<i64> = None;
        let mut found = None;
        let mut settled = false;
        for layer in self.layers {
            match layer.lookup(key, self.at) {
                None => continue,
                // Only the topmost layer holds additions.
                Some(Entry::Add(sum)) => delta = Some(sum),
                Some(Entry::Deleted) => settled = true,
                Some(Entry::Value(value)) => (found, settled) = (Some(value), true),
            }
            if settled {
                break;
            }
        }
        if !settled {
            found = self.base.get(key)?;
        }
        match delta {
            None => Ok(found),
            Some(delta) => Ok(Some(counter(add(found.as_ref(), delta)?))),
        }
    }

    /// A page of `range`.
    pub fn page(&self, range: &KeyRange, reverse: bool, budget: Budget) -> Result<Page, Error> {
        let mut page = Page::default();
        let mut bytes = 0;
        let mut merge = Merge::new(self, range, reverse, budget.entries)?;
        while let Some((key, value)) = merge.next()? {
            if page.entries.len() >= budget.entries || (!page.entries.is_empty() && bytes >= budget.bytes) {
                page.more = true;
                break;
            }
            bytes += key.len() + value.len();
            page.entries.push((key, value));
        }
        Ok(page)
    }
}

/// Walks all layers in step.
struct Merge<'a> {
    cursors: Vec<Cursor<'a>>,
    /// For each layer, what it erased beneath itself.
    erased: Vec<Vec<KeyRange>>,
}

impl<'a> Merge<'a> {
    fn new(stack: &'a Stack<'a>, range: &KeyRange, reverse: bool, wanted: usize) -> Result<Merge<'a>, Error> {
        let span = Span { lo: range.start.clone(), hi: range.end.clone(), reverse };
        let step = wanted.saturating_add(1).clamp(2, CHUNK_FIRST);
        let mut cursors = Vec::with_capacity(stack.layers.len() + 1);
        let mut erased = Vec::with_capacity(stack.layers.len());
        for layer in stack.layers {
            let mut ranges = Vec::new();
            layer.erased(range, stack.at, &mut ranges);
            erased.push(ranges);
            let source =
                Source::Layer { layer: *layer, at: stack.at, ready: VecDeque::new(), last: false, step };
            cursors.push(Cursor::start(source, span.clone())?);
        }
        let source = Source::Base { base: stack.base, iter: Box::new(std::iter::empty()) };
        cursors.push(Cursor::start(source, span)?);
        Ok(Merge { cursors, erased })
    }

    fn next(&mut self) -> Result<Option<(Bytes, Bytes)>, Error> {
        loop {
            let Some(winner) = self.foremost() else { return Ok(None) };
            let Some((key, entry)) = self.cursors[winner].head.clone() else { return Ok(None) };
            if let Some(range) = self.hidden_by(winner, &key).cloned() {
                self.cursors[winner].skip(&range)?;
                continue;
            }
            let value = match entry {
                Entry::Value(value) => Some(value),
                Entry::Deleted => None,
                Entry::Add(delta) => Some(counter(add(self.beneath(winner, &key).as_ref(), delta)?)),
            };
            for cursor in &mut self.cursors[winner..] {
                if cursor.head.as_ref().is_some_and(|(other, _)| *other == key) {
                    cursor.advance()?;
                }
            }
            if let Some(value) = value {
                return Ok(Some((key, value)));
            }
        }
    }

    /// The cursor whose key comes first; of equal keys the newest layer's.
    fn foremost(&self) -> Option<usize> {
        let mut best: Option<(usize, &Bytes, bool)> = None;
        for (index, cursor) in self.cursors.iter().enumerate() {
            let Some((key, _)) = &cursor.head else { continue };
            let wins = match best {
                None => true,
                Some((_, other, false)) => key < other,
                Some((_, other, true)) => key > other,
            };
            if wins {
                best = Some((index, key, cursor.span.reverse));
            }
        }
        best.map(|(index, ..)| index)
    }

    /// The range by which a layer above `index` erased `key`.
    fn hidden_by(&self, index: usize, key: &[u8]) -> Option<&KeyRange> {
        self.erased[..index.min(self.erased.len())].iter().flatten().find(|range| range.contains(key))
    }

    /// The value of `key` beneath layer `winner`, all cursors standing at or behind it.
    fn beneath(&self, winner: usize, key: &Bytes) -> Option<Bytes> {
        let below = (winner + 1)..self.cursors.len();
        let found =
            below.clone().find(|&index| self.cursors[index].head.as_ref().is_some_and(|(k, _)| k == key))?;
        if self.hidden_by(found, key).is_some() {
            return None;
        }
        match &self.cursors[found].head {
            Some((_, Entry::Value(value))) => Some(value.clone()),
            _ => None,
        }
    }
}

enum Source<'a> {
    Layer { layer: &'a dyn Layer, at: u64, ready: VecDeque<(Bytes, Entry)>, last: bool, step: usize },
    Base { base: &'a dyn Base, iter: BaseIter<'a> },
}

/// A place in one layer: the entry it stands at and what is left behind it.
struct Cursor<'a> {
    source: Source<'a>,
    /// What has not been fetched from the layer yet.
    span: Span,
    head: Option<(Bytes, Entry)>,
}

impl<'a> Cursor<'a> {
    fn start(source: Source<'a>, span: Span) -> Result<Cursor<'a>, Error> {
        let mut cursor = Cursor { source, span, head: None };
        cursor.reopen()?;
        cursor.advance()?;
        Ok(cursor)
    }

    /// Makes the base's iterator begin at the span anew.
    fn reopen(&mut self) -> Result<(), Error> {
        if let Source::Base { base, iter } = &mut self.source {
            *iter = if self.span.lo < self.span.hi {
                base.iter(&self.span)?
            } else {
                Box::new(std::iter::empty())
            };
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.head = match &mut self.source {
            Source::Base { iter, .. } => {
                iter.next().transpose()?.map(|(key, value)| (key, Entry::Value(value)))
            }
            Source::Layer { layer, at, ready, last, step } => {
                if ready.is_empty() && !*last {
                    let mut fetched = Vec::with_capacity(*step);
                    layer.chunk(&self.span, *at, *step, &mut fetched);
                    *last = fetched.len() < *step;
                    if let Some((key, _)) = fetched.last() {
                        if self.span.reverse {
                            self.span.hi = key.clone();
                        } else {
                            self.span.lo = successor(key);
                        }
                    }
                    *step = (*step * 4).min(CHUNK_MOST);
                    *ready = fetched.into();
                }
                ready.pop_front()
            }
        };
        Ok(())
    }

    /// Moves behind `range`, within which the head lies.
    fn skip(&mut self, range: &KeyRange) -> Result<(), Error> {
        if let Source::Base { .. } = self.source {
            if self.span.reverse {
                self.span.hi = range.start.clone();
            } else {
                self.span.lo = range.end.clone();
            }
            self.reopen()?;
            return self.advance();
        }
        while self.head.as_ref().is_some_and(|(key, _)| range.contains(key)) {
            let Source::Layer { ready, .. } = &self.source else { break };
            if ready.is_empty() {
                // Whatever is left of the range need not even be fetched.
                if self.span.reverse {
                    self.span.hi = self.span.hi.clone().min(range.start.clone());
                } else {
                    self.span.lo = self.span.lo.clone().max(range.end.clone());
                }
            }
            self.advance()?;
        }
        Ok(())
    }
}
