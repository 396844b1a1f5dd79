//! Object bytes: immutable, encrypted, each under a random name.
//!
//! A [`Writer`] takes bytes and gives a [`Written`] once they are durable; the record that names them is committed after
//! that. So a name that is in a record is always that of a whole blob, and what is in no record is what an interrupted
//! request left, which [`Blobs::sweep`] removes.
//!
//! A blob is encrypted under a key of the caller's, in segments that can be read by themselves. Whatever is changed,
//! cut off, or put elsewhere in its file is found before a byte of that segment is handed out.

mod blobs;
mod buffers;
mod disk;
mod error;
mod files;
mod format;
mod id;
mod job;
mod key;
mod memory;
mod platform;
mod proof;
mod read;
mod shards;
mod sweep;
mod write;

pub use blobs::{Blobs, Options};
pub use error::{Damage, Error, OpenError};
pub use id::BlobId;
pub use key::Key;
pub use proof::Proof;
pub use read::Reading;
pub use sweep::{Listing, Swept};
pub use write::{Writer, Written};
