//! The checksums an S3 client can send and ask for, computed as bytes come in.
//!
//! [`Hasher`] computes one of them, [`combine`] puts the CRCs of the parts of an upload together to that of the whole,
//! [`composite`] makes the checksum of checksums that other algorithms have to do with, and [`MultipartETag`] the tag
//! of an object that was uploaded in parts. [`Claims`] reads what a request says of its body.
//! [`md5_together`] computes the MD5 of several requests at once.

mod algorithm;
mod claim;
mod combine;
mod digest;
mod hasher;
mod lanes;
mod md5;

pub use algorithm::{Algorithm, ChecksumType};
pub use claim::{ClaimError, Claims, Place};
pub use combine::{MultipartETag, combine, composite};
pub use digest::{Digest, hex};
pub use hasher::Hasher;
pub use md5::{Md5, md5_together};
