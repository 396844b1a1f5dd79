//! Who exists and what they may do: the records of identities, which the services IAM and STS write and read.

pub mod keys;
#[allow(missing_docs)]
pub mod records;
pub mod token;
