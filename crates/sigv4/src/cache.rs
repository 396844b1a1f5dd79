//! A bounded cache of derived signing keys: four HMACs saved on each request of a key already seen today.

use crate::key::SigningKey;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// Shards keep two cores from waiting on one lock; more would only cost memory.
const SHARDS: usize = 16;

/// Derived keys by access key id, secret, date, region and service. Thread-safe.
///
/// Entries are found by 128 bits of hashes over all five under keys of this process alone, so a changed secret is a
/// different entry, neither secret nor access key id is kept, and nobody outside can make two that meet. Each shard has a young and an old generation: a hit moves an entry to the young
/// one, and when that is full the old one is dropped. A key used regularly stays; yesterday's keys leave.
pub struct KeyCache {
    hashes: [RandomState; 2],
    shards: [Mutex<Shard>; SHARDS],
    generation_len_max: usize,
}

type Id = [u64; 2];
type Generation = HashMap<Id, SigningKey, BuildHasherDefault<Prefix>>;

#[derive(Default)]
struct Shard {
    young: Generation,
    old: Generation,
}

/// Takes the first half of an [`Id`], which is already as random as any hash of it.
#[derive(Default)]
struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_ne_bytes(*first);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl KeyCache {
    /// A cache of at most about `capacity` keys (rounded up to a multiple of twice the number of shards).
    /// A key takes some 250 bytes.
    pub fn new(capacity: usize) -> KeyCache {
        KeyCache {
            hashes: std::array::from_fn(|_| RandomState::new()),
            shards: std::array::from_fn(|_| Mutex::default()),
            generation_len_max: capacity.div_ceil(2 * SHARDS).max(1),
        }
    }

    /// The key for these five, from the cache or derived now. `date` is `YYYYMMDD`.
    pub fn get(&self, access_key: &str, secret: &str, date: &str, region: &str, service: &str) -> SigningKey {
        let id = self.id([access_key, secret, date, region, service]);
        let shard = self.shard(&id);
        if let Some(key) = self.find(&mut shard.lock(), &id) {
            return key;
        }
        let key = SigningKey::derive(secret, date, region, service);
        self.insert(&mut shard.lock(), id, key.clone());
        key
    }

    /// Parts are hashed with their ends, so that no two lists of parts read the same.
    fn id(&self, parts: [&str; 5]) -> Id {
        [self.hashes[0].hash_one(parts), self.hashes[1].hash_one(parts)]
    }

    fn shard(&self, id: &Id) -> &Mutex<Shard> {
        &self.shards[id[1] as usize % SHARDS]
    }

    fn find(&self, shard: &mut Shard, id: &Id) -> Option<SigningKey> {
        if let Some(key) = shard.young.get(id) {
            return Some(key.clone());
        }
        let key = shard.old.remove(id)?;
        self.insert(shard, *id, key.clone());
        Some(key)
    }

    fn insert(&self, shard: &mut Shard, id: Id, key: SigningKey) {
        if shard.young.len() >= self.generation_len_max {
            shard.old = std::mem::take(&mut shard.young);
        }
        shard.young.insert(id, key);
    }

    /// How many keys are held now.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock()).map(|shard| shard.young.len() + shard.old.len()).sum()
    }

    /// Whether no key is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(key: &SigningKey) -> [u8; 32] {
        key.sign(&[b"x"])
    }

    #[test]
    fn a_cached_key_is_the_derived_key_and_each_part_counts() {
        let cache = KeyCache::new(100);
        let parts = ["AKIA", "secret", "20150830", "us-east-1", "sqs"];
        let get = |p: [&str; 5]| cache.get(p[0], p[1], p[2], p[3], p[4]);
        let want = signature(&SigningKey::derive(parts[1], parts[2], parts[3], parts[4]));
        assert_eq!(signature(&get(parts)), want);
        assert_eq!(signature(&get(parts)), want);
        assert_eq!(cache.len(), 1);
        for changed in 1..5 {
            let mut other = parts;
            other[changed] = "other";
            assert_ne!(signature(&get(other)), want);
        }
        assert_eq!(cache.len(), 5);
        assert_ne!(cache.id(["ab", "c", "", "", ""]), cache.id(["a", "bc", "", "", ""]));
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let cache = KeyCache::new(64);
        for n in 0..2_000 {
            cache.get("AKIA", "hot", "20150830", "us-east-1", "sqs");
            cache.get("AKIA", &format!("cold{n}"), "20150830", "us-east-1", "sqs");
            assert!(cache.len() <= 64);
        }
        let hot = cache.id(["AKIA", "hot", "20150830", "us-east-1", "sqs"]);
        let shard = cache.shard(&hot).lock();
        assert!(shard.young.contains_key(&hot) || shard.old.contains_key(&hot));
    }
}
