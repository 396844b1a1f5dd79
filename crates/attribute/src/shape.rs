//! How deep lists and maps stand inside each other.

use crate::invalid::Invalid;
use crate::item::Item;
use crate::limits::DEPTH_MAX;
use crate::value::Value;

/// Lists and maps around the innermost value: 0 for a scalar or a set.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::L(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::M(item) => 1 + item.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Refuses an item with an attribute that is deeper than the service takes. What is read from requests has been
/// checked; this is for what updates put together.
pub fn check_depth(item: &Item) -> Result<(), Invalid> {
    if item.iter().any(|(_, value)| depth(value) > DEPTH_MAX) { Err(Invalid::Depth) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(Value::Null, |value, level| match level % 2 {
            0 => Value::L(vec![value]),
            _ => Value::M(Item::from([("k", value)])),
        })
    }

    #[test]
    fn thirty_one_levels_are_taken() {
        assert_eq!(depth(&nested(5)), 5);
        assert_eq!(check_depth(&Item::from([("a", nested(31))])), Ok(()));
        assert_eq!(check_depth(&Item::from([("a", nested(32))])), Err(Invalid::Depth));
    }
}
