//! One module per command.

pub mod check;
pub mod env;
pub mod explain;
pub mod key;
pub mod rotate_root_key;
pub mod status;
pub mod up;
pub mod whoami;
