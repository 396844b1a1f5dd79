//! Sizes, as the service counts them for the limit of an item and for capacity.
//!
//! Strings count their UTF-8 bytes, binaries their bytes, booleans and nulls one, lists and maps three and one for
//! each entry, sets nothing but their members. A number counts one byte, one for every pair of digits, pairs being
//! counted from the point, and one if it is negative; zero is one byte.

use crate::item::Item;
use crate::number::Number;
use crate::value::Value;

const CONTAINER: usize = 3;
const ENTRY: usize = 1;

/// Bytes of an item: names and values.
pub fn item_size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

/// Bytes of a value.
pub fn value_size(value: &Value) -> usize {
    match value {
        Value::S(v) => v.len(),
        Value::N(v) => number_size(*v),
        Value::B(v) => v.len(),
        Value::Bool(_) | Value::Null => 1,
        Value::M(v) => CONTAINER + ENTRY * v.len() + item_size(v),
        Value::L(v) => CONTAINER + v.iter().map(|value| ENTRY + value_size(value)).sum::<usize>(),
        Value::Ss(v) => v.iter().map(|member| member.len()).sum(),
        Value::Ns(v) => v.iter().map(|member| number_size(*member)).sum(),
        Value::Bs(v) => v.iter().map(|member| member.len()).sum(),
    }
}

/// Bytes of a number.
pub fn number_size(number: Number) -> usize {
    if number.is_zero() {
        return 1;
    }
    let digits = number.digits() as usize;
    // The first digit of an even power of ten stands alone in its pair.
    let pairs = if number.magnitude().rem_euclid(2) == 0 { digits / 2 + 1 } else { digits.div_ceil(2) };
    1 + pairs + usize::from(number.is_negative())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::set::Set;
    use crate::value::Text;

    fn size(number: &str) -> usize {
        number_size(number.parse().expect(number))
    }

    #[test]
    fn numbers_count_pairs_of_digits() {
        let thirty_eight = format!("{}{}", "1".repeat(38), "0".repeat(88));
        assert_eq!(size(&thirty_eight), 20);
        for (digits, expected) in [(1, 2), (2, 2), (5, 4), (6, 4), (7, 5)] {
            let text = format!("{}{}", "1".repeat(digits), "0".repeat(126 - digits));
            assert_eq!(size(&text), expected, "{digits} digits");
        }
        assert_eq!(size("0"), 1);
        assert_eq!(size("1"), 2);
        assert_eq!(size("-1"), 3);
        assert_eq!(size("10"), 2);
        assert_eq!(size("100"), 2);
        assert_eq!(size("123"), 3);
        assert_eq!(size("1.5"), 3);
    }

    #[test]
    fn items_count_names_and_values() {
        let names = Set::new(vec![Text::new("ab"), Text::new("c")]).expect("a set");
        let item = Item::from([
            ("s", "é".into()),
            ("flag", true.into()),
            ("none", Value::Null),
            ("list", Value::L(vec![1.into(), "xy".into()])),
            ("map", Value::M(Item::from([("k", "v".into())]))),
            ("set", Value::Ss(names)),
            ("empty", Value::L(Vec::new())),
        ]);
        let parts = [1 + 2, 4 + 1, 4 + 1, 4 + 3 + (1 + 2) + (1 + 2), 3 + 3 + 1 + 1 + 1, 3 + 3, 5 + 3];
        assert_eq!(item_size(&item), parts.iter().sum::<usize>());
    }
}
