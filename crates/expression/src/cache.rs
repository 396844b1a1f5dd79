//! Expressions already read, by their text.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::Reason;
use crate::tree::{Condition, Projection, Update};

/// Threads that read different expressions seldom meet in one of so many parts.
const SHARDS: usize = 16;

/// Expressions kept by default: more than the access patterns of many services.
pub const ENTRIES: usize = 4096;
/// Bytes kept by default; an entry counts several times its text.
pub const BYTES: usize = 8 * 1024 * 1024;
/// A tree takes some ten times its text, and an entry's own places come on top.
const TREE_FACTOR: usize = 12;
const ENTRY_BYTES: usize = 256;

/// Parsed expressions of all kinds, shared by all requests. Texts that are wrong are not kept.
#[derive(Debug)]
pub struct Cache {
    conditions: Kept<Condition>,
    updates: Kept<Update>,
    projections: Kept<Projection>,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache::new(ENTRIES, BYTES)
    }
}

impl Cache {
    /// With room for so many expressions, and for so many bytes, of each kind.
    pub fn new(entries: usize, bytes: usize) -> Cache {
        Cache {
            conditions: Kept::new(entries, bytes),
            updates: Kept::new(entries, bytes),
            projections: Kept::new(entries, bytes),
        }
    }

    /// A condition, a filter or a condition on keys.
    pub fn condition(&self, text: &str) -> Result<Arc<Condition>, Reason> {
        self.conditions.get(text, Condition::parse)
    }

    /// An update.
    pub fn update(&self, text: &str) -> Result<Arc<Update>, Reason> {
        self.updates.get(text, Update::parse)
    }

    /// A projection.
    pub fn projection(&self, text: &str) -> Result<Arc<Projection>, Reason> {
        self.projections.get(text, Projection::parse)
    }
}

#[derive(Debug)]
struct Kept<T> {
    shards: [Mutex<Shard<T>>; SHARDS],
    hasher: RandomState,
    entries_max: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Shard<T> {
    entries: HashMap<Arc<str>, Entry<T>>,
    /// In the order of arrival. What has been used since it was last looked at goes to the back once more.
    queue: VecDeque<Arc<str>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    tree: Arc<T>,
    used: bool,
}

impl<T> Kept<T> {
    fn new(entries: usize, bytes: usize) -> Kept<T> {
        let shard = || Mutex::new(Shard { entries: HashMap::new(), queue: VecDeque::new(), bytes: 0 });
        Kept {
            shards: std::array::from_fn(|_| shard()),
            hasher: RandomState::new(),
            entries_max: entries.div_ceil(SHARDS),
            bytes_max: bytes.div_ceil(SHARDS),
        }
    }

    fn get(&self, text: &str, parse: fn(&str) -> Result<T, Reason>) -> Result<Arc<T>, Reason> {
        let shard = &self.shards[self.hasher.hash_one(Key(text)) as usize % SHARDS];
        if let Some(entry) = shard.lock().entries.get_mut(text) {
            entry.used = true;
            return Ok(entry.tree.clone());
        }
        // Read without the lock: two threads may do the same work once.
        let tree = Arc::new(parse(text)?);
        self.keep(&mut shard.lock(), text, tree.clone());
        Ok(tree)
    }

    fn keep(&self, shard: &mut Shard<T>, text: &str, tree: Arc<T>) {
        let cost = cost(text);
        if cost > self.bytes_max || self.entries_max == 0 || shard.entries.contains_key(text) {
            return;
        }
        while shard.entries.len() >= self.entries_max || shard.bytes + cost > self.bytes_max {
            let Some(oldest) = shard.queue.pop_front() else { break };
            let used = shard.entries.get_mut(&oldest).is_some_and(|entry| std::mem::take(&mut entry.used));
            if used {
                shard.queue.push_back(oldest);
            } else {
                shard.entries.remove(&oldest);
                shard.bytes -= self::cost(&oldest);
            }
        }
        let key: Arc<str> = text.into();
        shard.queue.push_back(key.clone());
        shard.entries.insert(key, Entry { tree, used: false });
        shard.bytes += cost;
    }
}

fn cost(text: &str) -> usize {
    ENTRY_BYTES + text.len() * TREE_FACTOR
}

/// Hashes a text apart from the map that holds it.
#[derive(Hash)]
struct Key<'t>(&'t str);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once() {
        let cache = Cache::default();
        let one = cache.condition("a = :b").expect("a condition");
        assert!(Arc::ptr_eq(&one, &cache.condition("a = :b").expect("a condition")));
        assert!(cache.condition("a = ").is_err());
        assert!(cache.update("SET a = :b").is_ok() && cache.projection("a, b").is_ok());
    }

    #[test]
    fn the_number_and_the_size_are_limited() {
        let check = |cache: &Cache| {
            for number in 0..2000 {
                cache.condition(&format!("a{number} = :b")).expect("a condition");
                cache.condition("hot = :b").expect("a condition");
            }
            let held: usize = cache.conditions.shards.iter().map(|shard| shard.lock().entries.len()).sum();
            for shard in &cache.conditions.shards {
                let shard = shard.lock();
                assert_eq!(shard.entries.len(), shard.queue.len());
                assert_eq!(shard.bytes, shard.entries.keys().map(|text| cost(text)).sum::<usize>());
            }
            held
        };
        assert!(check(&Cache::new(64, usize::MAX / 2)) <= 64);
        assert!(check(&Cache::new(usize::MAX / 2, 16 * 2048)) <= 16 * 8);
        assert_eq!(check(&Cache::new(0, 0)), 0);
    }

    #[test]
    fn what_is_used_stays() {
        let cache = Cache::new(SHARDS * 8, usize::MAX / 2);
        let hot = cache.condition("hot = :b").expect("a condition");
        for number in 0..1000 {
            cache.condition(&format!("a{number} = :b")).expect("a condition");
            assert!(Arc::ptr_eq(&hot, &cache.condition("hot = :b").expect("a condition")), "{number}");
        }
    }
}
