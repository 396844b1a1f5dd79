//! The operations.

mod head_bucket;
