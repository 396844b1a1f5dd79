//! Ordered transactional key-value store.
