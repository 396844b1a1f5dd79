//! Load generator and comparisons.
fn main() {}
