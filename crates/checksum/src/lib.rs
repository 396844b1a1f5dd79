//! The checksums an S3 client can send and ask for, computed as bytes come in.
//!
//! [`Hasher`] computes one of them, [`combine`] puts the CRCs of the parts of an upload together to that of the whole,
//! [`composite`] makes the checksum of checksums that other algorithms have to do with, and [`MultipartETag`] the tag
//! of an object that was uploaded in parts.

mod algorithm;
mod combine;
mod digest;
mod hasher;

pub use algorithm::{Algorithm, ChecksumType};
pub use combine::{MultipartETag, combine, composite};
pub use digest::Digest;
pub use hasher::Hasher;
