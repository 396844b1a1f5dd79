//! What every service needs and none may reinvent: the [`Call`] being served, the one [`Clock`], identifiers,
//! and resource names. Nothing in here does I/O.

mod arn;
mod call;
mod clock;
mod failure;
mod ids;
mod timestamp;

pub use arn::{Arn, ArnError};
pub use call::{Call, Endpoint, Principal, PrincipalKind, Session};
pub use clock::Clock;
pub use failure::PlatformError;
pub use ids::Ids;
pub use timestamp::{CivilTime, Timestamp, put_digits};
