//! Bound expressions and items.

mod condition;
mod operand;
mod projection;
mod update;

pub use projection::Wanted;
