//! Access points: other ways into a bucket, each with a name, a policy and an account of its own; and S3 Control, the API
//! that makes them. What is reached by an access point has to be allowed on both sides: on the access point, and on the
//! bucket.

mod control;
mod dialect;
mod error;
mod name;
mod operations;
mod ops;
mod point;
mod reach;
mod resource;

pub use control::service;
pub use error::has_access_points;
pub use name::{may_be_meant, of_object_arn};
pub use point::{Point, Way};
pub use reach::is_in_use;
