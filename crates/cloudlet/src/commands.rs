//! One module per command.

pub mod check;
pub mod env;
pub mod key;
pub mod status;
pub mod up;
