//! What the service does unasked: removing what has expired or was given up, and moving dead letters.

pub mod mover;
pub mod places;
pub mod schedule;
pub mod sweep;
